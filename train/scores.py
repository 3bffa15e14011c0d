"""How far estimates are off: figures with bootstrap intervals, for everybody and for groups of sex and age."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = ((0, 60), (60, 120), (120, 168), (168, 241))
"""Bone age from, to below, months: preschool, school age, puberty, towards fusion."""

RESAMPLES: Final = 2000
TINY: Final = 1e-6
"""Variance of the labels, in square months, below which R² and CCC mean nothing."""

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
class Figure:
    """A value with its 95 % percentile bootstrap interval over images (2,000 resamples)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """Errors of a group.

    Attributes
    ----------
    n
        Images.
    mae, rmse, bias
        Months; bias is the mean of estimate minus label.
    mape
        Mean of the absolute error as a share of the label, in per cent. No label is 0; labels of a few months weigh heavily.
    r2
        1 - sum of squared errors / sum of squares about the mean label. Below 0 in a narrow age band is no contradiction.
    ccc
        Concordance correlation coefficient (Lin, Biometrics 1989;45:255-268).
    within_12, within_24
        Share of images whose error is at most so many months, 0 to 1.
    """

    n: int
    mae: Figure
    rmse: Figure
    mape: Figure
    r2: Figure
    ccc: Figure
    bias: Figure
    within_12: Figure
    within_24: Figure

    def to_json(self) -> dict[str, Any]:
        """Plain values, rounded to four digits behind the point; None for what has no value."""
        rounded = {
            name: {key: round(part, 4) if math.isfinite(part) else None for key, part in asdict(getattr(self, name)).items()}
            for name in _COLUMNS
        }
        return {"n": self.n, **rounded}


def score(predictions: Predictions, *, seed: int = 0) -> Score:
    """Summarise a group of at least one image."""
    facts = _facts(predictions)
    n = len(facts)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    found, resampled = _figures(facts.mean(axis=0)), _figures(drawn @ facts / n)
    return Score(n=n, **{name: Figure(value=float(found[name]), **_interval(resampled[name])) for name in found})


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


def _interval(resampled: Numbers) -> dict[str, float]:
    """95 % percentile interval; no number where no resample has one (R² of images that all have one label)."""
    known = resampled[np.isfinite(resampled)]
    low, high = np.percentile(known, (2.5, 97.5)) if known.size else (math.nan, math.nan)
    return {"low": float(low), "high": float(high)}


def _facts(predictions: Predictions) -> Numbers:
    """``(N, 11)``: what the means of each figure are taken over."""
    x, y, residual = predictions.estimate, predictions.label, predictions.residual
    off = np.abs(residual)
    return np.column_stack([off, residual**2, off / np.maximum(y, 1.0), residual, off <= 12, off <= 24, y, y * y, x, x * x, x * y])


def _figures(means: Numbers) -> dict[str, Numbers]:
    """Every figure from the means of the facts, ``(11,)`` or ``(resamples, 11)``."""
    off, square, share, residual, within_12, within_24, y, yy, x, xx, xy = np.moveaxis(means, -1, 0)
    spread_y, spread_x = yy - y * y, np.maximum(xx - x * x, 0)
    spread_y = np.where(spread_y > TINY, spread_y, np.nan)
    return {
        "mae": off,
        "rmse": np.sqrt(square),
        "mape": 100 * share,
        "r2": 1 - square / spread_y,
        "ccc": 2 * (xy - x * y) / (spread_y + spread_x + (x - y) ** 2),
        "bias": residual,
        "within_12": within_12,
        "within_24": within_24,
    }
