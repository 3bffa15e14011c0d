"""VGG-6 and VGG-6 + sex of Espinal & Postigo, layer by layer: 1,067,785 and 1,138,973 trainable parameters.

Sex is coded 0 female, 1 male. Layers are named because the export replays everything after ``feature_map`` by hand.
"""

from __future__ import annotations

import keras
from keras import layers

from train.models.parts import BatchNormalization, age, channels

FEATURE_MAP = "conv_3b"
"""Output of the last convolution, ``(16, 16, 32)`` for 250 px: what the heat map is taken from."""


def vgg6(size: int = 250, width: float = 1) -> keras.Model:
    """Bone age from the image alone."""
    image = keras.Input((size, size, 1), name="image")
    return keras.Model(image, age(_features(image, width)), name="vgg6")


def vgg6_sex(size: int = 250, width: float = 1) -> keras.Model:
    """Bone age from the image and the sex, joined after the 512 features."""
    image = keras.Input((size, size, 1), name="image")
    sex = keras.Input((1,), name="sex")
    joined = layers.Concatenate(name="join")([_features(image, width), sex])
    for name in ("dense_1", "dense_2", "dense_3"):
        joined = layers.Dense(100, activation="relu", name=name)(joined)
    return keras.Model([image, sex], age(joined), name="vgg6_sex")


def _features(image: keras.KerasTensor, width: float) -> keras.KerasTensor:
    """Six convolutions in three blocks, then 512 features."""
    x = layers.Rescaling(1 / 255, name="unit_range")(image)
    x = _normalised(_convolution(x, channels(8, width), "conv_1a"), "norm_1a")
    x = layers.MaxPooling2D(name="pool_1")(_convolution(x, channels(8, width), "conv_1b"))
    x = _normalised(_convolution(x, channels(16, width), "conv_2a"), "norm_2a")
    x = _normalised(_convolution(x, channels(16, width), "conv_2b"), "norm_2b")
    x = layers.MaxPooling2D(name="pool_2")(x)
    x = _normalised(_convolution(x, channels(32, width), "conv_3a", stride=2), "norm_3a")
    x = layers.MaxPooling2D(name="pool_3")(_convolution(x, channels(32, width), FEATURE_MAP, stride=2))
    x = layers.Dropout(0.2, name="drop_1")(layers.Flatten(name="flat")(x))
    return layers.Dropout(0.2, name="drop_2")(layers.Dense(channels(512, width), activation="relu", name="dense_0")(x))


def _convolution(x: keras.KerasTensor, filters: int, name: str, *, stride: int = 1) -> keras.KerasTensor:
    return layers.Conv2D(filters, 3, strides=stride, padding="same", activation="relu", name=name)(x)


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return BatchNormalization(name=name)(x)
