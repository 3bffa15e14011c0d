"""The residual networks A to H of Souza & Oliveira, 256×256, with one-hot sex; H was the one deployed.

Souza & Oliveira, "End-to-end Bone Age Assessment with Residual Learning" (2018), section IV, figure 5, table I. A custom block is a
convolution with its activation, then 1 or 3 building blocks (convolution, activation, convolution, sum with the input,
activation), then pooling. The flattened features are joined with the one-hot sex and go through dense layers.

What the text leaves open, and what was taken:

- Kernel sizes of E to H: that part of table I is empty in the text at hand. E and F agree in every row that is left (filters,
  normalisation, augmentation, no L2, no dropout) and yet differ in their result as A and B do, so the missing row must tell them apart:
  E 3×3 like A, F to H 5×5 like B to D. ``kernel`` overrides it.
- Activation: ReLU. Pooling: maximum, 2×2. Convolutions pad ("same").
- Normalisation stands between every convolution and its activation or sum.
- Dense layers: 256 and 128 units.
- Dropout stands behind each hidden dense layer only: an instance normalisation behind a dropped map would scale the rest up again.
- L2 "progressively higher as the network gets deeper", 0.0001: the deepest custom block has that value, block i of 5 has i/5 of it.
- Each image is brought to mean 0 and variance 1 as a whole, its black padding included.

The augmentation of B to H belongs to the training, not here. The width multiplier narrows the convolutions, not the dense layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import keras
from keras import layers, ops

from train.models.parts import JOIN, BatchNormalization, age, channels, feature_map, female, image_input, sex_input, wide


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One column of table I.

    Attributes
    ----------
    filters
        Of each custom block in turn.
    building_blocks
        In each custom block.
    normalisation
        ``""``, ``"batch"`` or ``"instance"``.
    l2
        Of the deepest custom block.
    """

    filters: tuple[int, ...] = (16, 32, 64)
    building_blocks: int = 1
    kernel: int = 5
    normalisation: str = ""
    l2: float = 0.0
    dropout: float = 0.0


_DEEP: Final = (16, 32, 64, 128, 256)

EXPERIMENTS: Final[dict[str, Experiment]] = {
    "A": Experiment(kernel=3),
    "B": Experiment(),
    "C": Experiment(normalisation="batch"),
    "D": Experiment(normalisation="instance"),
    "E": Experiment(filters=_DEEP, building_blocks=3, normalisation="instance", kernel=3),
    "F": Experiment(filters=_DEEP, building_blocks=3, normalisation="instance"),
    "G": Experiment(filters=_DEEP, building_blocks=3, normalisation="instance", dropout=0.15),
    "H": Experiment(filters=_DEEP, building_blocks=3, normalisation="instance", dropout=0.15, l2=1e-4),
}


def residual(size: int = 256, width: float = 1, *, experiment: str = "H", kernel: int | None = None) -> keras.Model:
    """Bone age from the image and the sex.

    Parameters
    ----------
    size
        At least 8 (A to D) or 32 (E to H).
    experiment
        ``"A"`` to ``"H"``.
    kernel
        Instead of the experiment's own kernel size.
    """
    design = EXPERIMENTS[experiment]
    image, sex = image_input(size), sex_input()
    x = layers.Rescaling(1 / 255, name="unit_range")(image)
    x = Standardised(dtype=wide(), name="standardised")(x)
    for depth, filters in enumerate(design.filters, start=1):
        x = x if depth == 1 else layers.MaxPooling2D(name=f"pool_{depth - 1}")(x)
        x = _Block(design, depth, channels(filters, width), kernel or design.kernel)(x)
    x = layers.MaxPooling2D(name=f"pool_{len(design.filters)}")(feature_map(x))
    x = layers.Concatenate(name=JOIN)([layers.Flatten(name="flat")(x), _one_hot(sex)])
    for number, units in enumerate((256, 128), start=1):
        x = layers.Dense(units, activation="relu", name=f"dense_{number}")(x)
        x = layers.Dropout(design.dropout, name=f"drop_{number}")(x) if design.dropout else x
    return keras.Model([image, sex], age(x), name=f"residual_{experiment.lower()}")


@keras.saving.register_keras_serializable(package="train")
class Standardised(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Each image to zero mean and unit variance."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """``(N, h, w, 1)``."""
        return _normalised(inputs, (1, 2, 3), 1e-6)


@keras.saving.register_keras_serializable(package="train")
class InstanceNormalization(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Each channel of each image to zero mean and unit variance, then scaled and shifted by what is learnt (Ulyanov et al. 2016)."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Two numbers a channel."""
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma", autocast=False)
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta", autocast=False)

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """``(N, h, w, C)``; never computed in half precision."""
        found = _normalised(ops.cast(inputs, self.variable_dtype), (1, 2), 1e-3)
        return ops.cast(found * self.gamma + self.beta, self.compute_dtype)


def _normalised(x: keras.KerasTensor, axes: tuple[int, ...], epsilon: float) -> keras.KerasTensor:
    x = x - _mean(x, axes)
    return x * ops.rsqrt(_mean(ops.square(x), axes) + epsilon)


def _mean(x: keras.KerasTensor, axes: tuple[int, ...]) -> keras.KerasTensor:
    """Along one axis after the other: summed up in one go, tens of thousands of pixels round off up to 1e-4 of what they say."""
    for axis in axes:
        x = ops.mean(x, axis=axis, keepdims=True)
    return x


class _Block:
    """Custom block without its pooling."""

    def __init__(self, design: Experiment, depth: int, filters: int, kernel: int) -> None:
        self.design, self.filters, self.kernel = design, filters, kernel
        self.penalty = design.l2 * depth / len(design.filters)

    def __call__(self, x: keras.KerasTensor) -> keras.KerasTensor:
        x = layers.ReLU()(self._convolution(x))
        for _ in range(self.design.building_blocks):
            change = self._convolution(layers.ReLU()(self._convolution(x)))
            x = layers.ReLU()(layers.Add()([x, change]))
        return x

    def _convolution(self, x: keras.KerasTensor) -> keras.KerasTensor:
        penalty = keras.regularizers.L2(self.penalty) if self.penalty else None
        x = layers.Conv2D(self.filters, self.kernel, padding="same", kernel_regularizer=penalty)(x)
        match self.design.normalisation:
            case "batch":
                return BatchNormalization()(x)
            case "instance":
                return InstanceNormalization()(x)
        return x


def _one_hot(sex: keras.KerasTensor) -> keras.KerasTensor:
    """``(N, 2)``: female, male."""
    return layers.Concatenate(name="one_hot_sex")([female(sex), sex])
