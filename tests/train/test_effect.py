"""What the mask's crop does to the error: measured for members of any size, and nothing where both crops are the same."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("keras", reason="needs the train extra")

from baa_node.core.ensemble import BundleIdentity, Calibration, Ensemble, Member
from baa_node.core.preprocess import ESPINAL_RASTER, MASK_SIDE, Frame, Preparation, prepare
from train.segment.effect import both_crops, box_overlap, effect, mask_box
from train.segment.material import draw

HANDS, TRUTH = draw(4, seed=5)
FRAMES = [np.asarray(cv2.resize(hand[:, :, 0], (512, 512)), np.uint8) for hand in HANDS]


class Told:
    """A masker that was told the truth, moved to the left."""

    def __init__(self, shift: int = 0) -> None:
        self.shift, self.asked = shift, 0

    def __call__(self, raster: NDArray[np.uint8]) -> NDArray[np.float32]:
        truth = TRUTH[self.asked // 2 % len(TRUTH)]  # both members ask about each frame
        self.asked += 1
        return np.roll(truth, self.shift, axis=1).reshape(MASK_SIDE, MASK_SIDE).astype(np.float32)


def reads_brightness(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return image.mean(axis=(1, 2, 3)).astype(np.float32), np.zeros((len(image), 2, 2), np.float32)


def two_members() -> Ensemble:
    specs = {"small": Preparation(**{**vars(ESPINAL_RASTER), "size": 64}), "large": Preparation(**{**vars(ESPINAL_RASTER), "size": 96})}
    members = tuple(
        Member(name=name, preparation=spec, weight=1, needs_sex=True, run=reads_brightness, provider=lambda: "CPU")
        for name, spec in specs.items()
    )
    residuals = {"F": (0.0,), "M": (0.0,), "unknown": (0.0,)}
    identity = BundleIdentity(name="test", version="1", sha256="0" * 64)
    return Ensemble(members=members, calibration=Calibration(coverage=0.9, residuals_months=residuals), identity=identity)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "rsna_train").mkdir()
    with zipfile.ZipFile(tmp_path / "rsna_train" / "part-00.zip", "w") as archive:
        for number, frame in enumerate(FRAMES):
            archive.writestr(f"{number}.jpg", cv2.imencode(".jpg", frame)[1].tobytes())
    rows = "".join(f"{number},100,M,val\n" for number in range(len(FRAMES)))
    (tmp_path / "rsna_train.csv").write_text("image_id,bone_age_months,sex,split\n" + rows)
    return tmp_path


def test_both_crops_of_a_frame_lie_in_their_rectangles() -> None:
    spec = two_members().members[0].preparation
    both, overlap = both_crops(FRAMES[0], Told(), spec)  # type: ignore[arg-type]
    raster = Frame(FRAMES[0]).raster(spec)
    assert both.shape == (2, 64, 64, 1)
    assert overlap == box_overlap(prepare(raster, spec).crop, mask_box(raster, Told(), spec))  # type: ignore[arg-type]
    assert 0.3 < overlap <= 1


def test_the_effect_is_that_of_the_crop(data: Path) -> None:
    kept, moved = (effect(two_members(), Told(shift), data) for shift in (0, 40))  # type: ignore[arg-type]
    assert kept["images"] == len(FRAMES)
    assert kept["mae_contour"] == moved["mae_contour"]
    assert kept["mean_change_months"] != moved["mean_change_months"]
    assert moved["crops_that_differ_by_more_than_5_percent"] == 1
    off, low, high = moved["mae_mask_minus_contour"]
    assert low <= off <= high
    assert off == pytest.approx(moved["mae_mask"] - moved["mae_contour"])
