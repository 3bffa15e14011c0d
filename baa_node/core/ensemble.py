"""Several networks read one radiograph; their values become one estimate with an interval and a heat map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class BundleIdentity:
    """Which weights gave a number: name and version of the bundle and the SHA-256 over its manifest."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What the models say of one radiograph, before anybody compares it with a reference.

    Attributes
    ----------
    bone_age_months
        Pooled value, months.
    interval_months
        Lower and upper limit of the prediction interval, months.
    coverage
        Nominal coverage of the interval, 0 to 1.
    members
        Months by member name, in the bundle's order.
    spread_months
        Standard deviation among members; None with fewer than two.
    saliency
        ``(h, w) float32`` in 0..1 over the crop below; coarse, as the networks give it.
    crop
        ``(top, left, height, width)`` in pixels of the radiograph: what the networks saw. With variants that pad, the
        saliency covers the padded square and ``crop`` may reach outside the frame (negative top or left).
    sex_used
        ``"F"``, ``"M"`` or None when a member that needs no sex gave the value.
    bundle, provider
        Weights and the execution provider that really ran (``CUDAExecutionProvider`` or ``CPUExecutionProvider``).
    """

    bone_age_months: float
    interval_months: tuple[float, float]
    coverage: float
    members: Mapping[str, float]
    spread_months: float | None
    saliency: NDArray[np.float32]
    crop: tuple[int, int, int, int]
    sex_used: str | None
    bundle: BundleIdentity
    provider: str
