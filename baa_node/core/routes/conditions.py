"""Conditions of routes on the attributes of an image: by keyword, with values compared as their value representation asks.

Text is compared without regard to case, width (NFKC) and padding, UIDs and AE titles without padding, numbers as numbers, dates in either
form of PS3.5 6.2. Of several values one is enough. A condition holds no patient's data, since routes stand in the audit trail for ever.
"""

from __future__ import annotations

import difflib
import enum
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_dict, keyword_for_tag, tag_for_keyword

from baa_node.core import attributes
from baa_node.errors import ConfigError

LONGEST_VALUE: Final = 256
MOST_VALUES: Final = 50
DEEPEST: Final = 4
"""Levels of sequences that a path may name."""

OF_THE_PATIENT: Final = frozenset(
    {
        *("PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthDate", "PatientBirthTime", "PatientBirthName"),
        *("PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers", "PatientTelecomInformation", "PatientComments"),
        *("PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar", "MilitaryRank", "MedicalRecordLocator"),
        *("PatientInsurancePlanCodeSequence", "ResponsiblePerson", "AdmissionID", "PatientAlternativeCalendar", "OtherPatientIDsSequence"),
    }
)
"""What tells who somebody is (after PS3.15 table E.1-1): a condition may ask whether it is missing, not for a value."""

_NUMBERS: Final = frozenset({"DS", "IS", "FL", "FD", "US", "UL", "SS", "SL", "UV", "SV", "US or SS"})
_EXACT: Final = frozenset({"AE", "UI", "UR"})
_TEXT: Final = frozenset({"AS", "CS", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UT"})
_COMPARABLE: Final = _NUMBERS | _EXACT | _TEXT | {"DA"}
_FIRST_LOOKED_AT: Final = 0x00080000
"""Elements before are command and file meta information (PS3.7, PS3.10), which a stored data set does not hold."""

_FIRST_NOT_LOOKED_AT: Final = 0x7FE00000
"""Pixel Data and what comes behind it are not looked at when an image arrives."""

_TAG: Final = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")


class Operator(enum.StrEnum):
    """How an attribute is compared."""

    EQUALS = "equals"
    ONE_OF = "one-of"
    CONTAINS = "contains"
    MISSING = "missing"  # absent, empty, nothing but padding, or unreadable in its value representation


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition on one attribute.

    Attributes
    ----------
    attribute
        Keyword (PS3.6), or keywords with dots between them for an attribute in items of a sequence, such as
        ``ProcedureCodeSequence.CodeValue``; a tag is turned into its keyword.
    values
        None for `Operator.MISSING`, one or more for `Operator.ONE_OF`, else one.

    Raises
    ------
    ConfigError
        No such attribute, one that cannot be compared in this way, or a value that it can never have.
    """

    attribute: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keywords = tuple(_keyword(part.strip()) for part in self.attribute.split("."))
        object.__setattr__(self, "attribute", ".".join(keywords))
        object.__setattr__(self, "operator", Operator(self.operator))
        object.__setattr__(self, "values", tuple(value.strip() for value in self.values))
        _check_path(keywords)
        _check_operator(self, keywords[-1])
        _check_values(self)

    def __str__(self) -> str:
        return " ".join(part for part in (self.attribute, self.operator.value, " | ".join(self.values)) if part)

    def holds(self, ds: Dataset) -> bool:
        """Tell whether an image meets it."""
        found = found_in(ds, self.attribute)
        if self.operator is Operator.MISSING:
            return not found
        plain = _plain_of(self.attribute)
        if self.operator is Operator.CONTAINS:
            needle = str(plain(self.values[0]))
            return any(needle in str(plain(value)) for value in found)
        return not {plain(value) for value in self.values}.isdisjoint(plain(value) for value in found)


def parse_condition(text: str) -> Condition:
    """Read what ``str()`` of a condition gives: ``Modality equals DX``, ``BodyPartExamined one-of HAND | WRIST``, ``PatientSex missing``.

    Raises
    ------
    ConfigError
        It is none.
    """
    attribute, _, rest = text.strip().partition(" ")
    name, _, value = rest.strip().partition(" ")
    try:
        operator = Operator(name)
    except ValueError:
        raise ConfigError(f"condition {text!r}: write KEYWORD, then {', '.join(Operator)}, then the value") from None
    return Condition(attribute=attribute, operator=operator, values=split_values(operator, value))


def split_values(operator: Operator, text: str) -> tuple[str, ...]:
    """Part what was typed as values: of ``one-of`` by vertical bars, of the others not at all."""
    parts = text.split("|") if operator is Operator.ONE_OF else [text]
    return tuple(part.strip() for part in parts if part.strip())


def found_in(ds: Dataset, path: str) -> tuple[str, ...]:
    """Values of an attribute as text without padding, of all items where the path leads through sequences; empty when it is missing."""
    keyword, _, rest = path.partition(".")
    if rest:
        return tuple(value for item in attributes.items(ds, keyword) for value in found_in(item, rest))
    vr = dictionary_VR(keyword)
    if vr == "SQ":
        return ("a sequence",) * bool(attributes.items(ds, keyword))
    if vr not in _COMPARABLE:
        return ("a value",) * bool(attributes.value(ds, keyword))
    bare = (str(value).strip(" \0\t\r\n") for value in attributes.values(ds, keyword))
    return tuple(value for value in bare if value)


def _keyword(name: str) -> str:
    """Keyword of an attribute that is named by it or by its tag."""
    if tag := _TAG.fullmatch(name):
        name = keyword_for_tag(int(tag[1] + tag[2], 16)) or name
    if not name or tag_for_keyword(name) is None:  # some retired attributes have an empty keyword
        near = difflib.get_close_matches(name, keyword_dict, n=1)
        raise ConfigError(f"no DICOM attribute is called {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return name


def _check_path(keywords: tuple[str, ...]) -> None:
    for keyword in keywords[:-1]:
        if dictionary_VR(keyword) != "SQ":
            raise ConfigError(f"{keyword} is no sequence, so it holds no {keywords[-1]}")
    if len(keywords) > DEEPEST + 1:
        raise ConfigError(f"a condition leads through at most {DEEPEST} sequences")
    if not _FIRST_LOOKED_AT <= (tag_for_keyword(keywords[0]) or 0) < _FIRST_NOT_LOOKED_AT:
        raise ConfigError(f"{keywords[0]} is not looked at when an image arrives")


def _check_operator(condition: Condition, keyword: str) -> None:
    if condition.operator is Operator.MISSING:
        return
    vr = dictionary_VR(keyword)
    if OF_THE_PATIENT & set(condition.attribute.split(".")):
        raise ConfigError(f"{condition.attribute} tells who somebody is: a route may ask whether it is missing, not for a value")
    if vr not in _COMPARABLE:
        raise ConfigError(f"{condition.attribute} ({vr}) has no value to compare with; ask whether it is missing")
    if condition.operator is Operator.CONTAINS and vr in _NUMBERS:
        raise ConfigError(f"{condition.attribute} is a number: it can equal a value or be one of several, not contain one")


def _check_values(condition: Condition) -> None:
    name, values = condition.attribute, condition.values
    least, most = {Operator.MISSING: (0, 0), Operator.ONE_OF: (1, MOST_VALUES)}.get(condition.operator, (1, 1))
    if not least <= len(values) <= most:
        needed = {(0, 0): "no value", (1, 1): "one value"}.get((least, most), f"1 to {most} values")
        raise ConfigError(f"{name} {condition.operator}: give {needed}")
    for value in values:
        if not value or len(value) > LONGEST_VALUE or not value.isprintable():
            raise ConfigError(f"{name}: a value has 1 to {LONGEST_VALUE} printable characters")
        if condition.operator is Operator.ONE_OF and "|" in value:
            raise ConfigError(f"{name} one-of: the vertical bar stands between values and cannot be in one")
        _check_form(name, value, condition.operator)


def _check_form(name: str, value: str, operator: Operator) -> None:
    plain = _plain_of(name)(value)
    vr = dictionary_VR(name.rpartition(".")[2])
    if vr in _NUMBERS and isinstance(plain, str):
        raise ConfigError(f"{name} is a number, and {value!r} is none")
    if vr == "DA" and operator is not Operator.CONTAINS and not re.fullmatch(r"\d{8}", str(plain), re.ASCII):
        raise ConfigError(f"{name} is a date, written as 20260131 or 2026-01-31")
    if plain == "":
        raise ConfigError(f"{name}: {value!r} is nothing but padding")


def _plain_of(path: str) -> Callable[[str], str | float]:
    """Give what turns a value of an attribute into one that can be compared."""
    vr = dictionary_VR(path.rpartition(".")[2])
    if vr in _NUMBERS:
        return _single if vr == "FL" else _number
    if vr in _EXACT:
        return lambda value: value.strip(" \0")
    return {"DA": _date, "PN": _name}.get(vr, _text)


def _number(value: str) -> str | float:
    """Read a number; the text where it is none, which then equals no number."""
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def _single(value: str) -> str | float:
    """Read a number as 32 bits hold it, so that 0.1 equals 0.1."""
    number = _number(value)
    return number if isinstance(number, str) else float(np.float32(number))


def _text(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def _date(value: str) -> str:
    return value.replace("-", "").replace(".", "").strip()


def _name(value: str) -> str:
    """Person name without the delimiters of empty components (PS3.5 6.2.1)."""
    return "=".join(group.rstrip("^ ") for group in _text(value).split("=")).rstrip("=")
