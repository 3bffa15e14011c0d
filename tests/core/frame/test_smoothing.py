from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from baa_node.core.frame.borders import inner_box, narrowly_framed
from baa_node.core.frame.smoothing import BLOCKY, NOISY, block_levels, grey_levels, noise_levels, settle
from baa_node.core.radiograph import Sex
from train.phantom import draw_hand
from train.stress import CHANGES

Grey = NDArray[np.uint8]


def chance() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture(scope="module")
def hand() -> Grey:
    """Drawn at the size of the training radiographs, without the noise that drawings have; 1 to 254."""
    words = draw_hand(age_months=120, sex=Sex.FEMALE, seed=5, height_px=420).pixels
    grey = cv2.GaussianBlur(cv2.resize(words, (299, 299), interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    return np.clip(np.rint(grey / grey.max() * 255), 1, 254).astype(np.uint8)


def changed(hand: Grey, name: str) -> Grey:
    return np.ascontiguousarray(CHANGES[name](hand, chance()))


class TestMeasures:
    @pytest.mark.parametrize("step", [1, 12])
    def test_grey_levels_are_those_that_occur_however_far_apart(self, step: int) -> None:
        ten = np.tile(np.repeat(np.arange(10, dtype=np.uint8) * step, 30), (300, 1))
        assert grey_levels(ten) == 10
        ten[100:120, 20:40] = 255  # a letter of lead, less than a hundredth of the frame
        assert grey_levels(ten) == 10

    @pytest.mark.parametrize("sigma", [3.0, 6.0, 12.0])
    @pytest.mark.parametrize("side", [150, 299])
    def test_noise_is_told_in_grey_levels(self, sigma: float, side: int) -> None:
        grey = np.tile(np.linspace(60, 190, side), (side, 1)) + chance().normal(0, sigma, (side, side))
        assert noise_levels(np.rint(grey).astype(np.uint8)) == pytest.approx(sigma, rel=0.1)

    def test_what_averages_out_on_the_raster_is_no_noise(self) -> None:
        large = np.clip(np.rint(chance().normal(120, 6, (1495, 1196))), 0, 255).astype(np.uint8)
        assert noise_levels(large) < NOISY < noise_levels(large[:299, :299])

    def test_edges_are_no_noise(self, hand: Grey) -> None:
        assert noise_levels(hand) < 1
        assert noise_levels(np.full((80, 80), 7, np.uint8)) == 0
        assert noise_levels(np.zeros((80, 80), np.uint8)) == 0

    def test_blocks_are_found_wherever_the_grid_begins(self, hand: Grey) -> None:
        blocky = changed(hand, "JPEG quality 20")
        assert block_levels(hand) < 0.3
        assert block_levels(blocky[3:, 5:]) == pytest.approx(block_levels(blocky), abs=0.3)
        assert block_levels(blocky) > BLOCKY > block_levels(changed(hand, "noise, 4 %"))

    def test_large_and_tiny_frames_are_not_searched_for_blocks(self, hand: Grey) -> None:
        blocky = changed(hand, "JPEG quality 20")
        assert block_levels(np.tile(blocky, (3, 3))) == 0
        assert block_levels(blocky[:20, :20]) == 0


class TestSettled:
    @settings(max_examples=20)
    @given(
        border=st.integers(0, 60),
        grey=st.sampled_from((0, 255)),
        slope=st.sampled_from(("none", "gamma 0.7", "contrast × 0.5", "mirrored")),
    )
    def test_a_clean_frame_is_taken_as_it_is(self, hand: Grey, border: int, grey: int, slope: str) -> None:
        clean = np.pad(changed(hand, slope), border, constant_values=grey)
        settled = settle(clean)
        assert settled.box == inner_box(clean) == (border, border, 299, 299)
        assert np.shares_memory(settled.inner, clean)
        assert np.array_equal(settled.whole, narrowly_framed(clean))
        assert settled.noise_levels == settled.block_levels == 0

    @pytest.mark.parametrize("change", ["noise, 2 %", "noise, 4 %", "JPEG quality 20"])
    def test_what_was_spoilt_comes_nearer_to_the_frame_before(self, hand: Grey, change: str) -> None:
        spoilt = changed(hand, change)
        settled = settle(spoilt)
        assert (settled.noise_levels >= NOISY) is change.startswith("noise")
        assert (settled.block_levels >= BLOCKY) is change.startswith("JPEG")
        top, left, height, width = settled.box
        before, after = (np.std(shown.astype(float) - hand[top : top + height, left : left + width]) for shown in (
            spoilt[top : top + height, left : left + width], settled.inner,
        ))  # fmt: skip
        assert after < (0.6 if change.startswith("noise") else 0.95) * before

    def test_a_border_is_found_under_noise(self, hand: Grey) -> None:
        hidden = changed(np.pad(np.maximum(hand, 40), 50), "noise, 4 %")
        assert inner_box(hidden) == (0, 0, 399, 399)
        top, left, height, width = settle(hidden).box
        assert max(abs(top - 50), abs(left - 50), abs(height - 299), abs(width - 299)) <= 4
        assert settle(hidden).inner.shape == (height, width)

    def test_a_large_noisy_frame_keeps_its_size(self, hand: Grey) -> None:
        large = np.ascontiguousarray(np.kron(np.maximum(changed(hand, "noise, 4 %"), 30), np.ones((4, 3), np.uint8)))
        settled = settle(large)
        assert settled.noise_levels > NOISY
        assert settled.inner.shape == large.shape == settled.box[2:]
        assert settled.whole.size == pytest.approx(299 * 299, rel=0.02)

    @settings(max_examples=25)
    @given(rows=st.integers(1, 90), columns=st.integers(1, 90), sigma=st.floats(0, 80), level=st.integers(0, 255))
    def test_any_frame_can_be_settled(self, rows: int, columns: int, sigma: float, level: int) -> None:
        frame = np.clip(chance().normal(level, sigma, (rows, columns)), 0, 255).astype(np.uint8)
        settled = settle(frame)
        top, left, height, width = settled.box
        assert settled.inner.shape == (height, width)
        assert (top + height <= rows, left + width <= columns) == (True, True)
