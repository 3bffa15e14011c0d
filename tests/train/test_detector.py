"""The detector's workshop: every kind draws, a small detector learns, and what is exported says the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the export extra")

from baa_node.bundle import CPU, MANIFEST, default_bundle, load_bundle, verify_bundle
from baa_node.core.frame.detection import VIEW_SIDE, Seen, view_of
from baa_node.networks import DetectorNetwork
from export.detector import to_detector_onnx
from export.seal import CARD, add_detector
from tests.parts.looks import enlarged, square_hand
from tests.test_bundle import copied
from train.detector import told
from train.detector.canvas import SIDE
from train.detector.held_out import HeldOut, sights, store
from train.detector.kinds import HELD_OUT, KINDS, Kind
from train.detector.learn import Taught, taught
from train.detector.material import Frames, turned
from train.detector.variants import Hand, cut_off, framed, several

__all__ = ["copied"]


@pytest.fixture(scope="module")
def hands() -> list[Hand]:
    return [square_hand(seed) for seed in (1, 3, 4)]


@pytest.fixture(scope="module")
def material(hands: list[Hand]) -> Frames:
    views, kinds = [], []
    for index, kind in enumerate(KINDS):
        rng = np.random.default_rng(index)
        for _ in range(120 if kind.seen is Seen.ONE_HAND else 5):
            views.append(view_of(kind.make(hands, rng)))
            kinds.append(index)
    return Frames(views=np.stack(views)[..., np.newaxis], kinds=np.array(kinds, np.int16))


@pytest.fixture(scope="module")
def small(material: Frames) -> Taught:
    return taught(material, epochs=20, batch=8, precision="float32")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_draws_frames_that_differ_and_come_again(kind: Kind, hands: list[Hand]) -> None:
    first, second = (turned(kind, kind.make(hands, rng), rng) for rng in (np.random.default_rng(seed) for seed in (1, 2)))
    again = np.random.default_rng(1)
    assert first.shape == second.shape == (SIDE, SIDE)
    assert first.dtype == np.uint8
    assert not np.array_equal(first, second)
    assert np.array_equal(first, turned(kind, kind.make(hands, again), again))


def test_every_drawn_kind_of_non_hand_is_left_out_once() -> None:
    drawn = [kind.group for kind in KINDS if kind.seen is Seen.NO_HAND]
    left_out = [group for groups in HELD_OUT for group in groups]
    assert sorted(left_out) == sorted(set(drawn))


def test_what_is_cut_off_is_really_off(hands: list[Hand]) -> None:
    """No two cuts leave the frame as it was, and none keeps fingers, sides and wrist."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        assert np.abs(cut_off(hands[0], rng).astype(int) - hands[0].frame).mean() > 10


def test_a_frame_of_two_hands_holds_both(hands: list[Hand]) -> None:
    shown = several(hands[0], hands[1], np.random.default_rng(1))
    halves = shown[:, : SIDE // 2].mean(), shown[:, SIDE // 2 :].mean()
    assert min(halves) > 0.6 * max(halves)


def test_groups_are_left_out_and_chosen(material: Frames) -> None:
    without, only = material.without(["limbs"]), material.only(["limbs"])
    assert len(without.views) + len(only.views) == len(material.views)
    assert {KINDS[index].group for index in only.kinds} == {"limbs"}


def test_it_learns_to_tell_a_hand_from_the_rest(small: Taught, material: Frames, hands: list[Hand]) -> None:
    rng = np.random.default_rng(77)
    good = sights(small, [framed(hands[0], rng) for _ in range(12)])
    other = sights(small, [enlarged(np.squeeze(view)) for view in material.only(["screens", "textures"]).views[::3]])
    assert np.mean([seen.one_hand for seen in good]) > np.mean([seen.one_hand for seen in other]) + 0.3
    assert np.median([seen.distance for seen in good]) < np.median([seen.distance for seen in other])


@pytest.fixture(scope="module")
def exported(small: Taught, material: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("detector") / "detector.onnx"
    assert to_detector_onnx(small, target, material.views[:40]) < 1e-3
    training = {"frames": 10, "radiographs": 0, "drawn_hands": 3, "epochs": 12, "minutes": 1.0}
    target.with_suffix(".json").write_text(json.dumps({"classes": [seen.word for seen in Seen], "parameters": 1, "training": training}))
    return target


def test_the_exported_network_sees_the_same(small: Taught, exported: Path, hands: list[Hand]) -> None:
    frame = enlarged(hands[0].frame)
    ours = DetectorNetwork(exported.read_bytes(), [seen.word for seen in Seen])(view_of(frame))
    (theirs,) = sights(small, [frame])
    assert ours.shares == pytest.approx(dict(theirs.shares), abs=1e-3)
    assert ours.distance == pytest.approx(theirs.distance, rel=1e-3)
    assert view_of(frame).shape == (VIEW_SIDE, VIEW_SIDE)


def test_a_bundle_gets_another_detector_and_only_that(copied: Path, exported: Path) -> None:
    before = json.loads((copied / MANIFEST).read_text())
    add_detector(copied, exported)
    after = json.loads((copied / MANIFEST).read_text())
    assert after.pop("detector")["sha256"] != before.pop("detector")["sha256"]
    assert after == before
    assert load_bundle(copied, providers=[CPU]).detector is not None
    assert verify_bundle(copied) != verify_bundle(default_bundle())
    assert (copied / CARD).read_text().count("## What sees whether there is a hand") == 1
    assert {path.name for path in copied.parent.iterdir()} == {copied.name}


def test_results_tell_what_was_measured(tmp_path: Path) -> None:
    assert told.section(tmp_path) == ""
    hands = {
        "n": 1262, "read": 1255, "refused": {"BAA101": 7}, "lost_by_each_gate_alone": {"detector": 3, "outline": 7, "estimate": 0},
        "read_twice": 7, "least": {"clarity": 47.6, "grey_levels": 21}, "lost_at": {"min_one_hand": {"0.5": 3, "0.9": 40}},
    }  # fmt: skip
    rows = [
        {"group": "limbs", "kind": kind, "n": 30, "numbers": 0, "by_detector_alone": 1, "by_outline_alone": 4} for kind in ("foot", "knee")
    ]
    (tmp_path / told.FILE).write_text(json.dumps({"bundle": "hands 1", "hands": hands, "non_hands": rows}))
    store([HeldOut(kind="foot", group="limbs", frames=30, detector=2, both=1)], tmp_path)
    with (tmp_path / told.HELD_OUT).open(newline="") as file:
        assert [row["kind"] for row in csv.DictReader(file)] == ["foot"]
    section = told.section(tmp_path)
    assert "1,255\n(99.4%)" in section
    assert "| limbs | foot, knee | 60 | 0 | 2 | 8 |" in section
    assert "| limbs | 30 | 2 | 1 | foot 1 |" in section
    assert "0.5: 3, 0.9: 40" in section
    assert "Of 7 a few grey levels decide the crop" in section
