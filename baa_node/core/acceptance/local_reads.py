"""A site's own readings as a table: which image each row means, and the bone age that one or two people gave it.

A column is known by its name; case, spaces and underscores do not count. One of each line is enough:

========================  =============================================================================================
which image               ``file`` (path in the folder, or its last part), ``SOPInstanceUID``, ``AccessionNumber``
bone age                  ``bone_age_months``, ``bone_age_years``, or ``bone_age`` with the unit told or in each cell
sex (optional)            ``sex``: F or M
second reader (optional)  ``second_reader_months``, ``second_reader_years``, ``second_reader``
========================  =============================================================================================

A cell may also read ``9 y 2 m``; the decimal mark is a point or a comma. Other columns are passed over.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baa_node.core.radiograph import Sex

OLDEST_MONTHS: Final = 240.0
"""Nobody's bone age is above 20 years: atlases end at 19."""


class Unit(StrEnum):
    """What an age is counted in; the value is what people write."""

    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, kw_only=True)
class LocalRead:
    """One row of the table.

    Attributes
    ----------
    row
        Line of the table, the head being 1, as a spreadsheet numbers it.
    file, sop_instance_uid, accession_number
        Which image is meant, at least one of them; empty where the row does not say.
    months, second_months
        Bone age by the reader, and by a second one.
    """

    row: int
    file: str
    sop_instance_uid: str
    accession_number: str
    months: float
    second_months: float | None = None
    sex: Sex | None = None

    @property
    def name(self) -> str:
        """What the row calls its image."""
        return self.file or self.sop_instance_uid or self.accession_number


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something that an administrator must look at.

    Attributes
    ----------
    text
        What is wrong and what to do.
    row, file
        Of the table and in the folder, as far as they are known.
    lost
        Whether a row or a file could not be used for it.
    """

    text: str
    row: int | None = None
    file: str = ""
    lost: bool = True

    def __str__(self) -> str:
        where = [f"row {self.row}" if self.row is not None else "", self.file]
        return ": ".join([", ".join(filter(None, where)), self.text] if any(where) else [self.text])


class TableError(ValueError):
    """The table as a whole cannot be used; the message says what its head must hold."""


@dataclass(frozen=True, kw_only=True)
class _Columns:
    file: int | None
    sop_instance_uid: int | None
    accession_number: int | None
    sex: int | None
    months: tuple[int, Unit | None]
    second: tuple[int, Unit | None] | None


_IDENTITIES: Final = {
    "file": ("file", "filename", "path", "image"),
    "sop_instance_uid": ("sopinstanceuid", "sopuid"),
    "accession_number": ("accessionnumber", "accession"),
    "sex": ("sex", "patientsex"),
}
_AGES: Final = {
    "first": ("boneage", "reader", "firstreader", "reader1"),
    "second": ("secondreader", "reader2", "boneage2", "secondboneage"),
}
_UNITS: Final = {"months": Unit.MONTHS, "years": Unit.YEARS, "": None}
_SEXES: Final = {"f": Sex.FEMALE, "female": Sex.FEMALE, "girl": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE, "boy": Sex.MALE}
_YEARS_AND_MONTHS: Final = re.compile(r"(\d+)\s*y[a-z]*\.?,?\s*(?:(\d+(?:\.\d+)?)\s*m[a-z]*\.?)?")


def parse_reads(text: str, unit: Unit | None = None) -> tuple[list[LocalRead], list[Remark]]:
    """Read the table: rows that can be used, and a remark for each that cannot or looks odd.

    Parameters
    ----------
    text
        CSV with a head; comma, semicolon or tab between cells.
    unit
        Of columns whose name has none.

    Raises
    ------
    TableError
        No head, no column that names an image, none with a bone age, or a unit that nobody told.
    """
    lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    if not lines:
        raise TableError("the table is empty")
    columns = _columns([cell.strip() for cell in lines[0]], unit)
    reads: list[LocalRead] = []
    remarks: list[Remark] = []
    for row, cells in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in cells):
            read = _read(row, cells, columns)
            (reads if isinstance(read, LocalRead) else remarks).append(read)  # type: ignore[arg-type]
    kept, twice = _once(reads)
    return kept, [*remarks, *twice, *_odd_columns(kept)]


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _columns(head: Sequence[str], unit: Unit | None) -> _Columns:
    plain = [re.sub(r"[^a-z0-9]", "", cell.casefold()) for cell in head]
    if doubled := [cell for cell in plain if cell and plain.count(cell) > 1]:
        raise TableError(f"column {head[plain.index(doubled[0])]!r} stands twice in the head")
    places = {name: next((plain.index(one) for one in known if one in plain), None) for name, known in _IDENTITIES.items()}
    if all(places[name] is None for name in ("file", "sop_instance_uid", "accession_number")):
        raise TableError(f"no column says which image a row means: file, SOPInstanceUID or AccessionNumber ({_told(head)})")
    first = _age_column("first", plain, head, unit)
    if first is None:
        raise TableError(f"no column holds a bone age: bone_age_months, bone_age_years, or bone_age with --unit ({_told(head)})")
    return _Columns(**places, months=first, second=_age_column("second", plain, head, unit))


def _told(head: Sequence[str]) -> str:
    return f"the head reads {', '.join(head)}"


def _age_column(which: str, plain: Sequence[str], head: Sequence[str], unit: Unit | None) -> tuple[int, Unit | None] | None:
    named = {f"{name}{ending}": of for name in _AGES[which] for ending, of in _UNITS.items()}
    found = [(place, named[name]) for place, name in enumerate(plain) if name in named]
    if len(found) > 1:
        raise TableError(f"columns {head[found[0][0]]!r} and {head[found[1][0]]!r} both hold a bone age of the {which} reader")
    return next(((place, of or unit) for place, of in found), None)


def _read(row: int, cells: Sequence[str], columns: _Columns) -> LocalRead | Remark:
    names = {name: _cell(cells, getattr(columns, name)) for name in ("file", "sop_instance_uid", "accession_number")}
    called = next(filter(None, names.values()), "")
    if not called:
        return Remark(row=row, text="names no image")
    try:
        months = _months(_cell(cells, columns.months[0]), columns.months[1])
        second = _second(cells, columns)
        sex = _sex(_cell(cells, columns.sex))
    except ValueError as fault:
        return Remark(row=row, file=called, text=str(fault))
    return LocalRead(row=row, months=months, second_months=second, sex=sex, **names)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _second(cells: Sequence[str], columns: _Columns) -> float | None:
    if columns.second is None:
        return None
    text = _cell(cells, columns.second[0])
    return _months(text, columns.second[1]) if text else None


def _sex(text: str) -> Sex | None:
    if text and text.casefold() not in _SEXES:
        raise ValueError(f"sex {text!r} is neither F nor M; leave it empty where it is not known")
    return _SEXES.get(text.casefold())


def _months(text: str, unit: Unit | None) -> float:
    if not text:
        raise ValueError("has no bone age")
    if match := _YEARS_AND_MONTHS.fullmatch(text.casefold().replace(",", ".")):
        return _in_range(12 * float(match[1]) + float(match[2] or 0), text, None)
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"bone age {text!r} is no number") from None
    if unit is None:
        raise ValueError(f"bone age {text!r} has no unit: name the column bone_age_months or bone_age_years, or say --unit")
    return _in_range(value * (12 if unit is Unit.YEARS else 1), text, unit)


def _in_range(months: float, text: str, unit: Unit | None) -> float:
    if math.isfinite(months) and 0 < months <= OLDEST_MONTHS:
        return months
    limit = f"it must be above 0 and at most {OLDEST_MONTHS:g} months ({OLDEST_MONTHS / 12:g} years)"
    slip = "; are these months?" if unit is Unit.YEARS and months > OLDEST_MONTHS else ""
    raise ValueError(f"bone age {text!r}{f' {unit}' if unit else ''} is out of range: {limit}{slip}")


def _once(reads: Sequence[LocalRead]) -> tuple[list[LocalRead], list[Remark]]:
    """Keep the first of equal rows; rows that name one image and differ are all left out, since nobody knows which is right."""
    rows: dict[tuple[str, str, str], list[LocalRead]] = {}
    for read in reads:
        rows.setdefault((read.file, read.sop_instance_uid, read.accession_number), []).append(read)
    kept: list[LocalRead] = []
    remarks: list[Remark] = []
    for same in rows.values():
        alike = len({(one.months, one.second_months, one.sex) for one in same}) == 1
        kept += same[:1] if alike else []
        remarks += _told_twice(same, alike=alike)
    return kept, remarks


def _told_twice(same: Sequence[LocalRead], *, alike: bool) -> Iterator[Remark]:
    first = same[0]
    for one in same[1:] if alike else same if len(same) > 1 else ():
        others = ", ".join(str(other.row) for other in same if other is not one)
        text = (
            f"says the same as row {first.row} and is counted once"
            if alike
            else f"contradicts row {others} on the same image; none is used"
        )
        yield Remark(row=one.row, file=one.name, text=text, lost=not alike)


def _odd_columns(reads: Sequence[LocalRead]) -> Iterator[Remark]:
    """Tell of columns whose values all look like another unit: nobody's whole sample is below two years."""
    columns: Mapping[str, list[float]] = {
        "bone ages": [read.months for read in reads],
        "bone ages of the second reader": [read.second_months for read in reads if read.second_months is not None],
    }
    for what, months in columns.items():
        if len(months) >= 3 and max(months) <= OLDEST_MONTHS / 12:
            yield Remark(text=f"all {what} are at most {max(months):g} months: are these years?", lost=False)
