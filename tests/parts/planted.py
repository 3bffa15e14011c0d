"""Images with a planted name, some with the name where a value of another kind belongs: what must never be repeated."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom import Dataset
from pydicom.uid import JPEGBaseline8Bit

from tests.parts.images import copy_in_new_study
from tests.parts.results import raw

NAME, NUMBER, BIRTH_DATE = "Xylophon", "736251", "20130417"
SECRETS = (NAME, NUMBER, BIRTH_DATE)
PLANTED = {"PatientName": f"{NAME}^Quentin", "PatientID": f"PID-{NUMBER}", "PatientBirthDate": BIRTH_DATE}


def leaks(said: str) -> list[str]:
    return [secret for secret in SECRETS if secret in said]


def hostile(source: Path, target: Path, change: Callable[[Dataset], None]) -> Path:
    """Write a copy with the name where a value of another kind belongs."""
    copy_in_new_study(source, target, **PLANTED)
    ds = pydicom.dcmread(target)
    change(ds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library sees what is wrong, too
        ds.save_as(target)
    return target


def damaged(ds: Dataset) -> None:
    ds.PixelData = ds.PixelData[:100]


def no_jpeg(ds: Dataset) -> None:
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = pydicom.encaps.encapsulate([f"{NAME}, no JPEG".encode() + b"\0"])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True


ODD: dict[str, Callable[[Dataset], None]] = {
    "side_view": lambda ds: setattr(ds, "ViewPosition", "LL"),
    "damaged": damaged,
    "no_jpeg": no_jpeg,
    "window": lambda ds: raw(ds, "WindowCenter", "DS", f"{NAME} ".encode() * 2),
    "birth_date": lambda ds: raw(ds, "PatientBirthDate", "DA", f"{NAME}\0".encode()),
    "age": lambda ds: raw(ds, "PatientAge", "AS", f"{NAME} ".encode()),
    "sex": lambda ds: raw(ds, "PatientSex", "CS", NAME.upper().encode() + NAME.encode()),
    "spacing": lambda ds: raw(ds, "ImagerPixelSpacing", "DS", f"{NAME}\\{NAME} ".encode()),
    "character_set": lambda ds: raw(ds, "SpecificCharacterSet", "CS", f"{NAME} ".encode()),
    "study_date": lambda ds: raw(ds, "StudyDate", "DA", f"{NAME} ".encode()),
}


def planted_files(hand: Path, folder: Path) -> dict[str, Path]:
    """Write a sound image and every odd one."""
    sound = copy_in_new_study(hand, folder / "sound.dcm", **PLANTED)
    return {"sound": sound, **{name: hostile(hand, folder / f"{name}.dcm", change) for name, change in ODD.items()}}
