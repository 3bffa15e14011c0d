"""What RESULTS.md says of the gates, from what ``train.gates`` and ``train.detector --held-out`` left in the results folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

FILE: Final = "gates.json"
NEGATIVES: Final = "inverted"
"""Group of frames that hold a hand, but in the wrong sense: a number is right there."""

HELD_OUT: Final = "detector-held-out.csv"


def section(results: Path) -> str:
    """Markdown; empty while nothing was measured."""
    if not (results / FILE).exists():
        return ""
    found = json.loads((results / FILE).read_text(encoding="utf-8"))
    return _hands(found) + _limits(found["hands"]) + _non_hands(found["non_hands"]) + _held_out(results / HELD_OUT)


def _hands(found: Mapping[str, Any]) -> str:
    hands = found["hands"]
    refused = ", ".join(f"{count} {code}" for code, count in hands["refused"].items()) or "none"
    alone = ", ".join(f"{gate} {count}" for gate, count in hands["lost_by_each_gate_alone"].items())
    return f"""
## What the gates turn away

`python -m train.gates --each 20` with {found["bundle"]} and the default settings: of {hands["n"]:,} hands of `val` {hands["read"]:,}
({hands["read"] / hands["n"]:.1%}) are read. Refused: {refused}.
Asked alone, each gate would lose: {alone}. The faintest has
{hands["least"]["grey_levels"]} grey levels, the least clear has a clarity of {hands["least"]["clarity"]:.0f}.
Of {hands["read_twice"]} a few grey levels decide the crop: they are read with another one, too.
"""


def _limits(hands: Mapping[str, Any]) -> str:
    rows = "".join(
        f"| `{name}` | {', '.join(f'{value}: {lost}' for value, lost in lost_at.items())} |\n" for name, lost_at in hands["lost_at"].items()
    )
    return f"""
Hands of `val` lost to detector and estimate when one limit is set otherwise and the rest stays:

| limit | value: hands lost |
|---|---|
{rows}"""


def _non_hands(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    inverted = [row for row in rows if row["group"] == NEGATIVES]
    for group, members in groupby((row for row in rows if row["group"] != NEGATIVES), key=lambda row: str(row["group"])):
        each = list(members)
        total = {key: sum(row.get(key, 0) for row in each) for key in ("n", "numbers", "by_detector_alone", "by_outline_alone")}
        kinds = ", ".join(dict.fromkeys(str(row["kind"]) for row in each)) if len(each) < 12 else f"{len(each)} frames"
        lines.append(
            f"| {group} | {kinds} | {total['n']} | {total['numbers']} | {total['by_detector_alone']} | {total['by_outline_alone']} |\n"
        )
    return f"""
Frames that must not get a number, none of them learnt from (drawn anew from hands of `val` or from nothing; real files as they are). The
last two columns: with the detector alone, with the outline alone.

| group | kinds | frames | numbers | detector | outline |
|---|---|---|---|---|---|
{"".join(lines)}{_negatives(inverted)}"""


def _negatives(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    shown, read = (sum(row.get(key, 0) for row in rows) for key in ("n", "numbers"))
    return f"""
Of {shown} negatives of whole hands that say they are positives {read} are read, with bright and dark exchanged and a caution; the others
are refused.
"""


def _held_out(source: Path) -> str:
    if not source.exists():
        return ""
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = []
    for group, members in groupby(rows, key=lambda row: row["group"]):
        each = list(members)
        frames, detector, both = (sum(int(row[key]) for row in each) for key in ("frames", "detector", "both"))
        passed = ", ".join(f"{row['kind']} {row['both']}" for row in each if int(row["both"])) or "none"
        lines.append(f"| {group} | {frames} | {detector} | {both} | {passed} |\n")
    return f"""
How it may go with kinds that nobody thought of: detectors taught anew without some groups of kinds and tried on these, each for a shorter
time than the one that ships (`python -m train.detector --held-out --epochs 4`).

| left out | frames | passed the detector | and the outline | which |
|---|---|---|---|---|
{"".join(lines)}"""
