"""The exported graph against the Keras model it came from: same months, same heat map, on any images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
from numpy.typing import NDArray

from export.head import layers_behind, side_of
from export.to_onnx import pasting, reading

MONTHS_TOLERANCE: Final = 1e-3
HEAT_TOLERANCE: Final = 1e-4
"""As a share of the heat map's maximum, which is 1."""


class NotEqual(Exception):  # noqa: N818 - says what happened, not that it is an error
    """The exported network gives other values than the trained one."""


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Largest differences found: months, and heat map as a share of its maximum."""

    months: float
    heat: float


def check_parity(model: keras.Model, feature_map: str, member: Path, images: NDArray[np.uint8], *, mirrored: bool = False) -> Parity:
    """`compare`, and insist that both agree.

    Raises
    ------
    NotEqual
        The months differ by more than ``MONTHS_TOLERANCE`` or the heat maps by more than ``HEAT_TOLERANCE``.
    """
    found = compare(model, feature_map, member, images, mirrored=mirrored)
    if not (found.months <= MONTHS_TOLERANCE and found.heat <= HEAT_TOLERANCE):
        raise NotEqual(f"{member.name}: months differ by {found.months:.2g}, heat maps by {found.heat:.2g}")
    return found


def compare(model: keras.Model, feature_map: str, member: Path, images: NDArray[np.uint8], *, mirrored: bool = False) -> Parity:
    """Largest differences on ``(N, size, size, 1) uint8`` images, sexes alternating."""
    feeds = {"image": images, "sex": (np.arange(len(images)) % 2).astype(np.float32)[:, np.newaxis]}
    session = onnxruntime.InferenceSession(str(member), providers=["CPUExecutionProvider"])
    wanted = {port.name: feeds[port.name] for port in session.get_inputs()}
    months, heat = session.run(["bone_age_months", "saliency"], wanted)
    trained = reading(model, feature_map, mirrored=mirrored)(**{name: tf.constant(value) for name, value in wanted.items()})
    keras_months = _keras_months(model, wanted, mirrored=mirrored)
    return Parity(months=float(np.abs(months - keras_months).max()), heat=float(np.abs(heat - trained["saliency"].numpy()).max()))


def taped_heat(model: keras.Model, feature_map: str, image: NDArray[np.uint8], sex: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grad-CAM by TensorFlow's own gradients, ``(N, h, w)`` in 0..1: what the graph's written-out gradient must equal.

    Maps of patches are put back to their places as in the graph: that part is no gradient.
    """
    eye = keras.Model(model.inputs[0], model.get_layer(feature_map).output)
    behind = layers_behind(model, feature_map)
    beside = side_of(model, behind)
    with tf.GradientTape() as tape:
        features = eye(image.astype(np.float32), training=False)
        tape.watch(features)
        value = features
        for layer in behind:
            joined = [value, beside(sex)] if beside is not None and isinstance(layer, keras.layers.Concatenate) else value
            value = layer(joined)
    gradient = tape.gradient(value, features)
    evidence = tf.reduce_sum(features * tf.reduce_sum(gradient, axis=(1, 2), keepdims=True), axis=-1)
    evidence = tf.abs(pasting(model)(evidence))
    heat: NDArray[np.float32] = (evidence / tf.maximum(tf.reduce_max(evidence, axis=(1, 2), keepdims=True), 1e-12)).numpy()
    return heat


def _keras_months(model: keras.Model, feeds: Mapping[str, Any], *, mirrored: bool) -> NDArray[np.float32]:
    """Run the model as trained, by its own forward pass."""

    def months(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = image.astype(np.float32)
        return np.asarray(model([pixels, feeds["sex"]] if "sex" in feeds else pixels, training=False))

    once = months(feeds["image"])
    return (once + months(feeds["image"][:, :, ::-1])) / np.float32(2) if mirrored else once
