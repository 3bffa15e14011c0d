from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from baa_node.core.preprocess import (
    ESPINAL,
    ESPINAL_RASTER,
    MASK_SIDE,
    PAD,
    RESIZE,
    SOUZA,
    UNET_EDGES,
    Frame,
    Preparation,
    hand_mask,
    prepare,
    second_view,
    segment_box,
    segment_mask,
)
from baa_node.errors import BundleError

EVERY = (ESPINAL, PAD, RESIZE, SOUZA, UNET_EDGES, ESPINAL_RASTER)


def bright_patch(height: int, width: int, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Noise around 20 with a patch around 180 at (top, left, height, width)."""
    pixels = np.random.default_rng(3).normal(20, 4, (height, width))
    top, left, tall, wide = box
    pixels[top : top + tall, left : left + wide] += 160
    return np.clip(pixels, 0, 255).astype(np.uint8)


def bright(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Stands in for the U-Net."""
    assert pixels.shape == (MASK_SIDE, MASK_SIDE)
    return (pixels > 100).astype(np.float32)


def edges(box: tuple[int, int, int, int]) -> NDArray[np.int64]:
    return np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]])


def test_the_box_surrounds_the_bright_region() -> None:
    box = segment_box(bright_patch(900, 700, (200, 150, 500, 300)))
    assert np.abs(edges(box) - edges((200, 150, 500, 300))).max() < 40  # the blur alone is worth 36 px


def test_a_region_of_less_than_a_tenth_keeps_the_whole_frame() -> None:
    assert segment_box(bright_patch(900, 700, (100, 100, 180, 180))) == (0, 0, 900, 700)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_frame_of_one_grey_keeps_the_whole_frame(grey: int) -> None:
    assert segment_box(np.full((800, 640), grey, np.uint8)) == (0, 0, 800, 640)


def test_the_fast_box_stays_within_three_pixels_of_the_full_computation(shared_data: Path) -> None:
    files = sorted((shared_data / "originals").glob("*.jpg"))
    assert len(files) == 40
    off = {}
    for file in files:
        pixels = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8)
        off[file.stem] = np.abs(edges(segment_box(pixels)) - edges(segment_box(pixels, reduce=False))).max()
    assert {name: moved for name, moved in off.items() if moved > 3} == {}


def test_espinal_is_the_text_of_the_paper_step_by_step() -> None:
    pixels = bright_patch(500, 400, (100, 80, 330, 200))
    top, left, height, width = segment_box(pixels, reduce=False)
    crop = cv2.createCLAHE(clipLimit=2.5, tileGridSize=(50, 50)).apply(
        np.ascontiguousarray(pixels[top : top + height, left : left + width])
    )
    before = (height - width) // 2
    square = cv2.copyMakeBorder(crop, 0, 0, before, height - width - before, cv2.BORDER_CONSTANT, value=0)
    expected = cv2.resize(square, (250, 250), interpolation=cv2.INTER_AREA)
    found = prepare(pixels, ESPINAL)
    assert height > width
    np.testing.assert_array_equal(found.image[:, :, 0], expected)
    assert found.crop == (top, left - before, height, height)


def test_resize_shows_the_whole_frame_and_gives_up_its_shape() -> None:
    left_bright = np.repeat(np.repeat([[200, 0]], 400, axis=0), 100, axis=1).astype(np.uint8)
    found = prepare(left_bright, RESIZE)
    assert found.image.shape == (256, 256, 1)
    assert found.crop == (0, 0, 400, 200)
    assert (found.image[:, :127] == 200).all()
    assert (found.image[:, 129:] == 0).all()


def test_souza_keeps_the_shape_beside_zeros_at_256_px() -> None:
    found = prepare(np.full((400, 200), 200, np.uint8), SOUZA)
    assert found.image.shape == (256, 256, 1)
    assert found.crop == (0, -100, 400, 400)
    assert (found.image[:, :63] == 0).all()
    assert (found.image[:, 65:191] == 200).all()


def test_pad_centres_on_zeros_and_says_so_in_the_crop() -> None:
    found = prepare(np.full((400, 200), 200, np.uint8), dataclasses.replace(PAD, size=100))
    assert found.crop == (0, -100, 400, 400)
    assert (found.image[:, :24, 0] == 0).all()
    assert (found.image[:, 26:74, 0] == 200).all()


@pytest.mark.parametrize("raster_filter", ["area", "bilinear"])
def test_the_raster_variant_does_not_feel_a_squash_made_as_its_own(raster_filter: str) -> None:
    spec = dataclasses.replace(ESPINAL_RASTER, raster_filter=raster_filter, raster_quality=0)
    pixels = cv2.GaussianBlur(bright_patch(1400, 1000, (200, 200, 1000, 600)), (0, 0), 5)
    squashed = (
        cv2.resize(pixels, (299, 299), interpolation=cv2.INTER_AREA)
        if raster_filter == "area"
        else np.asarray(Image.fromarray(pixels).resize((299, 299), Image.Resampling.BILINEAR))
    )
    np.testing.assert_array_equal(prepare(pixels, spec).image, prepare(squashed, spec).image)


def test_a_raster_is_what_training_has_of_the_frame() -> None:
    pixels = cv2.GaussianBlur(bright_patch(1400, 1000, (200, 200, 1000, 600)), (0, 0), 2)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((299, 299), Image.Resampling.BILINEAR).save(file, "JPEG", quality=80, optimize=True)
    copy = np.asarray(Image.open(file))
    np.testing.assert_array_equal(Frame(pixels).raster(ESPINAL_RASTER), copy)
    assert not np.array_equal(Frame(pixels).plain(ESPINAL_RASTER), copy)


def test_what_was_coded_so_before_changes_by_rounding_alone() -> None:
    once = Frame(bright_patch(900, 700, (100, 200, 500, 300))).raster(ESPINAL_RASTER)
    again = Frame(once).raster(ESPINAL_RASTER)
    assert np.abs(again.astype(int) - once).max() <= 2
    assert np.abs(again.astype(int) - once).mean() < 0.1


def test_where_the_hand_lies_is_found_before_coding() -> None:
    hard = dataclasses.replace(ESPINAL_RASTER, raster_quality=1)
    for seed in range(5):
        pixels = np.random.default_rng(seed).integers(0, 256, (400, 300)).astype(np.uint8)
        coded, plain = (prepare(pixels, spec) for spec in (hard, dataclasses.replace(hard, raster_quality=0)))
        assert coded.crop == plain.crop
        assert not np.array_equal(coded.image, plain.image)
    coded_other, plain_other = (second_view(fading(30), dataclasses.replace(hard, raster_quality=quality)) for quality in (1, 0))
    assert coded_other is not None
    assert plain_other is not None
    assert coded_other.crop == plain_other.crop


def test_networks_that_look_at_one_frame_share_its_raster() -> None:
    frame = Frame(bright_patch(900, 700, (100, 200, 500, 300)))
    assert frame.raster(ESPINAL_RASTER) is frame.raster(dataclasses.replace(ESPINAL_RASTER, size=320, margin=0))
    assert frame.raster(dataclasses.replace(ESPINAL_RASTER, raster_quality=0)) is frame.plain(ESPINAL_RASTER)
    assert not np.array_equal(frame.raster(ESPINAL_RASTER), frame.plain(ESPINAL_RASTER))
    assert frame.raster(ESPINAL) is frame.pixels
    np.testing.assert_array_equal(prepare(frame, ESPINAL_RASTER).image, prepare(frame.pixels, ESPINAL_RASTER).image)


def test_the_raster_variant_names_its_crop_in_pixels_of_the_frame() -> None:
    top, left, height, width = prepare(bright_patch(1400, 1000, (300, 250, 800, 500)), ESPINAL_RASTER).crop
    assert np.abs(edges((top, left, height, width)) - edges((300, 250, 800, 500))).max() < 110  # margin 3 %, blur 13 of 299


def test_unet_edges_masks_crops_and_enhances() -> None:
    pixels = bright_patch(299, 299, (60, 80, 150, 100))
    pixels[5:20, 5:20] = 255  # a marker beside the hand
    found = prepare(pixels, UNET_EDGES, bright)
    assert np.abs(edges(found.crop) - edges((60, 80, 150, 100))).max() <= 9 + 2  # the margin and a pixel of the mask
    top, left, height, width = found.crop
    seen = np.where(hand_mask(pixels, bright), pixels, 0)[top : top + height, left : left + width].astype(int)
    inner = found.image[100:156, 100:156, 0].astype(int)
    assert inner.std() > 2 * seen[50:80, 30:60].std()  # noise is an edge too
    assert prepare(np.full((299, 299), 200, np.uint8), UNET_EDGES, bright).crop == (0, 0, 299, 299)


def test_the_edge_kernel_is_that_of_the_thesis() -> None:
    pixels = np.full((299, 299), 200, np.uint8)
    pixels[150, 150] = 203
    spec = dataclasses.replace(UNET_EDGES, size=299, raster_quality=0)
    found = prepare(pixels, spec, bright).image[:, :, 0]
    assert found[150, 150] == 203 * 9 - 200 * 8
    assert found[149, 150] == 200 * 9 - 200 * 7 - 203
    assert found[10, 10] == 200


def test_unet_edges_without_a_masker_is_refused() -> None:
    with pytest.raises(BundleError, match="masks the hand"):
        prepare(np.zeros((50, 50), np.uint8), UNET_EDGES)


def test_a_mask_that_finds_no_hand_keeps_the_whole_frame() -> None:
    pixels = bright_patch(299, 299, (60, 80, 150, 100))
    assert hand_mask(pixels, lambda square: np.zeros(square.shape, np.float32)).all()
    assert prepare(np.zeros((299, 299), np.uint8), UNET_EDGES, bright).crop == (0, 0, 299, 299)


def test_holes_in_a_mask_are_filled_and_specks_beside_it_are_left_out() -> None:
    def holey(square: NDArray[np.uint8]) -> NDArray[np.float32]:
        likely = np.zeros(square.shape, np.float32)
        likely[30:100, 30:100] = 1
        likely[60:64, 60:64] = 0
        likely[5:10, 5:10] = 1
        return likely

    found = hand_mask(np.zeros((256, 256), np.uint8), holey)
    assert found[124, 124]
    assert not found[15, 15]


def test_the_segmented_region_lies_in_its_box() -> None:
    pixels = bright_patch(299, 299, (60, 80, 150, 100))
    rows, columns = np.nonzero(segment_mask(pixels, ESPINAL_RASTER))
    top, left, height, width = segment_box(pixels, ESPINAL_RASTER, reduce=False)
    assert (rows.min(), columns.min(), rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (top, left, height, width)


@settings(max_examples=40)
@given(
    height=st.integers(1, 700),
    width=st.integers(1, 700),
    spec=st.sampled_from(EVERY),
    seed=st.integers(0, 5),
)
def test_any_frame_becomes_the_square_the_network_wants(height: int, width: int, spec: Preparation, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    given_pixels = pixels.copy()
    found = prepare(pixels, spec, bright)
    assert found.image.shape == (spec.size, spec.size, 1)
    assert found.image.dtype == np.uint8
    top, left, tall, wide = found.crop
    assert top < height < top + tall + height
    assert left < width < left + wide + width
    np.testing.assert_array_equal(pixels, given_pixels)
    np.testing.assert_array_equal(found.image, prepare(pixels, spec, bright).image)


def test_a_view_into_a_larger_array_is_read_like_its_copy() -> None:
    pixels = bright_patch(900, 900, (200, 150, 500, 500))
    np.testing.assert_array_equal(prepare(pixels[::2, ::-1], ESPINAL_RASTER).image, prepare(pixels[::2, ::-1].copy(), ESPINAL_RASTER).image)


@pytest.mark.parametrize("spec", EVERY)
def test_a_preparation_survives_json(spec: Preparation) -> None:
    assert Preparation.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"variant": "espinal_9"}, "espinal_9"),
        ({"variant": None}, "None"),
        ({"tiles": 3}, "tiles"),
        ({"size": "250"}, "size"),
        ({"size": 0}, "size"),
        ({"size": True}, "size"),
        ({"grid": 2.5}, "grid"),
        ({"blur_px": 12}, "blur_px"),
        ({"clip": -1.0}, "clip"),
        ({"raster_filter": "nearest"}, "raster_filter"),
        ({"raster_quality": 101}, "raster_quality"),
    ],
)
def test_a_preparation_that_cannot_be_meant_is_refused_by_name(change: dict[str, object], named: str) -> None:
    with pytest.raises(BundleError, match=named):
        Preparation.from_json({**ESPINAL.to_json(), **change})


def test_a_missing_parameter_is_named() -> None:
    values = {key: value for key, value in ESPINAL.to_json().items() if key != "grid"}
    with pytest.raises(BundleError, match="grid"):
        Preparation.from_json(values)


def test_a_bundle_from_before_rasters_were_coded_goes_on_as_it_was() -> None:
    values = {key: value for key, value in ESPINAL_RASTER.to_json().items() if key not in ("raster_filter", "raster_quality")}
    assert Preparation.from_json(values) == dataclasses.replace(ESPINAL_RASTER, raster_filter="area", raster_quality=0)


def test_an_unknown_variant_is_refused_when_used() -> None:
    with pytest.raises(BundleError, match="squint"):
        prepare(np.zeros((10, 10), np.uint8), Preparation(variant="squint"))


def fading(levels: int, height: int = 299, width: int = 299) -> NDArray[np.uint8]:
    """Darker on the left, brighter by so many grey levels on the right, and nothing in between to say where the bright part begins."""
    return np.tile(np.linspace(60, 60 + levels, width), (height, 1)).round().astype(np.uint8)


@pytest.mark.parametrize(("levels", "doubtful"), [(8, True), (30, True), (60, False), (120, False)])
def test_where_a_few_grey_levels_decide_what_is_bright_there_is_a_second_view(levels: int, doubtful: bool) -> None:
    other = second_view(fading(levels), ESPINAL_RASTER)
    assert (other is not None) is doubtful
    if other is not None:
        first = prepare(fading(levels), ESPINAL_RASTER)
        assert other.image.shape == first.image.shape
        assert not 0.7 < other.crop[3] / first.crop[3] < 1 / 0.7


def test_a_second_view_lies_in_a_frame_of_any_size() -> None:
    other = second_view(fading(30, 897, 598), ESPINAL_RASTER)
    assert other is not None
    top, left, height, width = other.crop
    assert (top, height) == (0, 897)
    assert 300 < left < left + width == 598


@pytest.mark.parametrize("spec", EVERY)
def test_a_clear_hand_is_shown_in_one_way(spec: Preparation) -> None:
    assert second_view(bright_patch(400, 300, (60, 50, 250, 200)), spec) is None
