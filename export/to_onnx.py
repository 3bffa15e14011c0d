"""A Keras model becomes an ONNX member: raw pixels in, months and heat map out, all scaling inside the graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

from export.head import layers_behind, replay, side_of
from train.models.espinal import FEATURE_MAP as VGG6_FEATURE_MAP
from train.models.monti import Patches, grid
from train.models.parts import FEATURE_MAP

OPSET: Final = 18
"""The newest that tf2onnx 1.17 writes; it refuses 19."""

Tensor = Any
Reading = Callable[..., dict[str, Tensor]]


def to_onnx(model: keras.Model, feature_map: str, target: Path, *, mirrored: bool = False) -> None:
    """Write ``target``: inputs ``image`` uint8 N×H×W×1 and, if used, ``sex`` N×1; outputs ``bone_age_months``, ``saliency``.

    tf2onnx writes an invalid file rather than raise on an operator it cannot convert: check with `export.parity`.

    Parameters
    ----------
    model
        Answers in months; takes pixels 0 to 255 as float32.
    feature_map
        Name of the last convolution, from which the heat map is taken.
    mirrored
        Read the mirror image too and give the mean of both.
    """
    side = model.inputs[0].shape[1]
    signature = [tf.TensorSpec((None, side, side, 1), tf.uint8, name="image")]
    if len(model.inputs) == 2:
        signature.append(tf.TensorSpec((None, 1), tf.float32, name="sex"))
    graph = tf.function(reading(model, feature_map, mirrored=mirrored), autograph=False)
    tf2onnx.convert.from_function(graph, input_signature=signature, opset=OPSET, output_path=str(target))


def feature_map_of(model: keras.Model) -> str:
    """Name of the layer whose output the heat map is taken from."""
    names = {layer.name for layer in model.layers}
    return FEATURE_MAP if FEATURE_MAP in names else VGG6_FEATURE_MAP


def reading(model: keras.Model, feature_map: str, *, mirrored: bool = False) -> Reading:
    """Build what the exported graph computes: a function of ``image`` and, if the model uses it, ``sex``."""
    eye = keras.Model(model.inputs[0], model.get_layer(feature_map).output)
    head = layers_behind(model, feature_map)
    beside = side_of(model, head)
    pasted = pasting(model)

    def look(pixels: Tensor, side: Tensor | None) -> tuple[Tensor, Tensor]:
        features = eye(pixels, training=False)
        months, gradient = replay(head, features, side)
        return months, pasted(tf.reduce_sum(features * gradient[:, tf.newaxis, tf.newaxis, :], axis=-1))

    def read(image: Tensor, sex: Tensor | None = None) -> dict[str, Tensor]:
        pixels = tf.cast(image, tf.float32)
        side = None if beside is None else beside(sex, training=False)
        months, evidence = look(pixels, side)
        if mirrored:
            again, evidence_again = look(tf.reverse(pixels, axis=[2]), side)
            months, evidence = 0.5 * (months + again), 0.5 * (evidence + tf.reverse(evidence_again, axis=[2]))
        return {"bone_age_months": months, "saliency": _unit_range(evidence)}

    return read


def pasting(model: keras.Model) -> Callable[[Tensor], Tensor]:
    """Put the maps of patches back to their places, mean where they overlap and nothing elsewhere; other maps stay as they are."""
    cut = next((layer for layer in model.layers if isinstance(layer, Patches)), None)
    if cut is None:
        return lambda evidence: evidence
    side = model.inputs[0].shape[1]
    corners = grid(cut.patches, cut.patch, side)
    masks = [np.pad(np.ones((cut.patch, cut.patch), np.float32), _around(corner, cut.patch, side)) for corner in corners]
    share = 1.0 / np.maximum(np.sum(masks, axis=0), 1.0)

    def pasted(evidence: Tensor) -> Tensor:
        full = tf.image.resize(evidence[..., tf.newaxis], (cut.patch, cut.patch), method="nearest")
        pieces = tf.reshape(full, (-1, len(corners), cut.patch, cut.patch))
        placed = [tf.pad(pieces[:, index], ((0, 0), *_around(corner, cut.patch, side))) for index, corner in enumerate(corners)]
        return tf.add_n(placed) * tf.constant(share, tf.float32)

    return pasted


def _around(corner: tuple[int, int], patch: int, side: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns before and behind a patch."""
    top, left = corner
    return (top, side - patch - top), (left, side - patch - left)


def _unit_range(evidence: Tensor) -> Tensor:
    """Strength of the evidence, scaled so that the strongest place is 1.

    Grad-CAM keeps evidence *for* a class (ReLU). An age has no class to be for: carpals not yet there make a hand young, and with
    the ReLU the map then shows background and markers (seen on `val`). So evidence counts in either direction.
    """
    strength = tf.abs(evidence)
    return strength / tf.maximum(tf.reduce_max(strength, axis=(1, 2), keepdims=True), 1e-12)
