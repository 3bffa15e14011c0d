"""Inception-V4 and Inception-V4 + sex of Espinal & Postigo: 41,175,361 and 41,347,925 trainable parameters.

Espinal & Postigo, "Bone Age Assessment on Parsimonious CNN Architectures", section V, figures 5 and 7; the blocks are those of
Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning" (2016), figures 3 to 9 and
table 1 (k, l, m, n = 192, 224, 256, 384), written below as tables.

The text leaves open what surrounds a convolution and how sex is joined; the printed parameter counts decide it. Convolutions have
a bias, batch normalisation has scale and centre, then comes ReLU. Without sex a dropout of 20 % and one linear unit follow the pooled
features. With sex there is no dropout, and the pooled features are joined with the sex itself (the text speaks of a dense layer of 100
units made from it, with which the count cannot be reached), then three dense layers of 100 follow. Their activation is ReLU as in VGG-6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import keras
from keras import layers

from train.models.parts import JOIN, BatchNormalization, age, channels, feature_map, image_input, sex_input


class Convolution(NamedTuple):
    """Convolution, batch normalisation, activation; ``kernel`` is rows × columns."""

    filters: int
    kernel: tuple[int, int]
    stride: int = 1
    padding: str = "same"


class MaxPool(NamedTuple):
    """3×3 maximum with stride 2, borders cut off."""


class AveragePool(NamedTuple):
    """3×3 mean with stride 1, same size."""


class Split(NamedTuple):
    """Branches run side by side on one input; their outputs are joined along the channels."""

    branches: tuple[tuple[Step, ...], ...]


Activation = str | Callable[[keras.KerasTensor], keras.KerasTensor]
Step = Convolution | MaxPool | AveragePool | Split


def _c(filters: int, rows: int, columns: int) -> Convolution:
    return Convolution(filters, (rows, columns))


def _valid(filters: int, stride: int = 1) -> Convolution:
    return Convolution(filters, (3, 3), stride, "valid")


STEM: Final[tuple[Step, ...]] = (
    _valid(32, 2),
    _valid(32),
    _c(64, 3, 3),
    Split(((MaxPool(),), (_valid(96, 2),))),
    Split(((_c(64, 1, 1), _valid(96)), (_c(64, 1, 1), _c(64, 7, 1), _c(64, 1, 7), _valid(96)))),
    Split(((_valid(192, 2),), (MaxPool(),))),
)
A: Final = Split(
    (
        (AveragePool(), _c(96, 1, 1)),
        (_c(96, 1, 1),),
        (_c(64, 1, 1), _c(96, 3, 3)),
        (_c(64, 1, 1), _c(96, 3, 3), _c(96, 3, 3)),
    )
)
REDUCTION_A: Final = Split(((MaxPool(),), (_valid(384, 2),), (_c(192, 1, 1), _c(224, 3, 3), _valid(256, 2))))
B: Final = Split(
    (
        (AveragePool(), _c(128, 1, 1)),
        (_c(384, 1, 1),),
        (_c(192, 1, 1), _c(224, 1, 7), _c(256, 7, 1)),
        (_c(192, 1, 1), _c(192, 1, 7), _c(224, 7, 1), _c(224, 1, 7), _c(256, 7, 1)),
    )
)
REDUCTION_B: Final = Split(((MaxPool(),), (_c(192, 1, 1), _valid(192, 2)), (_c(256, 1, 1), _c(256, 1, 7), _c(320, 7, 1), _valid(320, 2))))
_FORK: Final = Split(((_c(256, 1, 3),), (_c(256, 3, 1),)))
C: Final = Split(
    (
        (AveragePool(), _c(256, 1, 1)),
        (_c(256, 1, 1),),
        (_c(384, 1, 1), _FORK),
        (_c(384, 1, 1), _c(448, 1, 3), _c(512, 3, 1), _FORK),
    )
)
INCEPTION_V4: Final[tuple[Step, ...]] = (*STEM, *(A,) * 4, REDUCTION_A, *(B,) * 7, REDUCTION_B, *(C,) * 3)


def inception_v4(size: int = 250, width: float = 1) -> keras.Model:
    """Bone age from the image alone; ``size`` is at least 75."""
    image = image_input(size)
    x = features(layers.Rescaling(1 / 255, name="unit_range")(image), width, "relu")
    x = layers.GlobalAveragePooling2D(name="pool")(feature_map(x))
    return keras.Model(image, age(layers.Dropout(0.2, name="drop")(x)), name="inception_v4")


def inception_v4_sex(size: int = 250, width: float = 1) -> keras.Model:
    """Bone age from the image and the sex, joined after the 1536 pooled features; ``size`` is at least 75."""
    image, sex = image_input(size), sex_input()
    x = features(layers.Rescaling(1 / 255, name="unit_range")(image), width, "relu")
    x = layers.GlobalAveragePooling2D(name="pool")(feature_map(x))
    x = layers.Concatenate(name=JOIN)([x, sex])
    for name in ("dense_1", "dense_2", "dense_3"):
        x = layers.Dense(100, activation="relu", name=name)(x)
    return keras.Model([image, sex], age(x), name="inception_v4_sex")


def features(x: keras.KerasTensor, width: float, activation: Activation) -> keras.KerasTensor:
    """All convolutions of Inception-V4, ``(N, h, w, 1536 × width)``; 6 × 6 for 250 px and 256 px."""
    return _run(x, INCEPTION_V4, width, activation)


def _run(x: keras.KerasTensor, steps: tuple[Step, ...], width: float, activation: Activation) -> keras.KerasTensor:
    for step in steps:
        match step:
            case Convolution():
                x = _convolution(x, step, width, activation)
            case MaxPool():
                x = layers.MaxPooling2D(3, strides=2)(x)
            case AveragePool():
                x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
            case Split(branches):
                x = layers.Concatenate()([_run(x, branch, width, activation) for branch in branches])
    return x


def _convolution(x: keras.KerasTensor, step: Convolution, width: float, activation: Activation) -> keras.KerasTensor:
    x = layers.Conv2D(channels(step.filters, width), step.kernel, strides=step.stride, padding=step.padding)(x)
    return layers.Activation(activation)(BatchNormalization()(x))
