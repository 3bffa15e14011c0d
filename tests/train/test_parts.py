from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from train.models.parts import BatchNormalization  # noqa: E402

IMAGES = np.random.default_rng(0).normal(3.0, 2.0, (8, 12, 10, 16)).astype(np.float32)


def both() -> tuple[Any, Any]:
    """Our layer and Keras' own with the same weights."""
    ours, theirs = BatchNormalization(), keras.layers.BatchNormalization()
    for layer in (ours, theirs):
        layer.build(IMAGES.shape)
        layer.set_weights([np.linspace(low, high, 16, dtype=np.float32) for low, high in ((0.5, 1.5), (-1, 1), (2, 4), (1, 5))])
    return ours, theirs


def answer(layer: Any, training: bool) -> Any:
    return keras.ops.convert_to_numpy(layer(IMAGES, training=training))


@pytest.mark.parametrize("training", [True, False])
def test_the_fused_normalisation_answers_as_keras_does(training: bool) -> None:
    ours, theirs = both()
    np.testing.assert_allclose(answer(ours, training), answer(theirs, training), atol=2e-5)


def test_it_remembers_the_same_mean_and_the_unbiased_variance() -> None:
    ours, theirs = both()
    answer(ours, True), answer(theirs, True)
    count = IMAGES[..., 0].size
    np.testing.assert_allclose(ours.get_weights()[2], theirs.get_weights()[2], rtol=1e-5)
    before = np.linspace(1, 5, 16)
    np.testing.assert_allclose(
        ours.get_weights()[3] - 0.99 * before, (theirs.get_weights()[3] - 0.99 * before) * count / (count - 1), rtol=1e-3
    )


def test_a_frozen_layer_uses_what_it_remembers_and_learns_nothing() -> None:
    ours, theirs = both()
    ours.trainable = False
    np.testing.assert_allclose(answer(ours, True), answer(theirs, False), atol=2e-5)
    np.testing.assert_array_equal(ours.get_weights()[2], np.linspace(2, 4, 16, dtype=np.float32))


def test_an_odd_number_of_channels_is_normalised_in_half_precision_too() -> None:
    layer = BatchNormalization(dtype="mixed_bfloat16")
    found = keras.ops.convert_to_numpy(keras.ops.cast(layer(IMAGES[..., :7], training=True), "float32"))
    assert found.shape == (8, 12, 10, 7)
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=0.01)
    np.testing.assert_allclose(found.std(axis=(0, 1, 2)), 1, atol=0.01)
