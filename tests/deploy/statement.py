"""The conformance statement as tables, for the tests that hold it to the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from pydicom.sr.coding import Code

from baa_node.config import SECTIONS, Config

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = (ROOT / "deploy" / "conformance.md").read_text(encoding="utf-8")

Row = dict[str, str]


@cache
def tables() -> list[list[Row]]:
    """Every table of the statement, each row by its column heads."""
    found: list[list[Row]] = []
    for block in re.findall(r"(?:^\|.*\|\n)+", STATEMENT, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def table(*heads: str) -> list[Row]:
    """Rows of the one table that has these column heads, these and no others."""
    (rows,) = (rows for rows in tables() if tuple(rows[0]) == heads)
    return rows


def keys_in(text: str) -> set[str]:
    """Configuration keys that a text names."""
    return set(re.findall(rf"`((?:{'|'.join(SECTIONS)})\.[a-z_]+)`", text))


def default_of(key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(Config(data_dir=Path()), section), name)


def parts_of(code: Code) -> tuple[str, str, str]:
    """Give a coded concept with its meaning, which two codes that are equal may differ by."""
    return code.value, code.scheme_designator, code.meaning


def coded(text: str) -> list[tuple[str, str, str]]:
    return [(value, scheme, meaning) for value, scheme, meaning in re.findall(r'\(([^ ,]+), (\w+), "([^"]+)"\)', text)]
