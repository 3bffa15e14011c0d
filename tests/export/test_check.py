"""Every network exports, reads once and with its mirror image, and says in ONNX what it says in Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the export extra (TensorFlow and tf2onnx)")
pytest.importorskip("tf2onnx", reason="needs the export extra (TensorFlow and tf2onnx)")

import onnxruntime  # noqa: E402

from export.check import Checked, check, random_images, rounded_off, row, unsettle  # noqa: E402
from tests.parts.networks import NAMES, small  # noqa: E402
from train.models.monti import resnet50_patches_sex  # noqa: E402


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_a_network_says_in_onnx_what_it_says_in_keras(name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(5)
    model = small(name)
    images = random_images(17, model.inputs[0].shape[1])  # a batch of 16 and one of 1
    unsettle(model, images)
    found = check(model, images, tmp_path, rounded=rounded_off(model, lambda: small(name), images), mirrored=name.startswith("vgg"))
    assert found.span > 20
    assert found.equal, row(name, found)
    session = onnxruntime.InferenceSession(str(tmp_path / "once.onnx"), providers=["CPUExecutionProvider"])
    assert [port.name for port in session.get_inputs()] == [port.name for port in model.inputs]
    assert {port.name: len(port.shape) for port in session.get_outputs()} == {"bone_age_months": 2, "saliency": 3}


def test_heat_of_patches_lies_where_they_were_cut(tmp_path: Path) -> None:
    from export.to_onnx import feature_map_of, reading

    keras.utils.set_random_seed(5)
    model = resnet50_patches_sex(100, 0.02, patches=2, patch=40)
    images = random_images(2, 100)
    unsettle(model, images)
    heat = np.array(reading(model, feature_map_of(model))(images, np.zeros((2, 1), np.float32))["saliency"])
    assert heat.shape == (2, 100, 100)
    assert heat[:, :40, 30:70].any()
    assert heat[:, 60:, 30:70].any()
    heat[:, :40, 30:70] = heat[:, 60:, 30:70] = 0
    assert not heat.any()


def test_a_table_says_so_when_a_network_differs() -> None:
    found = Checked(images=2, span=50, months=2e-3, heat=0, months_mirrored=0, heat_mirrored=0)
    assert not found.equal
    assert "**no**" in row("bent", found)
