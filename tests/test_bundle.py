from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from baa_node import networks
from baa_node.bundle import CPU, CUDA, MANIFEST, SUMS, default_bundle, list_bundles, load_bundle, verify_bundle
from baa_node.core.frame.detection import view_of
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError, ConfigError

PIXELS = np.random.default_rng(5).integers(0, 256, (400, 300), np.uint8)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped bundle that a test may damage."""
    return Path(shutil.copytree(default_bundle(), tmp_path / default_bundle().name))


def resealed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change the manifest and write sums that fit, as a careless packer would."""
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    names = sorted(file.name for file in folder.iterdir() if file.name != SUMS)
    (folder / SUMS).write_text("".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names))
    return folder


def test_the_shipped_bundle_reads_a_picture() -> None:
    ensemble = load_bundle(default_bundle(), providers=[CPU], threads=1)
    found = ensemble.estimate(PIXELS, Sex.FEMALE)
    assert np.isfinite(found.bone_age_months)
    assert found.interval_months[0] < found.bone_age_months < found.interval_months[1]
    assert 0 <= found.saliency.min() <= found.saliency.max() <= 1
    assert found.provider == CPU
    assert found.bundle == ensemble.identity == verify_bundle(default_bundle())


def test_the_sex_changes_the_value() -> None:
    ensemble = load_bundle(default_bundle(), providers=[CPU])
    assert ensemble.estimate(PIXELS, Sex.FEMALE).bone_age_months != ensemble.estimate(PIXELS, Sex.MALE).bone_age_months


def test_how_threads_share_the_work_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    told = load_bundle(default_bundle(), providers=[CPU], threads=2).estimate(PIXELS, Sex.MALE)
    monkeypatch.setattr(networks, "THREAD_MANNERS", {})
    as_it_comes = load_bundle(default_bundle(), providers=[CPU], threads=2).estimate(PIXELS, Sex.MALE)
    assert told.bone_age_months == as_it_comes.bone_age_months
    assert np.array_equal(told.saliency, as_it_comes.saliency)


def test_threads_sleep_while_there_is_nothing_to_do() -> None:
    session = networks.started((default_bundle() / "detector.onnx").read_bytes(), "detector", [CPU], 2)
    assert session.get_session_options().get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_equal_pixels_give_equal_values_on_any_number_of_threads() -> None:
    one, two = (load_bundle(default_bundle(), providers=[CPU], threads=threads).estimate(PIXELS, Sex.MALE) for threads in (1, 2))
    assert one.bone_age_months == pytest.approx(two.bone_age_months, abs=1e-3)


def test_the_identity_is_the_sum_of_the_manifest() -> None:
    assert verify_bundle(default_bundle()).sha256 == hashlib.sha256((default_bundle() / MANIFEST).read_bytes()).hexdigest()


def test_the_manifest_says_what_the_reader_of_a_report_may_ask() -> None:
    manifest = json.loads((default_bundle() / MANIFEST).read_text())
    assert manifest["output_unit"] == "month"
    assert {"F", "M"} <= manifest["calibration"]["residuals_months"].keys()
    mae = manifest["metrics"]["val"]["all"]["mae"]
    assert mae["low"] < mae["value"] < mae["high"]
    assert manifest["metrics"]["val_by_member"].keys() == {member["name"] for member in manifest["members"]}
    assert sum(member["weight"] for member in manifest["members"]) == pytest.approx(1)
    assert "non-commercial" in manifest["licence"]
    assert "Radiology 2019" in manifest["citation"]
    as_the_training_images_were_made = {"raster_filter": "bilinear", "raster_quality": 80}
    for member in manifest["members"]:
        learnt = manifest["training"][member["name"]]["recipe"]["preparation"]
        assert {**learnt, **as_the_training_images_were_made} == member["preprocessing"]


def test_every_byte_counts(copied: Path) -> None:
    for file in [path for path in copied.iterdir() if path.name != SUMS]:
        whole = file.read_bytes()
        changed = bytearray(whole)
        changed[len(changed) // 2] ^= 1
        file.write_bytes(changed)
        with pytest.raises(BundleError, match=rf"{copied.name}/{file.name} was changed"):
            load_bundle(copied)
        file.write_bytes(whole)
    assert verify_bundle(copied)


def test_a_missing_file_is_named(copied: Path) -> None:
    for file in list(copied.iterdir()):
        kept = file.read_bytes()
        file.unlink()
        with pytest.raises(BundleError, match=file.name):
            load_bundle(copied)
        file.write_bytes(kept)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=SUMS):
        verify_bundle(tmp_path)


def test_a_manifest_left_out_of_the_sums_is_refused(copied: Path) -> None:
    lines = (copied / SUMS).read_text().splitlines(keepends=True)
    (copied / SUMS).write_text("".join(line for line in lines if MANIFEST not in line))
    with pytest.raises(BundleError, match="does not list"):
        verify_bundle(copied)


def test_sums_that_reach_outside_the_folder_are_refused(copied: Path) -> None:
    (copied / SUMS).write_text(f"{'0' * 64}  ../{copied.name}/bundle.json\n")
    with pytest.raises(BundleError, match="line 1"):
        verify_bundle(copied)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda manifest: manifest["members"][0]["preprocessing"].update(variant="squint"), "squint"),
        (lambda manifest: manifest["members"][0]["preprocessing"].pop("clip"), "clip"),
        (lambda manifest: manifest["members"][0]["preprocessing"].update(size=128), "takes"),
        (lambda manifest: manifest["members"][0].update(sha256="0" * 64), "another SHA-256"),
        (lambda manifest: manifest["members"][0].update(file="../elsewhere.onnx"), "elsewhere"),
        (lambda manifest: manifest["members"][0].update(sex_required=False), "takes"),
        (lambda manifest: manifest["members"][0].update(weight=0), "weight"),
        (lambda manifest: manifest["members"][0].update(weight=-1), "weight"),
        (lambda manifest: manifest["calibration"].pop("estimates_months"), "estimates"),
        (lambda manifest: manifest["calibration"]["estimates_months"]["F"].pop(), "as many estimates"),
        (lambda manifest: manifest.update(disagreement_months="much"), "disagreement"),
        (lambda manifest: manifest["members"][0].pop("weight"), "weight"),
        (lambda manifest: manifest["calibration"]["residuals_months"].pop("M"), "sex M"),
        (lambda manifest: manifest.pop("calibration"), "calibration"),
        (lambda manifest: manifest["detector"].update(sha256="0" * 64), "another SHA-256"),
        (lambda manifest: manifest["detector"].update(classes=["one_hand", "foot"]), "hands"),
        (lambda manifest: manifest["detector"].update(classes=["one_hand"]), "hands"),
        (lambda manifest: manifest["detector"].update(file="vgg11_sex_fine.onnx"), "vgg11_sex_fine|sees hands"),
        (lambda manifest: manifest.update(detector=None), "None has another"),
        (lambda manifest: manifest.update(validated_range_months=[228, 6]), "no range"),
        (lambda manifest: manifest.update(members=[]), "no members"),
        (lambda manifest: manifest.update(members=["vgg"]), "vgg"),
        (lambda manifest: manifest.update(format=2), "format"),
        (lambda manifest: manifest.pop("version"), "version"),
    ],
)
def test_a_manifest_that_fits_its_sums_but_not_its_members_is_refused(
    copied: Path, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    with pytest.raises(BundleError, match=named):
        load_bundle(resealed(copied, change), providers=[CPU])


def test_a_member_that_is_no_network_is_refused(copied: Path) -> None:
    manifest = json.loads((copied / MANIFEST).read_text())
    weights = copied / manifest["members"][0]["file"]
    weights.write_bytes(b"not a network")
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    with pytest.raises(BundleError, match="ONNX Runtime"):
        load_bundle(resealed(copied, lambda manifest: manifest["members"][0].update(sha256=sha256)), providers=[CPU])


def test_an_unknown_provider_is_a_setting_to_correct() -> None:
    with pytest.raises(ConfigError, match="AbacusExecutionProvider"):
        load_bundle(default_bundle(), providers=["AbacusExecutionProvider"])


@pytest.mark.skipif(CUDA not in onnxruntime.get_available_providers(), reason="this ONNX Runtime was built without CUDA")
def test_the_provider_is_the_one_that_runs_not_the_one_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    ensemble = load_bundle(default_bundle(), providers=[CUDA])
    capfd.readouterr()
    found = ensemble.estimate(PIXELS, Sex.MALE)
    assert found.provider == (CUDA if Path("/dev/nvidia0").exists() and ensemble.provider == CUDA else CPU)
    on_cpu = load_bundle(default_bundle(), providers=[CPU]).estimate(PIXELS, Sex.MALE)
    assert found.bone_age_months == pytest.approx(on_cpu.bone_age_months, abs=0.05)


def test_two_members_vote_by_weight(copied: Path) -> None:
    def again(manifest: dict[str, Any]) -> None:
        first = manifest["members"][0]
        manifest["members"] = [{**first, "weight": 1.0}, {**first, "name": "again", "weight": 3.0}]

    alone = load_bundle(copied, providers=[CPU]).estimate(PIXELS, Sex.MALE)
    found = load_bundle(resealed(copied, again), providers=[CPU]).estimate(PIXELS, Sex.MALE)
    first = next(iter(alone.members))
    assert found.members == pytest.approx({first: alone.members[first], "again": alone.members[first]})
    assert found.spread_months == 0
    assert found.bone_age_months == pytest.approx(alone.members[first])


def test_the_pooled_value_of_the_shipped_bundle_is_the_weighted_mean_of_its_members() -> None:
    manifest = json.loads((default_bundle() / MANIFEST).read_text())
    found = load_bundle(default_bundle(), providers=[CPU]).estimate(PIXELS, Sex.FEMALE)
    weights = {member["name"]: member["weight"] for member in manifest["members"] if member["weight"]}
    assert found.members.keys() == weights.keys()
    assert found.bone_age_months == pytest.approx(sum(weights[name] * months for name, months in found.members.items()), abs=1e-3)


def test_the_newest_version_is_the_default(tmp_path: Path) -> None:
    for name in ("hand-0.9.0", "hand-0.10.0", "hand-0.2.1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text("{}")
    assert [path.name for path in list_bundles(tmp_path)] == ["hand-0.2.1", "hand-0.9.0", "hand-0.10.0"]
    assert default_bundle() == list_bundles()[-1]


def test_a_bundle_without_a_detector_still_reads(copied: Path) -> None:
    older = resealed(copied, lambda manifest: manifest.pop("detector"))
    ensemble = load_bundle(older, providers=[CPU])
    assert ensemble.detector is None
    assert np.isfinite(ensemble.estimate(PIXELS, Sex.FEMALE).bone_age_months)


def test_the_detector_ships_small_and_takes_noise_for_no_hand() -> None:
    manifest = json.loads((default_bundle() / MANIFEST).read_text())
    assert manifest["detector"]["parameters"] <= 300_000
    assert (default_bundle() / manifest["detector"]["file"]).stat().st_size < 1_500_000
    detector = load_bundle(default_bundle(), providers=[CPU]).detector
    assert detector is not None
    seen = detector(view_of(PIXELS))
    assert sum(seen.shares.values()) == pytest.approx(1, abs=1e-5)
    assert seen.one_hand < 0.5


def test_the_range_that_was_validated_comes_with_the_bundle() -> None:
    ensemble = load_bundle(default_bundle(), providers=[CPU])
    manifest = json.loads((default_bundle() / MANIFEST).read_text())
    assert ensemble.validated_range_months == tuple(manifest["validated_range_months"])
    assert ensemble.estimate(PIXELS, Sex.FEMALE).validated_range_months == ensemble.validated_range_months
