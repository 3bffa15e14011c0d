"""Reading a bone age report as any receiver would: by codes in the content tree, with pydicom alone."""

from __future__ import annotations

from collections.abc import Iterator

import pydicom

BONE_AGE = ("85151-9", "LN")
CONCLUSION = ("121077", "DCM")
REASON = ("BAA010", "99BAANODE")
LOWER_LIMIT, UPPER_LIMIT = ("BAA001", "99BAANODE"), ("BAA002", "99BAANODE")

IDENTIFIERS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
"""Attributes that a result copies from its source (PS3.3 C.7.1.1 and C.7.2.1)."""


def items(ds: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    """Every content item below ``ds``, depth first."""
    for item in ds.get("ContentSequence", []):
        yield item
        yield from items(item)


def named(report: pydicom.Dataset, concept: tuple[str, str]) -> list[pydicom.Dataset]:
    """Content items whose concept name is ``concept`` (code value, scheme)."""
    return [item for item in items(report) if "ConceptNameCodeSequence" in item and _code(item.ConceptNameCodeSequence[0]) == concept]


def _code(coded: pydicom.Dataset) -> tuple[str, str]:
    return str(coded.CodeValue), str(coded.CodingSchemeDesignator)


def number(report: pydicom.Dataset, concept: tuple[str, str]) -> float | None:
    """Value of the one numeric item of that name; None when there is none."""
    found = named(report, concept)
    if not found:
        return None
    (item,) = found
    return float(item.MeasuredValueSequence[0].NumericValue)


def values(report: pydicom.Dataset, code: str, scheme: str = "DCM") -> list[str]:
    """Text, UID, date or coded value of each item of that name."""
    found = []
    for item in named(report, (code, scheme)):
        coded = item.get("ConceptCodeSequence")
        found.append(str(item.get("TextValue") or item.get("UID") or item.get("Date") or (coded[0].CodeValue if coded else "")))
    return found


def bone_age_months(report: pydicom.Dataset) -> float | None:
    found = named(report, BONE_AGE)
    for item in found:
        assert _code(item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]) == ("mo", "UCUM")
    return number(report, BONE_AGE)


def reasons(report: pydicom.Dataset) -> list[str]:
    """Code values of why no bone age was given, sorted."""
    return sorted(str(item.ConceptCodeSequence[0].CodeValue) for item in named(report, REASON))


def rendered(node: pydicom.Dataset, depth: int = 0) -> list[str]:
    """Lines of a plain reader, one a content item: meaning of the name, then the value; UIDs are left out."""
    lines = []
    for item in node.get("ContentSequence", []):
        if item.ValueType not in {"UIDREF", "IMAGE"}:
            lines.append(f"{'  ' * depth}{item.ConceptNameCodeSequence[0].CodeMeaning}: {_value(item)}".rstrip(": "))
        lines += rendered(item, depth + 1)
    return lines


def _value(item: pydicom.Dataset) -> str:
    if item.ValueType == "NUM":
        measured = item.MeasuredValueSequence[0]
        return f"{measured.NumericValue} {measured.MeasurementUnitsCodeSequence[0].CodeMeaning}"
    if item.ValueType == "CODE":
        return str(item.ConceptCodeSequence[0].CodeMeaning)
    return str(item.get("TextValue") or item.get("Date") or "")


def evidence(report: pydicom.Dataset) -> list[tuple[str, str]]:
    """(study, SOP instance) of all that the report names as its evidence."""
    return [
        (str(study.StudyInstanceUID), str(sop.ReferencedSOPInstanceUID))
        for study in report.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for sop in series.ReferencedSOPSequence
    ]


def picture_sources(picture: pydicom.Dataset) -> list[str]:
    """SOP Instance UIDs of the images that a secondary capture says it was made from."""
    return [str(source.ReferencedSOPInstanceUID) for source in picture.get("SourceImageSequence", [])]


def differing_identifiers(result: pydicom.Dataset, source: pydicom.Dataset) -> list[str]:
    """Keywords of identifying attributes whose text is not that of the source; an absent one equals an empty one."""
    return [keyword for keyword in IDENTIFIERS if str(result.get(keyword, "") or "") != str(source.get(keyword, "") or "")]
