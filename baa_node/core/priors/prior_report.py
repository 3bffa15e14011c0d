"""A bone age found in a structured report, ours or another system's: coded values only, and nothing guessed.

Every data set here comes from a stranger. The content tree is walked without recursion and only so far; what is not as it should be
makes the whole report unusable, because half a report is a wrong one.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pydicom import Dataset

from baa_node.core import attributes, codes
from baa_node.core.comparison import DAYS_PER_MONTH
from baa_node.core.objects.identifiers import MODEL_NAME
from baa_node.core.priors.history import Earlier, Examination
from baa_node.core.radiograph import Laterality, Sex

MOST_ITEMS: Final = 5000
"""Content items looked at; a report of ours has about sixty."""
DEEPEST: Final = 16
"""Levels of nesting looked at; TID 1500 needs seven."""
LONGEST_SOURCE: Final = 64
"""Characters of what the other system calls itself: the length of LO (PS3.5 6.2)."""
OLDEST_MONTHS: Final = 300.0
"""No atlas goes beyond 20 years; a larger value is another quantity or another unit."""
SAME_WITHIN_MONTHS: Final = 0.7
"""Values of one report that differ by less are one value in two units: a tenth of a year rounds by up to 0.6 months."""

_BONE_AGE: Final = frozenset({("85151-9", "LN"), ("RDE123", "RADELEMENT")})
_CHRONOLOGICAL: Final = (("RDE122", "RADELEMENT"), ("121033", "DCM"))
_SUBJECT_SEX: Final = ("121032", "DCM")
_SIDE: Final = frozenset({("111027", "DCM"), ("272741003", "SCT"), ("G-C171", "SRT")})
_METHOD: Final = frozenset({("370129005", "SCT"), ("G-C036", "SRT")})
_ALGORITHM: Final = (("111001", "DCM"), ("111003", "DCM"))
_LEFT: Final = frozenset({("7771000", "SCT"), ("G-A101", "SRT")})
_RIGHT: Final = frozenset({("24028007", "SCT"), ("G-A100", "SRT")})
_UIDS: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
_UID_FORM: Final = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")  # PS3.5 9.1
_MONTHS_IN: Final = {("mo", "UCUM"): 1.0, ("a", "UCUM"): 12.0}

Key = tuple[str, str]


class Unusable(enum.StrEnum):
    """Why a report tells nothing about the past of this patient."""

    OTHER_PATIENT = "other patient"
    NOT_EARLIER = "not of an earlier examination"
    NO_BONE_AGE = "no bone age"  # a refusal of ours among them
    NOT_COMPLETE = "not complete"
    UNDATED = "no examination date"
    UNIT = "unit is neither month nor year"
    OUT_OF_RANGE = "value out of range"
    CONTRADICTORY = "several values that differ"
    OTHER_METHOD = "not by Greulich and Pyle"
    TOO_LARGE = "content tree too large"
    MALFORMED = "malformed"


@dataclass
class _Found:
    """What the walk has met so far."""

    bone_ages: list[Dataset] = field(default_factory=list)
    ages: dict[Key, Dataset] = field(default_factory=dict)
    sexes: set[str] = field(default_factory=set)
    sides: set[Laterality] = field(default_factory=set)
    algorithm: dict[Key, str] = field(default_factory=dict)


class _UnusableError(Exception):
    def __init__(self, why: Unusable) -> None:
        super().__init__(why)
        self.why = why


def read_earlier(ds: Dataset, examination: Examination) -> Earlier | Unusable:
    """Read the bone age out of a report of an earlier examination of the same patient.

    Patient ID and birth date must be there and equal the present ones, the issuer must not contradict. A bone age is a NUM item whose
    concept is 85151-9 (LOINC) or RDE123 (RadElement), or names one of them as equivalent, with a value in months or years (UCUM). One
    whose method is coded as another than Greulich and Pyle is on another scale and is not used.

    Notes
    -----
    Never raises for a bad data set.
    """
    try:
        day = _checked_day(ds, examination)
        found = _collect(ds)
        return _earlier(ds, found, _months_of(found.bone_ages), day, examination.birth_date)
    except _UnusableError as error:
        return error.why
    except attributes.UNREADABLE:
        return Unusable.MALFORMED


def written_at(ds: Dataset) -> str:
    """Content Date and Time as a text that sorts; empty where they cannot be read."""
    return attributes.text(ds, "ContentDate") + attributes.text(ds, "ContentTime")


def _checked_day(ds: Dataset, examination: Examination) -> date:
    """Study Date of a complete report about an earlier examination of the same patient."""
    if not _same_patient(ds, examination):
        raise _UnusableError(Unusable.OTHER_PATIENT)
    if attributes.text(ds, "CompletionFlag") == "PARTIAL":
        raise _UnusableError(Unusable.NOT_COMPLETE)
    day = attributes.day(ds, "StudyDate")
    if day is None:
        raise _UnusableError(Unusable.UNDATED)
    study = attributes.text(ds, "StudyInstanceUID")
    if not all(_is_uid(attributes.text(ds, keyword)) for keyword in _UIDS):
        raise _UnusableError(Unusable.MALFORMED)
    if examination.examined_on is None or day > examination.examined_on or study == examination.study_instance_uid:
        raise _UnusableError(Unusable.NOT_EARLIER)
    return day


def _is_uid(value: str) -> bool:
    return len(value) <= 64 and _UID_FORM.fullmatch(value) is not None


def _same_patient(ds: Dataset, examination: Examination) -> bool:
    issuer = attributes.text(ds, "IssuerOfPatientID")
    return (
        bool(examination.patient_id)
        and attributes.text(ds, "PatientID") == examination.patient_id
        and (not issuer or not examination.issuer or issuer == examination.issuer)
        and examination.birth_date is not None
        and attributes.day(ds, "PatientBirthDate") == examination.birth_date
    )


def _collect(ds: Dataset) -> _Found:
    found = _Found()
    for item in _walk(ds):
        name = next(iter(_keys(item, "ConceptNameCodeSequence")), None)
        value_type = attributes.text(item, "ValueType")
        if value_type == "NUM":
            _note_number(found, item, name)
        elif value_type == "CODE":
            _note_code(found, item, name)
        elif value_type == "TEXT" and name in _ALGORITHM:
            found.algorithm.setdefault(name, attributes.text(item, "TextValue"))
    return found


def _walk(root: Dataset) -> Iterator[Dataset]:
    """Items below the root, level by level, without recursion: a tree of a stranger may be as deep as it likes."""
    level: Sequence[Dataset] = [root]
    seen = 0
    for _ in range(DEEPEST):
        level = [item for node in level for item in attributes.items(node, "ContentSequence")]
        seen += len(level)
        if seen > MOST_ITEMS:
            raise _UnusableError(Unusable.TOO_LARGE)
        yield from level
    if any(attributes.items(node, "ContentSequence") for node in level):
        raise _UnusableError(Unusable.TOO_LARGE)


def _note_number(found: _Found, item: Dataset, name: Key | None) -> None:
    if name in _CHRONOLOGICAL:
        found.ages.setdefault(name, item)
    elif _is_bone_age(item) and attributes.items(item, "MeasuredValueSequence"):
        found.bone_ages.append(item)


def _is_bone_age(item: Dataset) -> bool:
    concepts = attributes.items(item, "ConceptNameCodeSequence")
    names = {*_keys(item, "ConceptNameCodeSequence"), *(key for one in concepts for key in _keys(one, "EquivalentCodeSequence"))}
    return bool(names & _BONE_AGE)


def _note_code(found: _Found, item: Dataset, name: Key | None) -> None:
    value = next(iter(_keys(item, "ConceptCodeSequence")), ("", ""))
    if name == _SUBJECT_SEX:
        found.sexes.add(value[0] if value[1] == "DCM" else "")
    elif name in _SIDE:
        side = Laterality.LEFT if value in _LEFT else Laterality.RIGHT if value in _RIGHT else None
        found.sides |= {side} if side else set()


def _months_of(items: Sequence[Dataset]) -> float:
    """Give the one bone age of a report in months."""
    by_atlas = [item for item in items if _methods(item) <= {(codes.GREULICH_PYLE.value, codes.GREULICH_PYLE.scheme_designator)}]
    if not by_atlas:
        raise _UnusableError(Unusable.OTHER_METHOD if items else Unusable.NO_BONE_AGE)
    values = [_value_in_months(item) for item in by_atlas]
    if max(values) - min(values) > SAME_WITHIN_MONTHS:
        raise _UnusableError(Unusable.CONTRADICTORY)
    if not 0 <= values[0] <= OLDEST_MONTHS:
        raise _UnusableError(Unusable.OUT_OF_RANGE)
    return values[0]


def _methods(item: Dataset) -> set[Key]:
    children = attributes.items(item, "ContentSequence")
    methods = (child for child in children if _METHOD & set(_keys(child, "ConceptNameCodeSequence")))
    return {key for method in methods for key in _keys(method, "ConceptCodeSequence")}


def _value_in_months(item: Dataset) -> float:
    values = attributes.items(item, "MeasuredValueSequence")
    unit = next(iter(_keys(values[0], "MeasurementUnitsCodeSequence")), ("", ""))
    numbers = attributes.numbers(values[0], "NumericValue")
    if len(values) != 1 or len(numbers) != 1:
        raise _UnusableError(Unusable.MALFORMED)
    if unit not in _MONTHS_IN:
        raise _UnusableError(Unusable.UNIT)
    return numbers[0] * _MONTHS_IN[unit]


def _earlier(ds: Dataset, found: _Found, months: float, day: date, birth_date: date | None) -> Earlier:
    return Earlier(
        examined_on=day,
        bone_age_months=months,
        chronological_age_months=_chronological(found, day, birth_date),
        sex=_sex(ds, found),
        laterality=next(iter(found.sides)) if len(found.sides) == 1 else None,
        birth_date=birth_date,
        source=_source(ds, found),
        study_instance_uid=attributes.text(ds, "StudyInstanceUID"),
        series_instance_uid=attributes.text(ds, "SeriesInstanceUID"),
        sop_class_uid=attributes.text(ds, "SOPClassUID"),
        sop_instance_uid=attributes.text(ds, "SOPInstanceUID"),
    )


def _chronological(found: _Found, day: date, birth_date: date | None) -> float | None:
    """Age that the report gives; from the dates where it gives none."""
    for key in _CHRONOLOGICAL:
        item = found.ages.get(key)
        if item is not None and attributes.items(item, "MeasuredValueSequence"):
            months = _value_in_months(item)
            return months if months >= 0 else None
    return None if birth_date is None or birth_date > day else (day - birth_date).days / DAYS_PER_MONTH


def _sex(ds: Dataset, found: _Found) -> Sex | None:
    """Sex that the report says it used; the header's where it says nothing."""
    said = found.sexes or {attributes.text(ds, "PatientSex")}
    return Sex(next(iter(said))) if len(said) == 1 and said <= {"F", "M"} else None


def _source(ds: Dataset, found: _Found) -> str:
    if attributes.text(ds, "ManufacturerModelName") == MODEL_NAME:
        words: Iterable[str] = (found.algorithm.get(key, "") for key in _ALGORITHM)
    else:
        words = (attributes.text(ds, keyword) for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions"))
    told = " ".join(word for word in words if word)
    return "".join(sign for sign in told if sign.isprintable())[:LONGEST_SOURCE]


def _keys(item: Dataset, keyword: str) -> list[Key]:
    return [
        (attributes.text(code, "CodeValue"), attributes.text(code, "CodingSchemeDesignator")) for code in attributes.items(item, keyword)
    ]
