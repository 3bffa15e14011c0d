"""The structured report: TID 1500 with one measurement group, for a bone age and for a refusal alike.

Its parts are modules of `baa_node.core.objects`, in the order in which they stand in the content tree:
`observation_context`, `image_library`, `measurement_group` with `algorithm` and `comments`.
"""

from __future__ import annotations

from collections.abc import Sequence as AbstractSequence
from copy import copy, deepcopy
from datetime import datetime
from typing import Final

from highdicom.sr import Comprehensive3DSR, ComprehensiveSR, ContainerContentItem
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.objects.capture import build_capture
from baa_node.core.objects.content_items import (
    CONCEPT_MOD,
    Item,
    code_item,
    container,
)
from baa_node.core.objects.encoded_content import as_encoded, encode_content
from baa_node.core.objects.header import Device, copy_identity, instance_number, require_identity, stamp
from baa_node.core.objects.identifiers import CODING_SCHEME_UID, capture_uid, derive_uid, is_own_object, report_uid, series_uid
from baa_node.core.objects.image_library import image_library
from baa_node.core.objects.measurement_group import measurement_group
from baa_node.core.objects.observation_context import language_of, observer, subject
from baa_node.core.objects.report_history import evidence_of
from baa_node.core.objects.report_references import evidence_image, referenced_requests
from baa_node.core.priors.history import Earlier
from baa_node.core.words import Language

__all__ = [
    "COMPREHENSIVE_3D_SR",
    "COMPREHENSIVE_SR",
    "Device",
    "build_capture",
    "build_report",
    "capture_uid",
    "derive_uid",
    "is_own_object",
    "report_uid",
    "restate_report",
]

COMPREHENSIVE_3D_SR: Final = str(Comprehensive3DSRStorage)
COMPREHENSIVE_SR: Final = str(ComprehensiveSRStorage)
SERIES_NUMBER: Final = 7001

_DOCUMENTS: Final = {COMPREHENSIVE_3D_SR: Comprehensive3DSR, COMPREHENSIVE_SR: ComprehensiveSR}


def build_report(
    source: Dataset,
    result: Assessment | Refusal,
    device: Device,
    *,
    written_at: datetime,
    revision: int = 1,
    sop_class_uid: str = COMPREHENSIVE_3D_SR,
    source_sha256: str = "",
    predecessor: Dataset | None = None,
    language: Language = Language.ENGLISH,
    earlier: AbstractSequence[Earlier] = (),
) -> Dataset:
    """Report on one image, ready to be saved; equal arguments give equal objects.

    Parameters
    ----------
    source
        The image reported on, its header at least.
    written_at
        Now, with a time zone.
    revision
        1 for the first reading of the image, one more for each that replaces it.
    sop_class_uid
        Comprehensive 3D SR, or Comprehensive SR for archives that refuse it.
    source_sha256
        Digest of the image as received, kept in the report as evidence of what was read.
    predecessor
        The report that this one replaces.
    language
        Of the sentences for people. Codes, their meanings and all numbers are the same in every language.
    earlier
        Assessments of earlier examinations of the same patient, one of each: named as evidence, told, and compared with.

    Raises
    ------
    MissingAttribute
        If the source lacks one of the UIDs by which the report refers to it.
    ValueError
        For another SOP class, or a time without a zone.
    """
    require_identity(source)
    if sop_class_uid not in _DOCUMENTS:
        raise ValueError(f"no report is built as SOP class {sop_class_uid}")
    document: Dataset = _DOCUMENTS[sop_class_uid](
        evidence=[evidence_image(source), *evidence_of(earlier)],
        content=_empty_root(),
        series_instance_uid=series_uid(source, "report", device.version),
        series_number=SERIES_NUMBER,
        sop_instance_uid=report_uid(
            source, result, sop_class_uid=sop_class_uid, version=device.version, revision=revision, language=language
        ),
        instance_number=instance_number(source),
        is_complete=True,
        requested_procedures=referenced_requests(source) or None,
        previous_versions=None if predecessor is None else [predecessor],
    )
    # Not given to the library, which would copy the whole tree and walk it twice to see that each reference has its evidence.
    document.ContentSequence = _content(source, result, device, source_sha256, language, earlier=earlier, replaces=predecessor is not None)
    document.CodingSchemeIdentificationSequence = Sequence([_private_scheme(device)])
    copy_identity(source, document)
    stamp(document, source, device, written_at)
    encode_content(document)
    return document


def restate_report(
    report: Dataset,
    source: Dataset,
    result: Assessment | Refusal,
    device: Device,
    *,
    sop_class_uid: str,
    revision: int = 1,
    predecessor: Dataset | None = None,
    language: Language = Language.ENGLISH,
) -> Dataset:
    """Give a report as another SOP class: what `build_report` makes of the same arguments, without building it again.

    Parameters
    ----------
    report
        Built for the class that a destination may not take, or read from its file; its content is written again without being decoded.
    predecessor
        The report of that other class that this one replaces.
    """
    other = Dataset()
    other.update({tag: copy(report.get_item(tag)) for tag in report.keys()})  # noqa: SIM118 - what was not decoded stays as it is
    other.SOPClassUID = sop_class_uid
    other.SOPInstanceUID = report_uid(
        source, result, sop_class_uid=sop_class_uid, version=device.version, revision=revision, language=language
    )
    other.file_meta = copy(report.file_meta)
    other.file_meta.MediaStorageSOPClassUID = other.SOPClassUID
    other.file_meta.MediaStorageSOPInstanceUID = other.SOPInstanceUID
    other.preamble = report.preamble
    as_encoded(other)
    if predecessor is not None:
        other.PredecessorDocumentsSequence = deepcopy(report.PredecessorDocumentsSequence)
        (replaced,) = other.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
        replaced.ReferencedSOPClassUID, replaced.ReferencedSOPInstanceUID = predecessor.SOPClassUID, predecessor.SOPInstanceUID
    return other


def _empty_root() -> ContainerContentItem:
    root = ContainerContentItem(codes.IMAGING_MEASUREMENT_REPORT, is_content_continuous=False, template_id="1500")
    root.ContentSequence = []
    return root


def _content(
    source: Dataset,
    result: Assessment | Refusal,
    device: Device,
    source_sha256: str,
    language: Language,
    *,
    earlier: AbstractSequence[Earlier],
    replaces: bool,
) -> list[Item]:
    group = measurement_group(source, result, device, source_sha256, language, earlier=earlier, replaces=replaces)
    return [
        language_of(language),
        *observer(device),
        *subject(result),
        code_item(codes.PROCEDURE_REPORTED, codes.BONE_AGE_EXAMINATION, CONCEPT_MOD),
        image_library(source),
        container(codes.IMAGING_MEASUREMENTS, [group]),
    ]


def _private_scheme(device: Device) -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator = codes.PRIVATE_SCHEME
    item.CodingSchemeUID = CODING_SCHEME_UID
    item.CodingSchemeName = "Bone age node private codes"
    item.CodingSchemeVersion = "1"
    item.CodingSchemeResponsibleOrganization = device.manufacturer
    return item
