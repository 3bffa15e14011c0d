"""How far estimates are off, for everybody and for groups of sex and age, in the figures of ``baa_node.core.acceptance.agreement``."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.core.acceptance import agreement
from baa_node.core.acceptance.agreement import BANDS, Numbers, Score


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


def score(predictions: Predictions, *, seed: int = 0) -> Score:
    """Summarise a group of at least one image."""
    return agreement.score(predictions.label, predictions.estimate, seed=seed)


def score_groups(predictions: Predictions) -> dict[str, Score]:
    """Score everybody, each sex, and each age band of each sex; empty groups are left out."""
    male, label = predictions.male, predictions.label
    groups = {"all": np.ones(label.size, bool)}
    for name, coded in (("F", 0), ("M", 1)):
        groups[name] = male == coded
        for low, high in BANDS:
            groups[f"{name} {low}-{high - 1}"] = (male == coded) & (label >= low) & (label < high)
    return {name: score(predictions.where(chosen)) for name, chosen in groups.items() if chosen.any()}


def table(scores: Mapping[str, Score], *, heading: str = "group") -> str:
    """Scores as a Markdown table, each figure with its interval."""
    head = f"| {heading} | n | " + " | ".join(title for title, _ in _COLUMNS.values()) + " |\n"
    rule = "|---" * (2 + len(_COLUMNS)) + "|\n"
    rows = (f"| {name} | {found.n} | {' | '.join(_cells(found))} |\n" for name, found in scores.items())
    return head + rule + "".join(rows)


def write_predictions(predictions: Predictions, target: Path) -> None:
    """One line an image: id, sex, label and estimate in months."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(("image_id", "sex", "bone_age_months", "estimate_months"))
        for name, male, label, estimate in zip(predictions.ids, predictions.male, predictions.label, predictions.estimate, strict=True):
            rows.writerow((name, "M" if male else "F", f"{label:g}", f"{estimate:.3f}"))


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


_COLUMNS: Final = {
    "mae": ("MAE", "{:.2f}"),
    "rmse": ("RMSE", "{:.2f}"),
    "mape": ("MAPE %", "{:.1f}"),
    "r2": ("R²", "{:.3f}"),
    "ccc": ("CCC", "{:.3f}"),
    "bias": ("bias", "{:+.2f}"),
    "within_12": ("within 12", "{:.0%}"),
    "within_24": ("within 24", "{:.0%}"),
}


def _cells(found: Score) -> list[str]:
    return [
        f"{shape.format(figure.value)} ({shape.format(figure.low)} to {shape.format(figure.high)})" if math.isfinite(figure.value) else "–"
        for figure, shape in ((getattr(found, name), shape) for name, (_, shape) in _COLUMNS.items())
    ]
