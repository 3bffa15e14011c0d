from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("tensorflow", reason="needs the export extra (TensorFlow and tf2onnx)")
keras = pytest.importorskip("keras")

import onnxruntime  # noqa: E402

from baa_node.core.preprocess import ESPINAL_RASTER, prepare  # noqa: E402
from export.head import CannotExport  # noqa: E402
from export.parity import NotEqual, check_parity, taped_heat  # noqa: E402
from export.to_onnx import reading, to_onnx  # noqa: E402
from train.models.espinal import FEATURE_MAP, vgg6, vgg6_sex  # noqa: E402
from train.train import fold_months  # noqa: E402

SIZE = 250


@pytest.fixture(scope="module")
def model() -> Any:
    """VGG-6 + sex with every number away from its start: biases, normalisation, months."""
    keras.utils.set_random_seed(11)
    model = vgg6_sex(SIZE)
    rng = np.random.default_rng(11)
    model.set_weights([weight + rng.normal(0, 0.05, weight.shape) * (weight.ndim == 1) for weight in model.get_weights()])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance.numpy()) + 0.5)
    fold_months(model, 127.0, 41.0)
    return model


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    """Noise, and prepared pictures with soft shapes."""
    rng = np.random.default_rng(2)
    shapes = [cv2.GaussianBlur(rng.integers(0, 256, (500, 400), np.uint8), (0, 0), sigma) for sigma in (9, 25)]
    prepared = [prepare(shape, ESPINAL_RASTER).image for shape in shapes]
    return np.concatenate([rng.integers(0, 256, (2, SIZE, SIZE, 1), np.uint8), np.stack(prepared)])


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_exported_network_says_what_the_trained_one_says(model: Any, images: NDArray[np.uint8], tmp_path: Path, mirrored: bool) -> None:
    to_onnx(model, FEATURE_MAP, tmp_path / "member.onnx", mirrored=mirrored)
    found = check_parity(model, FEATURE_MAP, tmp_path / "member.onnx", images, mirrored=mirrored)
    assert found.months <= 1e-3
    assert found.heat <= 1e-4


def test_inputs_and_outputs_are_those_of_a_bundle_member(model: Any, tmp_path: Path) -> None:
    to_onnx(model, FEATURE_MAP, tmp_path / "member.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "member.onnx"), providers=["CPUExecutionProvider"])
    assert {port.name: (port.type, port.shape[1:]) for port in session.get_inputs()} == {
        "image": ("tensor(uint8)", [SIZE, SIZE, 1]),
        "sex": ("tensor(float)", [1]),
    }
    assert {port.name: port.shape[1:] for port in session.get_outputs()} == {"bone_age_months": [1], "saliency": [16, 16]}
    assert (tmp_path / "member.onnx").stat().st_size < 1.05 * 4 * model.count_params()  # weights stand in it once


def test_a_network_without_sex_has_no_sex_input(images: NDArray[np.uint8], tmp_path: Path) -> None:
    alone = vgg6(SIZE)
    to_onnx(alone, FEATURE_MAP, tmp_path / "member.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "member.onnx"), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_inputs()] == ["image"]
    assert check_parity(alone, FEATURE_MAP, tmp_path / "member.onnx", images).months <= 1e-3


def test_the_heat_map_is_the_one_of_the_recorded_gradient(model: Any, images: NDArray[np.uint8]) -> None:
    sex = np.array([[0], [1], [0], [1]], np.float32)
    heat = np.asarray(reading(model, FEATURE_MAP)(images, sex)["saliency"])
    expected = taped_heat(model, FEATURE_MAP, images, sex)
    assert expected.max() == pytest.approx(1)
    np.testing.assert_allclose(heat, expected, atol=1e-4)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "elu", "relu", "linear"])
@pytest.mark.parametrize("pooling", ["average", "global", "max"])
def test_every_head_that_is_written_out_agrees_with_the_recorded_gradient(activation: str, pooling: str) -> None:
    keras.utils.set_random_seed(4)
    layers = keras.layers
    image = keras.Input((16, 16, 1))
    x = layers.Conv2D(6, 3, padding="same", name="last")(image)
    pools = {"average": layers.AveragePooling2D(4), "global": layers.GlobalAveragePooling2D(), "max": layers.MaxPooling2D(2)}
    x = pools[pooling](x)
    x = x if pooling == "global" else layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(1)(layers.Dense(7, activation=activation)(x)))
    pixels = np.random.default_rng(1).integers(0, 3, (3, 16, 16, 1), np.uint8)
    heat = np.asarray(reading(model, "last")(pixels)["saliency"])
    np.testing.assert_allclose(heat, taped_heat(model, "last", pixels, np.zeros((3, 1), np.float32)), atol=1e-4)


@pytest.mark.parametrize("kind", ["overlapping", "leftover", "softsign", "convolution"])
def test_a_head_whose_gradient_is_not_written_out_is_refused(kind: str) -> None:
    layers = keras.layers
    image = keras.Input((15 if kind == "leftover" else 16, 16, 1))
    x = layers.Conv2D(2, 3, padding="same", name="last")(image)
    if kind == "convolution":
        x = layers.Conv2D(2, 3, name="later")(x)
    x = layers.MaxPooling2D(3 if kind == "overlapping" else 2, strides=2, name="pool")(x)
    x = layers.Dense(1, activation="softsign" if kind == "softsign" else None, name="age")(layers.Flatten()(x))
    with pytest.raises(CannotExport, match={"softsign": "softsign", "convolution": "later"}.get(kind, "pool")):
        reading(keras.Model(image, x), "last")(np.zeros((1, *image.shape[1:]), np.uint8))


def test_other_weights_are_not_equal(model: Any, images: NDArray[np.uint8], tmp_path: Path) -> None:
    to_onnx(model, FEATURE_MAP, tmp_path / "member.onnx")
    other = vgg6_sex(SIZE)
    other.set_weights(model.get_weights())
    kernel, bias = other.get_layer("age").get_weights()
    other.get_layer("age").set_weights([kernel, bias + 0.01])
    with pytest.raises(NotEqual, match=r"months differ by 0\.01"):
        check_parity(other, FEATURE_MAP, tmp_path / "member.onnx", images)
