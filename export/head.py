"""The layers behind the feature map, replayed forwards and backwards in plain operations.

tf2onnx has no converter for the gradients TensorFlow would record, so the gradient that Grad-CAM needs (Selvaraju et al.,
ICCV 2017) is written out: from the age back to the pooled feature map. Pooling without overlap and global averaging pass
the spatial sum of a gradient on unchanged, and Grad-CAM uses nothing but that sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import keras
import tensorflow as tf

Tensor = Any
Backward = Callable[[Tensor], Tensor]
Step = Callable[[Tensor], tuple[Tensor, Backward]]

_SLOPES: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "linear": tf.ones_like,
    "relu": lambda y: tf.cast(y > 0, tf.float32),
    "tanh": lambda y: 1.0 - y * y,
    "sigmoid": lambda y: y * (1.0 - y),
    "elu": lambda y: tf.where(y > 0, tf.ones_like(y), y + 1.0),
}
"""Derivative of each activation in terms of its own value."""


class CannotExport(Exception):  # noqa: N818 - says what happened, not that it is an error
    """The network has a layer behind its feature map whose gradient is not written down here."""


def layers_behind(model: keras.Model, feature_map: str) -> list[keras.Layer]:
    """Layers after the feature map in the order they run, without those on the sex input's own side."""
    names = [layer.name for layer in model.layers]
    behind = model.layers[names.index(feature_map) + 1 :]
    return [layer for layer in behind if not isinstance(layer, keras.layers.InputLayer)]


def replay(layers: Sequence[keras.Layer], features: Tensor, sex: Tensor | None) -> tuple[Tensor, Tensor]:
    """Run the layers and return the months with the gradient they have at the feature map, summed over its area.

    Parameters
    ----------
    features
        ``(N, h, w, channels)``.
    sex
        ``(N, 1)`` for networks that use it.

    Returns
    -------
    tuple
        ``(N, 1)`` months and ``(N, channels)`` summed gradient.

    Raises
    ------
    CannotExport
        A layer is of a kind not known here.
    """
    value, undo = features, []
    for layer in layers:
        value, back = _step(layer, sex)(value)
        undo.append(back)
    gradient = tf.ones_like(value)
    for back in reversed(undo):
        gradient = back(gradient)
    return value, gradient if len(gradient.shape) == 2 else tf.reduce_sum(gradient, axis=(1, 2))


def _step(layer: keras.Layer, sex: Tensor | None) -> Step:
    if isinstance(layer, keras.layers.Dropout):
        return lambda value: (value, lambda gradient: gradient)
    if isinstance(layer, keras.layers.Dense):
        return lambda value: _dense(layer, value)
    if isinstance(layer, keras.layers.Flatten):
        return _flatten
    if isinstance(layer, keras.layers.Concatenate):
        return lambda value: _join(value, sex)
    if isinstance(layer, keras.layers.GlobalAveragePooling2D):
        return lambda value: (tf.reduce_mean(value, axis=(1, 2)), lambda gradient: gradient)
    if isinstance(layer, (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)):
        return lambda value: _pool(layer, value)
    raise CannotExport(f"layer {layer.name} ({type(layer).__name__}) behind the feature map")


def _dense(layer: keras.layers.Dense, value: Tensor) -> tuple[Tensor, Backward]:
    name = layer.activation.__name__
    if name not in _SLOPES:
        raise CannotExport(f"activation {name} of layer {layer.name}")
    kernel, bias = tf.convert_to_tensor(layer.kernel), tf.convert_to_tensor(layer.bias)
    result = layer.activation(tf.matmul(value, kernel) + bias)

    def back(gradient: Tensor) -> Tensor:
        # kernel on the left: a transposed kernel would be folded into a second copy of the weights in the file
        return tf.transpose(tf.matmul(kernel, tf.transpose(gradient * _SLOPES[name](result))))

    return result, back


def _flatten(value: Tensor) -> tuple[Tensor, Backward]:
    shape = value.shape[1:]
    return tf.reshape(value, (-1, shape.num_elements())), lambda gradient: tf.reshape(gradient, (-1, *shape))


def _join(value: Tensor, sex: Tensor | None) -> tuple[Tensor, Backward]:
    width = value.shape[-1]
    return tf.concat([value, sex], axis=-1), lambda gradient: gradient[:, :width]


def _pool(layer: keras.Layer, value: Tensor) -> tuple[Tensor, Backward]:
    if tuple(layer.strides) != tuple(layer.pool_size) or any(side % by for side, by in zip(value.shape[1:3], layer.pool_size, strict=True)):
        raise CannotExport(f"pooling {layer.name} overlaps or leaves pixels over, so the sum of the gradient is not passed on")
    return layer(value), lambda gradient: gradient
