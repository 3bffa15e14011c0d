"""What frames are refused for what they show: empty and noisy ones, drawn ones, and real files."""

from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from baa_node.core.eligibility import refuse_header
from baa_node.core.gates.limits import Gates
from baa_node.core.gates.suitability import refuse_pixels
from baa_node.core.radiograph import Radiograph, Sex, from_dataset
from baa_node.core.reasons import Reason
from tests.parts.frames import image
from train.phantom import draw_hand, draw_not_a_hand


def shown(pixels: NDArray[np.uint8]) -> Radiograph:
    return Radiograph(
        pixels=np.ascontiguousarray(pixels),
        sex=Sex.FEMALE,
        laterality=None,
        birth_date=date(2015, 1, 1),
        examined_on=date(2025, 1, 1),
        spacing_mm=None,
        lossy=False,
    )


def pixel_reasons(pixels: NDArray[np.uint8], gates: Gates | None = None) -> list[Reason]:
    refusal = refuse_pixels(shown(pixels), gates or Gates())
    return list(refusal.reasons) if refusal else []


class TestQuality:
    def test_a_small_frame(self) -> None:
        assert pixel_reasons(np.tile(np.arange(199, dtype=np.uint8), (500, 1))) == [Reason.POOR_QUALITY]

    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_a_frame_of_one_grey(self, level: int) -> None:
        assert pixel_reasons(np.full((300, 300), level, np.uint8)) == [Reason.POOR_QUALITY]

    @pytest.mark.parametrize("grain", [0, 1, 2, 4])
    def test_noise(self, grain: int) -> None:
        noise = np.random.default_rng(grain).standard_normal((700, 600)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), grain) if grain else noise
        assert pixel_reasons(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)) == [Reason.POOR_QUALITY]

    def test_an_empty_exposure_is_not_saved_by_the_stretch(self) -> None:
        words = np.random.default_rng(3).normal(800, 4, (600, 500)).astype(np.uint16)
        refusal = refuse_pixels(from_dataset(image(words)))
        assert refusal is not None
        assert refusal.reasons == (Reason.POOR_QUALITY,)


def drawn(kind: str | None, seed: int) -> NDArray[np.uint8]:
    if kind is None:
        words = draw_hand(age_months=40.0 + 15 * seed, sex=Sex.FEMALE, seed=seed, height_px=600).pixels
    else:
        words = draw_not_a_hand(kind, seed, height_px=600).pixels
    return from_dataset(image(words)).pixels


class TestPhantoms:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_drawn_hand_passes(self, seed: int) -> None:
        assert pixel_reasons(drawn(None, seed)) == []

    @pytest.mark.parametrize("seed", range(4))
    def test_two_drawn_hands_do_not(self, seed: int) -> None:
        assert pixel_reasons(drawn("two_hands", seed)) == [Reason.SEVERAL_HANDS]

    @pytest.mark.parametrize("seed", range(4))
    def test_a_drawn_knee_or_long_bone_is_no_hand(self, seed: int) -> None:
        assert pixel_reasons(drawn("foot_or_long_bone", seed)) == [Reason.NO_HAND]

    @pytest.mark.parametrize("seed", range(8))
    def test_the_negative_of_a_drawn_hand_does_not(self, seed: int) -> None:
        assert pixel_reasons(255 - drawn(None, seed)) in ([Reason.NO_HAND], [Reason.UNLIKE_TRAINING])

    def test_gates_may_be_switched_off(self) -> None:
        assert pixel_reasons(drawn("two_hands", 0), Gates(outline=False)) == []
        assert pixel_reasons(drawn("foot_or_long_bone", 0), Gates(outline=False)) == []


EXPECTED = {
    "hand_cr_j2k_lossless": ([Reason.AGE_OUTSIDE_USE], []),
    "lower_leg_cr_j2k_lossy": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "hip_cr_jpegls_near": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "hip_cr_jpeg_extended": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "hip_cr_jpeg_lossless": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "chest_cr_j2k_lossy": ([Reason.NO_HAND, Reason.AGE_OUTSIDE_USE], [Reason.NO_HAND]),
    "dog_thorax_dx": ([Reason.NO_HAND, Reason.NOT_FRONTAL], [Reason.POOR_QUALITY]),
    "tiny_cr_16x16": ([Reason.NO_HAND, Reason.NOT_FRONTAL, Reason.AGE_OUTSIDE_USE, Reason.SEX_UNKNOWN], [Reason.POOR_QUALITY]),
    "voi_lut": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], [Reason.POOR_QUALITY]),
    "deflated_sc": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], [Reason.NO_HAND]),
    "enhanced_mr_multiframe_rle": ([Reason.UNSUPPORTED, Reason.NO_HAND, Reason.SEX_UNKNOWN], None),
    "colour_jpeg_sc": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], None),
    "colour_big_endian_sc": ([Reason.UNSUPPORTED, Reason.AGE_OUTSIDE_USE], None),
    "mr_truncated": ([Reason.UNSUPPORTED], None),
    "no_meta_rtplan": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], None),
    "structured_report": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], None),
    "DICOMDIR": ([Reason.UNSUPPORTED, Reason.ATTRIBUTES, Reason.SEX_UNKNOWN], None),
}


class TestRealFiles:
    @pytest.mark.parametrize("name", EXPECTED)
    def test_the_answers_to_the_real_files(self, shared_data: Path, name: str) -> None:
        by_header, by_pixels = EXPECTED[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(shared_data / "dicom" / f"{name}.dcm", force=True)
            refusal = refuse_header(ds)
            assert list(refusal.reasons if refusal else ()) == by_header
            if by_pixels is not None:
                refusal = refuse_pixels(from_dataset(ds))
                assert list(refusal.reasons if refusal else ()) == by_pixels

    def test_no_hand_at_its_original_size_is_refused(self, shared_data: Path) -> None:
        files = sorted((shared_data / "originals").glob("*.jpg"))
        refused = [path.stem for path in files if pixel_reasons(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))]
        assert len(files) == 40
        assert refused == []
