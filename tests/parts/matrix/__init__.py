"""The interoperability matrix: files that differ in one thing each, as devices and archives differ."""

from __future__ import annotations

from typing import Final

from tests.parts.matrix import acquisition, encodings, identity, texts
from tests.parts.matrix.base import Case, write

__all__ = ["CASES", "Case", "write"]

CASES: Final[dict[str, Case]] = {}
for part in (texts, identity, acquisition, encodings):
    for case in part.cases():
        if case.id in CASES:
            raise ValueError(f"two cases are named {case.id}")
        CASES[case.id] = case
