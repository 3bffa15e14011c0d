"""A Structured Report as people read it: headings, names and values, nested as the content tree is (PS3.3 C.17.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydicom import Dataset

DEEPEST: Final = 16
"""Our own reports have five levels; a forged one must not exhaust the stack."""

_PLAIN: Final = {
    "TEXT": "TextValue",
    "UIDREF": "UID",
    "TIME": "Time",
    "DATETIME": "DateTime",
    "PNAME": "PersonName",
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One content item with those below it."""

    name: str
    value: str
    code: str
    is_section: bool
    items: tuple[Item, ...]


def read(ds: Dataset) -> Item:
    """Turn the content tree of a report into items."""
    return _item(ds, 0)


def _item(ds: Dataset, depth: int) -> Item:
    kind = str(ds.get("ValueType", ""))
    value, code = _value(ds, kind)
    below = tuple(_item(one, depth + 1) for one in ds.get("ContentSequence") or ()) if depth < DEEPEST else ()
    return Item(
        name=_meaning(ds, "ConceptNameCodeSequence") or kind.lower(), value=value, code=code, is_section=kind == "CONTAINER", items=below
    )


def _value(ds: Dataset, kind: str) -> tuple[str, str]:
    if kind == "DATE":
        return _DAY.sub(r"\1-\2-\3", str(ds.get("Date", ""))), ""
    if kind in _PLAIN:
        return str(ds.get(_PLAIN[kind], "")), ""
    if kind == "CODE":
        return _meaning(ds, "ConceptCodeSequence"), _code(ds, "ConceptCodeSequence")
    if kind == "NUM":
        return " ".join(_measured(ds)), ""
    references = ds.get("ReferencedSOPSequence") or ()
    return ", ".join(str(one.get("ReferencedSOPInstanceUID", "")) for one in references), ""


def _measured(ds: Dataset) -> Iterator[str]:
    for measured in ds.get("MeasuredValueSequence") or ():
        unit = _code(measured, "MeasurementUnitsCodeSequence").partition(" ")[0]
        yield _plainly(measured.get("NumericValue", ""))
        yield _UNITS.get(unit, unit)


def _plainly(value: object) -> str:
    """Write whole numbers without decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_DAY: Final = re.compile(r"^(\d{4})(\d\d)(\d\d)$")
_UNITS: Final = {"1": "", "mo": "months", "{pixels}": "pixels"}


def _meaning(ds: Dataset, keyword: str) -> str:
    return next((str(one.get("CodeMeaning", "")) for one in ds.get(keyword) or ()), "")


def _code(ds: Dataset, keyword: str) -> str:
    return next((f"{one.get('CodeValue', '')} {one.get('CodingSchemeDesignator', '')}" for one in ds.get(keyword) or ()), "")
