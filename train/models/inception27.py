"""Inception-27 of this project: inception blocks in even multiples of 16 channels, shallow enough to learn from scratch on two cores.

A 5 × 5 convolution with stride 2 and two of 3 × 3 with 32 channels; then four times max pooling and two inception blocks, of 64, 128, 256
and 384 channels, the second of which is added to its input (Szegedy et al., "Inception-v4, Inception-ResNet and the impact of
residual connections on learning", 2016). A block joins four branches: 1 × 1; 1 × 1 and 3 × 3; 1 × 1 and twice 3 × 3; mean of 3 × 3 places
and 1 × 1. Each convolution is followed by batch normalisation and ReLU. Pooling, sex and head are those of VGG-11.
"""

from __future__ import annotations

from typing import Final

import keras
from keras import layers

from train.models.parts import JOIN, age, channels, convolution, feature_map, image_input, sex_input

STEM: Final = 32
STAGES: Final = (64, 128, 256, 384)


def inception27_sex(size: int = 256, width: float = 1) -> keras.Model:
    """Bone age from the image and the sex."""
    image, sex = image_input(size), sex_input()
    x = layers.Rescaling(1 / 255, name="unit_range")(image)
    for name, kernel, stride in (("stem", 5, 2), ("1a", 3, 1), ("1b", 3, 1)):
        x = convolution(x, channels(STEM, width), kernel, name, stride=stride)
    for number, filters in enumerate(STAGES, start=2):
        x = layers.MaxPooling2D(name=f"pool_{number - 1}")(x)
        x = _block(x, filters, width, f"{number}a")
        x = layers.Add(name=f"sum_{number}")([x, _block(x, filters, width, f"{number}b")])
    x = layers.GlobalAveragePooling2D(name="pool")(feature_map(x))
    told = layers.Dense(32, activation="relu", name="sex_features")(sex)
    x = layers.Dropout(0.2, name="drop")(layers.Concatenate(name=JOIN)([x, told]))
    return keras.Model([image, sex], age(layers.Dense(128, activation="relu", name="dense_1")(x)), name="inception27_sex")


def _block(x: keras.KerasTensor, filters: int, width: float, name: str) -> keras.KerasTensor:
    """Four branches with a quarter of the channels each."""
    quarter = channels(filters // 4, width)
    single = convolution(x, quarter, 1, f"{name}_single")
    double = convolution(convolution(x, quarter, 1, f"{name}_double_1"), quarter, 3, f"{name}_double_2")
    triple = convolution(x, quarter, 1, f"{name}_triple_1")
    for place in (2, 3):
        triple = convolution(triple, quarter, 3, f"{name}_triple_{place}")
    mean = layers.AveragePooling2D(3, strides=1, padding="same", name=f"{name}_mean")(x)
    return layers.Concatenate(name=f"{name}_joined")([single, double, triple, convolution(mean, quarter, 1, f"{name}_mean_1")])
