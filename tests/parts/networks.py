"""Every network of the workshop as small as it can be built: the narrowest, for the smallest images it takes."""

from __future__ import annotations

import os
from typing import Any

from train.models import ARCHITECTURES
from train.models.monti import resnet50_patches_sex

EACH_KIND = (
    "vgg6",
    "vgg11_sex",
    "inception27_sex",
    "resnet50_gelu",
    "xception_attention_sex",
    "resnet50_patches_sex",
    "residual_b",
    "residual_h",
    "vgg_elu",
)
NAMES = tuple(ARCHITECTURES) if os.environ.get("ALL_NETWORKS") else EACH_KIND
"""One of each kind of layer; the rest differ in number and width of layers and take minutes each (``ALL_NETWORKS=1``, in ``make soak``)."""

WIDTH = 0.05
SIDES = {"inception_v4": 139, "inception_v4_sex": 139, "inception_v4_gelu": 139, "inception_v3_sex": 139, "vgg_elu": 128}
"""Sides in pixels from which the last map has several places; 96 for Xception, 64 for the others."""


def small(name: str) -> Any:
    """Build a network of `ARCHITECTURES`; the one on patches with patches that overlap."""
    if name == "resnet50_patches_sex":
        return resnet50_patches_sex(64, WIDTH, patches=4, patch=40)
    return ARCHITECTURES[name](SIDES.get(name, 96 if "xception" in name else 64), WIDTH)
