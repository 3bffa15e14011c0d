"""What must not be read by its attributes alone, and why: the gates over the header.

A gate yields the reasons it finds. All are listed, the most fundamental first, and the detail names attribute keywords, never
the patient. What the pixels and the estimate must be like is in ``suitability``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from pydicom import Dataset
from pydicom.sr.codedict import codes as standard_codes

from baa_node.core import attributes
from baa_node.core.assessment import Refusal
from baa_node.core.gates.limits import DEFAULT_GATES, Gates
from baa_node.core.gates.vocabulary import FRONTAL_VIEW, REGIONS, SIDE_POSITION, Words, folded, words_with
from baa_node.core.radiograph import Laterality, examination_day, read_laterality
from baa_node.core.reasons import Reason
from baa_node.mistakes import Mistake

DAYS_PER_MONTH: Final = 365.25 / 12

_Finding = tuple[Reason, str]
_HeaderGate = Callable[[Dataset, Gates], Iterator[_Finding]]


def refuse_header(ds: Dataset, gates: Gates = DEFAULT_GATES, *, sex_required: bool = True) -> Refusal | None:
    """Judge an instance by its attributes alone, Pixel Data untouched.

    Parameters
    ----------
    sex_required
        False when the bundle can read without sex, or when a person supplied it.
    """
    findings = [finding for gate in _HEADER_GATES for finding in gate(ds, gates)]
    if sex_required and attributes.text(ds, "PatientSex") not in {"F", "M"}:
        findings.append((Reason.SEX_UNKNOWN, "PatientSex is neither F nor M"))
    return _refusal(findings)


def _refusal(findings: list[_Finding]) -> Refusal | None:
    if not findings:
        return None
    reasons = tuple(dict.fromkeys(reason for reason, _ in findings))
    return Refusal(reasons=reasons, detail="; ".join(dict.fromkeys(detail for _, detail in findings)))


def _kind(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    sop_class, modality = attributes.text(ds, "SOPClassUID"), attributes.text(ds, "Modality")
    if sop_class and sop_class not in gates.sop_classes:
        yield Reason.UNSUPPORTED, "SOPClassUID is not one that is read"
    if modality and modality not in gates.modalities:
        yield Reason.UNSUPPORTED, "Modality is not one that is read"
    if "PixelData" not in ds:
        yield Reason.UNSUPPORTED, "PixelData is absent"
        return
    if (attributes.integer(ds, "NumberOfFrames") or 1) > 1:
        yield Reason.UNSUPPORTED, "NumberOfFrames is greater than 1"
    photometric = attributes.text(ds, "PhotometricInterpretation")
    if photometric not in {"", "MONOCHROME1", "MONOCHROME2"} or (attributes.integer(ds, "SamplesPerPixel") or 1) != 1:
        yield Reason.UNSUPPORTED, "PhotometricInterpretation is not a grey scale"


def _identity(ds: Dataset, _gates: Gates) -> Iterator[_Finding]:
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not attributes.text(ds, keyword):
            yield Reason.ATTRIBUTES, f"{keyword} is missing or empty"
    for keyword in ("PatientName", "PatientID", "AccessionNumber"):
        if not attributes.is_legible(ds, keyword):
            yield Reason.ATTRIBUTES, Mistake.CHARACTER_SET.told(keyword=keyword, declared=attributes.declared_character_set(ds))


def _dates(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    born, examined = attributes.day(ds, "PatientBirthDate"), examination_day(ds)
    if born is None or examined is None:
        return
    if born > examined:
        yield Reason.ATTRIBUTES, "PatientBirthDate is after StudyDate"
        return
    stated = _stated_age(ds)
    months = (examined - born).days / DAYS_PER_MONTH
    if stated is not None:
        low, unit = stated
        distance = max(low - months, months - (low + unit), 0.0)
        if distance > gates.max_age_contradiction_months:
            yield Reason.ATTRIBUTES, "PatientAge contradicts PatientBirthDate and StudyDate"


_AGE: Final = re.compile(r"(\d{1,3})([DWMY])")
_MONTHS: Final = {"D": 1 / DAYS_PER_MONTH, "W": 7 / DAYS_PER_MONTH, "M": 1.0, "Y": 12.0}


def _stated_age(ds: Dataset) -> tuple[float, float] | None:
    """Patient's Age (0010,1010) as months, rounded down, and the length of its unit in months."""
    found = _AGE.fullmatch(attributes.text(ds, "PatientAge"))
    return (int(found[1]) * _MONTHS[found[2]], _MONTHS[found[2]]) if found else None


def _age(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    born, examined = attributes.day(ds, "PatientBirthDate"), examination_day(ds)
    stated = _stated_age(ds)
    if born is not None and examined is not None:
        months, source = (examined - born).days / DAYS_PER_MONTH, "PatientBirthDate and StudyDate"
    elif stated is not None:
        months, source = stated[0], "PatientAge"
    else:
        return
    if months >= gates.max_age_years * 12:
        yield Reason.AGE_OUTSIDE_USE, f"age of {gates.max_age_years:g} years or more by {source}"


_ANATOMY_TEXT: Final = (
    "BodyPartExamined",
    "ProtocolName",
    "SeriesDescription",
    "AcquisitionDeviceProcessingDescription",
    "StudyDescription",
    "RequestedProcedureDescription",
    "PerformedProcedureStepDescription",
)
_ANATOMY_CODES: Final = ("AnatomicRegionSequence", "PrimaryAnatomicStructureSequence", "ProcedureCodeSequence")


def _anatomy(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    """Refuse when some attribute names another body part and none names a hand: a study may hold both, and pixels decide then."""
    words = _words(gates)
    named = {keyword: folded(attributes.text(ds, keyword)) for keyword in _ANATOMY_TEXT}
    for keyword in _ANATOMY_CODES:
        named[keyword] = " / ".join(_meaning(item) for item in attributes.items(ds, keyword))
    if any(words.hand.search(text) for text in named.values()):
        return
    others = [keyword for keyword, text in named.items() if words.other_body_part.search(text)]
    if others:
        yield Reason.NO_HAND, f"another body part is named in {', '.join(others)} and no hand anywhere"


def _meaning(item: Dataset) -> str:
    """Words of a coded body part: its own, and English for a known code, which may come with a meaning in any language or none."""
    return f"{folded(attributes.text(item, 'CodeMeaning'))} / {REGIONS.get(attributes.text(item, 'CodeValue'), '')}"


def _words(gates: Gates) -> Words:
    return words_with(gates.hand_words, gates.other_body_part_words, gates.both_hands_words, gates.side_view_words)


_BILATERAL: Final = frozenset({"51440002", "G-A102"})


def _sides(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    """Refuse what is explicitly both hands. A study or request of both hands may hold one image a hand, so it does not count."""
    if read_laterality(ds) is not None:
        return
    both = _words(gates).both_hands
    for keyword in ("ImageLaterality", "Laterality"):
        if attributes.text(ds, keyword) == "B":
            yield Reason.SEVERAL_HANDS, f"{keyword} is B (both)"
    for region in attributes.items(ds, "AnatomicRegionSequence"):
        modifiers = attributes.items(region, "AnatomicRegionModifierSequence")
        if any(attributes.text(item, "CodeValue") in _BILATERAL for item in modifiers):
            yield Reason.SEVERAL_HANDS, "AnatomicRegionModifierSequence says bilateral"
    for keyword in ("BodyPartExamined", "SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription"):
        if both.search(folded(attributes.text(ds, keyword))):
            yield Reason.SEVERAL_HANDS, f"{keyword} names both hands"


def _right(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    if not gates.right_hands and read_laterality(ds) is Laterality.RIGHT:
        yield Reason.UNSUPPORTED, "right hands are not read here"


_SIDE_VIEW_CODES: Final = frozenset(
    code.value
    for code in standard_codes.CID4010.concepts.values()
    if "lateral" in code.meaning or "oblique" in code.meaning or code.meaning == "Sagittal"
) | frozenset(  # the same concepts in SNOMED RT, which older devices send (PS3.16 table O-1)
    {
        *(
            "G-A145",
            "R-10204",
            "R-10208",
            "R-10210",
            "R-10212",
            "R-10216",
            "R-10220",
            "R-10224",
            "R-10226",
            "R-10228",
            "R-10230",
            "R-10232",
        ),
        *(
            "R-10234",
            "R-10236",
            "R-10238",
            "R-10246",
            "R-10248",
            "R-10250",
            "R-10252",
            "R-10254",
            "R-102C1",
            "R-102CD",
            "R-40782",
            "R-40783",
        ),
        "R-40985",
    }
)


def _view(ds: Dataset, gates: Gates) -> Iterator[_Finding]:
    """Refuse lateral and oblique views (PS3.3 C.8.1.1.3 View Position, PS3.16 CID 4010), by text only where neither is given."""
    position = folded(attributes.text(ds, "ViewPosition"))
    views = attributes.items(ds, "ViewCodeSequence")
    if SIDE_POSITION.search(position):
        yield Reason.NOT_FRONTAL, "ViewPosition is lateral or oblique"
    for item in views:
        meaning = folded(attributes.text(item, "CodeMeaning"))
        if attributes.text(item, "CodeValue") in _SIDE_VIEW_CODES or re.search(r"\bLATERAL|OBLIQUE", meaning):
            yield Reason.NOT_FRONTAL, "ViewCodeSequence is lateral or oblique"
    if position or views:
        return
    for keyword in ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription"):
        words = folded(attributes.text(ds, keyword))
        if _words(gates).side_view.search(words) and not FRONTAL_VIEW.search(words):
            yield Reason.NOT_FRONTAL, f"{keyword} names a lateral or oblique view"


_HEADER_GATES: Final[tuple[_HeaderGate, ...]] = (_kind, _right, _identity, _dates, _anatomy, _sides, _view, _age)
