from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.preprocess import Preparation
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError
from export.former import Former
from export.write_bundle import Packed, Pooled, pack, write_bundle
from train.scores import Predictions, write_predictions


@pytest.fixture
def invented() -> Predictions:
    """Girls off by up to 10 months, boys by up to 20."""
    residual = np.concatenate([np.linspace(-10, 10, 101), np.linspace(-20, 20, 101)])
    label = np.linspace(20, 210, residual.size)
    ids = tuple(str(index) for index in range(residual.size))
    return Predictions(ids=ids, male=np.repeat([0.0, 1.0], 101), label=label, estimate=label + residual)


@pytest.fixture
def member(invented: Predictions) -> Packed:
    """A network of the shipped bundle."""
    manifest = json.loads((default_bundle() / "bundle.json").read_text())
    entry = next(one for one in manifest["members"] if one["sex_required"])
    return Packed(
        name="first",
        architecture=entry["architecture"],
        weights=default_bundle() / entry["file"],
        preparation=Preparation.from_json(entry["preprocessing"]),
        sex_required=True,
        mirrored=False,
        validation=invented,
        training={"radiographs": 1000, "phantoms": 10, "epochs": 3, "minutes": 12.0, "recipe": {"width": 0.5}},
    )


@pytest.fixture
def pooled(invented: Predictions) -> Pooled:
    return Pooled(validation=invented, phantoms=invented)


def test_what_was_packed_can_be_loaded_and_carries_its_interval(member: Packed, pooled: Pooled, tmp_path: Path) -> None:
    folder = write_bundle([member], pooled, name="hand", version="1.2.3", folder=tmp_path)
    ensemble = load_bundle(folder, providers=["CPUExecutionProvider"])
    assert folder.name == "hand-1.2.3"
    assert (ensemble.identity.name, ensemble.identity.version) == ("hand", "1.2.3")
    assert ensemble.calibration.half_width_months(Sex.FEMALE) == pytest.approx(9.0, abs=0.25)
    assert ensemble.calibration.half_width_months(Sex.MALE) == pytest.approx(18.0, abs=0.45)
    assert {path.name for path in tmp_path.iterdir()} == {"hand-1.2.3"}


def test_the_manifest_and_the_card_tell_terms_range_and_errors(member: Packed, pooled: Pooled, tmp_path: Path) -> None:
    folder = write_bundle([member], pooled, name="hand", version="1", folder=tmp_path)
    manifest = json.loads((folder / "bundle.json").read_text())
    card = (folder / "MODEL_CARD.md").read_text()
    assert manifest["validated_range_months"] == [20, 210]
    assert manifest["metrics"]["val"]["M"]["mae"]["value"] == pytest.approx(10.1, abs=0.1)
    assert manifest["metrics"]["val"]["F"]["mae"]["low"] < 5.05 < manifest["metrics"]["val"]["F"]["mae"]["high"]
    for text in (manifest["licence"], manifest["citation"], "Limits", "| all | 202 |", "The sex must be known.", "| 0.5 |"):
        assert text in card


def test_an_ensemble_votes_by_its_weights_and_a_spare_member_reads_without_sex(
    member: Packed, pooled: Pooled, invented: Predictions, tmp_path: Path
) -> None:
    again = tmp_path / "again.onnx"
    again.write_bytes(member.weights.read_bytes())
    grey = mean_grey(tmp_path / "grey.onnx", member.preparation.size)
    members = [
        dataclasses.replace(member, weight=0.75),
        dataclasses.replace(member, name="second", weights=again, weight=0.25),
        dataclasses.replace(member, name="grey", weights=grey, sex_required=False, weight=0.0, weight_without_sex=1.0),
    ]
    together = dataclasses.replace(
        pooled,
        without_sex=invented,
        disagreement={"limit_months": 4.5, "mae_flagged": 12.0, "mae_others": 6.0},
        coverage={"F": 0.91, "M": 0.9},
    )
    folder = write_bundle(members, together, name="hand", version="2", folder=tmp_path / "bundles")
    ensemble = load_bundle(folder, providers=["CPUExecutionProvider"])
    pixels = np.full((300, 300), 50, np.uint8)
    informed, blind = ensemble.estimate(pixels, Sex.MALE), ensemble.estimate(pixels, None)
    assert list(informed.members) == ["first", "second"]
    assert informed.disagreement_months == 4.5
    assert list(blind.members) == ["grey"]
    assert blind.sex_used is None
    assert blind.interval_months[1] - blind.bone_age_months == pytest.approx(16.2, abs=2.5)
    card = (folder / "MODEL_CARD.md").read_text()
    for text in ("| second |", "Without the sex: MAE", "above 4.5 months", "F 91.0%", "- unknown: below"):
        assert text in card


def test_a_bundle_too_large_for_the_repository_is_not_packed(member: Packed, pooled: Pooled, tmp_path: Path) -> None:
    large = tmp_path / "large.onnx"
    with large.open("wb") as weights:
        weights.truncate(60_000_001)
    with pytest.raises(ValueError, match="60 MB"):
        write_bundle([dataclasses.replace(member, weights=large)], pooled, name="hand", version="1", folder=tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()


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


def test_a_version_is_never_rewritten(member: Packed, pooled: Pooled, tmp_path: Path) -> None:
    write_bundle([member], pooled, name="hand", version="1", folder=tmp_path)
    with pytest.raises(FileExistsError, match="hand-1"):
        write_bundle([member], pooled, name="hand", version="1", folder=tmp_path)


def test_a_packing_that_fails_leaves_nothing(member: Packed, pooled: Pooled, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_bundle([dataclasses.replace(member, weights=tmp_path / "gone.onnx")], pooled, name="hand", version="1", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit_their_description_are_not_packed(member: Packed, pooled: Pooled, tmp_path: Path) -> None:
    other = dataclasses.replace(member, preparation=dataclasses.replace(member.preparation, size=96))
    with pytest.raises(BundleError, match="takes"):
        write_bundle([other], pooled, name="hand", version="1", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_member_that_sees_masked_hands_brings_its_mask(pooled: Pooled, invented: Predictions, tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="needs the export extra (TensorFlow)")
    from baa_node.core.preprocess import MASK_SIDE, UNET_EDGES
    from export.mask import to_mask_onnx
    from train.models.zerari import unet

    keras.utils.set_random_seed(1)
    to_mask_onnx(unet(MASK_SIDE, 0.02), tmp_path / "mask.onnx", np.zeros((1, MASK_SIDE, MASK_SIDE, 1), np.uint8))
    cut_out = Packed(
        name="cut_out",
        architecture="vgg_elu",
        weights=mean_grey(tmp_path / "cut_out.onnx", 256),
        preparation=UNET_EDGES,
        sex_required=False,
        mirrored=False,
        validation=invented,
        training={"radiographs": 1000, "phantoms": 10, "epochs": 3, "minutes": 12.0},
        weight_without_sex=1.0,
    )
    known = dataclasses.replace(pooled, without_sex=invented)
    with pytest.raises(BundleError, match="no network that masks"):
        write_bundle([cut_out], known, name="hand", version="1", folder=tmp_path / "bundles")
    folder = write_bundle([cut_out], known, name="hand", version="1", folder=tmp_path / "bundles", masker=tmp_path / "mask.onnx")
    found = load_bundle(folder, providers=["CPUExecutionProvider"]).estimate(np.full((300, 200), 90, np.uint8), None)
    assert 0 <= found.bone_age_months <= 255
    (folder / "mask.onnx").write_bytes(b"changed")
    with pytest.raises(BundleError, match=r"mask\.onnx was changed"):
        load_bundle(folder)


def test_networks_of_a_former_bundle_are_taken_byte_for_byte(invented: Predictions, tmp_path: Path) -> None:
    former, folder = default_bundle(), tmp_path / "bundles"
    before = json.loads((former / "bundle.json").read_text())
    results = tmp_path / "results"
    results.mkdir()
    names = [one["name"] for one in before["members"] if one["sex_required"]]
    for name in (*names, "both"):
        write_predictions(invented, results / f"{name}-val-mirrored.csv")
    write_predictions(invented, results / "both-phantoms-mirrored.csv")
    (results / "both.json").write_text(json.dumps({"members": dict.fromkeys(names, 0.5)}))
    nobody = tmp_path / "runs"
    packed = pack("both", name="hand", version="2", runs=nobody, results=results, folder=folder, images=unasked, former=Former(former))
    after = json.loads((packed / "bundle.json").read_text())
    assert [one["name"] for one in after["members"]] == names
    for now, then in zip(after["members"], (one for one in before["members"] if one["sex_required"]), strict=True):
        assert now == {**then, "weight": 0.5}
        assert (packed / now["file"]).read_bytes() == (former / then["file"]).read_bytes()
        assert after["training"][now["name"]] == before["training"][then["name"]]
    assert after["detector"] == before["detector"]


def test_networks_of_a_former_bundle_may_see_frames_as_the_training_images_were_made(
    member: Packed, pooled: Pooled, tmp_path: Path
) -> None:
    plain = dataclasses.replace(member.preparation, raster_filter="area", raster_quality=0)
    folder = write_bundle([dataclasses.replace(member, preparation=plain)], pooled, name="hand", version="1", folder=tmp_path)
    assert Former(folder).member("first")["preparation"] == plain
    assert Former(folder, training_raster=True).member("first")["preparation"] == dataclasses.replace(
        plain, raster_filter="bilinear", raster_quality=80
    )
    assert "JPEG" not in (folder / "MODEL_CARD.md").read_text()
    again = write_bundle([member], pooled, name="hand", version="2", folder=tmp_path)
    assert "JPEG image of 299 × 299 pixels, quality 80" in (again / "MODEL_CARD.md").read_text()


def test_a_former_bundle_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(default_bundle(), tmp_path / "changed-1"))
    (folder / "MODEL_CARD.md").write_text("better than it is")
    with pytest.raises(BundleError, match=r"MODEL_CARD\.md"):
        Former(folder)


def unasked(preparation: Preparation) -> NDArray[np.uint8]:
    raise AssertionError(f"nothing is exported here, and nothing prepared as {preparation.variant}")
