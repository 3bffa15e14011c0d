"""The U-Net that masks the hand and the VGG-style network with ELU of Zerari's thesis. Sex is not used.

Zerari (thesis), sections 3.4.1 (U-Net, figure 3.3) and 3.5 (regression, figure 3.6).

What the text leaves open. U-Net: the figure is that of Ronneberger et al. (2015), so 64 to 1024 filters, four levels, and up-sampling by
2×2 transposed convolutions; convolutions pad here ("same"), so that the mask has the size of the image and nothing is cropped; one sigmoid
unit a pixel. Regression: input size and dropout rate are not given (256 px; 0.2); all convolutions pad, the last one is 3×3; pixels
are divided by 255.
"""

from __future__ import annotations

from typing import Final

import keras
from keras import layers

from train.models.parts import BatchNormalization, age, channels, feature_map, image_input, wide

LEVELS: Final = (64, 128, 256, 512)
"""Filters of the U-Net on its way down; the bottom has 1024."""

BLOCKS: Final = (32, 64, 128, 128, 256, 384)
"""Filters of the six VGG blocks."""


def unet(size: int = 256, width: float = 1) -> keras.Model:
    """Probability of each pixel to belong to the hand, ``(N, size, size, 1)`` in float32, layer ``mask``.

    Raises
    ------
    ValueError
        ``size`` is no multiple of 16.
    """
    if size % 16:
        raise ValueError(f"the U-Net halves four times, so its size must be a multiple of 16, not {size}")
    image = image_input(size)
    x, passed = layers.Rescaling(1 / 255, name="unit_range")(image), []
    for filters in LEVELS:
        passed.append(_twice(x, channels(filters, width)))
        x = layers.MaxPooling2D()(passed[-1])
    x = _twice(x, channels(1024, width))
    for filters in reversed(LEVELS):
        x = layers.Conv2DTranspose(channels(filters, width), 2, strides=2)(x)
        x = _twice(layers.Concatenate()([passed.pop(), x]), channels(filters, width))
    mask = layers.Conv2D(1, 1, activation="sigmoid", dtype=wide(), name="mask")(x)
    return keras.Model(image, mask, name="unet")


def vgg_elu(size: int = 256, width: float = 1) -> keras.Model:
    """Bone age from the image alone; ``size`` is at least 128, and a multiple of 128 loses no pixels in pooling."""
    image = image_input(size)
    x = layers.Rescaling(1 / 255, name="unit_range")(image)
    for number, filters in enumerate(BLOCKS, start=1):
        x = _elu(_elu(x, channels(filters, width), 3, f"conv_{number}a"), channels(filters, width), 1, f"conv_{number}b")
        x = layers.MaxPooling2D(name=f"pool_{number}")(BatchNormalization(name=f"norm_{number}")(x))
    x = BatchNormalization(name="norm_7")(_elu(x, channels(64, width), 3, "conv_7"))
    x = layers.MaxPooling2D(name="pool_7")(feature_map(x))
    x = layers.GlobalAveragePooling2D(name="pool")(layers.Dropout(0.2, name="drop")(x))
    return keras.Model(image, age(x), name="vgg_elu")


def _elu(x: keras.KerasTensor, filters: int, kernel: int, name: str) -> keras.KerasTensor:
    return layers.Conv2D(filters, kernel, padding="same", activation="elu", name=name)(x)


def _twice(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return x
