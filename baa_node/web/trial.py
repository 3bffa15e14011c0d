"""A try-out reading: one uploaded file in, an answer out, and nothing of either is kept.

It goes through the same gates and networks as an image from a PACS. A picture that is no DICOM file becomes the data set of a
CR of a hand, since nothing in it could say otherwise.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.uid import ComputedRadiographyImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, generate_uid

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.radiograph import Sex, from_dataset
from baa_node.core.reading import ReadingPolicy, as_read, read_bone_age
from baa_node.errors import InstanceError
from baa_node.web.words.upload import UPLOAD, Upload

MAX_PICTURE_PIXELS: Final = 40_000_000
"""Of a PNG or JPEG; twice the largest hand radiograph in common use. A small file may announce far more."""

MAX_INFLATED_BYTES: Final = 256 << 20
"""Of a deflated DICOM data set (PS3.5 A.5), which may swell a thousandfold."""

_META_BEGIN: Final = 132

COLOUR: Final = 12
"""Grey levels by which the channels of a grey picture may differ after JPEG."""

ONE_AT_A_TIME: Final = threading.Lock()
"""Images from a PACS go first: try-outs, and trials of routes, take one reader at most."""


class Unusable(InstanceError):  # noqa: N818 - what is uploaded is at fault
    """Nothing can be read of what was uploaded.

    Attributes
    ----------
    say
        Chooses the sentence among those of a language, and fills it in.
    """

    def __init__(self, say: Callable[[Upload], str]) -> None:
        super().__init__(say(UPLOAD.en))
        self.say = say


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a try-out gave, and the grey values it was read from (None where they cannot be decoded)."""

    result: Assessment | Refusal
    pixels: NDArray[np.uint8] | None


def read_upload(
    content: bytes, ensemble: Ensemble, policy: ReadingPolicy, *, sex: Sex | None, birth_date: date | None, today: date
) -> Trial:
    """Read an uploaded file.

    Parameters
    ----------
    sex, birth_date
        As given by hand; they stand in for the file's own. None leaves those.
    today
        Stands in for the day of a picture that is no DICOM file.

    Raises
    ------
    Unusable
        Neither a DICOM file nor a PNG or JPEG in grey, or one that swells beyond the limits.
    """
    ds = _dicom(content) if content[128:132] == b"DICM" else _from_picture(content, today)
    if birth_date is not None:
        ds.PatientBirthDate = birth_date.strftime("%Y%m%d")
        ds.pop("PatientAge", None)
    with ONE_AT_A_TIME:
        result = read_bone_age(ds, ensemble, policy, sex=sex)
    try:
        return Trial(result=result, pixels=as_read(from_dataset(ds).pixels, result))
    except InstanceError:
        return Trial(result=result, pixels=None)


def _dicom(content: bytes) -> Dataset:
    try:
        end = _META_BEGIN + 12 + int.from_bytes(content[140:144], "little")  # preamble, DICM, group length, group: PS3.10 7.1
        meta = read_dataset(BytesIO(content[_META_BEGIN:end]), is_implicit_VR=False, is_little_endian=True)
        if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            _check_inflates(content[end:])
        dcmread(BytesIO(content)).decode()  # not the one that is read: what was decoded cannot be held to its character set any more
        ds = dcmread(BytesIO(content))
    except (InvalidDicomError, ValueError, EOFError, KeyError, OverflowError, NotImplementedError, AttributeError, TypeError) as error:
        raise Unusable(lambda told: told.damaged) from error
    return ds


def _check_inflates(deflated: bytes) -> None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflater.decompress(deflated, MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise Unusable(lambda told: told.damaged) from error
    if inflater.unconsumed_tail:
        raise Unusable(lambda told: told.swells.format(limit=MAX_INFLATED_BYTES >> 20))


def _from_picture(content: bytes, today: date) -> Dataset:
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PICTURE_PIXELS:
                raise Unusable(lambda told: told.too_large.format(limit=MAX_PICTURE_PIXELS // 1_000_000))
            grey = _grey(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unusable(lambda told: told.neither) from error
    return _as_cr(grey, today)


def _grey(image: Image.Image) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if image.mode.startswith("I"):  # PNG of 16 bits
        return np.asarray(np.clip(np.asarray(image), 0, 65535), np.uint16)
    if image.mode in {"L", "1"}:
        return np.asarray(image.convert("L"), np.uint8)
    channels = np.asarray(image.convert("RGB"), np.int16)
    if np.percentile(channels.max(axis=2) - channels.min(axis=2), 99) > COLOUR:
        raise Unusable(lambda told: told.in_colour)
    return np.asarray(channels.mean(axis=2), np.uint8)


def _as_cr(grey: NDArray[np.uint8] | NDArray[np.uint16], today: date) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.Modality, ds.BodyPartExamined, ds.StudyDate = "CR", "HAND", today.strftime("%Y%m%d")
    bits = grey.dtype.itemsize * 8
    ds.Rows, ds.Columns = grey.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    data = grey.astype(f"<u{grey.dtype.itemsize}").tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW"
    return ds
