"""VGG-11 of this project: all convolutions in even multiples of 16 channels, which is what two cores in bfloat16 learn fastest.

A 5 × 5 convolution with stride 2, then pairs of 3 × 3 convolutions of 32, 64, 128, 192 and 256 channels with max pooling between
them, each followed by batch normalisation and ReLU; global average pooling; the sex through Dense 32; Dense 128; months.
"""

from __future__ import annotations

from typing import Final

import keras
from keras import layers

from train.models.parts import JOIN, age, channels, convolution, feature_map, image_input, sex_input

PAIRS: Final = (32, 64, 128, 192, 256)


def vgg11_sex(size: int = 256, width: float = 1) -> keras.Model:
    """Bone age from the image and the sex."""
    image, sex = image_input(size), sex_input()
    told = layers.Dense(32, activation="relu", name="sex_features")(sex)
    return keras.Model([image, sex], _head(layers.Concatenate(name=JOIN)([_pooled(image, width), told])), name="vgg11_sex")


def vgg11(size: int = 256, width: float = 1) -> keras.Model:
    """Bone age from the image alone."""
    image = image_input(size)
    return keras.Model(image, _head(_pooled(image, width)), name="vgg11")


def _pooled(image: keras.KerasTensor, width: float) -> keras.KerasTensor:
    x = layers.Rescaling(1 / 255, name="unit_range")(image)
    x = convolution(x, channels(PAIRS[0], width), 5, "stem", stride=2)
    for number, filters in enumerate(PAIRS, start=1):
        if number > 1:
            x = layers.MaxPooling2D(name=f"pool_{number - 1}")(x)
        for letter in "ab":
            x = convolution(x, channels(filters, width), 3, f"{number}{letter}")
    return layers.GlobalAveragePooling2D(name="pool")(feature_map(x))


def _head(features: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Dropout(0.2, name="drop")(features)
    return age(layers.Dense(128, activation="relu", name="dense_1")(x))
