"""The U-Net that teaches itself: which masks are good, that it learns, and that a round done is not done again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from train.segment import picture
from train.segment.masks import contours, judged, judged_contour, overlap
from train.segment.material import draw
from train.segment.rounds import Material, learn, predicted, rounds


@pytest.fixture(scope="module")
def material() -> Material:
    images, truth = draw(24, seed=3)
    unseen, truth_unseen = draw(6, seed=4)
    return Material(
        drawn=images, truth=truth, drawn_unseen=unseen, truth_unseen=truth_unseen, real=images[:8], real_unseen=unseen
    )  # drawn hands stand in for radiographs


def test_the_mask_of_a_drawn_hand_is_good(material: Material) -> None:
    certain = material.truth.astype(np.float32)
    good = [judged(one, one).good for one in certain]
    assert np.mean(good) > 0.8


@pytest.mark.parametrize("spoilt", ["everything", "nothing", "in two", "half", "unsure", "at odds"])
def test_a_mask_that_is_not_good_is_not_learnt_from(material: Material, spoilt: str) -> None:
    likely = next(one for one in material.truth.astype(np.float32) if judged(one, one).good)
    other = likely.copy()
    if spoilt == "everything":
        likely = other = np.ones_like(likely)
    elif spoilt == "nothing":
        likely = other = np.zeros_like(likely)
    elif spoilt == "in two":
        likely[56:72] = other[56:72] = 0
    elif spoilt == "half":
        likely[:64] = other[:64] = 0
    elif spoilt == "unsure":
        likely = other = 0.3 + 0.4 * likely
    else:
        other = np.roll(other, 6, axis=1)
    assert not judged(likely, other).good


def test_overlap_is_intersection_over_union() -> None:
    one, other = np.zeros((2, 4, 4), bool)
    assert overlap(one, other) == 1
    one[:2], other[1:3] = True, True
    assert overlap(one, other) == pytest.approx(1 / 3)


def test_the_contour_of_a_drawn_hand_is_about_the_hand(material: Material) -> None:
    found = contours(material.drawn)
    good = [overlap(mask, truth) for mask, truth in zip(found, material.truth, strict=True) if judged_contour(mask).good]
    assert len(good) >= 5
    assert np.median(good) > 0.7  # the contour runs along the skin, at some distance from the bones


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras while it saves
def test_rounds_learn_and_go_on_where_they_were_cut_off(material: Material, tmp_path: Path) -> None:
    from train.models.zerari import unet

    fresh = unet(128, 0.125)
    before = learn(fresh, material.drawn, material.truth, steps=1, seed=0)[0]
    first = list(rounds(material, tmp_path, last=1, first_steps=120, steps=5))
    assert [each.number for each in first] == [0, 1]
    fresh.load_weights(tmp_path / "round-0.weights.h5")
    after = learn(fresh, material.drawn, material.truth, steps=1, seed=0)[0]
    assert after < 0.7 * before
    assert first[0].overlap_drawn > 0.6
    kept = (tmp_path / "round-1.weights.h5").stat().st_mtime_ns
    again = list(rounds(dataclasses.replace(material), tmp_path, last=1))
    assert again == first
    assert (tmp_path / "round-1.weights.h5").stat().st_mtime_ns == kept


def test_the_picture_has_a_row_an_image_and_a_column_a_round(material: Material, tmp_path: Path) -> None:
    import cv2

    likely = [material.truth_unseen[:2].astype(np.float32)] * 3
    picture.draw(material.drawn_unseen[:2], likely, ["a", "b", "c"], tmp_path / "masks.png")
    drawn = cv2.imread(str(tmp_path / "masks.png"))
    assert drawn.shape == (28 + 2 * 256, 3 * 256, 3)
    amber = (np.abs(drawn.astype(int) - (60, 190, 255)).max(axis=2) < 30).sum()
    assert amber > 1000


def test_the_exported_network_is_the_masker_of_unet_edges(tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx", reason="needs the export extra")
    from baa_node.bundle import MaskNetwork
    from baa_node.errors import BundleError
    from export.mask import to_mask_onnx
    from train.models.zerari import unet

    model = unet(128, 0.125)
    images = np.random.default_rng(1).integers(0, 256, (17, 128, 128, 1), np.uint8)
    assert to_mask_onnx(model, tmp_path / "mask.onnx", images) < 1e-4
    masker = MaskNetwork((tmp_path / "mask.onnx").read_bytes())
    np.testing.assert_allclose(masker(images[3, :, :, 0]), predicted(model, images[3:4])[0], atol=1e-4)
    to_mask_onnx(unet(64, 0.125), tmp_path / "small.onnx", images[:, :64, :64])
    with pytest.raises(BundleError, match="takes"):
        MaskNetwork((tmp_path / "small.onnx").read_bytes())
