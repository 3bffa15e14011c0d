"""A result as HL7 v2.5.1 ORU^R01: 37362-1 names the report, 85151-9 the value; one message a report.

Fields are those of chapters 2 (MSH), 3 (PID), 4 (ORC, OBR) and 7 (OBX) of HL7 v2.5.1. What a report does not hold is empty.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydicom.sr.coding import Code
from pydicom.valuerep import PersonName

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Determination, Refusal
from baa_node.core.messages.told import Told, normal_band
from baa_node.core.radiograph import Laterality

SEGMENT_END: Final = "\r"
CHARACTER_SET: Final = "UNICODE UTF-8"
"""HL7 table 0211."""

PRELIMINARY: Final = "P"
CORRECTED: Final = "C"
NO_RESULT: Final = "X"
"""HL7 tables 0085 and 0123: no human has verified it; it replaces what was sent; it cannot be obtained."""

_ESCAPES: Final = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": "\\.br\\", "\n": "\\.br\\"}
_FLAGS: Final = {Determination.DELAYED: "L", Determination.NORMAL: "N", Determination.ADVANCED: "H", Determination.INDETERMINATE: ""}
_ANSWERS: Final = {
    Determination.DELAYED: codes.DELAYED,
    Determination.NORMAL: codes.NORMAL,
    Determination.ADVANCED: codes.ADVANCED,
    Determination.INDETERMINATE: codes.INDETERMINATE,
}
_SIDES: Final = {Laterality.LEFT: codes.LEFT, Laterality.RIGHT: codes.RIGHT}


Fields: TypeAlias = Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class Route:
    """Sending and receiving application and facility, MSH-3 to MSH-6."""

    application: str = "BAA_NODE"
    facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""


def oru_r01(told: Told, route: Route) -> str:
    """Message of one report; the same report gives the same message, its control ID included.

    Returns
    -------
    str
        Segments that each end with a carriage return, as HL7 v2 2.5.4 wants them.
    """
    observations = list(_refusal(told, told.result) if isinstance(told.result, Refusal) else _assessment(told, told.result))
    numbered = [_segment("OBX", _observation(told, {1: str(n), **fields})) for n, fields in enumerate(observations, start=1)]
    segments = [
        _header(told, route),
        _segment("PID", _patient(told)),
        _segment("ORC", {1: "RE", 3: _filler(told, route)}),
        _segment("OBR", _request(told, route)),
        *numbered,
    ]
    return "".join(segment + SEGMENT_END for segment in segments)


def control_id(told: Told) -> str:
    """MSH-10: twenty characters named by report and revision, so that a repeated message is known as one."""
    digest = hashlib.sha256(f"{told.report_uid}|{told.revision}".encode()).digest()
    return base64.b32encode(digest)[:20].decode()


def escaped(text: str) -> str:
    """Text with delimiters as escape sequences (2.7.1) and line ends as ``.br``; other control characters become spaces."""
    joined = text.replace("\r\n", "\n")
    return "".join(_ESCAPES.get(mark) or (mark if mark >= " " and mark != "\x7f" else " ") for mark in joined)


def _segment(name: str, fields: Fields) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))]).rstrip("|")


def _header(told: Told, route: Route) -> str:
    parties = (route.application, route.facility, route.receiving_application, route.receiving_facility)
    fields: dict[int, str] = {
        **{number: escaped(party) for number, party in enumerate(parties, start=3)},
        7: _moment(told),
        9: "ORU^R01^ORU_R01",
        10: control_id(told),
        11: "P",
        12: "2.5.1",
        15: "AL",
        16: "NE",
        18: CHARACTER_SET,
        19: "^".join((*told.language, "ISO639")),
    }
    return "MSH|^~\\&|" + "|".join(fields.get(number, "") for number in range(3, 20))


def _patient(told: Told) -> Fields:
    name, universal, kind = told.assigner
    authority = "&".join(map(escaped, (name, universal, kind))).rstrip("&")
    identifier = escaped(told.text("PatientID"))
    birth_date = told.birth_date
    return {
        1: "1",
        3: f"{identifier}^^^{authority}^PI" if identifier else "",
        5: _name(told.patient_name),
        7: f"{birth_date:%Y%m%d}" if birth_date else "",
        8: escaped(told.text("PatientSex")),
    }


def _name(name: PersonName) -> str:
    """XPN: each group of a DICOM name (PS3.5 6.2.1) as a repetition, suffix before prefix, with its representation code."""
    groups = (("A", name.alphabetic), ("I", name.ideographic), ("P", name.phonetic))
    named = [(code, group.split("^")) for code, group in groups if group.strip("^ ")]
    return "~".join(_group_of_name(parts, code if len(named) > 1 or code != "A" else "") for code, parts in named)


def _group_of_name(parts: list[str], representation: str) -> str:
    family, given, middle, prefix, suffix = (parts + [""] * 5)[:5]
    components = [family, given, middle, suffix, prefix, "", "L", representation]
    return "^".join(escaped(part.strip()) for part in components).rstrip("^")


def _request(told: Told, route: Route) -> Fields:
    """OBR; accession number and requested procedure stand where IHE radiology puts them (OBR-18, OBR-19)."""
    physician = PersonName(told.text("ReferringPhysicianName")).alphabetic
    return {
        1: "1",
        3: _filler(told, route),
        4: _coded(codes.BONE_AGE_EXAMINATION),
        7: told.examined_at,
        16: "^" + "^".join(escaped(part.strip()) for part in physician.split("^")[:3]) if physician else "",
        18: escaped(told.text("AccessionNumber")),
        19: escaped(told.requested_procedure_id),
        22: _moment(told),
        24: "RAD",
        25: _status(told),
    }


def _filler(told: Told, route: Route) -> str:
    """Filler order number: one an image, so that an amended result replaces the one before it."""
    return f"{told.tracking_uid}^{escaped(route.application)}"


def _status(told: Told) -> str:
    return CORRECTED if told.amends else PRELIMINARY


def _moment(told: Told) -> str:
    return told.written_at.strftime("%Y%m%d%H%M%S%z")


def _observation(told: Told, fields: Fields) -> Fields:
    """OBX with what all have in common: status, times and the device that observed."""
    return {11: _status(told), 14: told.examined_at, 18: _equipment(told), 19: _moment(told), **fields}


def _equipment(told: Told) -> str:
    model, version = told.text("ManufacturerModelName"), told.text("SoftwareVersions")
    return f"{escaped(told.text('StationName'))}^{escaped(f'{model} {version}'.strip())}^{told.text('InstanceCreatorUID')}^ISO"


def _assessment(told: Told, result: Assessment) -> Iterator[Fields]:
    estimate = result.estimate
    low, high = estimate.interval_months
    band = normal_band(result)
    yield {
        **_months(codes.BONE_AGE, estimate.bone_age_months),
        7: f"{band[0]:.1f}-{band[1]:.1f}" if band else "",
        8: _FLAGS[result.determination],
        17: _coded(codes.GREULICH_PYLE),
    }
    yield _entry(codes.BONE_AGE_METHOD, codes.GREULICH_PYLE)
    yield _months(codes.INTERVAL_LOWER, low)
    yield _months(codes.INTERVAL_UPPER, high)
    yield _number(codes.INTERVAL_COVERAGE, estimate.coverage * 100, 1, codes.PERCENT)
    if result.chronological_age_months is not None and result.difference_months is not None:
        yield _months(codes.CHRONOLOGICAL_AGE, result.chronological_age_months)
        yield _months(codes.DIFFERENCE, result.difference_months)
    if result.z_score is not None and result.reference_sd_months is not None:
        yield _number(codes.REFERENCE_SD, result.reference_sd_months, 2, codes.MONTH)
        yield _number(codes.Z_SCORE, result.z_score, 2, codes.NO_UNITS)
        yield _text(codes.REFERENCE_AUTHORITY, told.reference)
    yield _entry(codes.DETERMINATION, _ANSWERS[result.determination])
    yield from _context(told)
    yield _text(codes.ALGORITHM_NAME, estimate.bundle.name)
    yield _text(codes.ALGORITHM_VERSION, estimate.bundle.version)


def _refusal(told: Told, result: Refusal) -> Iterator[Fields]:
    yield {2: "NM", 3: _coded(codes.BONE_AGE), 11: NO_RESULT}
    for number, reason in enumerate(result.reasons, start=1):
        yield {**_entry(codes.REASON, codes.concept_of(reason)), 4: str(number)}
    yield from _context(told)


def _context(told: Told) -> Iterator[Fields]:
    if told.side is not None:
        yield _entry(codes.LATERALITY, _SIDES[told.side])
    yield _text(codes.CONCLUSION, told.conclusion)
    for number, comment in enumerate(told.comments, start=1):
        yield {**_text(codes.COMMENT, comment), 4: str(number)}
    yield {2: "ST", 3: _coded(codes.STUDY_INSTANCE_UID), 5: told.study_uid}
    yield {2: "ST", 3: _coded(codes.REPORT_INSTANCE_UID), 5: told.report_uid}


def _months(concept: Code, months: float) -> Fields:
    return _number(concept, months, 1, codes.MONTH)


def _number(concept: Code, value: float, decimals: int, unit: Code) -> Fields:
    """Round as the report does; ``+ 0.0`` turns a negative zero into zero."""
    rounded = round(float(value), decimals) + 0.0
    return {2: "NM", 3: _coded(concept), 5: f"{rounded:.{decimals}f}", 6: _coded(unit)}


def _entry(concept: Code, answer: Code) -> Fields:
    return {2: "CWE", 3: _coded(concept), 5: _coded(answer)}


def _text(concept: Code, text: str) -> Fields:
    return {2: "TX", 3: _coded(concept), 5: escaped(text)}


def _coded(code: Code) -> str:
    """CWE: the designators of DICOM are those of HL7 table 0396, or local ones."""
    return f"{escaped(code.value)}^{escaped(code.meaning)}^{code.scheme_designator}"
