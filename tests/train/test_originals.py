from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from baa_node.core.ensemble import BundleIdentity, Calibration, Ensemble, Member
from baa_node.core.preprocess import ESPINAL_RASTER
from baa_node.core.radiograph import Sex
from train.labels import DataError
from train.originals import FILE, WAYS, compared, main, pairs, section

FRAME = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 256, (700, 500)).astype(np.uint8), (0, 0), 3)
COPY = cv2.resize(FRAME, (299, 299), interpolation=cv2.INTER_AREA)


def contrast(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tell months from what JPEG coding and filters change: differences between neighbours."""
    return np.abs(np.diff(image.astype(np.float32), axis=2)).mean(axis=(1, 2, 3)), np.zeros((len(image), 2, 2), np.float32)


@pytest.fixture
def ensemble() -> Ensemble:
    reader = Member(name="one", preparation=ESPINAL_RASTER, weight=1, needs_sex=True, run=contrast, provider=lambda: "CPU")
    residuals = {"F": (0.0,), "M": (0.0,)}
    identity = BundleIdentity(name="test", version="1", sha256="0" * 64)
    return Ensemble(members=(reader,), calibration=Calibration(coverage=0.5, residuals_months=residuals), identity=identity)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("rsna_train", "originals"):
        (tmp_path / folder).mkdir()
    with zipfile.ZipFile(tmp_path / "rsna_train" / "part-00.zip", "w") as archive:
        archive.writestr("7.jpg", cv2.imencode(".jpg", COPY, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes())
    cv2.imwrite(str(tmp_path / "originals" / "7.jpg"), FRAME, [cv2.IMWRITE_JPEG_QUALITY, 100])
    (tmp_path / "rsna_train.csv").write_text("image_id,bone_age_months,sex,split\n7,20,M,val\n")
    return tmp_path


def test_a_frame_is_held_against_its_own_copy(data: Path, ensemble: Ensemble) -> None:
    [(label, frame, copy)] = pairs(data)
    assert (label.image_id, frame.shape, copy.shape) == ("7", FRAME.shape, COPY.shape)
    found = compared(ensemble, [(label, frame, copy)])
    assert [*found] == ["the training copy itself", *WAYS]
    assert found["the training copy itself"].from_copy == 0
    assert found["averaged"].from_copy < found["antialiased as in training"].from_copy  # this copy was averaged
    assert found["averaged, then JPEG"].from_copy > 0
    assert all(one.images == 1 for one in found.values())
    both = [ensemble.estimate(np.ascontiguousarray(frame[:, ::way]), Sex.MALE).bone_age_months for way in (1, -1)]
    assert found["antialiased as in training, then JPEG"].mirrored == pytest.approx(abs(both[0] - both[1]), abs=0.006)
    assert found["averaged"].bias == pytest.approx(found["the training copy itself"].bias + found["averaged"].shift, abs=0.011)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda data: (data / "originals" / "7.jpg").rename(data / "originals" / "8.jpg"), "originals/8.jpg has no label"),
        (lambda data: (data / "originals" / "7.jpg").write_bytes(b"no picture"), "originals/7.jpg does not decode"),
    ],
)
def test_a_frame_that_is_of_no_use_is_named(data: Path, spoil: Callable[[Path], object], named: str) -> None:
    spoil(data)
    with pytest.raises(DataError, match=named):
        list(pairs(data))


def test_the_command_stores_what_the_section_tells(
    data: Path, ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("train.originals.load_bundle", lambda *_, **__: ensemble)
    assert section(tmp_path) == ""
    assert main(["--data", str(data), "--results", str(tmp_path)]) == 0
    assert (tmp_path / FILE).is_file()
    assert "| averaged, then JPEG |" in section(tmp_path)
    assert "1 radiographs" in section(tmp_path)
    assert capsys.readouterr().out == section(tmp_path)
