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
            mean=128.191, sd=39.75, deciles=(72.185, 93.17, 109.12, 123.725, 134.209, 144.338, 153.866, 161.029, 171.694)
        ),
        "spread_months": Norm(mean=2.086, sd=1.803, deciles=(0.287, 0.548, 0.928, 1.293, 1.646, 2.09, 2.582, 3.402, 4.451)),
        "focus": Norm(mean=0.283, sd=0.087, deciles=(0.191, 0.215, 0.231, 0.243, 0.258, 0.278, 0.31, 0.356, 0.419)),
    },
    shares={"refused": 0.0087, "members_differ": 0.0496},
)
