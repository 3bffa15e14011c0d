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
    bundle_sha256="181e53a48cdb6585eac911b8eccdf4a0b7c5bc6b8c4fa332b91fb89d3ce4e7f6",
    traits={
        "mean_grey": Norm(mean=46.38, sd=22.086, deciles=(27.82, 32.92, 35.323, 37.56, 39.585, 42.12, 45.85, 56.172, 83.255)),
        "sd_grey": Norm(mean=41.716, sd=13.169, deciles=(17.372, 35.106, 41.293, 43.8, 45.695, 47.28, 49.078, 50.878, 53.47)),
        "unlikeness": Norm(mean=6.968, sd=1.827, deciles=(5.227, 5.588, 5.921, 6.264, 6.636, 7.026, 7.481, 8.06, 9.083)),
        "bone_age_months": Norm(
            mean=128.141, sd=39.822, deciles=(71.595, 92.89, 108.923, 123.664, 134.333, 144.374, 153.882, 161.219, 171.593)
        ),
        "spread_months": Norm(mean=2.066, sd=1.784, deciles=(0.283, 0.538, 0.919, 1.283, 1.65, 2.091, 2.54, 3.343, 4.39)),
        "focus": Norm(mean=0.284, sd=0.086, deciles=(0.193, 0.216, 0.232, 0.244, 0.26, 0.281, 0.31, 0.357, 0.419)),
    },
    shares={"refused": 0.0095, "members_differ": 0.0496},
)
