"""InceptionV3, Xception, Xception with attention and ResNet-50 on patches, each with sex, of Monti & Tonazzo.

Monti & Tonazzo, "Bone Age Prediction Using Convolutional Neural Networks", section V, figure 3, table 3 (parameters), table 5 (patches).
The paper's images have 500×500 px and its networks answer standardised ages; here the last layer takes the standardisation over.

The three bodies are `keras.applications`'. None of their ImageNet weights is fetched: ``weights`` is the path of a file (Keras' own
``..._notop.h5``, or ``.weights.h5`` of the same body), without it training starts from scratch. As in the paper a body with given
weights is frozen, which also keeps its batch normalisation still; ``frozen`` overrides that. Pixels go from 0..255 to -1..1 for all
bodies, the grey channel three times. Sex comes in as 0 female, 1 male as everywhere here and is turned round inside: the paper has
0 male, 1 female.

What the text leaves open: InceptionV3's dropout behind its two layers of 1000, 0.2 here. The width multiplier narrows every convolution
of a body, not the head. Batch normalisation is the faster one of ``train.models.parts``, with the same weights. The form of the attention
and of the patches: see `xception_attention_sex` and `resnet50_patches_sex`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

from train.models.parts import JOIN, BatchNormalization, age, channels, feature_map, female, image_input, sex_input, three_channels, wide


def inception_v3_sex(size: int = 500, width: float = 1, *, weights: Path | None = None, frozen: bool | None = None) -> keras.Model:
    """24,885,849 parameters, 3,083,065 of them in the head: the form of the winner of 2017; ``size`` is at least 75."""
    image, sex = image_input(size), sex_input()
    body = _body(keras.applications.InceptionV3, size, width, weights, frozen)
    x = layers.GlobalAveragePooling2D(name="pool")(feature_map(body(_signed(image))))
    x = layers.Concatenate(name=JOIN)([x, _sex_features(sex)])
    for number in (1, 2):
        x = layers.Dense(1000, activation="tanh", name=f"dense_{number}")(x)
        x = layers.Dropout(0.2, name=f"drop_{number}")(x)
    return keras.Model([image, sex], age(x), name="inception_v3_sex")


def xception_sex(size: int = 500, width: float = 1, *, weights: Path | None = None, frozen: bool | None = None) -> keras.Model:
    """20,882,365 parameters, 20,885 of them in the head; ``size`` is at least 71."""
    image, sex = image_input(size), sex_input()
    x = feature_map(_body(keras.applications.Xception, size, width, weights, frozen)(_signed(image)))
    return keras.Model([image, sex], _xception_head(x, sex), name="xception_sex")


def xception_attention_sex(
    size: int = 500, width: float = 1, *, heads: int = 8, kernel: int = 3, weights: Path | None = None, frozen: bool | None = None
) -> keras.Model:
    """Spatial multi-head attention on Xception's last features; ``size`` is at least 71.

    Section V-C gives 8 heads, kernel 3, and that the heads are joined along the channels; table 3 has no count. Here a head is a
    convolution to one sigmoid weight a place, by which all features of that place are multiplied: 8 × 2048 features, 147,464 parameters
    at width 1. The rest is as in `xception_sex`.
    """
    image, sex = image_input(size), sex_input()
    x = _body(keras.applications.Xception, size, width, weights, frozen)(_signed(image))
    attention = layers.Conv2D(heads, kernel, padding="same", activation="sigmoid", name="attention")(x)
    x = layers.Concatenate(name="heads")([layers.Multiply()([x, attention[..., head : head + 1]]) for head in range(heads)])
    return keras.Model([image, sex], _xception_head(feature_map(x), sex), name="xception_attention_sex")


def resnet50_patches_sex(
    size: int = 500, width: float = 1, *, patches: int = 3, patch: int = 224, weights: Path | None = None, frozen: bool | None = None
) -> keras.Model:
    """23,616,427 parameters, 28,715 of them in the head: the mean of what one ResNet-50 says about several patches of the image.

    The paper draws patches at random and gives each the label of its image; how the answers of one image are put together is left open.
    Here the mean is taken, in training of ``patches`` places drawn anew for each image, in reading of a fixed even grid (`grid`).
    Trained with ``patches=1`` the loss is the paper's own, of single patches; the weights fit any ``patches`` and ``size``.
    The paper's Flatten does nothing to pooled features and is left out. ``feature_map`` holds every patch: ``(N × patches, h, w, 2048)``.

    Parameters
    ----------
    patches, patch
        Number, and side in pixels (at least 32); table 5 compares 3 × 224, 9 × 128, 36 × 64 and 150 × 32.
    """
    image, sex = image_input(size), sex_input()
    body = _body(keras.applications.ResNet50, patch, width, weights, frozen)
    x = layers.GlobalAveragePooling2D(name="pool")(feature_map(body(_signed(Patches(patches, patch, name="patches")(image)))))
    x = ops.reshape(x, (-1, patches, x.shape[-1]))
    x = layers.Concatenate(name=JOIN)([x, layers.RepeatVector(patches, name="sex_of_each")(female(sex))])
    x = age(layers.Dense(14, activation="relu", name="dense_1")(x))
    months = layers.GlobalAveragePooling1D(name="mean_of_patches", dtype=wide())(x)
    return keras.Model([image, sex], months, name="resnet50_patches_sex")


def grid(patches: int, patch: int, size: int) -> list[tuple[int, int]]:
    """Upper left corners of patches spread evenly, in at least as many rows as columns: a hand is longer than wide.

    Parameters
    ----------
    patches
        Split into rows × columns as near to a square as its divisors allow: 3 × 1, 3 × 3, 6 × 6, 15 × 10.
    """
    columns = max(number for number in range(1, math.isqrt(patches) + 1) if patches % number == 0)
    return [(row, column) for row in _spread(patches // columns, size - patch) for column in _spread(columns, size - patch)]


def _spread(number: int, room: int) -> list[int]:
    return [room // 2] if number == 1 else [round(place * room / (number - 1)) for place in range(number)]


@keras.saving.register_keras_serializable(package="train")
class Patches(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Square pieces of images: at random places in training, on `grid` in reading.

    Parameters
    ----------
    patches
        Pieces of each image; those of one image follow each other along the batch.
    patch
        Side in pixels.
    """

    def __init__(self, patches: int, patch: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patches, self.patch = patches, patch
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check that a patch fits into the image."""
        if input_shape[1] is None or self.patch > input_shape[1]:
            raise ValueError(f"a patch of {self.patch} px does not fit into an image of {input_shape[1]} px")

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """From ``(N, size, size, C)`` to ``(N × patches, patch, patch, C)``."""
        return self._at_random(images) if training else self._on_grid(images)

    def get_config(self) -> dict[str, Any]:
        """Arguments to build the layer again."""
        return {**super().get_config(), "patches": self.patches, "patch": self.patch}

    def _on_grid(self, images: keras.KerasTensor) -> keras.KerasTensor:
        side = self.patch
        corners = grid(self.patches, side, images.shape[1])
        pieces = ops.stack([images[:, row : row + side, column : column + side] for row, column in corners], axis=1)
        return ops.reshape(pieces, (-1, side, side, images.shape[-1]))

    def _at_random(self, images: keras.KerasTensor) -> keras.KerasTensor:
        size, side, depth = images.shape[1], self.patch, images.shape[-1]
        number = ops.shape(images)[0]
        rows = ops.reshape(self._lines(number, size), (number, self.patches * side, 1, 1))
        bands = ops.take_along_axis(images, ops.broadcast_to(rows, (number, self.patches * side, size, depth)), axis=1)
        bands = ops.reshape(bands, (-1, side, size, depth))
        columns = ops.reshape(self._lines(number, size), (-1, 1, side, 1))
        return ops.take_along_axis(bands, ops.broadcast_to(columns, (number * self.patches, side, side, depth)), axis=2)

    def _lines(self, number: Any, size: int) -> keras.KerasTensor:
        """Draw where each patch begins and return all its rows (or columns), ``(N, patches, patch)``."""
        room = size - self.patch + 1
        first = ops.floor(keras.random.uniform((number, self.patches, 1), 0, room, dtype="float32", seed=self.seed_generator))
        return ops.cast(ops.minimum(first, room - 1), "int32") + ops.arange(self.patch, dtype="int32")


def _body(build: Callable[..., keras.Model], size: int, width: float, weights: Path | None, frozen: bool | None) -> keras.Model:
    body = build(include_top=False, weights=None, input_shape=(size, size, 3))
    body = keras.models.clone_model(body, clone_function=lambda layer: _narrowed(layer, width))
    if weights is not None:
        body.load_weights(weights)
    body.trainable = not (weights is not None if frozen is None else frozen)
    return body


def _narrowed(layer: keras.Layer, width: float) -> keras.Layer:
    config = layer.get_config()
    if "filters" in config:
        config["filters"] = channels(config["filters"], width)
    kind = BatchNormalization if isinstance(layer, layers.BatchNormalization) else type(layer)
    return kind.from_config(config)


def _signed(image: keras.KerasTensor) -> keras.KerasTensor:
    return three_channels(layers.Rescaling(1 / 127.5, offset=-1.0, name="signed_range")(image))


def _sex_features(sex: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Dense(32, activation="sigmoid", name="sex_features")(female(sex))


def _xception_head(x: keras.KerasTensor, sex: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Flatten(name="flat")(layers.Concatenate(name=JOIN)([x, _sex_features(sex)]))
    return age(layers.Dense(10, activation="relu", name="dense_1")(x))
