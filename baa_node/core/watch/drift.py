"""Whether images and readings are still like those that the bundle was validated on: the last few hundred against its own ``val``.

The measure is the population stability index (Siddiqi N, Credit Risk Scorecards, 2006, chapter 7): the range of a trait is cut at the
deciles of the reference, and PSI = Σ (p − q) · ln(p / q) over the ten shares p seen and q = 0.1 expected. By custom below 0.1 nothing
happened, above 0.25 something did. 200 images of the same kind give 0.05 on average and 0.1 in one of twenty times (χ² of nine degrees
over 200 and 1,262 images), so that a single 0.1 says nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Final

from baa_node.core.comparison import Determination
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.watch.norms import NORMS, Norm, Norms
from baa_node.core.watch.traits import INPUTS, OUTPUTS

WINDOW: Final = 200
"""Images that are looked at: a week of a large department, and enough for a PSI."""

LEAST: Final = 50
"""Values below which no PSI is given: chance alone would give 0.2."""

HALF: Final = 0.5
"""Counted on top of each tenth, so that an empty one gives a number."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One trait over the last images.

    Attributes
    ----------
    n, mean, sd
        Of the values that are there; the last is None of fewer than two.
    psi
        None where there is no reference, or fewer than `LEAST` values.
    expected
        Mean and deciles on ``val``; None where the bundle was not measured or the trait depends on the patients alone.
    """

    trait: str
    n: int
    mean: float
    sd: float | None
    psi: float | None
    expected: Norm | None


def drifts(outcomes: Sequence[Mapping[str, Any]], norms: Norms | None) -> list[Drift]:
    """Measure every trait that the outcomes hold."""
    found = []
    for trait in (*INPUTS, *OUTPUTS):
        values = [float(one["traits"][trait]) for one in outcomes if one.get("traits", {}).get(trait) is not None]
        if values:
            found.append(_drift(trait, values, norms.traits.get(trait) if norms else None))
    return found


def shares(outcomes: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Say which share of the last images was refused and, of those read, lies outside the normal band, had networks at odds, or no sex."""
    if not outcomes:
        return {}
    read = [one for one in outcomes if one["status"] == "assessed"]
    found = {"refused": 1 - len(read) / len(outcomes)}
    if read:
        outside = {Determination.DELAYED.value, Determination.ADVANCED.value}
        found["outside_reference"] = _share(read, lambda one: one["determination"] in outside)
        found["members_differ"] = _share(read, lambda one: (one["spread_months"] or 0) > (one.get("disagreement_months") or math.inf))
        found["sex_unknown"] = _share(read, lambda one: one["sex"] is None)
    return found


def norms_of(bundle: BundleIdentity | None) -> Norms | None:
    """Give what was measured with this bundle; None for another."""
    return NORMS if bundle is not None and bundle.sha256 == NORMS.bundle_sha256 else None


def stability_index(values: Sequence[float], deciles: Sequence[float]) -> float:
    """Give the population stability index of values against ten equal shares of a reference, by its nine inner deciles."""
    counts = [HALF] * (len(deciles) + 1)
    for value in values:
        counts[bisect_right(deciles, value)] += 1
    q = 1 / len(counts)
    return sum((p - q) * math.log(p / q) for p in (count / sum(counts) for count in counts))


def _drift(trait: str, values: Sequence[float], expected: Norm | None) -> Drift:
    enough = expected is not None and len(values) >= LEAST
    return Drift(
        trait=trait,
        n=len(values),
        mean=fmean(values),
        sd=stdev(values) if len(values) > 1 else None,
        psi=stability_index(values, expected.deciles) if expected is not None and enough else None,
        expected=expected,
    )


def _share(read: Sequence[Mapping[str, Any]], holds: Any) -> float:
    return sum(bool(holds(one)) for one in read) / len(read)
