"""The U-Net that masks the hand as ONNX: ``image`` uint8 N×H×W×1 to ``mask`` float32 N×H×W."""

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

TOLERANCE: Final = 1e-4
"""Of the probabilities."""


def to_mask_onnx(model: keras.Model, target: Path, images: NDArray[np.uint8]) -> float:
    """Write ``target``, load it and compare it with ``model``; the largest difference of the probabilities.

    Raises
    ------
    ValueError
        They differ by more than `TOLERANCE`.
    """
    side = model.inputs[0].shape[1]

    def mask(image: Any) -> dict[str, Any]:
        return {"mask": model(tf.cast(image, tf.float32), training=False)[..., 0]}

    graph = tf.function(mask, autograph=False)
    tf2onnx.convert.from_function(
        graph, input_signature=[tf.TensorSpec((None, side, side, 1), tf.uint8, name="image")], opset=OPSET, output_path=str(target)
    )
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    worst = 0.0
    for at in range(0, len(images), 16):
        part = images[at : at + 16]
        expected = np.asarray(model(part.astype(np.float32), training=False))[..., 0]
        worst = max(worst, float(np.abs(session.run(["mask"], {"image": part})[0] - expected).max()))
    if worst > TOLERANCE:
        raise ValueError(f"{target.name} differs from the network by {worst:.1g}")
    return worst
