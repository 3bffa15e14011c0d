"""Every network of the workshop as small as it can be built: the narrowest, for the smallest images it takes."""

from __future__ import annotations

from typing import Any

from train.models import ARCHITECTURES
from train.models.monti import resnet50_patches_sex

WIDTH = 0.05
SIDES = {"inception_v4": 139, "inception_v4_sex": 139, "inception_v4_gelu": 139, "inception_v3_sex": 139, "vgg_elu": 128}
"""Sides in pixels from which the last map has several places; 96 for Xception, 64 for the others."""


def small(name: str) -> Any:
    """Build a network of `ARCHITECTURES`; the one on patches with patches that overlap."""
    if name == "resnet50_patches_sex":
        return resnet50_patches_sex(64, WIDTH, patches=4, patch=40)
    return ARCHITECTURES[name](SIDES.get(name, 96 if "xception" in name else 64), WIDTH)
