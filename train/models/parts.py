"""What the networks of papers 1 to 5 share: the name of the feature map, the width multiplier, grey to three channels, the answer."""

from __future__ import annotations

from typing import Any, Final

import keras
from keras import layers, ops

FEATURE_MAP: Final = "feature_map"
"""Name of the layer with the last spatial features, from which the heat map is taken; only a plain head follows it."""

JOIN: Final = "join"
"""Name of the layer that appends to the image's features whatever is made of the sex."""


class BatchNormalization(layers.BatchNormalization):  # type: ignore[misc]  # Keras has no types
    """Keras' own layer; on TensorFlow it learns through the fused operator, 2 to 3.5 times faster on a CPU.

    The same variables and the same answers; only the variance that is remembered is the unbiased one of the fused operator.
    With bfloat16 and maps of odd height (250 px) kernels became NaN within 50 steps in TensorFlow 2.21 on a CPU; with 256 px never.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise ``(N, h, w, C)`` over all but the last axis."""
        if not (training and self.center and keras.backend.backend() == "tensorflow"):
            return super().call(inputs, training=training, mask=mask)
        if not self.trainable:
            return ops.cast(_fused_as_learnt(inputs, self), self.compute_dtype)
        fused, mean, variance = _fused(inputs, _scale(self), self.beta.value, self.epsilon)
        for average, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + now * (1 - self.momentum))
        return ops.cast(fused, self.compute_dtype)


def channels(filters: int, width: float) -> int:
    """Narrow (or widen) to the nearest multiple of 16, or to 8 below 12: what processors in half precision are made for.

    A ``width`` of 1 leaves the paper's number.
    """
    if width <= 0:
        raise ValueError(f"width must be above 0, not {width}")
    if width == 1:
        return filters
    return 8 if filters * width < 12 else 16 * max(1, round(filters * width / 16))


def image_input(size: int) -> keras.KerasTensor:
    """Grey values 0 to 255, ``(N, size, size, 1)``."""
    return keras.Input((size, size, 1), name="image")


def sex_input() -> keras.KerasTensor:
    """``(N, 1)``: 0 female, 1 male."""
    return keras.Input((1,), name="sex")


def female(sex: keras.KerasTensor) -> keras.KerasTensor:
    """``(N, 1)``: 1 female, 0 male."""
    return layers.Rescaling(-1.0, offset=1.0, name="female")(sex)


def three_channels(grey: keras.KerasTensor) -> keras.KerasTensor:
    """Repeat the grey channel for networks made for colour."""
    return layers.Concatenate(name="three_channels")([grey, grey, grey])


def feature_map(x: keras.KerasTensor) -> keras.KerasTensor:
    """Give the last spatial features their name."""
    return layers.Identity(name=FEATURE_MAP)(x)


def convolution(x: keras.KerasTensor, filters: int, kernel: int, name: str, *, stride: int = 1) -> keras.KerasTensor:
    """Convolve without bias, normalise by batch, rectify."""
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False, name=f"conv_{name}")(x)
    return layers.ReLU(name=f"relu_{name}")(BatchNormalization(name=f"norm_{name}")(x))


def wide() -> str:
    """Type of sums and statistics: float32 in networks of half precision, float64 in those that are computed so."""
    kind: str = keras.backend.result_type(keras.config.dtype_policy().compute_dtype, "float32")
    return kind


def age(features: keras.KerasTensor) -> keras.KerasTensor:
    """Months, one linear unit that is never in half precision; its kernel and bias take over the standardisation of the labels."""
    return layers.Dense(1, name="age", dtype=wide())(features)


def _fused(inputs: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """Normalised inputs, mean and variance."""
    import tensorflow as tf

    known = _known(inputs)
    unused = tf.constant([], tf.float32)
    fused = tf.raw_ops.FusedBatchNormV3(x=known, scale=gamma, offset=beta, mean=unused, variance=unused, epsilon=epsilon, is_training=True)
    return fused.y, fused.batch_mean, fused.batch_variance


def _fused_as_learnt(inputs: Any, layer: BatchNormalization) -> Any:
    """Normalised by the remembered mean and variance: a layer that is not to learn in a network that does."""
    import tensorflow as tf

    offset, mean, variance = (part.value for part in (layer.beta, layer.moving_mean, layer.moving_variance))
    return tf.raw_ops.FusedBatchNormV3(
        x=_known(inputs), scale=_scale(layer), offset=offset, mean=mean, variance=variance, epsilon=layer.epsilon, is_training=False
    ).y


def _scale(layer: BatchNormalization) -> Any:
    return layer.gamma.value if layer.scale else ops.ones_like(layer.beta.value)


def _known(inputs: Any) -> Any:
    """In half precision the CPU has a fast path for multiples of 16 channels only."""
    return inputs if inputs.shape[-1] % 16 == 0 else ops.cast(inputs, "float32")
