"""The layers behind the feature map, replayed forwards and backwards in plain operations.

tf2onnx has no converter for the gradients TensorFlow would record, so the gradient that Grad-CAM needs (Selvaraju et al.,
ICCV 2017) is written out: from the age back to the pooled feature map. Pooling without overlap and global averaging pass
the spatial sum of a gradient on unchanged, and Grad-CAM uses nothing but that sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import keras
import tensorflow as tf

Tensor = Any
Backward = Callable[[Tensor], Tensor]
Step = Callable[[Tensor], tuple[Tensor, Backward]]

_ROOT_OF_TWO: Final = math.sqrt(2.0)
_ROOT_OF_TWO_PI: Final = math.sqrt(2.0 * math.pi)

_SLOPES: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "linear": lambda z, y: tf.ones_like(y),
    "relu": lambda z, y: tf.cast(y > 0, tf.float32),
    "tanh": lambda z, y: 1.0 - y * y,
    "sigmoid": lambda z, y: y * (1.0 - y),
    "elu": lambda z, y: tf.where(y > 0, tf.ones_like(y), y + 1.0),
    "gelu": lambda z, y: 0.5 * (1.0 + tf.math.erf(z / _ROOT_OF_TWO)) + z * tf.exp(-0.5 * z * z) / _ROOT_OF_TWO_PI,
}
"""Derivative of each activation from what goes in, ``z``, and what comes out, ``y``."""


_grey = keras.Input((2,))
_ReshapeOperation: Final = type(keras.Model(_grey, keras.ops.reshape(_grey, (-1, 1, 2))).operations[-1])
"""Keras does not export the class that a call of ``keras.ops.reshape`` leaves in a model."""


class CannotExport(Exception):  # noqa: N818 - says what happened, not that it is an error
    """The network has a layer behind its feature map whose gradient is not written down here."""


def layers_behind(model: keras.Model, feature_map: str) -> list[keras.Layer]:
    """Layers that the feature map flows through on its way to the answer, in the order they run."""
    reached = {id(model.get_layer(feature_map).output)}
    behind = []
    for layer in model.operations:
        if any(id(tensor) in reached for tensor in _inputs(layer)) and id(layer.output) not in reached:
            reached.add(id(layer.output))
            behind.append(layer)
    return behind


def side_of(model: keras.Model, behind: Sequence[keras.Layer]) -> keras.Model | None:
    """Build the model of the sex whose answer is joined to the image's features; None for networks that take no sex.

    Raises
    ------
    CannotExport
        More than two things are joined, or at more than one place.
    """
    joints = [layer for layer in behind if isinstance(layer, keras.layers.Concatenate)]
    if not joints:
        return None
    passed = {id(layer.output) for layer in behind} | {id(tensor) for tensor in _inputs(behind[0])}
    sides = [tensor for layer in joints for tensor in _inputs(layer) if id(tensor) not in passed]
    if len(sides) != 1 or len(model.inputs) != 2:
        raise CannotExport(f"{len(sides)} inputs from beside at {', '.join(layer.name for layer in joints)}; one is known here")
    return keras.Model(model.inputs[1], sides[0])


def replay(layers: Sequence[keras.Layer], features: Tensor, side: Tensor | None) -> tuple[Tensor, Tensor]:
    """Run the layers and return the months with the gradient they have at the feature map, summed over its area.

    Parameters
    ----------
    features
        ``(N, h, w, channels)``, for a network of patches ``(N × patches, h, w, channels)``.
    side
        What `side_of` makes of the sex, for networks that use it.

    Returns
    -------
    tuple
        ``(N, 1)`` months and ``(N, channels)`` (or ``(N × patches, channels)``) summed gradient.

    Raises
    ------
    CannotExport
        A layer is of a kind not known here.
    """
    value, undo = features, []
    for layer in layers:
        value, back = _step(layer, side)(value)
        undo.append(back)
    gradient = tf.ones_like(value)
    for back in reversed(undo):
        gradient = back(gradient)
    return value, gradient if len(gradient.shape) == 2 else tf.reduce_sum(gradient, axis=(1, 2))


def _inputs(layer: keras.Layer) -> list[keras.KerasTensor]:
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return list(layer.input) if isinstance(layer.input, (list, tuple)) else [layer.input]


def _step(layer: keras.Layer, side: Tensor | None) -> Step:
    kinds: tuple[tuple[type | tuple[type, ...], Step], ...] = (
        ((keras.layers.Dropout, keras.layers.Identity), lambda value: (value, lambda gradient: gradient)),
        (keras.layers.Dense, lambda value: _dense(layer, value)),
        ((keras.layers.Flatten, _ReshapeOperation), lambda value: _reshape(layer, value)),
        (keras.layers.Concatenate, lambda value: _join(value, side)),
        (keras.layers.GlobalAveragePooling2D, lambda value: (tf.reduce_mean(value, axis=(1, 2)), lambda gradient: gradient)),
        (keras.layers.GlobalAveragePooling1D, _mean),
        ((keras.layers.MaxPooling2D, keras.layers.AveragePooling2D), lambda value: _pool(layer, value)),
    )
    for kind, step in kinds:
        if isinstance(layer, kind):
            return step
    raise CannotExport(f"layer {layer.name} ({type(layer).__name__}) behind the feature map")


def _dense(layer: keras.layers.Dense, value: Tensor) -> tuple[Tensor, Backward]:
    name = layer.activation.__name__
    if name not in _SLOPES:
        raise CannotExport(f"activation {name} of layer {layer.name}")
    kernel, bias = tf.convert_to_tensor(layer.kernel), tf.convert_to_tensor(layer.bias)
    leading = value.shape[1:-1]
    entering = tf.matmul(tf.reshape(value, (-1, value.shape[-1])), kernel) + bias
    result = layer.activation(entering)

    def back(gradient: Tensor) -> Tensor:
        arriving = tf.reshape(gradient, (-1, gradient.shape[-1])) * _SLOPES[name](entering, result)
        # kernel on the left: a transposed kernel would be folded into a second copy of the weights in the file
        return tf.reshape(tf.transpose(tf.matmul(kernel, tf.transpose(arriving))), (-1, *leading, kernel.shape[0]))

    return tf.reshape(result, (-1, *leading, kernel.shape[1])), back


def _reshape(layer: keras.Layer, value: Tensor) -> tuple[Tensor, Backward]:
    shape = value.shape[1:]
    return tf.reshape(value, (-1, *layer.output.shape[1:])), lambda gradient: tf.reshape(gradient, (-1, *shape))


def _join(value: Tensor, side: Tensor | None) -> tuple[Tensor, Backward]:
    width = value.shape[-1]
    return tf.concat([value, side], axis=-1), lambda gradient: gradient[..., :width]


def _mean(value: Tensor) -> tuple[Tensor, Backward]:
    """Over the patches of an image, ``(N, patches, channels)``."""
    patches = value.shape[1]
    return tf.reduce_mean(value, axis=1), lambda gradient: tf.tile(gradient[:, tf.newaxis] * (1.0 / patches), (1, patches, 1))


def _pool(layer: keras.Layer, value: Tensor) -> tuple[Tensor, Backward]:
    if tuple(layer.strides) != tuple(layer.pool_size) or any(side % by for side, by in zip(value.shape[1:3], layer.pool_size, strict=True)):
        raise CannotExport(f"pooling {layer.name} overlaps or leaves pixels over, so the sum of the gradient is not passed on")
    return layer(value), lambda gradient: gradient
