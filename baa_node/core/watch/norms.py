"""What the shipped bundle found on ``val``, measured by ``python -m train.drift``; a test holds it to ``train/results/drift.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Norm:
    """One trait on ``val``: mean, standard deviation, and the nine values that cut it into ten equal shares."""

    mean: float
    sd: float
    deciles: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Norms:
    """All that was measured with one bundle.

    Attributes
    ----------
    bundle_sha256
        Of the manifest: the figures hold for these weights and no others.
    shares
        Of the hands of ``val``: refused, and of those read networks that differ by more than the bundle's limit.
    """

    bundle_sha256: str
    traits: Mapping[str, Norm]
    shares: Mapping[str, float]


NORMS: Final = Norms(
    bundle_sha256="d0a1b916aa3f8a0a5e0fc97e6e7e4aaae306b5064d4abf978f7f3a35a46f2bc2",
    traits={
        "mean_grey": Norm(mean=45.377, sd=22.646, deciles=(25.263, 31.946, 34.713, 36.792, 38.915, 41.132, 44.536, 56.022, 83.255)),
        "sd_grey": Norm(mean=42.041, sd=12.481, deciles=(18.846, 35.106, 41.293, 43.8, 45.695, 47.28, 49.078, 50.878, 53.47)),
        "unlikeness": Norm(mean=6.97, sd=1.856, deciles=(5.227, 5.588, 5.917, 6.265, 6.634, 7.015, 7.469, 8.062, 9.075)),
        "bone_age_months": Norm(
            mean=128.158, sd=39.852, deciles=(71.37, 92.835, 109.011, 123.729, 134.354, 144.445, 153.868, 161.811, 171.527)
        ),
        "spread_months": Norm(mean=2.067, sd=1.799, deciles=(0.279, 0.531, 0.894, 1.255, 1.631, 2.082, 2.579, 3.339, 4.375)),
        "focus": Norm(mean=0.284, sd=0.086, deciles=(0.192, 0.216, 0.232, 0.244, 0.259, 0.28, 0.311, 0.356, 0.421)),
    },
    shares={"refused": 0.0103, "members_differ": 0.0496},
)
