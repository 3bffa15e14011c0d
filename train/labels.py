"""Which image has which bone age: the label files, row by row, and the fixed split of the training set.

Two layouts are read: ``rsna_train.csv`` with the split in a column, and the tables as the challenge publishes them (`CHALLENGE_COLUMNS`).
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from baa_node.core.radiograph import Sex
from baa_node.errors import BaaError

OLDEST_MONTHS: Final = 240.0
"""Upper end of any plausible label; the challenge's own labels end at 228."""

SPLITS: Final = ("train", "val")

CHALLENGE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "image_id": ("id", "imageid", "caseid"),
    "bone_age_months": ("boneage", "boneagemonths", "groundtruthboneage", "groundtruthboneagemonths"),
    "sex": ("male", "sex", "gender"),
}
"""Column names that are understood, compared by their letters alone: ``Bone Age (months)`` is ``boneagemonths``."""

_SEXES: Final = {
    "male": {"true": Sex.MALE, "1": Sex.MALE, "false": Sex.FEMALE, "0": Sex.FEMALE},
    "sex": {"m": Sex.MALE, "male": Sex.MALE, "f": Sex.FEMALE, "female": Sex.FEMALE},
}


class DataError(BaaError):
    """The training data are incomplete or contradict themselves; the message names the file."""

    code = "DATA"


@dataclass(frozen=True, kw_only=True)
class Label:
    """One row of the label file; ``bone_age_months`` is the readers' consensus, not the child's age."""

    image_id: str
    bone_age_months: float
    sex: Sex
    split: str


def read_labels(table: Path) -> tuple[Label, ...]:
    """All rows of a label file with the columns ``image_id, bone_age_months, sex, split``, checked.

    Raises
    ------
    DataError
        A column is absent, an age is no number of months from 0 to 240, a sex or split is unknown, an id stands twice.
    """
    return _unrepeated(table, [_label(row, where) for where, row in _rows(table)])


def read_challenge_labels(table: Path, split: str) -> tuple[Label, ...]:
    """All rows of one of the challenge's tables, every one given to ``split``.

    Raises
    ------
    DataError
        As `read_labels`; a missing column is told with the names that would do.
    """
    rows = _rows(table)
    columns = _columns(table, rows[0][1] if rows else {})
    known = _SEXES["male" if _letters(columns["sex"]) == "male" else "sex"]
    labels = []
    for where, row in rows:
        values = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        sex = known.get(values["sex"].lower())
        if sex is None:
            raise DataError(f"{where}: {columns['sex']} of image {values['image_id']} is unknown")
        labels.append(_label({**values, "sex": sex.value, "split": SPLITS[0]}, where))
    return _unrepeated(table, [replace(label, split=split) for label in labels])


def fixed_split(labels: Sequence[Label]) -> tuple[Label, ...]:
    """Give a tenth of every sex and year of age to ``val``, always the same tenth.

    Within a cell the ids are ordered by the SHA-256 of ``bone-age-split-v1:<image_id>``; half a case is rounded up, and one is the least.
    """
    cells: dict[tuple[Sex, int], list[str]] = defaultdict(list)
    for label in labels:
        cells[label.sex, int(label.bone_age_months // 12)].append(label.image_id)
    chosen: set[str] = set()
    for names in cells.values():
        chosen.update(sorted(names, key=_lot)[: max(1, int(0.1 * len(names) + 0.5))])
    return tuple(replace(label, split="val" if label.image_id in chosen else "train") for label in labels)


def _lot(image_id: str) -> str:
    return hashlib.sha256(f"bone-age-split-v1:{image_id}".encode()).hexdigest()


def _rows(table: Path) -> list[tuple[str, dict[str, str | None]]]:
    """Every row with the words that name it in an error."""
    if not table.is_file():
        raise DataError(f"{table.name} is missing in {table.parent.name}")
    try:
        with table.open(newline="", encoding="utf-8-sig") as lines:
            return [(f"{table.name} line {number}", dict(row)) for number, row in enumerate(csv.DictReader(lines), start=2)]
    except (UnicodeDecodeError, csv.Error) as fault:
        raise DataError(f"{table.name} is no readable table: {fault}") from fault


def _columns(table: Path, row: Mapping[str, object]) -> dict[str, str]:
    found = {}
    for name, accepted in CHALLENGE_COLUMNS.items():
        column = next((column for column in row if column and _letters(column) in accepted), None)
        if column is None:
            raise DataError(f"{table.name} has no column for {name}; understood are: {', '.join(accepted)}")
        found[name] = column
    return found


def _letters(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _label(row: Mapping[str, str | None], where: str) -> Label:
    image_id = row.get("image_id") or ""
    if not image_id:
        raise DataError(f"{where}: no image_id")
    try:
        months = float(row.get("bone_age_months") or "")
    except ValueError:
        raise DataError(f"{where}: bone_age_months of image {image_id} is no number") from None
    if not 0 <= months <= OLDEST_MONTHS:
        raise DataError(f"{where}: bone_age_months {months:g} of image {image_id} is outside 0 to {OLDEST_MONTHS:g}")
    if row.get("sex") not in set(Sex) or row.get("split") not in SPLITS:
        raise DataError(f"{where}: sex or split of image {image_id} is unknown")
    return Label(image_id=image_id, bone_age_months=months, sex=Sex(str(row["sex"])), split=str(row["split"]))


def _unrepeated(table: Path, labels: Iterable[Label]) -> tuple[Label, ...]:
    kept: dict[str, Label] = {}
    for label in labels:
        if label.image_id in kept:
            raise DataError(f"{table.name}: image {label.image_id} stands twice")
        kept[label.image_id] = label
    return tuple(kept.values())
