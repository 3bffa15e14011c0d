"""What the networks of papers 1 to 5 share: the name of the feature map, the width multiplier, grey to three channels, the answer."""

from __future__ import annotations

from typing import Final

import keras
from keras import layers

FEATURE_MAP: Final = "feature_map"
"""Name of the layer with the last spatial features, from which the heat map is taken; only a plain head follows it."""

JOIN: Final = "join"
"""Name of the layer that appends to the image's features whatever is made of the sex."""


def channels(filters: int, width: float) -> int:
    """Narrow (or widen) to the nearest multiple of 8, at least 8; a ``width`` of 1 leaves the paper's number."""
    if width <= 0:
        raise ValueError(f"width must be above 0, not {width}")
    return filters if width == 1 else max(8, 8 * round(filters * width / 8))


def image_input(size: int) -> keras.KerasTensor:
    """Grey values 0 to 255, ``(N, size, size, 1)``."""
    return keras.Input((size, size, 1), name="image")


def sex_input() -> keras.KerasTensor:
    """``(N, 1)``: 0 female, 1 male."""
    return keras.Input((1,), name="sex")


def female(sex: keras.KerasTensor) -> keras.KerasTensor:
    """``(N, 1)``: 1 female, 0 male."""
    return layers.Rescaling(-1.0, offset=1.0, name="female")(sex)


def three_channels(grey: keras.KerasTensor) -> keras.KerasTensor:
    """Repeat the grey channel for networks made for colour."""
    return layers.Concatenate(name="three_channels")([grey, grey, grey])


def feature_map(x: keras.KerasTensor) -> keras.KerasTensor:
    """Give the last spatial features their name."""
    return layers.Identity(name=FEATURE_MAP)(x)


def age(features: keras.KerasTensor) -> keras.KerasTensor:
    """Months, one linear unit in float32; its kernel and bias take over the standardisation of the labels."""
    return layers.Dense(1, name="age", dtype="float32")(features)
