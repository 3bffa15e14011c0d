"""A Structured Report as people read it: headings, names and values, nested as the content tree is (PS3.3 C.17.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydicom import Dataset

from baa_node.core import codes
from baa_node.core.words import Language
from baa_node.core.words.sentences import texts_of
from baa_node.web.words.concepts import CONCEPTS, UNITS

DEEPEST: Final = 16
"""Our own reports have five levels; a forged one must not exhaust the stack."""

_PLAIN: Final = {
    "TEXT": "TextValue",
    "UIDREF": "UID",
    "TIME": "Time",
    "DATETIME": "DateTime",
    "PNAME": "PersonName",
}


_OF_LANGUAGE: Final = (codes.LANGUAGE.value, codes.LANGUAGE.scheme_designator)

_DAY: Final = re.compile(r"^(\d{4})(\d\d)(\d\d)$")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One content item with those below it.

    Attributes
    ----------
    name_language, value_language
        Tag of the language of name and value where it may be another one than that of the page, else empty.
    """

    name: str
    name_language: str = ""
    value: str
    value_language: str = ""
    code: str
    is_section: bool
    items: tuple[Item, ...]


def read(ds: Dataset, language: Language = Language.ENGLISH) -> Item:
    """Turn the content tree of a report into items.

    Coded names and values are told in ``language``; free text is in the language that the report or the item itself declares (TID 1204).
    """
    return _Reader(language).item(ds, 0, "")


class _Reader:
    """Reads items for people of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._units = UNITS[language]

    def item(self, ds: Dataset, depth: int, written_in: str) -> Item:
        kind = str(ds.get("ValueType", ""))
        content = ds.get("ContentSequence") or ()
        written_in = next((found for one in content if (found := _declared(one))), written_in)
        name, name_language = self._meaning(ds, "ConceptNameCodeSequence")
        value, value_language, code = self._value(ds, kind, written_in)
        return Item(
            name=name or kind.lower(),
            name_language=name_language,
            value=value,
            value_language=value_language,
            code=code,
            is_section=kind == "CONTAINER",
            items=tuple(self.item(one, depth + 1, written_in) for one in content) if depth < DEEPEST else (),
        )

    def _value(self, ds: Dataset, kind: str, written_in: str) -> tuple[str, str, str]:
        """Give value, its language and its code."""
        if kind == "CODE":
            return *self._meaning(ds, "ConceptCodeSequence"), " ".join(_code(ds, "ConceptCodeSequence"))
        if kind == "NUM":
            return " ".join(self._measured(ds)), "", ""
        if kind == "DATE":
            return _DAY.sub(r"\1-\2-\3", str(ds.get("Date", ""))), "", ""
        if kind in _PLAIN:
            return str(ds.get(_PLAIN[kind], "")), written_in if kind == "TEXT" else "", ""
        references = ds.get("ReferencedSOPSequence") or ()
        return ", ".join(str(one.get("ReferencedSOPInstanceUID", "")) for one in references), "", ""

    def _measured(self, ds: Dataset) -> Iterator[str]:
        for measured in ds.get("MeasuredValueSequence") or ():
            unit = _code(measured, "MeasurementUnitsCodeSequence")[0]
            yield _plainly(measured.get("NumericValue", "")).replace(".", texts_of(self._language).decimal_mark)
            yield self._units.get(unit, unit)

    def _meaning(self, ds: Dataset, keyword: str) -> tuple[str, str]:
        """Words for a coded concept, and their language: English, as the code says it, where nobody translated it."""
        if (known := CONCEPTS.get(_code(ds, keyword))) and self._language is not Language.ENGLISH:
            return known[self._language], ""
        meaning = next((str(one.get("CodeMeaning", "")) for one in ds.get(keyword) or ()), "")
        return meaning, Language.ENGLISH.value if meaning else ""


def _declared(ds: Dataset) -> str:
    """Language that an item declares for what stands beside it; empty where it declares none."""
    return _code(ds, "ConceptCodeSequence")[0] if _code(ds, "ConceptNameCodeSequence") == _OF_LANGUAGE else ""


def _plainly(value: object) -> str:
    """Write whole numbers without decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _code(ds: Dataset, keyword: str) -> tuple[str, str]:
    """Value and scheme of a code."""
    found = next(iter(ds.get(keyword) or ()), Dataset())
    return str(found.get("CodeValue", "")), str(found.get("CodingSchemeDesignator", ""))
