"""What every object that goes back into a study has in common: whose it is, who made it, and when."""

from __future__ import annotations

import math
import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian

from baa_node.core import codes
from baa_node.core.attributes import UNREADABLE
from baa_node.core.objects.identifiers import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, MODEL_NAME, SERIES_DESCRIPTION
from baa_node.core.radiograph import Laterality, read_laterality
from baa_node.errors import MissingAttribute

UTF_8: Final = "ISO_IR 192"

_TYPE_2: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_OPTIONAL: Final = (
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "PatientBirthTime",
    "EthnicGroup",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "StudyDescription",
    "IssuerOfAccessionNumberSequence",
    "ProcedureCodeSequence",
    "ReferencedStudySequence",
    "AdmissionID",
    "ServiceEpisodeID",
)
_ABOUT: Final = {
    "OtherPatientIDsSequence": "PatientID",
    "ProcedureCodeSequence": "CodeMeaning",
    "DeidentificationMethodCodeSequence": "CodeMeaning",
}
"""Attribute without which an item says nothing (Type 1 in PS3.3 C.7.1.1, C.7.2.1 and 8.8)."""
_FORMS: Final = {
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9_ ]{1,16}"),
    "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
}
_TEXT: Final = frozenset(("AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UT"))
_REQUIRED: Final = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")


@dataclass(frozen=True, kw_only=True)
class Device:
    """The installation that observes (TID 1004): stable names by which a site finds the machine behind a result.

    Attributes
    ----------
    name
        Station name.
    uid
        Device observer UID, one an installation, for good.
    """

    name: str
    uid: str
    manufacturer: str = "baa_node project"
    model: str = MODEL_NAME
    serial: str = ""
    version: str


def require_identity(source: Dataset) -> None:
    """Raise `MissingAttribute` unless the source has the UIDs by which a result can refer to it."""
    for keyword in _REQUIRED:
        if not source.get(keyword):
            raise MissingAttribute(keyword)


def values_of(source: Dataset, keyword: str) -> list[Any]:
    """All values of an attribute, none where it is absent, empty, or not of its VR."""
    element = _element(source, keyword)
    if element is None or element.is_empty:
        return []
    return list(element.value) if element.VM > 1 else [element.value]


def value_of(source: Dataset, keyword: str) -> Any:
    """First value of an attribute, or None."""
    return next(iter(values_of(source, keyword)), None)


def laterality_of(source: Dataset) -> Laterality | None:
    """Side that the header names, the one that the assessment names too; never guessed."""
    return read_laterality(source)


def instance_number(source: Dataset) -> int:
    """Take the number of the source, so that results of one study sort as their images do; 1 where the source has none."""
    number = value_of(source, "InstanceNumber")
    return int(number) if isinstance(number, int) and 0 < number < 2**31 else 1


def copy_identity(source: Dataset, target: Dataset) -> None:
    """Copy patient, visit and study attributes as they are, decoded from the source's character set.

    Nothing is corrected: Type 2 attributes that the source lacks are empty, optional ones stay absent. An optional one is
    left out where its bytes are no value of its VR, and so is an item without the value that the item is about.
    """
    target.SpecificCharacterSet = UTF_8
    for keyword in ("StudyInstanceUID", *_TYPE_2):
        element = _element(source, keyword)
        if element is not None:
            target.add(_decoded(element))
        elif keyword in _TYPE_2:
            setattr(target, keyword, None)
    for element in filter(None, (_element(source, keyword) for keyword in _OPTIONAL)):
        if element.VR == "SQ":
            _copy_items(source, element.keyword, target)
        elif _is_valid(element):
            target.add(_decoded(element))


def stamp(target: Dataset, source: Dataset, device: Device, written_at: datetime) -> None:
    """Write equipment, times and file meta of an object made now.

    Times are in the source's offset from UTC where it has one, because Timezone Offset From UTC (0008,0201) governs
    every date and time of the object and the copied study date is the source's.

    Raises
    ------
    ValueError
        If ``written_at`` has no time zone.
    """
    local = _local_time(source, written_at)
    day, clock = local.strftime("%Y%m%d"), local.strftime("%H%M%S.%f")
    target.InstanceCreationDate = target.SeriesDate = target.ContentDate = day
    target.InstanceCreationTime = target.SeriesTime = target.ContentTime = clock
    target.TimezoneOffsetFromUTC = local.strftime("%z")[:5]
    target.InstanceCreatorUID = device.uid
    target.SeriesDescription = SERIES_DESCRIPTION
    _write_equipment(target, device)
    target.StationName = device.name
    target.ContributingEquipmentSequence = Sequence([_equipment_item(device, local)])
    target.file_meta = _file_meta(target)
    target.preamble = b"\0" * 128


def coded(code: Code) -> Dataset:
    """Item of a code sequence (PS3.3 table 8.8-1)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def decoded_items(source: Dataset, keyword: str) -> list[Dataset]:
    """Items of a sequence with all text decoded, fit for an object in another character set; none where it is absent."""
    element = _element(source, keyword)
    return [] if element is None else [_decoded_item(item) for item in element.value or ()]


def _element(source: Dataset, keyword: str) -> DataElement | None:
    """Element in the VR of PS3.6; text may come in the VR of other text, but what should be a number must be one."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in source:
        return None
    try:
        element = source[tag]
        vr = dictionary_VR(tag)
        if vr in {"DS", "IS"}:
            _check_numbers(element)
    except UNREADABLE:
        return None
    if vr == element.VR:
        return element
    if vr in _TEXT and element.VR in _TEXT:
        values = [str(value) for value in (element.value if element.VM > 1 else [element.value]) if value is not None]
        return DataElement(tag, vr, values[0] if len(values) == 1 else values or None, validation_mode=IGNORE)
    return None


def _check_numbers(element: DataElement) -> None:
    """Raise ValueError for a decimal or integer string that is neither; reading keeps such a one as it came."""
    values = element.value if element.VM > 1 else [element.value]
    if not all(math.isfinite(float(value)) for value in values if value not in {None, ""}):
        raise ValueError(f"{element.keyword} is not finite")


def _is_valid(element: DataElement) -> bool:
    """Whether a coded text or time keeps to the form of its VR (PS3.5 6.2); free text and identifiers are not judged."""
    form = _FORMS.get(element.VR)
    values = element.value if element.VM > 1 else [element.value]
    return form is None or all(not value or form.fullmatch(str(value)) for value in values)


def _copy_items(source: Dataset, keyword: str, target: Dataset) -> None:
    """Copy a sequence, but no item that lacks what it is about, and nothing of a sequence without items (PS3.5 7.5)."""
    about = _ABOUT.get(keyword)
    items = [item for item in decoded_items(source, keyword) if about is None or value_of(item, about)]
    if items:
        setattr(target, keyword, Sequence(items))


def _decoded(element: DataElement) -> DataElement:
    """Copy an element with all text decoded, in nested items too, so that it can be written in another character set."""
    if element.VR != "SQ":
        return deepcopy(element)
    return DataElement(element.tag, "SQ", Sequence([_decoded_item(item) for item in element.value]))


def _decoded_item(item: Dataset) -> Dataset:
    copied = Dataset()
    for keyword in map(keyword_for_tag, item.keys()):
        element = _element(item, keyword)
        if element is not None and keyword != "SpecificCharacterSet":
            copied.add(_decoded(element))
    return copied


def _local_time(source: Dataset, written_at: datetime) -> datetime:
    if written_at.tzinfo is None:
        raise ValueError("written_at needs a time zone")
    offset = str(value_of(source, "TimezoneOffsetFromUTC") or "")
    digits = offset[1:]
    if len(offset) != 5 or offset[0] not in "+-" or not digits.isdecimal() or int(digits) > 1400:
        return written_at
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return written_at.astimezone(timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes)))


def _write_equipment(target: Dataset, device: Device) -> None:
    target.Manufacturer = device.manufacturer
    target.ManufacturerModelName = device.model
    target.SoftwareVersions = device.version
    if device.serial:
        target.DeviceSerialNumber = device.serial


def _equipment_item(device: Device, local: datetime) -> Dataset:
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = Sequence([coded(codes.PROCESSING_EQUIPMENT)])
    _write_equipment(item, device)
    item.StationName = device.name
    item.ContributionDateTime = local.strftime("%Y%m%d%H%M%S.%f%z")
    item.ContributionDescription = "Bone age reading"
    return item


def _file_meta(target: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = target.SOPClassUID
    meta.MediaStorageSOPInstanceUID = target.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta
