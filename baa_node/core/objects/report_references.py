"""What a report refers to: the image as its evidence, the orders that it answers (SR Document General Module, PS3.3 C.17.2)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from baa_node.core.objects.header import UTF_8, decoded_items, value_of


def evidence_image(source: Dataset) -> Dataset:
    """Only what refers to the image: the library copies what it finds and stumbles over what a poor header lacks."""
    evidence = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(evidence, keyword, str(source[keyword].value))
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
        setattr(evidence, keyword, "")
    evidence.SpecificCharacterSet = UTF_8
    return evidence


def referenced_requests(source: Dataset) -> list[Dataset]:
    """Referenced Request Sequence (0040,A370), one item for each order that the image answers."""
    return [_request(source, item) for item in decoded_items(source, "RequestAttributesSequence")]


def _request(source: Dataset, attributes: Dataset) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = str(attributes.get("StudyInstanceUID") or source.StudyInstanceUID)
    item.ReferencedStudySequence = Sequence(decoded_items(attributes, "ReferencedStudySequence"))
    item.AccessionNumber = value_of(attributes, "AccessionNumber") or value_of(source, "AccessionNumber")
    item.PlacerOrderNumberImagingServiceRequest = None
    item.FillerOrderNumberImagingServiceRequest = None
    item.RequestedProcedureID = value_of(attributes, "RequestedProcedureID")
    item.RequestedProcedureDescription = value_of(attributes, "RequestedProcedureDescription")
    item.RequestedProcedureCodeSequence = Sequence(decoded_items(attributes, "RequestedProcedureCodeSequence"))
    return item
