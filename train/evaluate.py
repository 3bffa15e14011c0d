"""``python -m train.evaluate RUN``: how far a trained network is off on images it did not learn from.

Radiographs come from ``val`` only, which also chose the epoch, so the figures are a little too good; drawn hands are told apart.
Writes ``train/RESULTS.md`` and, beside it, the predictions every figure comes from.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

WORKSHOP: Final = Path(__file__).parent
RESULTS: Final = WORKSHOP / "results"

BANDS: Final = ((0, 60), (60, 120), (120, 168), (168, 241))
"""Bone age from, to below, months: preschool, school age, puberty, towards fusion."""

RESAMPLES: Final = 2000
PHANTOM_SEED: Final = 900
"""Training draws with another seed, so these drawings are new to the network."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Estimates beside labels.

    Attributes
    ----------
    ids
        Image ids of the public data set, or names of drawings.
    male
        ``(N,)``, 0 or 1.
    label, estimate
        ``(N,)`` months.
    """

    ids: tuple[str, ...]
    male: Numbers
    label: Numbers
    estimate: Numbers

    def where(self, chosen: NDArray[np.bool_]) -> Predictions:
        """Keep a part of them, in order."""
        ids = tuple(name for name, keep in zip(self.ids, chosen, strict=True) if keep)
        return Predictions(ids=ids, male=self.male[chosen], label=self.label[chosen], estimate=self.estimate[chosen])

    @property
    def residual(self) -> Numbers:
        """Estimate minus label, months."""
        return self.estimate - self.label


@dataclass(frozen=True, kw_only=True)
class Score:
    """Errors of a group in months; shares from 0 to 1.

    Attributes
    ----------
    mae_low, mae_high
        95 % percentile bootstrap interval of the mean absolute error.
    bias
        Mean of estimate minus label.
    """

    n: int
    mae: float
    mae_low: float
    mae_high: float
    rmse: float
    bias: float
    within_12: float
    within_24: float


def score(predictions: Predictions, *, seed: int = 0) -> Score:
    """Summarise a group of at least one image."""
    residual = predictions.residual
    off = np.abs(residual)
    drawn = np.random.default_rng(seed).integers(0, off.size, (RESAMPLES, off.size))
    low, high = np.percentile(off[drawn].mean(axis=1), (2.5, 97.5))
    return Score(
        n=off.size,
        mae=float(off.mean()),
        mae_low=float(low),
        mae_high=float(high),
        rmse=float(np.sqrt(np.square(residual).mean())),
        bias=float(residual.mean()),
        within_12=float((off <= 12).mean()),
        within_24=float((off <= 24).mean()),
    )


def score_groups(predictions: Predictions) -> dict[str, Score]:
    """Score everybody, each sex, and each age band of each sex; empty groups are left out."""
    male, label = predictions.male, predictions.label
    groups = {"all": np.ones(label.size, bool)}
    for name, coded in (("F", 0), ("M", 1)):
        groups[name] = male == coded
        for low, high in BANDS:
            groups[f"{name} {low}-{high - 1}"] = (male == coded) & (label >= low) & (label < high)
    return {name: score(predictions.where(chosen)) for name, chosen in groups.items() if chosen.any()}


def write_predictions(predictions: Predictions, target: Path) -> None:
    """One line an image: id, sex, label and estimate in months."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(("image_id", "sex", "bone_age_months", "estimate_months"))
        for name, male, label, estimate in zip(predictions.ids, predictions.male, predictions.label, predictions.estimate, strict=True):
            table.writerow((name, "M" if male else "F", f"{label:g}", f"{estimate:.3f}"))


def read_predictions(source: Path) -> Predictions:
    """Read back what `write_predictions` wrote."""
    with source.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return Predictions(
        ids=tuple(row["image_id"] for row in rows),
        male=np.array([row["sex"] == "M" for row in rows], np.float64),
        label=np.array([row["bone_age_months"] for row in rows], np.float64),
        estimate=np.array([row["estimate_months"] for row in rows], np.float64),
    )


def table(scores: Mapping[str, Score]) -> str:
    """Scores as a Markdown table."""
    head = "| group | n | MAE | 95 % interval | RMSE | bias | within 12 | within 24 |\n|---|---|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {name} | {s.n} | {s.mae:.2f} | {s.mae_low:.2f} to {s.mae_high:.2f} | {s.rmse:.2f} | {s.bias:+.2f} "
        f"| {s.within_12:.0%} | {s.within_24:.0%} |\n"
        for name, s in scores.items()
    )


def write_results(folder: Path, target: Path) -> None:
    """Rewrite ``target`` from all stored predictions, one section a run."""
    sections = [_section(source) for source in sorted(folder.glob("*-val.csv"))]
    target.write_text(_PREAMBLE + "".join(sections), encoding="utf-8")


_PREAMBLE: Final = """# Results

Months; estimate against the challenge's label, on the 1,262 radiographs of `val`, which no network learnt from but which chose the
epoch. Groups are sex and bone age in months. Interval: percentile bootstrap over images, 2,000 resamples. "mirrored": mean of the
image and its mirror image. Always answering the mean of the sex gives 32.4. Made by `python -m train.evaluate`; the predictions
are in `results/`.
"""


def _section(source: Path) -> str:
    name = source.name.removesuffix("-val.csv")
    notes = json.loads((source.parent / f"{name}.json").read_text(encoding="utf-8"))
    plain, mirrored = (read_predictions(source.parent / f"{name}{kind}.csv") for kind in ("-val", "-val-mirrored"))
    phantoms = read_predictions(source.parent / f"{name}-phantoms.csv")
    scores = score_groups(plain) | {"all, mirrored": score(mirrored)}
    drawn = {"drawn hands": score(phantoms), "drawn hands F": score(phantoms.where(phantoms.male == 0))}
    drawn["drawn hands M"] = score(phantoms.where(phantoms.male == 1))
    told = f"{notes['epochs']} epochs, {notes['minutes']:.0f} minutes on two CPU cores, {notes['images_per_s']:.0f} images/s."
    return f"\n## {name}\n\n{told}\n\n{table(scores)}\nDrawn hands it never saw, apart:\n\n{table(drawn)}"


def evaluate(run: Path, data: Path, cache: Path, target: Path, *, limit: int | None = None) -> Score:
    """Predict ``val`` and new drawings with a run's best epoch, store what came out in ``target``."""
    from train.data import load_phantoms, load_split, read_labels
    from train.train import load_best, predict_months

    recipe, model, history = load_best(run)
    validation = load_split(data, "val", recipe.preparation, cache=cache, limit=limit)
    phantoms = load_phantoms(200 if limit is None else limit, recipe.preparation, cache=cache, seed=PHANTOM_SEED)
    kinds = [("-val", validation), ("-phantoms", phantoms)]
    for (kind, examples), mirrored in itertools.product(kinds, (False, True)):
        estimate = predict_months(model, examples, mirrored=mirrored).astype(np.float64)
        male, label = examples.male.astype(np.float64), examples.months.astype(np.float64)
        write_predictions(
            Predictions(ids=examples.ids, male=male, label=label, estimate=estimate),
            target / f"{run.name}{kind}{'-mirrored' if mirrored else ''}.csv",
        )
    speed = float(np.median([line["images_per_s"] for line in history]))
    radiographs = sum(label.split == "train" for label in read_labels(data / "rsna_train.csv"))
    notes = {"radiographs": radiographs, "epochs": len(history), "minutes": history[-1]["elapsed_s"] / 60, "images_per_s": speed}
    (target / f"{run.name}.json").write_text(json.dumps(notes) + "\n", encoding="utf-8")
    return score(read_predictions(target / f"{run.name}-val.csv"))


def main(arguments: list[str]) -> int:
    """Evaluate one run and rewrite ``RESULTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m train.evaluate", description=__doc__)
    parser.add_argument("run", help="name of a folder in the runs folder")
    parser.add_argument("--data", type=Path, default=WORKSHOP.parent.parent / "shared" / "data")
    parser.add_argument("--runs", type=Path, default=WORKSHOP / "runs")
    parser.add_argument("--cache", type=Path, default=WORKSHOP / "cache")
    chosen = parser.parse_args(arguments)
    total = evaluate(chosen.runs / chosen.run, chosen.data, chosen.cache, RESULTS)
    write_results(RESULTS, WORKSHOP / "RESULTS.md")
    print(table({chosen.run: total}), end="")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main(sys.argv[1:]))
