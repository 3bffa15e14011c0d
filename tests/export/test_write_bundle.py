from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.preprocess import Preparation
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError
from export.write_bundle import Packed, write_bundle
from train.evaluate import Predictions


@pytest.fixture
def member() -> Packed:
    """The shipped network with invented predictions: girls off by up to 10 months, boys by up to 20."""
    manifest = json.loads((default_bundle() / "bundle.json").read_text())
    entry = manifest["members"][0]
    residual = np.concatenate([np.linspace(-10, 10, 101), np.linspace(-20, 20, 101)])
    label = np.linspace(20, 210, residual.size)
    invented = Predictions(
        ids=tuple(str(index) for index in range(residual.size)),
        male=np.repeat([0.0, 1.0], 101),
        label=label,
        estimate=label + residual,
    )
    return Packed(
        name="vgg6_sex",
        architecture="vgg6_sex",
        weights=default_bundle() / entry["file"],
        preparation=Preparation.from_json(entry["preprocessing"]),
        sex_required=True,
        mirrored=False,
        validation=invented,
        phantoms=invented,
        training={"radiographs": 1000, "phantoms": 10, "epochs": 3, "minutes": 12.0, "recipe": {}},
    )


def test_what_was_packed_can_be_loaded_and_carries_its_interval(member: Packed, tmp_path: Path) -> None:
    folder = write_bundle(member, name="hand", version="1.2.3", folder=tmp_path)
    ensemble = load_bundle(folder, providers=["CPUExecutionProvider"])
    assert folder.name == "hand-1.2.3"
    assert (ensemble.identity.name, ensemble.identity.version) == ("hand", "1.2.3")
    assert ensemble.calibration.half_width_months(Sex.FEMALE) == pytest.approx(9.0, abs=0.25)
    assert ensemble.calibration.half_width_months(Sex.MALE) == pytest.approx(18.0, abs=0.45)
    assert {path.name for path in tmp_path.iterdir()} == {"hand-1.2.3"}


def test_the_manifest_and_the_card_tell_terms_range_and_errors(member: Packed, tmp_path: Path) -> None:
    folder = write_bundle(member, name="hand", version="1", folder=tmp_path)
    manifest = json.loads((folder / "bundle.json").read_text())
    card = (folder / "MODEL_CARD.md").read_text()
    assert manifest["validated_range_months"] == [20, 210]
    assert manifest["metrics"]["val"]["M"]["mae"] == pytest.approx(10.1, abs=0.1)
    assert manifest["metrics"]["val"]["F"]["mae_low"] < 5.05 < manifest["metrics"]["val"]["F"]["mae_high"]
    for text in (manifest["licence"], manifest["citation"], "Limits", "| all | 202 |"):
        assert text in card


def test_a_network_that_needs_no_sex_brings_residuals_for_sex_unknown(member: Packed, tmp_path: Path) -> None:
    free = dataclasses.replace(member, sex_required=False, weights=mean_grey(tmp_path / "free.onnx", member.preparation.size))
    folder = write_bundle(free, name="hand", version="1", folder=tmp_path / "bundles")
    found = load_bundle(folder).estimate(np.full((300, 300), 50, np.uint8), None)
    assert found.sex_used is None
    assert found.interval_months[1] - found.bone_age_months == pytest.approx(16.2, abs=0.5)


def mean_grey(target: Path, size: int) -> Path:
    """Write a network without sex that answers the mean grey value."""
    onnx = pytest.importorskip("onnx", reason="needs the export extra (onnx)")
    make, kind = onnx.helper, onnx.TensorProto
    nodes = [
        make.make_node("Cast", ["image"], ["grey"], to=kind.FLOAT),
        make.make_node("ReduceMean", ["grey", "axes"], ["mean"], keepdims=0),
        make.make_node("Unsqueeze", ["mean", "one"], ["bone_age_months"]),
        make.make_node("ReduceMean", ["grey", "last"], ["saliency"], keepdims=0),
    ]
    constants = [
        make.make_tensor(name, kind.INT64, [len(values)], values) for name, values in (("axes", [1, 2, 3]), ("one", [1]), ("last", [3]))
    ]
    takes = [make.make_tensor_value_info("image", kind.UINT8, ["n", size, size, 1])]
    gives = [
        make.make_tensor_value_info("bone_age_months", kind.FLOAT, ["n", 1]),
        make.make_tensor_value_info("saliency", kind.FLOAT, ["n", size, size]),
    ]
    graph = make.make_graph(nodes, "mean_grey", takes, gives, constants)
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=10), target)
    return target


def test_a_version_is_never_rewritten(member: Packed, tmp_path: Path) -> None:
    write_bundle(member, name="hand", version="1", folder=tmp_path)
    with pytest.raises(FileExistsError, match="hand-1"):
        write_bundle(member, name="hand", version="1", folder=tmp_path)


def test_a_packing_that_fails_leaves_nothing(member: Packed, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle(dataclasses.replace(member, weights=tmp_path / "gone.onnx"), name="hand", version="1", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit_their_description_are_not_packed(member: Packed, tmp_path: Path) -> None:
    other = dataclasses.replace(member, preparation=dataclasses.replace(member.preparation, size=96))
    with pytest.raises(BundleError, match="takes"):
        write_bundle(other, name="hand", version="1", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
