"""The annotated picture as a Secondary Capture object, for archives and viewers that show no structured reports."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    SecondaryCaptureImageStorage,
)

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.objects.header import (
    Device,
    coded,
    copy_identity,
    instance_number,
    laterality_of,
    require_identity,
    stamp,
    value_of,
    values_of,
)
from baa_node.core.objects.identifiers import capture_uid, series_uid
from baa_node.core.words import Language

SERIES_NUMBER: Final = 7002

_ALWAYS_LOSSY: Final = frozenset((JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless))
"""Syntaxes that lose in any case; JPEG 2000 and its like may not, and there the image's own flag decides."""
_METHODS: Final[dict[str, list[str]]] = {
    JPEGBaseline8Bit: ["ISO_10918_1"],
    JPEGExtended12Bit: ["ISO_10918_1"],
    JPEGLSNearLossless: ["ISO_14495_1"],
    JPEG2000: ["ISO_15444_1"],
    HTJ2K: ["ISO_15444_15"],
}


def build_capture(
    source: Dataset,
    picture: NDArray[np.uint8],
    result: Assessment | Refusal,
    device: Device,
    *,
    written_at: datetime,
    revision: int = 1,
    language: Language = Language.ENGLISH,
) -> Dataset:
    """Wrap a picture of the result on one image, ready to be saved; equal arguments give equal objects.

    Parameters
    ----------
    picture
        ``(H, W, 3) uint8``, sRGB.
    language
        Of the words in it.

    Raises
    ------
    MissingAttribute
        If the source lacks one of the UIDs by which the picture refers to it.
    ValueError
        For a picture of another shape or type, or a time without a zone.
    """
    require_identity(source)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError("a picture is (H, W, 3) uint8")
    capture = Dataset()
    capture.SOPClassUID = SecondaryCaptureImageStorage
    capture.SOPInstanceUID = capture_uid(source, result, version=device.version, revision=revision, language=language)
    copy_identity(source, capture)
    _write_series(capture, source, device)
    stamp(capture, source, device, written_at)
    _write_derivation(capture, source)
    _write_pixels(capture, picture)
    _write_capture_device(capture, device)
    return capture


def _write_series(capture: Dataset, source: Dataset, device: Device) -> None:
    """Modality of the source, so that hanging protocols show the picture; one series a modality and side, as both are the series' own."""
    modality = str(value_of(source, "Modality") or "OT")
    side = laterality_of(source)
    capture.Modality = modality
    capture.Laterality = None if side is None else side.value
    capture.SeriesInstanceUID = series_uid(source, "capture", device.version, modality, "" if side is None else side.value)
    capture.SeriesNumber = SERIES_NUMBER
    capture.InstanceNumber = instance_number(source)


def _write_derivation(capture: Dataset, source: Dataset) -> None:
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.ConversionType = "WSD"
    capture.DerivationDescription = "Radiograph resized, with bone age result and model attention beside it. Not for measurement."
    capture.DerivationCodeSequence = Sequence([coded(codes.SPATIAL_RESAMPLING)])
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    reference.PurposeOfReferenceCodeSequence = Sequence([coded(codes.SOURCE_OF_PROCESSING)])
    capture.SourceImageSequence = Sequence([reference])
    orientation = values_of(source, "PatientOrientation")
    capture.PatientOrientation = orientation if len(orientation) == 2 else None
    capture.BurnedInAnnotation = "YES"
    capture.RecognizableVisualFeatures = "NO"
    _write_lossy_history(capture, source)


def _write_lossy_history(capture: Dataset, source: Dataset) -> None:
    """Once lossy, always lossy (PS3.3 C.7.6.1.1.5): the flag of the source is carried on, never set back."""
    syntax = str(getattr(getattr(source, "file_meta", None), "TransferSyntaxUID", ""))
    lossy = value_of(source, "LossyImageCompression") == "01" or syntax in _ALWAYS_LOSSY
    capture.LossyImageCompression = "01" if lossy else "00"
    if not lossy:
        return
    methods = values_of(source, "LossyImageCompressionMethod") or _METHODS.get(syntax, [])
    for keyword, values in (
        ("LossyImageCompressionRatio", values_of(source, "LossyImageCompressionRatio")),
        ("LossyImageCompressionMethod", methods),
    ):
        if values:
            setattr(capture, keyword, values)


def _write_pixels(capture: Dataset, picture: NDArray[np.uint8]) -> None:
    attributes: dict[str, Any] = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "Rows": picture.shape[0],
        "Columns": picture.shape[1],
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "ColorSpace": "SRGB",
        "ICCProfile": _srgb_profile(),
    }
    for keyword, value in attributes.items():
        setattr(capture, keyword, value)
    pixels = np.ascontiguousarray(picture).tobytes()
    capture.PixelData = pixels + b"\0" * (len(pixels) % 2)
    capture["PixelData"].VR = "OB"


def _write_capture_device(capture: Dataset, device: Device) -> None:
    capture.SecondaryCaptureDeviceManufacturer = device.manufacturer
    capture.SecondaryCaptureDeviceManufacturerModelName = device.model
    capture.SecondaryCaptureDeviceSoftwareVersions = device.version
    capture.DateOfSecondaryCapture = capture.ContentDate
    capture.TimeOfSecondaryCapture = capture.ContentTime


@lru_cache(maxsize=1)
def _srgb_profile() -> bytes:
    """SRGB as an ICC profile; its creation time (bytes 24 to 35 of the header) is fixed, or no two pictures were equal."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = b"".join(number.to_bytes(2, "big") for number in (2026, 1, 1, 0, 0, 0))
    return bytes(profile) + b"\0" * (len(profile) % 2)
