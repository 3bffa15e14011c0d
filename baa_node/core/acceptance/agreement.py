"""How well estimates agree with labels: errors, bias and limits of agreement, each with a 95 % interval.

The one implementation: the workshop scores networks with it, and a site its node (``core.acceptance.verdict``). Intervals are percentile
bootstrap intervals over images from a fixed seed, so that equal arguments give equal figures.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = ((0, 60), (60, 120), (120, 168), (168, 241))
"""Bone age from, to below, months: preschool, school age, puberty, towards fusion."""

RESAMPLES: Final = 2000
TINY: Final = 1e-6
"""Variance of the labels, in square months, below which R² and CCC mean nothing."""
Z_95: Final = 1.959963984540054
"""Standard normal deviate that 2.5 % exceed."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A value with its 95 % interval; not a number where there is none."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Plain values, rounded to four digits behind the point; None for what has no value."""
        return {key: round(part, 4) if math.isfinite(part) else None for key, part in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class Score:
    """Errors of a group; a difference is estimate minus label.

    Attributes
    ----------
    n
        Images.
    mae, rmse, bias, sd
        Months; bias is the mean of the differences and sd their standard deviation (n - 1), which one image has none of.
    mape
        Mean of the absolute error as a share of the label, in per cent. No label is 0; labels of a few months weigh heavily.
    r2
        1 - sum of squared errors / sum of squares about the mean label. Below 0 in a narrow age band is no contradiction.
    ccc
        Concordance correlation coefficient (Lin, Biometrics 1989;45:255-268).
    lower_limit, upper_limit
        95 % limits of agreement: bias -/+ 1.96 sd, months (Bland & Altman, Lancet 1986;1:307-310).
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
    sd: Figure
    lower_limit: Figure
    upper_limit: Figure
    within_12: Figure
    within_24: Figure

    def to_json(self) -> dict[str, Any]:
        """Plain values; see `Figure.to_json`."""
        return {"n": self.n} | {one.name: getattr(self, one.name).to_json() for one in fields(self) if one.name != "n"}


def score(label: Numbers, estimate: Numbers, *, seed: int = 0) -> Score:
    """Summarise a group of at least one image: ``(N,)`` months each."""
    facts = _facts(label, estimate)
    n = len(facts)
    drawn = _draws(n, seed)
    found, resampled = _figures(facts.mean(axis=0), n), _figures(drawn @ facts / n, n)
    return Score(n=n, **{name: _figure(float(found[name]), resampled[name]) for name in found})


def mean(values: Numbers, *, seed: int = 0) -> Figure:
    """Mean of at least one value, ``(N,)``, with its bootstrap interval."""
    return _figure(float(values.mean()), _draws(values.size, seed) @ values / values.size)


def share(hits: int, n: int) -> Figure:
    """Share of ``n`` of at least one, 0 to 1, with Wilson's score interval (Newcombe, Stat Med 1998;17:857-872, method 3).

    Where all of a few images are hits the bootstrap has no width; this one has.
    """
    p, z2 = hits / n, Z_95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Figure(value=p, low=min(p, max(0.0, centre - reach)), high=max(p, min(1.0, centre + reach)))


def _draws(n: int, seed: int) -> NDArray[np.int64]:
    """How often each image is drawn in each resample, ``(RESAMPLES, n)``."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)


def _figure(value: float, resampled: Numbers) -> Figure:
    """95 % percentile interval; no number where no resample has one (R² of images that all have one label)."""
    known = resampled[np.isfinite(resampled)]
    low, high = np.percentile(known, (2.5, 97.5)) if known.size else (math.nan, math.nan)
    return Figure(value=value, low=float(low), high=float(high))


def _facts(y: Numbers, x: Numbers) -> Numbers:
    """``(N, 11)``: what the means of each figure are taken over."""
    residual = x - y
    off = np.abs(residual)
    return np.column_stack([off, residual**2, off / np.maximum(y, 1.0), residual, off <= 12, off <= 24, y, y * y, x, x * x, x * y])


def _figures(means: Numbers, n: int) -> dict[str, Numbers]:
    """Every figure from the means of the facts, ``(11,)`` or ``(resamples, 11)``."""
    off, square, part, residual, within_12, within_24, y, yy, x, xx, xy = np.moveaxis(means, -1, 0)
    spread_y, spread_x = yy - y * y, np.maximum(xx - x * x, 0)
    spread_y = np.where(spread_y > TINY, spread_y, np.nan)
    sd = np.sqrt(np.maximum(square - residual**2, 0) * n / (n - 1)) if n > 1 else np.full_like(off, np.nan)
    return {
        "mae": off,
        "rmse": np.sqrt(square),
        "mape": 100 * part,
        "r2": 1 - square / spread_y,
        "ccc": 2 * (xy - x * y) / (spread_y + spread_x + (x - y) ** 2),
        "bias": residual,
        "sd": sd,
        "lower_limit": residual - Z_95 * sd,
        "upper_limit": residual + Z_95 * sd,
        "within_12": within_12,
        "within_24": within_24,
    }
