"""A drawn hand as a data set, and an ensemble that always says the same: for tests of what happens around a reading."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset

from baa_node.core.ensemble import BundleIdentity, Calibration, Ensemble, Member
from baa_node.core.preprocess import Preparation
from baa_node.core.radiograph import Sex
from tests.parts.images import plain_cr
from train.phantom import draw_hand


def hand_cr(folder: Path, *, bone_age_months: float = 120.0, sex: str = "F", seed: int = 1, **elements: object) -> Dataset:
    """CR data set of a drawn hand, ten years and a day old on 2 January 2025 unless told otherwise."""
    ds = pydicom.dcmread(plain_cr(folder / "plain.dcm"))
    pixels = draw_hand(age_months=bone_age_months, sex=Sex(sex or "F"), seed=seed, height_px=500).pixels
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelData = pixels.astype("<u2").tobytes()
    ds.PatientSex, ds.PatientBirthDate = sex, date(2015, 1, 1).strftime("%Y%m%d")
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def part10(ds: Dataset) -> bytes:
    """Return the bytes of a file."""
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def constant_ensemble(months: float = 118.0) -> Ensemble:
    """Return an ensemble of one member that gives the same value for every hand."""

    def run(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert len(image) == len(sex)
        return np.full(len(image), months, np.float32), np.full((len(image), 4, 4), 0.5, np.float32)

    member = Member(
        name="constant",
        preparation=Preparation(variant="pad"),
        weight=1.0,
        needs_sex=True,
        run=run,
        provider=lambda: "CPUExecutionProvider",
    )
    residuals = tuple(float(value) for value in np.linspace(-12, 12, 101))
    return Ensemble(
        members=(member,),
        calibration=Calibration(coverage=0.9, residuals_months={"F": residuals, "M": residuals}),
        identity=BundleIdentity(name="constant", version="1", sha256="0" * 64),
    )
