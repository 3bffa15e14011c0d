"""``python -m train.robustness``: what becomes of the estimate when the same hand is shown otherwise.

The changes are those of a published stress test (Santomartino et al., Radiology: Artificial Intelligence 2024: rotation, flips,
brightness, contrast, inversion, laterality marker, resolution) and some that archives add: quarter turns, noise, blur, lossy
compression, borders. Each image of a fixed sample of ``val`` is read under each change as the node reads it, gates included. What was
read stands in ``train/results/robustness.csv``; a run that is cut off goes on there.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.assessment import Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.gates.suitability import refuse_estimate, to_be_read
from baa_node.core.radiograph import Sex
from train.data import read_images
from train.folders import add_folders
from train.labels import Label, read_labels
from train.shown import radiograph
from train.stress import CHANGES, PLAIN

READINGS: Final = "robustness.csv"
HEADING: Final = "## Robustness"
SEED: Final = 2024
COLUMNS: Final = ("image_id", "label", "change", "months")
CLINICAL_MONTHS: Final = 12.0
"""A change by more than a year of bone age would change most conclusions."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; months, and shares from 0 to 1.

    Attributes
    ----------
    median, p90, most
        Of the absolute difference from the reading of the unchanged image, over images read both times.
    mae
        Against the label, of the changed images that were read.
    beyond
        Share of those read both times that moved by more than `CLINICAL_MONTHS`.
    refused
        Share of the images, read unchanged, that are refused when changed.
    """

    change: str
    images: int
    median: float
    p90: float
    most: float
    mae: float
    beyond: float
    refused: float


def sample(data: Path, count: int) -> list[Label]:
    """Draw fixed images of ``val``, the same first ones for every count."""
    held = sorted((label for label in read_labels(data / "rsna_train.csv") if label.split == "val"), key=lambda label: label.image_id)
    return [held[index] for index in np.random.default_rng(SEED).permutation(len(held))[:count]]


def read(pixels: Pixels, sex: Sex, ensemble: Ensemble) -> float | None:
    """Bone age in months as the node would report it, None where it would refuse the frame."""
    passed = to_be_read(radiograph(pixels, sex), detector=ensemble.detector)
    if isinstance(passed, Refusal):
        return None
    estimate = ensemble.estimate(passed.pixels, sex)
    return None if refuse_estimate(estimate) else estimate.bone_age_months


def read_all(data: Path, labels: list[Label], ensemble: Ensemble, stored: Path, *, seconds: float) -> bool:
    """Read what is not in ``stored`` yet and append it, image by image; False when the time was up before the end."""
    until = time.monotonic() + seconds
    known = {(row["image_id"], row["change"]) for row in _stored(stored)}
    for label, pixels in zip(
        labels, read_images(sorted((data / "rsna_train").glob("*.zip")), [one.image_id for one in labels]), strict=True
    ):
        missing = [name for name in CHANGES if (label.image_id, name) not in known]
        if missing and time.monotonic() >= until:
            return False
        _append(stored, [(label, name, _read_changed(name, label, pixels, ensemble)) for name in missing])
    return True


def _read_changed(name: str, label: Label, pixels: Pixels, ensemble: Ensemble) -> float | None:
    rng = np.random.default_rng(zlib.crc32(f"{label.image_id} {name}".encode()))
    return read(np.ascontiguousarray(CHANGES[name](pixels, rng)), label.sex, ensemble)


def _stored(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _append(path: Path, readings: list[tuple[Label, str, float | None]]) -> None:
    fresh = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        if fresh:
            writer.writerow(COLUMNS)
        for label, name, months in readings:
            writer.writerow([label.image_id, f"{label.bone_age_months:g}", name, "" if months is None else f"{months:.2f}"])


def rows(stored: Path) -> list[Row]:
    """Lines of the table, in the order of the changes, from what was read; empty when nothing was."""
    by_change: dict[str, dict[str, float | None]] = {}
    truth: dict[str, float] = {}
    for line in _stored(stored):
        by_change.setdefault(line["change"], {})[line["image_id"]] = float(line["months"]) if line["months"] else None
        truth[line["image_id"]] = float(line["label"])
    plain = {name: months for name, months in by_change.get(PLAIN, {}).items() if months is not None}
    return [_row(name, by_change[name], plain, truth) for name in CHANGES if name in by_change and plain]


def _row(name: str, changed: Mapping[str, float | None], plain: Mapping[str, float], truth: Mapping[str, float]) -> Row:
    shown = {image: changed[image] for image in plain if image in changed}
    read_twice = {image: months for image, months in shown.items() if months is not None}
    moved = np.abs([months - plain[image] for image, months in read_twice.items()] or [np.nan])
    off = np.abs([months - truth[image] for image, months in read_twice.items()] or [np.nan])
    return Row(
        change=name,
        images=len(shown),
        median=float(np.median(moved)),
        p90=float(np.quantile(moved, 0.9)),
        most=float(moved.max()),
        mae=float(off.mean()),
        beyond=float((moved > CLINICAL_MONTHS).mean()),
        refused=1 - len(read_twice) / max(len(shown), 1),
    )


def _line(row: Row) -> str:
    if np.isnan(row.median):
        return f"| {row.change} | – | – | – | – | – | {row.refused:.1%} |\n"
    moved = f"{row.median:.2f} | {row.p90:.2f} | {row.most:.1f} | {row.beyond:.1%}"
    return f"| {row.change} | {moved} | {row.mae:.2f} | {row.refused:.1%} |\n"


def section(folder: Path) -> str:
    """Part of ``RESULTS.md``; nothing where nothing was read."""
    found = rows(folder / READINGS)
    if not found:
        return ""
    head = "| change | median | 90 % below | most | beyond 12 | MAE | refused |\n|---|---|---|---|---|---|---|\n"
    lines = "".join(_line(row) for row in found)
    told = _TOLD.format(images=found[0].images)
    return f"{HEADING}\n\n{told}\n{head}{lines}\n![change of the estimate by what was done to the picture](results/robustness.png)\n\n"


_TOLD: Final = """What becomes of the estimate when the same hand is shown otherwise: {images} radiographs of `val` (299 × 299, 8 bits),
read as the node reads them, by `python -m train.robustness`. Months of absolute change against the unchanged image (median, 90th
percentile, most), the share that moves by more than twelve months, the mean absolute error against the label, and the share that is
refused instead. Rotation, flip, brightness, contrast, inversion, marker and resolution are the published stress test of the winner of
the 2017 challenge (Santomartino et al., Radiol Artif Intell 2024). A pixel of noise or blur is far coarser here than on a detector.
"""


def replace_section(results: Path, folder: Path) -> None:
    """Put the section into ``results`` in place of the one that is there, or at the end."""
    text = results.read_text(encoding="utf-8")
    start = text.find(HEADING)
    if start < 0:
        results.write_text(f"{text.rstrip()}\n\n{section(folder)}".rstrip() + "\n", encoding="utf-8")
        return
    after = text.find("\n## ", start + 1)
    rest = "" if after < 0 else text[after + 1 :]
    results.write_text(text[:start] + section(folder) + rest, encoding="utf-8")


def draw(found: list[Row], target: Path) -> None:
    """Write a PNG: a bar to the median, a line to the 90th percentile, a row a change."""
    from matplotlib.figure import Figure

    from train.plots import BOYS, FAINT, INK, save

    figure = Figure(figsize=(9, 0.3 * len(found) + 1.2), dpi=100, layout="constrained")
    axes = figure.subplots()
    shown = found[::-1]
    places = np.arange(len(shown))
    axes.barh(places, np.nan_to_num([row.median for row in shown]), color=BOYS, height=0.62)
    axes.hlines(places, [row.median for row in shown], [row.p90 for row in shown], color=INK, lw=1.5)
    for place, row in zip(places, shown, strict=True):
        if row.refused:
            axes.text(float(np.nan_to_num(row.p90)) + 0.3, float(place), f"{row.refused:.0%} refused", va="center", fontsize=8, color=INK)
    axes.axvline(1, color=FAINT, lw=1, ls="--")
    axes.set_yticks(places, [row.change for row in shown], fontsize=9)
    axes.set(xlabel="absolute change of the estimate, months: median (bar), 90th percentile (line)", xlim=(0, 30))
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, target)


def main(arguments: list[str]) -> int:
    """Read the sample under every change and put the table into ``RESULTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m train.robustness", description=__doc__)
    add_folders(parser, "data", "results")
    parser.add_argument("--bundle", type=Path, default=None, help="folder of a bundle; the shipped one by default")
    parser.add_argument("--images", type=int, default=200, help="how many images of val")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop reading after so long; run again to go on")
    parser.add_argument("--fresh", action="store_true", help="forget what was read before: the bundle or the reading changed")
    chosen = parser.parse_args(arguments)
    stored = chosen.results / READINGS
    if chosen.fresh:
        stored.unlink(missing_ok=True)
    ensemble = load_bundle(chosen.bundle or default_bundle())
    done = read_all(chosen.data, sample(chosen.data, chosen.images), ensemble, stored, seconds=60 * chosen.minutes)
    draw(rows(stored), chosen.results / "robustness.png")
    replace_section(chosen.results.parent / "RESULTS.md", chosen.results)
    print(section(chosen.results), end="")
    if not done:
        print("the time was up before all images were read; run it again to go on", file=sys.stderr)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
