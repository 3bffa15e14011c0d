"""The printed page as an Encapsulated PDF object (PS3.3 A.45.1), for archives that show documents beside images."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.objects.header import Device, coded, copy_identity, instance_number, laterality_of, require_identity, stamp
from baa_node.core.objects.identifiers import document_uid, series_uid
from baa_node.core.words import Language

SERIES_NUMBER: Final = 7003
TITLE: Final = "Bone age report"
"""Constant, as the series description is: a title that told the result would leak it into every list."""


def build_document(
    source: Dataset,
    pdf: bytes,
    result: Assessment | Refusal,
    device: Device,
    *,
    written_at: datetime,
    revision: int = 1,
    language: Language = Language.ENGLISH,
) -> Dataset:
    """Wrap a page on one image, ready to be saved; equal arguments give equal objects.

    Parameters
    ----------
    pdf
        The page, as `baa_node.core.drawing.letter.write_letter` sets it.
    language
        Of the page: another one is another object.

    Raises
    ------
    MissingAttribute
        If the source lacks one of the UIDs by which the document refers to it.
    ValueError
        For bytes that are no PDF, or a time without a zone.
    """
    require_identity(source)
    if not pdf.startswith(b"%PDF-"):
        raise ValueError("the page is no PDF")
    document = Dataset()
    document.SOPClassUID = EncapsulatedPDFStorage
    document.SOPInstanceUID = document_uid(source, result, version=device.version, revision=revision, language=language)
    copy_identity(source, document)
    document.Modality = "DOC"
    document.SeriesInstanceUID = series_uid(source, "document", device.version)
    document.SeriesNumber = SERIES_NUMBER
    document.InstanceNumber = instance_number(source)
    document.ConversionType = "SYN"
    stamp(document, source, device, written_at)
    _encapsulate(document, source, pdf)
    return document


def _encapsulate(document: Dataset, source: Dataset, pdf: bytes) -> None:
    """Write the Encapsulated Document Module (PS3.3 C.24.2)."""
    document.AcquisitionDateTime = None
    document.BurnedInAnnotation = "YES"
    document.RecognizableVisualFeatures = "NO"
    document.DocumentTitle = TITLE
    document.VerificationFlag = "UNVERIFIED"
    document.ConceptNameCodeSequence = Sequence([coded(codes.BONE_AGE_EXAMINATION)])
    side = laterality_of(source)
    if side is not None:
        document.ImageLaterality = side.value
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    document.SourceInstanceSequence = Sequence([reference])
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    document.EncapsulatedDocumentLength = len(pdf)
