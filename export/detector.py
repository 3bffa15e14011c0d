"""The detector as ONNX: ``image`` uint8 N×H×W×1 to ``shares`` float32 N×K and ``distance`` float32 N."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
from numpy.typing import NDArray

from export.to_onnx import OPSET
from train.detector.learn import Taught, asked, distances
from train.detector.network import FEATURES, SHARES

TOLERANCE: Final = 1e-3
"""Of the shares, and of the distance as a share of itself."""


def to_detector_onnx(taught: Taught, target: Path, images: NDArray[np.uint8]) -> float:
    """Write ``target``, load it and compare it with the network it comes from; the largest difference of the shares.

    Raises
    ------
    ValueError
        They differ by more than `TOLERANCE`.
    """
    model = taught.model
    side = model.inputs[0].shape[1]
    both = keras.Model(model.inputs[0], [model.get_layer(SHARES).output, model.get_layer(FEATURES).output])

    def look(image: Any) -> dict[str, Any]:
        shares, features = both(tf.cast(image, tf.float32), training=False)
        away = features - taught.mean  # as NumPy arrays they become constants of the graph
        return {"shares": shares, "distance": tf.sqrt(tf.maximum(tf.reduce_sum(tf.matmul(away, taught.precision) * away, axis=1), 0.0))}

    graph = tf.function(look, autograph=False)
    tf2onnx.convert.from_function(
        graph, input_signature=[tf.TensorSpec((None, side, side, 1), tf.uint8, name="image")], opset=OPSET, output_path=str(target)
    )
    return _difference(taught, target, images)


def _difference(taught: Taught, target: Path, images: NDArray[np.uint8]) -> float:
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    shares, distance = session.run(["shares", "distance"], {"image": images})
    expected, features = asked(taught.model, images)
    away = distances(features, taught.mean, taught.precision)
    worst = float(np.abs(shares - expected).max())
    if worst > TOLERANCE or float((np.abs(distance - away) / np.maximum(away, 1)).max()) > TOLERANCE:
        raise ValueError(f"{target.name} differs from the network by {worst:.1g}")
    return worst
