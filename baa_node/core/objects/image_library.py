"""The image library of a report: the image read, and what its header says of the acquisition (TID 1600 to 1603)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from highdicom.sr import (
    ContainerContentItem,
    DateContentItem,
    ImageContentItem,
    NumContentItem,
)
from pydicom.dataset import Dataset

from baa_node.core import codes
from baa_node.core.attributes import day, numbers
from baa_node.core.objects.content_items import (
    ACQ_CONTEXT,
    CONTAINS,
    SIDES,
    Item,
    code_item,
    coded,
    container,
    image,
    text_item,
)
from baa_node.core.objects.header import laterality_of, value_of, values_of

_MODALITIES: Final = {"CR": codes.COMPUTED_RADIOGRAPHY, "DX": codes.DIGITAL_RADIOGRAPHY}


def image_library(source: Dataset) -> ContainerContentItem:
    """Image library of one group that holds one image (TID 1600)."""
    return container(codes.IMAGE_LIBRARY, [container(codes.IMAGE_LIBRARY_GROUP, [_entry(source)])])


def _entry(source: Dataset) -> ImageContentItem:
    """Image Library Entry (TID 1601); nothing stands in for a missing descriptor."""
    entry = image(codes.SOURCE, source, CONTAINS)
    descriptors = [*_acquisition(source), *_geometry(source)]
    if descriptors:
        entry.ContentSequence = descriptors
    return entry


def _acquisition(source: Dataset) -> Iterator[Item]:
    """Modality, date and side (TID 1602)."""
    modality = _MODALITIES.get(str(value_of(source, "Modality")))
    if modality is not None:
        yield code_item(codes.MODALITY, modality, ACQ_CONTEXT)
    examined_on = day(source, "StudyDate")
    if examined_on:
        yield DateContentItem(coded(codes.STUDY_DATE), examined_on.isoformat().replace("-", ""), ACQ_CONTEXT)
    side = laterality_of(source)
    if side is not None:
        yield code_item(codes.IMAGE_LATERALITY, SIDES[side], ACQ_CONTEXT)


def _geometry(source: Dataset) -> Iterator[Item]:
    """Size (TID 1602), orientation and spacing of a projection radiograph (TID 1603)."""
    for name, keyword in ((codes.ROWS, "Rows"), (codes.COLUMNS, "Columns")):
        size = value_of(source, keyword)
        if isinstance(size, int):
            yield NumContentItem(coded(name), size, coded(codes.PIXELS), relationship_type=ACQ_CONTEXT)
    orientation = values_of(source, "PatientOrientation")
    if len(orientation) == 2 and all(orientation):
        yield text_item(codes.ORIENTATION_ROW, str(orientation[0]), ACQ_CONTEXT)
        yield text_item(codes.ORIENTATION_COLUMN, str(orientation[1]), ACQ_CONTEXT)
    spacing = _spacing(source)
    if spacing is not None:
        vertical, horizontal = spacing
        yield NumContentItem(coded(codes.HORIZONTAL_SPACING), horizontal, coded(codes.MILLIMETRE), relationship_type=ACQ_CONTEXT)
        yield NumContentItem(coded(codes.VERTICAL_SPACING), vertical, coded(codes.MILLIMETRE), relationship_type=ACQ_CONTEXT)


def _spacing(source: Dataset) -> tuple[float, float] | None:
    """Distance of rows and of columns in mm, at the patient where it is known, else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        distances = [round(value, 6) for value in numbers(source, keyword)]
        if len(distances) == 2 and min(distances) > 0:
            return distances[0], distances[1]
    return None
