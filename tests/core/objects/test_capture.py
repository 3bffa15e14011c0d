from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import HTJ2K, JPEG2000, UID, JPEGBaseline8Bit, JPEGLSNearLossless

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.objects.capture import build_capture
from baa_node.core.objects.identifiers import SERIES_DESCRIPTION, is_own_object
from baa_node.errors import MissingAttribute
from tests.parts.report import IDENTIFIERS, picture_sources
from tests.parts.results import DEVICE, NAMES, REFUSAL, SOURCES, WRITTEN_AT, as_bytes, as_received, assessment, complaints, full_dx, poor_cr

PICTURE = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
RESULTS = {"assessed": assessment(), "refused": REFUSAL}


def built(source: Dataset, result: Assessment | Refusal = REFUSAL) -> Dataset:
    return as_received(build_capture(source, PICTURE, result, DEVICE, written_at=WRITTEN_AT))


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", RESULTS)
def test_every_variant_conforms(tmp_path: Path, name: str, kind: str) -> None:
    capture = build_capture(as_received(SOURCES[name]()), PICTURE, RESULTS[kind], DEVICE, written_at=WRITTEN_AT)
    assert complaints(capture, tmp_path) == []


def test_the_validator_would_complain(tmp_path: Path) -> None:
    capture = built(full_dx())
    del capture.ConversionType
    assert complaints(capture, tmp_path)


def test_picture_comes_back_as_it_was() -> None:
    capture = built(full_dx())
    assert np.array_equal(capture.pixel_array, PICTURE)
    assert (capture.PhotometricInterpretation, capture.SamplesPerPixel, capture.PlanarConfiguration) == ("RGB", 3, 0)
    assert capture.ICCProfile[36:40] == b"acsp"
    assert "PixelSpacing" not in capture


def test_who_what_and_whence() -> None:
    source = full_dx()
    capture = built(as_received(source), assessment())
    assert {keyword: capture.get(keyword) for keyword in IDENTIFIERS} == {keyword: source.get(keyword) for keyword in IDENTIFIERS}
    assert picture_sources(capture) == ["1.2.3.1"]
    assert (capture.Modality, capture.Laterality, capture.SeriesNumber, capture.InstanceNumber) == ("DX", "L", 7002, 3)
    assert capture.SeriesDescription == SERIES_DESCRIPTION
    assert (capture.BurnedInAnnotation, capture.RecognizableVisualFeatures) == ("YES", "NO")
    assert list(capture.PatientOrientation) == ["L", "F"]
    assert capture.ContentTime == "140607.000890"
    assert is_own_object(capture)


def test_poor_source_leaves_empty_what_must_be_there() -> None:
    capture = built(poor_cr())
    assert capture.Modality == "OT"
    assert capture["Laterality"].is_empty
    assert capture["PatientOrientation"].is_empty


def test_left_and_right_hand_of_a_study_are_two_series() -> None:
    left, right = full_dx(), full_dx()
    right.ImageLaterality, right.SOPInstanceUID = "R", "1.2.3.9"
    assert built(left).SeriesInstanceUID != built(right).SeriesInstanceUID
    assert built(left).SeriesInstanceUID == built(left, assessment()).SeriesInstanceUID


@pytest.mark.parametrize(
    ("flag", "syntax", "expected"),
    [
        (None, None, ("00", None)),
        ("00", JPEG2000, ("00", None)),
        ("01", JPEG2000, ("01", "ISO_15444_1")),
        ("01", HTJ2K, ("01", "ISO_15444_15")),
        (None, JPEGBaseline8Bit, ("01", "ISO_10918_1")),
        ("00", JPEGLSNearLossless, ("01", "ISO_14495_1")),
        ("01", None, ("01", None)),
    ],
)
def test_loss_is_never_forgotten(flag: str | None, syntax: UID | None, expected: tuple[str, str | None]) -> None:
    source = full_dx()
    if flag is not None:
        source.LossyImageCompression = flag
    if syntax is not None:
        source.file_meta = FileMetaDataset()
        source.file_meta.TransferSyntaxUID = syntax
    capture = build_capture(source, PICTURE, REFUSAL, DEVICE, written_at=WRITTEN_AT)
    assert (capture.LossyImageCompression, capture.get("LossyImageCompressionMethod")) == expected


def test_history_of_loss_is_copied(tmp_path: Path) -> None:
    source = full_dx()
    source.LossyImageCompression, source.LossyImageCompressionRatio = "01", [10.5, 2]
    source.LossyImageCompressionMethod = ["ISO_10918_1", "ISO_15444_1"]
    capture = built(source)
    assert list(capture.LossyImageCompressionRatio) == [10.5, 2]
    assert list(capture.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_15444_1"]
    assert complaints(capture, tmp_path) == []


@pytest.mark.parametrize("charset", NAMES)
def test_names_in_other_character_sets(tmp_path: Path, charset: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES[charset]
    capture = built(as_received(source))
    assert capture.PatientName == NAMES[charset][1]
    assert complaints(capture, tmp_path) == []


def test_equal_arguments_give_equal_bytes() -> None:
    first, second = (as_bytes(build_capture(full_dx(), PICTURE, REFUSAL, DEVICE, written_at=WRITTEN_AT)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 4)])
def test_only_rgb_pictures_are_wrapped(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        build_capture(full_dx(), np.zeros(shape, np.uint8), REFUSAL, DEVICE, written_at=WRITTEN_AT)


def test_image_without_uids_is_refused() -> None:
    source = poor_cr()
    source.StudyInstanceUID = ""
    with pytest.raises(MissingAttribute, match="StudyInstanceUID"):
        build_capture(source, PICTURE, REFUSAL, DEVICE, written_at=WRITTEN_AT)
