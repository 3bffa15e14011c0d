"""What RESULTS.md says of the masks, from what the rounds and the comparison of crops left in the results folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

_INTRODUCTION = """
## Masks of the hand

A U-Net (`python -m train.segment`) learnt from drawn hands, whose masks are known, and from the contours of `espinal` on radiographs of the
training split; then, five times, from its own masks of those radiographs. A mask is good when most of it is one piece of
plausible size, the mirror image gives the same one, the edge is decided, and the node's own gate sees one hand with fingers in it
(`train/segment/masks.py`). Nobody drew a mask by hand, so "good" is the machine's word; the pictures are for the reader's.

Overlap is intersection over union: with the truth on drawn hands the network never saw; on `val` with the contour where that is good,
and with the mask of the mirror image.

| round | learnt from, radiographs | good on these | good on `val` | overlap: drawn | contour | mirror image |
|---|---|---|---|---|---|---|
"""

_PICTURE = """
![five drawn hands by round, the mask's outline in amber](results/unet-rounds.png)

The overlap with the contour falls because the contour follows every ridge of the skin and leaves fingers out; on radiographs where it
takes the cassette or the paper for the hand, the U-Net finds the hand from round 4 or 5 on (seen by eye on `val`; pictures of patients
are not published).
"""


def section(results: Path) -> str:
    """Markdown; empty while no round was done."""
    rounds, effect = results / "unet-rounds.csv", results / "unet-effect.json"
    if not rounds.exists():
        return ""
    with rounds.open(newline="", encoding="utf-8") as file:
        rows = [
            f"| {row['number']} | {row['learnt_from']} | {float(row['good']):.0%} | {float(row['good_unseen']):.0%} "
            f"| {float(row['overlap_drawn']):.3f} | {float(row['overlap_contour']):.3f} | {float(row['alike']):.3f} |\n"
            for row in csv.DictReader(file)
        ]
    return _INTRODUCTION + "".join(rows) + _PICTURE + (_effect(effect) if effect.exists() else "")


def _effect(source: Path) -> str:
    found = json.loads(source.read_text(encoding="utf-8"))
    mean, low, high = found["mae_mask_minus_contour"]
    differ, change = found["crops_that_differ_by_more_than_5_percent"], found["mean_change_months"]
    return (
        f"\nWhat it does to the error (`python -m train.segment.effect`): {found['bundle']} reads {found['images']:,} images of `val`\n"
        f"in the rectangle of the contour with MAE {found['mae_contour']:.2f} months, in that of the mask with {found['mae_mask']:.2f}.\n"
        f"The difference is {mean:+.2f} (95 % interval {low:+.2f} to {high:+.2f}), though its networks learnt from the contour's\n"
        f"rectangles. {differ:.0%} of the rectangles differ by more than 5 % of their area; the estimate changes by {change:.1f} months\n"
        f"on average.\n"
    )
