"""``python -m train.ensemble RUN... --name NAME``: several networks as one reader, from their stored predictions on ``val``.

Weights are those that make the mean absolute error on ``val`` least, found on a lattice of the simplex. What is stored as the
ensemble's estimate is out of fold: each fifth of ``val`` is pooled with weights that were fitted on the other four, so weights do
not flatter themselves.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from baa_node.core.acceptance.agreement import Numbers
from baa_node.core.ensemble import Calibration
from baa_node.core.radiograph import Sex
from train.evaluate import write_results
from train.folders import RESULTS, add_folders
from train.scores import Predictions, read_predictions, score, table, write_predictions

STEPS: Final = 20
"""Weights are multiples of 1 / STEPS."""

FOLDS: Final = 5
COVERAGE: Final = 0.90
LEAST_IN_BAND: Final = 100
"""Residuals in an age band of the prediction interval; fewer would make its 90th percentile a matter of luck."""

MOST_BANDS: Final = 5
FLAGGED_SHARE: Final = 0.05
"""Share of ``val`` whose members differ so much that the report warns."""

MONTI: Final = {"resnet50_patches_sex": 0.5}
"""Monti & Tonazzo's fixed weights before normalisation: 0.5 for the patches, 0.1 for any other network."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Weights in the members' order, and the mean absolute errors that tell what they are worth.

    Attributes
    ----------
    pooled
        ``(N,)`` months, out of fold.
    """

    weights: tuple[float, ...]
    pooled: Numbers
    in_sample_mae: float
    out_of_fold_mae: float
    equal_mae: float


def fit_weights(estimates: Numbers, truth: Predictions, fold: NDArray[np.int64] | None = None) -> Fit:
    """Fit weights that are at least 0 and sum to 1.

    Parameters
    ----------
    estimates
        ``(members, N)`` months.
    truth
        Label and sex of the same images.
    fold
        ``(N,)``, 0 to 4; by default `folds`.
    """
    fold = folds(truth) if fold is None else fold
    pooled = np.empty(truth.label.size)
    for held in range(FOLDS):
        outside = fold != held
        pooled[~outside] = _best(estimates[:, outside], truth.label[outside]) @ estimates[:, ~outside]
    weights = _best(estimates, truth.label)
    return Fit(
        weights=tuple(float(weight) for weight in weights),
        pooled=pooled,
        in_sample_mae=_mae(weights @ estimates, truth.label),
        out_of_fold_mae=_mae(pooled, truth.label),
        equal_mae=_mae(estimates.mean(axis=0), truth.label),
    )


def fixed_weights(architectures: Sequence[str]) -> tuple[float, ...]:
    """Weights by Monti & Tonazzo's rule, normalised."""
    raw = np.array([MONTI.get(name, 0.1) for name in architectures])
    return tuple(float(weight) for weight in raw / raw.sum())


def folds(truth: Predictions) -> NDArray[np.int64]:
    """Fold of each image: sorted by sex and label and dealt out in turn, so that every fold holds every age of both sexes."""
    order = np.lexsort((np.array(truth.ids), truth.label, truth.male))
    fold = np.empty(order.size, np.int64)
    fold[order] = np.arange(order.size) % FOLDS
    return fold


def band_edges(estimates: Numbers) -> tuple[float, ...]:
    """Estimates that part a sex into age bands of equal numbers, at least `LEAST_IN_BAND` in each."""
    bands = min(MOST_BANDS, estimates.size // LEAST_IN_BAND)
    return tuple(round(float(edge), 1) for edge in np.quantile(estimates, np.arange(1, bands) / max(bands, 1)))


def calibration(pooled: Predictions, without_sex: Predictions | None = None) -> dict[str, Any]:
    """Collect what ``bundle.json`` holds for the prediction interval: residuals, their estimates and the age bands by sex."""
    parts = {"F": pooled.where(pooled.male == 0), "M": pooled.where(pooled.male == 1)}
    if without_sex is not None:
        parts["unknown"] = without_sex
    return {
        "method": "split conformal, absolute residuals by sex and band of the estimate",
        "coverage": COVERAGE,
        "residuals_months": {key: np.round(part.residual, 1).tolist() for key, part in parts.items()},
        "estimates_months": {key: np.round(part.estimate, 1).tolist() for key, part in parts.items()},
        "edges_months": {key: list(band_edges(part.estimate)) for key, part in parts.items()},
    }


def coverage(pooled: Predictions, *, halvings: int = 100, seed: int = 0) -> dict[str, float]:
    """Share of images inside an interval that another half of ``val`` gave, by sex and band, mean of many halvings."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    for _ in range(halvings):
        first = rng.random(pooled.label.size) < 0.5
        made = calibration(pooled.where(first))
        known = Calibration(**{key: value for key, value in made.items() if key != "method"})
        for name, inside in _inside(known, pooled.where(~first)).items():
            found.setdefault(name, []).extend(inside)
    return {name: round(float(np.mean(inside)), 4) for name, inside in found.items()}


def _inside(known: Calibration, others: Predictions) -> dict[str, list[bool]]:
    inside: dict[str, list[bool]] = {}
    for male, estimate, off in zip(others.male, others.estimate, np.abs(others.residual), strict=True):
        sex = Sex.MALE if male else Sex.FEMALE
        band = int(np.searchsorted(known.edges_months[sex.value], estimate, side="right")) + 1
        for name in (sex.value, f"{sex.value} band {band}"):
            inside.setdefault(name, []).append(bool(off <= known.half_width_months(sex, float(estimate))))
    return inside


def disagreement(estimates: Numbers, pooled: Predictions) -> dict[str, float]:
    """Limit of the members' spread above which the report warns, and how far the flagged and the other estimates are off.

    Parameters
    ----------
    estimates
        ``(members, N)`` of those that take part, at least two.
    """
    spread = estimates.std(axis=0, ddof=1)
    limit = round(float(np.quantile(spread, 1 - FLAGGED_SHARE)), 2)
    off, flagged = np.abs(pooled.residual), spread > limit
    return {"limit_months": limit, "mae_flagged": round(float(off[flagged].mean()), 2), "mae_others": round(float(off[~flagged].mean()), 2)}


def pool(runs: Sequence[str], name: str, folder: Path, *, rule: str = "fitted") -> dict[str, Any]:
    """Pool the stored predictions of runs into those of an ensemble ``name``; return its notes."""
    notes = {run: json.loads((folder / f"{run}.json").read_text(encoding="utf-8")) for run in runs}
    informed = [run for run in runs if notes[run]["needs_sex"]] or list(runs)
    free = [run for run in runs if not notes[run]["needs_sex"]]
    truth, estimates = _stacked(folder, informed, "-val-mirrored")
    fit = fit_weights(estimates, truth)
    weights = {
        "fitted": fit.weights,
        "equal": (1 / len(informed),) * len(informed),
        "fixed": fixed_weights([notes[run]["architecture"] for run in informed]),
    }[rule]
    pooled = replace(truth, estimate=fit.pooled if rule == "fitted" else np.array(weights) @ estimates)
    write_predictions(pooled, folder / f"{name}-val-mirrored.csv")
    for kind in ("-val", "-phantoms", "-phantoms-mirrored"):
        like, others = _stacked(folder, informed, kind)
        write_predictions(replace(like, estimate=np.array(weights) @ others), folder / f"{name}{kind}.csv")
    told: dict[str, Any] = {
        "members": dict(zip(informed, weights, strict=True)),
        "rule": rule,
        "mae": {
            "out_of_fold": round(fit.out_of_fold_mae, 3),
            "in_sample": round(fit.in_sample_mae, 3),
            "equal_weights": round(fit.equal_mae, 3),
        },
        "coverage": coverage(pooled),
        "told": _told(fit, rule),
    }
    taking = [index for index, weight in enumerate(weights) if weight > 0]
    if len(taking) > 1:
        told["disagreement"] = disagreement(estimates[taking], pooled)
    if free:
        told |= _without_sex(folder, free, name)
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return told


def _without_sex(folder: Path, free: Sequence[str], name: str) -> dict[str, Any]:
    """Pool the members that need no sex, for patients whose sex is unknown."""
    truth, estimates = _stacked(folder, free, "-val-mirrored")
    fit = fit_weights(estimates, truth)
    write_predictions(replace(truth, estimate=fit.pooled), folder / f"{name}-val-without-sex.csv")
    return {"members_without_sex": dict(zip(free, fit.weights, strict=True)), "mae_without_sex": round(fit.out_of_fold_mae, 3)}


def _told(fit: Fit, rule: str) -> str:
    return (
        f"Weights: {rule}. On val: {fit.out_of_fold_mae:.2f} months out of fold, {fit.in_sample_mae:.2f} with the weights fitted on "
        f"the same images, {fit.equal_mae:.2f} with equal weights."
    )


def _stacked(folder: Path, runs: Sequence[str], kind: str) -> tuple[Predictions, Numbers]:
    """Read the predictions of several runs on the same images.

    Raises
    ------
    ValueError
        Two runs were evaluated on different images.
    """
    found = [read_predictions(folder / f"{run}{kind}.csv") for run in runs]
    for run, other in zip(runs, found, strict=True):
        if other.ids != found[0].ids:
            raise ValueError(f"{run} and {runs[0]} were evaluated on different images ({kind})")
    return found[0], np.stack([one.estimate for one in found])


def _best(estimates: Numbers, label: Numbers) -> Numbers:
    """Lattice point of the simplex with the least mean absolute error."""
    candidates = _lattice(len(estimates))
    errors = [_mae(weights @ estimates, label) for weights in candidates]
    best: Numbers = candidates[int(np.argmin(errors))]
    return best


def _lattice(members: int) -> Numbers:
    cuts = itertools.combinations(range(STEPS + members - 1), members - 1)
    return np.array([np.diff((-1, *cut, STEPS + members - 1)) - 1 for cut in cuts], np.float64) / STEPS


def _mae(estimate: Numbers, label: Numbers) -> float:
    return float(np.abs(estimate - label).mean())


def main(arguments: list[str]) -> int:
    """Pool runs and rewrite ``RESULTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m train.ensemble", description=__doc__)
    parser.add_argument("run", nargs="+", help="evaluated runs; those that need no sex serve patients whose sex is unknown")
    parser.add_argument("--name", required=True)
    parser.add_argument("--weights", choices=("fitted", "equal", "fixed"), default="fitted", help="fixed: Monti & Tonazzo's 0.5 and 0.1")
    add_folders(parser, "results")
    chosen = parser.parse_args(arguments)
    told = pool(chosen.run, chosen.name, chosen.results, rule=chosen.weights)
    if chosen.results == RESULTS:
        write_results(RESULTS, RESULTS.parent / "RESULTS.md")
    print(table({chosen.name: score(read_predictions(chosen.results / f"{chosen.name}-val-mirrored.csv"))}, heading="model"), end="")
    print(json.dumps({key: value for key, value in told.items() if isinstance(value, Mapping)}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
