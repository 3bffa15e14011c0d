from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from train.models.espinal import FEATURE_MAP, vgg6, vgg6_sex  # noqa: E402


@pytest.mark.parametrize(("build", "trainable", "total"), [(vgg6, 1_067_785, 1_067_929), (vgg6_sex, 1_138_973, 1_139_117)])
def test_the_parameters_are_the_papers(build: object, trainable: int, total: int) -> None:
    model = build()  # type: ignore[operator]
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == trainable
    assert model.count_params() == total


def test_the_layers_follow_the_paper_block_by_block() -> None:
    kinds = [type(layer).__name__ for layer in vgg6().layers]
    convolution, norm, pool = "Conv2D", "BatchNormalization", "MaxPooling2D"
    assert kinds == [
        *("InputLayer", "Rescaling"),
        *(convolution, norm, convolution, pool),
        *(convolution, norm, convolution, norm, pool),
        *(convolution, norm, convolution, pool),
        *("Flatten", "Dropout", "Dense", "Dropout", "Dense"),
    ]


def test_the_feature_map_is_the_last_convolution() -> None:
    model = vgg6_sex()
    assert model.get_layer(FEATURE_MAP).output.shape == (None, 16, 16, 32)
    assert [layer.name for layer in model.layers if type(layer).__name__ == "Conv2D"][-1] == FEATURE_MAP


def test_sex_is_joined_after_the_512_features() -> None:
    model = vgg6_sex()
    assert model.get_layer("join").output.shape == (None, 513)
    assert [model.get_layer(name).units for name in ("dense_0", "dense_1", "dense_2", "dense_3", "age")] == [512, 100, 100, 100, 1]


def test_pixels_from_0_to_255_are_scaled_inside() -> None:
    model = vgg6(50)
    scaled = keras.Model(model.input, model.get_layer("unit_range").output)
    assert float(np.max(scaled(np.full((1, 50, 50, 1), 255, np.float32)))) == pytest.approx(1.0)
