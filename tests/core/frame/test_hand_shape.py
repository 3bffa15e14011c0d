from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from baa_node.core.frame.hand_shape import clarity, count_hands, finger_direction_deg, looks_negative

Grey = NDArray[np.uint8]


def drawn_hand(fingers: int = 5, *, rows: int = 600, columns: int = 480, ground: int = 20, flesh: int = 140) -> Grey:
    """Draw a palm with straight fingers and a forearm: enough of a hand for its outline."""
    frame = np.full((rows, columns), ground, np.uint8)
    centre = (columns // 2, round(rows * 0.58))
    palm = round(columns * 0.16)
    cv2.circle(frame, centre, palm, flesh, -1)
    cv2.rectangle(frame, (centre[0] - round(palm * 0.7), centre[1]), (centre[0] + round(palm * 0.7), rows), flesh, -1)
    for angle in 32.5 * (np.arange(fingers) - (fingers - 1) / 2):
        turned = np.deg2rad(angle)
        tip = (round(centre[0] + 2.7 * palm * np.sin(turned)), round(centre[1] - 2.7 * palm * np.cos(turned)))
        cv2.line(frame, centre, tip, flesh, round(palm * 0.36))
    return cv2.GaussianBlur(frame, (0, 0), 3)


class TestDrawings:
    @pytest.mark.parametrize(("fingers", "hands"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1)])
    def test_fingers_make_the_hand(self, fingers: int, hands: int) -> None:
        assert count_hands(drawn_hand(fingers)) == hands

    @pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE])
    def test_a_turned_hand_is_a_hand(self, turn: int) -> None:
        assert count_hands(cv2.rotate(drawn_hand(), turn)) == 1

    def test_a_left_hand_and_its_mirror_image(self) -> None:
        assert count_hands(np.ascontiguousarray(drawn_hand()[:, ::-1])) == 1

    def test_two_side_by_side_or_one_above_the_other(self) -> None:
        assert count_hands(np.hstack([drawn_hand(), drawn_hand()[:, ::-1]])) == 2
        assert count_hands(np.vstack([drawn_hand(), drawn_hand()])) == 2

    def test_two_of_unlike_exposure(self) -> None:
        assert count_hands(np.hstack([drawn_hand(flesh=240), drawn_hand(ground=5, flesh=40)])) == 2

    @settings(max_examples=15)
    @given(gain=st.floats(0.15, 1.7), offset=st.integers(0, 10))
    def test_brightness_and_contrast_do_not_matter(self, gain: float, offset: int) -> None:
        assert count_hands(np.clip(drawn_hand() * gain + offset, 0, 255).astype(np.uint8)) == 1

    @pytest.mark.parametrize("border", [0, 255])
    def test_a_collimation_border_does_not_hide_the_hand(self, border: int) -> None:
        framed = cv2.copyMakeBorder(drawn_hand(ground=90, flesh=170), 80, 80, 80, 80, cv2.BORDER_CONSTANT, value=border)
        assert count_hands(framed) == 1

    def test_neither_the_frame_nor_the_result_is_changed_by_counting(self) -> None:
        frame = drawn_hand()
        before = frame.copy()
        assert count_hands(frame) == count_hands(frame)
        assert np.array_equal(frame, before)


class TestNoHand:
    def test_shapes(self) -> None:
        blank = np.zeros((600, 480), np.uint8)
        disc = cv2.circle(blank.copy(), (240, 300), 150, 180, -1)
        limb = cv2.rectangle(blank.copy(), (180, 0), (300, 600), 180, -1)
        star = blank.copy()
        for angle in np.linspace(0, 2 * np.pi, 9)[:-1]:
            cv2.line(star, (240, 300), (round(240 + 200 * np.cos(angle)), round(300 + 200 * np.sin(angle))), 180, 25)
        assert [count_hands(frame) for frame in (blank, disc, limb, star)] == [0, 0, 0, 0]

    @pytest.mark.parametrize("period", [10, 30, 60, 120])
    def test_gratings_and_boards(self, period: int) -> None:
        y, x = np.mgrid[:600, :480]
        stripes = (127 + 100 * np.sin(x * 2 * np.pi / period)).astype(np.uint8)
        board = ((x // period + y // period) % 2 * 200).astype(np.uint8)
        assert (count_hands(stripes), count_hands(board)) == (0, 0)

    @settings(max_examples=20)
    @given(rows=st.integers(8, 300), columns=st.integers(8, 300), seed=st.integers(0, 9))
    def test_any_frame_gets_an_answer(self, rows: int, columns: int, seed: int) -> None:
        frame = np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)
        assert count_hands(frame) in {0, 1, 2}
        assert clarity(frame) >= 0


def test_clarity_tells_a_hand_from_grain() -> None:
    grain = np.random.default_rng(0).normal(0, 12, (600, 480))
    hand = np.clip(drawn_hand() + grain, 0, 255).astype(np.uint8)
    empty = np.clip(100 + grain, 0, 255).astype(np.uint8)
    assert clarity(hand) > 28 > clarity(empty)


@pytest.fixture(scope="module")
def validation_hands(shared_data: Path) -> list[Grey]:
    """Every tenth image of the validation split, in order of its number."""
    with (shared_data / "rsna_train.csv").open() as table:
        names = {f"{row['image_id']}.jpg" for row in csv.DictReader(table) if row["split"] == "val"}
    frames = {}
    for archive in sorted((shared_data / "rsna_train").glob("*.zip")):
        with zipfile.ZipFile(archive) as members:
            for name in names.intersection(members.namelist()):
                frames[int(Path(name).stem)] = members.read(name)
    chosen = [frames[number] for number in sorted(frames)][::10]
    return [np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8) for data in chosen]


class TestRealHands:
    """Measured once on all 1,262 validation hands; every tenth is held to it here."""

    def test_hardly_a_good_hand_is_turned_away(self, validation_hands: list[Grey]) -> None:
        assert len(validation_hands) == 127
        assert sum(count_hands(frame) != 1 for frame in validation_hands) <= 2

    def test_pairs_are_found(self, validation_hands: list[Grey]) -> None:
        firsts, seconds = validation_hands[:30], validation_hands[60:90]
        pairs = [np.hstack([first, second[:, ::-1]]) for first, second in zip(firsts, seconds, strict=True)]
        assert sum(count_hands(pair) == 2 for pair in pairs) >= 28


class TestDirection:
    @pytest.mark.parametrize("turns", range(4))
    def test_fingers_point_where_they_were_turned(self, turns: int) -> None:
        direction = finger_direction_deg(np.ascontiguousarray(np.rot90(drawn_hand(), turns)))
        assert direction is not None
        assert (direction + 90 * turns + 180) % 360 - 180 == pytest.approx(0, abs=10)

    def test_without_a_hand_there_is_none(self) -> None:
        assert finger_direction_deg(drawn_hand(1)) is None


class TestNegatives:
    @pytest.mark.parametrize("fingers", [3, 4, 5])
    def test_a_hand_is_no_negative_and_its_negative_is_one(self, fingers: int) -> None:
        assert not looks_negative(drawn_hand(fingers))
        assert looks_negative(255 - drawn_hand(fingers))
