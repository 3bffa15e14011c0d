"""ResNet-50 and Inception-V4 with GELU of Mirzazadeh & Parvanian, 256×256.

Mirzazadeh & Parvanian, "Deep CNN models for predicting bone age from hand radiographs", section V, figures 3 and 4. No parameter
count is printed; without its dense head the ResNet-50 has the 23,587,712 of He et al.'s, the Inception-V4 the 41,238,529 of paper 1
plus 576 for two more input channels. Sex is not used.

What the text leaves open: stage 1 names no activation, but "all the hidden layers" have GELU, so it has one between normalisation and
pooling. Padding of its convolution and pooling is "valid" behind the explicit padding of 3. A convolutional block has its stride in the
first 1×1 convolution and in the shortcut (He et al. 2015). The rate of the Inception-V4's dropout is 0.2, as in paper 1. The width
multiplier narrows the convolutions, not the dense layers.

GELU is the exact one, written with `erf` by hand: the backends' fused one has no converter to ONNX.
"""

from __future__ import annotations

import math

import keras
from keras import layers, ops

from train.models.inception_v4 import features
from train.models.parts import BatchNormalization, age, channels, feature_map, image_input, three_channels

STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Filters, blocks and stride of stages 2 to 5; the third convolution of a block has four times the filters."""


@keras.saving.register_keras_serializable(package="train")  # type: ignore[untyped-decorator]  # Keras has no types
def gelu(x: keras.KerasTensor) -> keras.KerasTensor:
    """Exact Gaussian error linear unit (Hendrycks & Gimpel 2016): x Φ(x)."""
    return 0.5 * x * (1.0 + ops.erf(x * (1.0 / math.sqrt(2.0))))


def resnet50_gelu(size: int = 256, width: float = 1) -> keras.Model:
    """Bone age from the image alone by residual blocks; ``size`` is at least 64."""
    image = image_input(size)
    x = layers.ZeroPadding2D(3, name="pad")(three_channels(layers.Rescaling(1 / 255, name="unit_range")(image)))
    x = layers.Activation(gelu)(_normalised(x, channels(64, width), 7, 2, padding="valid"))
    x = layers.MaxPooling2D(3, strides=2, name="pool_1")(x)
    for filters, blocks, stride in STAGES:
        narrow, wide = channels(filters, width), channels(4 * filters, width)
        x = _block(x, narrow, wide, stride, projected=True)
        for _ in range(blocks - 1):
            x = _block(x, narrow, wide)
    x = layers.AveragePooling2D(2, name="pool")(feature_map(x))
    x = layers.Flatten(name="flat")(x)
    for number, units in enumerate((256, 128, 64, 32), start=1):
        x = layers.Dense(units, activation=gelu, name=f"dense_{number}")(x)
    return keras.Model(image, age(x), name="resnet50_gelu")


def inception_v4_gelu(size: int = 256, width: float = 1) -> keras.Model:
    """Bone age from the image alone by inception blocks; ``size`` is at least 75."""
    image = image_input(size)
    x = features(three_channels(layers.Rescaling(1 / 255, name="unit_range")(image)), width, gelu)
    x = layers.GlobalAveragePooling2D(name="pool")(feature_map(x))
    x = layers.Dropout(0.2, name="drop")(layers.Flatten(name="flat")(x))
    return keras.Model(image, age(x), name="inception_v4_gelu")


def _block(x: keras.KerasTensor, narrow: int, wide: int, stride: int = 1, *, projected: bool = False) -> keras.KerasTensor:
    """Identity block, or convolutional block if the shortcut is ``projected``."""
    shortcut = _normalised(x, wide, 1, stride) if projected else x
    x = layers.Activation(gelu)(_normalised(x, narrow, 1, stride))
    x = layers.Activation(gelu)(_normalised(x, narrow, 3))
    x = _normalised(x, wide, 1)
    return layers.Activation(gelu)(layers.Add()([x, shortcut]))


def _normalised(x: keras.KerasTensor, filters: int, kernel: int, stride: int = 1, *, padding: str = "same") -> keras.KerasTensor:
    return BatchNormalization()(layers.Conv2D(filters, kernel, strides=stride, padding=padding)(x))
