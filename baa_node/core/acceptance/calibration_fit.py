"""Fitting a site's calibration, and the proof that it helps: without that there is none.

The line of each sex is that of Theil and Sen (Sen, J Am Stat Assoc 1968;63:1379-1389): the median of the slopes of all pairs, which a
few wrong labels cannot move far. Whether it helps is judged on images that it was not fitted on (ten-fold cross-validation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.core.acceptance.agreement import Figure, Numbers, mean
from baa_node.core.calibration import Line, SiteCalibration
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.radiograph import Sex

LEAST_IMAGES: Final = 50
"""Of one sex. With the node's usual scatter of 8 months the shift of 50 images is known to about 2 months."""
LEAST_SPAN_MONTHS: Final = 60.0
"""Between the 5th and the 95th percentile of the estimates: within less than five years a slope is a guess."""
SLOPES: Final = (0.75, 1.33)
"""Slopes beyond these are no difference between readers but mistaken units, sexes or images."""

_FOLDS: Final = 10
_ROUNDS: Final = 5
_RESAMPLES: Final = 400
_MOST_PAIRS: Final = 60_000
"""Of more images a fixed drawing of pairs is used: its slope differs from that of all pairs in the third digit."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of the attempt to fit one sex.

    Attributes
    ----------
    line
        What was fitted, None with too few images or too narrow ages.
    refused
        Why there will be no line for this sex; empty where it helps.
    """

    n: int
    line: Line | None
    refused: str


def fit(label: Numbers, estimate: Numbers) -> Trial:
    """Fit the line of one sex: ``(N,)`` months by the readers and by the networks, before any calibration."""
    n = label.size
    if n < LEAST_IMAGES:
        return Trial(n=n, line=None, refused=f"{n} of the {LEAST_IMAGES} images that are needed")
    span = float(np.subtract(*np.percentile(estimate, (95, 5))))
    if span < LEAST_SPAN_MONTHS:
        return Trial(n=n, line=None, refused=f"nine in ten estimates lie within {span:.0f} months; {LEAST_SPAN_MONTHS:g} are needed")
    line = _line(label, estimate)
    return Trial(n=n, line=line, refused=_fault_of(line))


def fit_by_sex(cases: Iterable[tuple[Sex | None, float, float]]) -> dict[Sex, Trial]:
    """Fit each sex that occurs: sex, label and raw estimate of each image; those of unknown sex are left out."""
    known = [(sex, label, estimate) for sex, label, estimate in cases if sex is not None]
    found = {}
    for sex in Sex:
        values = np.array([(label, estimate) for of, label, estimate in known if of is sex], np.float64).reshape(-1, 2)
        if len(values):
            found[sex] = fit(values[:, 0], values[:, 1])
    return found


def make_calibration(
    trials: Mapping[Sex, Trial], bundle: BundleIdentity, *, software: str, created: str, before: SiteCalibration | None
) -> SiteCalibration | None:
    """Keep the lines that help; None where none does.

    Parameters
    ----------
    created
        Date and time with zone, ISO 8601.
    before
        The calibration in force, which this one would replace.
    """
    lines = {sex: trial.line for sex, trial in trials.items() if trial.line is not None and not trial.refused}
    if not lines:
        return None
    return SiteCalibration(
        version=before.version + 1 if before else 1,
        created=created,
        bundle=bundle,
        software=software,
        lines=lines,
        without={sex: trial.refused for sex, trial in trials.items() if trial.refused},
        replaces=before.seal if before else "",
    )


def theil_sen(x: Numbers, y: Numbers) -> tuple[float, float]:
    """Slope and intercept of y over x, ``(N,)`` each.

    Raises
    ------
    ValueError
        All x are equal.
    """
    return _through(x, y, _pairs(x.size))


def _through(x: Numbers, y: Numbers, pairs: tuple[NDArray[np.intp], NDArray[np.intp]]) -> tuple[float, float]:
    first, second = pairs
    run, rise = x[second] - x[first], y[second] - y[first]
    apart = run != 0
    if not apart.any():
        raise ValueError("a line through one place has no slope")
    slope = float(np.median(rise[apart] / run[apart]))
    return slope, float(np.median(y - slope * x))


def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if n * (n - 1) // 2 <= _MOST_PAIRS:
        first, second = np.triu_indices(n, 1)
        return first, second
    drawn = np.random.default_rng(0).integers(0, n, (2, _MOST_PAIRS))
    return drawn[0], drawn[1]


def _line(label: Numbers, estimate: Numbers) -> Line:
    slope, intercept = theil_sen(estimate, label)
    slopes, intercepts = np.array([*_resampled(label, estimate)]).T
    before = np.abs(estimate - label)
    after = _errors_on_others(label, estimate)
    return Line(
        slope=_figure(slope, slopes),
        intercept_months=_figure(intercept, intercepts),
        range_months=(float(estimate.min()), float(estimate.max())),
        n=label.size,
        mae_before=mean(before),
        mae_after=mean(after),
        gain=mean(before - after),
    )


def _figure(value: float, resampled: Numbers) -> Figure:
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Figure(value=value, low=float(low), high=float(high))


def _resampled(label: Numbers, estimate: Numbers) -> Iterator[tuple[float, float]]:
    """Lines through images drawn with replacement."""
    rng, pairs = np.random.default_rng(0), _pairs(label.size)
    for _ in range(_RESAMPLES):
        drawn = rng.integers(0, label.size, label.size)
        yield _through(estimate[drawn], label[drawn], pairs)


def _errors_on_others(label: Numbers, estimate: Numbers) -> Numbers:
    """Absolute error of each image by lines that were fitted without it, ``(N,)``, mean over five divisions into ten folds."""
    rng, off = np.random.default_rng(0), np.zeros((_ROUNDS, label.size))
    for round_ in off:
        for left_out in np.array_split(rng.permutation(label.size), _FOLDS):
            learnt = np.ones(label.size, bool)
            learnt[left_out] = False
            slope, intercept = theil_sen(estimate[learnt], label[learnt])
            round_[left_out] = np.abs(slope * estimate[left_out] + intercept - label[left_out])
    errors: Numbers = off.mean(axis=0)
    return errors


def _fault_of(line: Line) -> str:
    if not SLOPES[0] <= line.slope.value <= SLOPES[1]:
        return f"a slope of {line.slope.value:.2f} is no difference between readers; look for mistaken units, sexes or images"
    if line.gain.low <= 0:
        saved = f"{line.gain.value:+.2f} months an image, 95 % interval {line.gain.low:+.2f} to {line.gain.high:+.2f}"
        return f"no benefit is shown on images that the line was not fitted on ({saved})"
    return ""
