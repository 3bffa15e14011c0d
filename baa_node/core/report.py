"""The structured report: TID 1500 with one measurement group, for a bone age and for a refusal alike.

The order within the group is the order in which plain renderers print it: the sentence for people first, the disclaimer
last. Every container is SEPARATE, or viewers run the values together (PS3.3 C.17.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as AbstractSequence
from copy import copy, deepcopy
from datetime import datetime
from typing import Final, TypeAlias

from highdicom.sr import (
    CodeContentItem,
    CodedConcept,
    Comprehensive3DSR,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DateContentItem,
    ImageContentItem,
    NumContentItem,
    TextContentItem,
    UIDRefContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Determination, Refusal, ZConvention
from baa_node.core.attributes import day, numbers
from baa_node.core.ensemble import Correction
from baa_node.core.objects.capture import build_capture
from baa_node.core.objects.header import (
    UTF_8,
    Device,
    copy_identity,
    decoded_items,
    instance_number,
    laterality_of,
    require_identity,
    stamp,
    value_of,
    values_of,
)
from baa_node.core.objects.identifiers import (
    CODING_SCHEME_UID,
    capture_uid,
    derive_uid,
    is_own_object,
    report_uid,
    series_uid,
    tracking_uid,
)
from baa_node.core.objects.report_history import evidence_of, history_lines, velocity_items
from baa_node.core.priors.history import Earlier, examination_of, judge
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.words import Language
from baa_node.core.words.sentences import hand_in_words, sentences, texts_of

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
_SIDES: Final = {Laterality.LEFT: codes.LEFT, Laterality.RIGHT: codes.RIGHT}
_SEXES: Final = {Sex.MALE: codes.MALE, Sex.FEMALE: codes.FEMALE}
_MODALITIES: Final = {"CR": codes.COMPUTED_RADIOGRAPHY, "DX": codes.DIGITAL_RADIOGRAPHY}
_LANGUAGES: Final = {
    Language.ENGLISH: codes.ENGLISH,
    Language.GERMAN: codes.GERMAN,
    Language.SPANISH: codes.SPANISH,
    Language.FRENCH: codes.FRENCH,
    Language.PORTUGUESE: codes.PORTUGUESE,
}
_ANSWERS: Final = {
    Determination.DELAYED: (codes.DELAYED, codes.ABNORMALLY_LOW),
    Determination.NORMAL: (codes.NORMAL, codes.NORMALITY_NORMAL),
    Determination.ADVANCED: (codes.ADVANCED, codes.ABNORMALLY_HIGH),
    Determination.INDETERMINATE: (codes.INDETERMINATE, codes.NORMALITY_UNDETERMINED),
}
Item: TypeAlias = (
    CodeContentItem | ContainerContentItem | DateContentItem | ImageContentItem | NumContentItem | TextContentItem | UIDRefContentItem
)

_CONTAINS: Final = "CONTAINS"
_OBSERVATION: Final = "HAS OBS CONTEXT"
_MODIFIER: Final = "HAS CONCEPT MOD"
_ACQUISITION: Final = "HAS ACQ CONTEXT"
_INFERRED: Final = "INFERRED FROM"


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
        evidence=[_evidence(source), *evidence_of(earlier)],
        content=_empty_root(),
        series_instance_uid=series_uid(source, "report", device.version),
        series_number=SERIES_NUMBER,
        sop_instance_uid=report_uid(
            source, result, sop_class_uid=sop_class_uid, version=device.version, revision=revision, language=language
        ),
        instance_number=instance_number(source),
        is_complete=True,
        requested_procedures=_requests(source) or None,
        previous_versions=None if predecessor is None else [predecessor],
    )
    # Not given to the library, which would copy the whole tree and walk it twice to see that each reference has its evidence.
    document.ContentSequence = _content(source, result, device, source_sha256, language, earlier=earlier, replaces=predecessor is not None)
    document.CodingSchemeIdentificationSequence = Sequence([_private_scheme(device)])
    copy_identity(source, document)
    stamp(document, source, device, written_at)
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
        Built for the class that a destination may not take. One that was read from its file is written again without being decoded.
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
    if predecessor is not None:
        other.PredecessorDocumentsSequence = deepcopy(report.PredecessorDocumentsSequence)
        (replaced,) = other.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
        replaced.ReferencedSOPClassUID, replaced.ReferencedSOPInstanceUID = predecessor.SOPClassUID, predecessor.SOPInstanceUID
    return other


def _evidence(source: Dataset) -> Dataset:
    """Only what refers to the image: the library copies what it finds and stumbles over what a poor header lacks."""
    evidence = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(evidence, keyword, str(source[keyword].value))
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
        setattr(evidence, keyword, "")
    evidence.SpecificCharacterSet = UTF_8
    return evidence


def _requests(source: Dataset) -> list[Dataset]:
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


def _private_scheme(device: Device) -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator = codes.PRIVATE_SCHEME
    item.CodingSchemeUID = CODING_SCHEME_UID
    item.CodingSchemeName = "Bone age node private codes"
    item.CodingSchemeVersion = "1"
    item.CodingSchemeResponsibleOrganization = device.manufacturer
    return item


def _empty_root() -> ContainerContentItem:
    root = ContainerContentItem(codes.IMAGING_MEASUREMENT_REPORT, is_content_continuous=False, template_id="1500")
    root.ContentSequence = ContentSequence([])
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
) -> ContentSequence:
    velocity = None if isinstance(result, Refusal) else judge(result, examination_of(source), earlier).velocity
    items = [
        CodeContentItem(codes.LANGUAGE, _LANGUAGES[language], _MODIFIER),
        *_observer(device),
        *_subject(result),
        CodeContentItem(codes.PROCEDURE_REPORTED, codes.BONE_AGE_EXAMINATION, _MODIFIER),
        _container(codes.IMAGE_LIBRARY, [_container(codes.IMAGE_LIBRARY_GROUP, [_library_entry(source)])]),
        _container(
            codes.IMAGING_MEASUREMENTS,
            [
                _container(
                    codes.MEASUREMENT_GROUP,
                    [
                        *_group(source, result, device, source_sha256, language),
                        *velocity_items(velocity),
                        *_comments(result, language, history_lines(earlier, velocity, language), replaces=replaces),
                    ],
                    template_id="1501",
                )
            ],
        ),
    ]
    return ContentSequence(items)


def _observer(device: Device) -> Iterator[Item]:
    yield CodeContentItem(codes.OBSERVER_TYPE, codes.DEVICE, _OBSERVATION)
    yield UIDRefContentItem(codes.DEVICE_UID, device.uid, _OBSERVATION)
    texts = (
        (codes.DEVICE_NAME, device.name),
        (codes.DEVICE_MANUFACTURER, device.manufacturer),
        (codes.DEVICE_MODEL, device.model),
        (codes.DEVICE_SERIAL, device.serial),
    )
    for name, text in texts:
        if text:
            yield TextContentItem(name, text, _OBSERVATION)


def _subject(result: Assessment | Refusal) -> Iterator[Item]:
    """Sex and age as they were used, which is why a refusal names neither."""
    yield CodeContentItem(codes.SUBJECT_CLASS, codes.PATIENT, _OBSERVATION)
    if isinstance(result, Refusal):
        return
    if result.sex is not None:
        yield CodeContentItem(codes.SUBJECT_SEX, _SEXES[result.sex], _OBSERVATION)
    if result.chronological_age_months is not None:
        yield _months(codes.SUBJECT_AGE, result.chronological_age_months, relationship=_OBSERVATION)


def _library_entry(source: Dataset) -> ImageContentItem:
    """Image and what its header says of the acquisition (TID 1601 to 1603); nothing stands in for a missing value."""
    image = _image(codes.SOURCE, source, _CONTAINS)
    descriptors = [*_acquisition(source), *_geometry(source)]
    if descriptors:
        image.ContentSequence = ContentSequence(descriptors)
    return image


def _acquisition(source: Dataset) -> Iterator[Item]:
    modality = _MODALITIES.get(str(value_of(source, "Modality")))
    if modality is not None:
        yield CodeContentItem(codes.MODALITY, modality, _ACQUISITION)
    examined_on = day(source, "StudyDate")
    if examined_on:
        yield DateContentItem(codes.STUDY_DATE, examined_on.isoformat().replace("-", ""), _ACQUISITION)
    side = laterality_of(source)
    if side is not None:
        yield CodeContentItem(codes.IMAGE_LATERALITY, _SIDES[side], _ACQUISITION)


def _geometry(source: Dataset) -> Iterator[Item]:
    for name, keyword in ((codes.ROWS, "Rows"), (codes.COLUMNS, "Columns")):
        size = value_of(source, keyword)
        if isinstance(size, int):
            yield NumContentItem(name, size, codes.PIXELS, relationship_type=_ACQUISITION)
    orientation = values_of(source, "PatientOrientation")
    if len(orientation) == 2 and all(orientation):
        yield TextContentItem(codes.ORIENTATION_ROW, str(orientation[0]), _ACQUISITION)
        yield TextContentItem(codes.ORIENTATION_COLUMN, str(orientation[1]), _ACQUISITION)
    spacing = _spacing(source)
    if spacing is not None:
        vertical, horizontal = spacing
        yield NumContentItem(codes.HORIZONTAL_SPACING, horizontal, codes.MILLIMETRE, relationship_type=_ACQUISITION)
        yield NumContentItem(codes.VERTICAL_SPACING, vertical, codes.MILLIMETRE, relationship_type=_ACQUISITION)


def _group(source: Dataset, result: Assessment | Refusal, device: Device, source_sha256: str, language: Language) -> list[Item]:
    side = laterality_of(source)
    said = sentences(result, language)
    tracking_identifier = texts_of(language).tracking_identifier.format(hand=hand_in_words(side, language))
    return [
        TextContentItem(codes.TRACKING_IDENTIFIER, tracking_identifier, _OBSERVATION),
        UIDRefContentItem(codes.TRACKING_UID, tracking_uid(source), _OBSERVATION),
        TextContentItem(codes.CONCLUSION, said.conclusion, _CONTAINS),
        CodeContentItem(codes.FINDING, codes.PEDIATRIC_BONE_AGE, _CONTAINS),
        _finding_site(side),
        *_algorithm(result, device, source_sha256),
        *(_reasons(result) if isinstance(result, Refusal) else _measurements(source, result, said.reference)),
    ]


def _finding_site(side: Laterality | None) -> CodeContentItem:
    site = CodeContentItem(codes.FINDING_SITE, codes.HAND, _MODIFIER)
    if side is not None:
        site.ContentSequence = ContentSequence([CodeContentItem(codes.LATERALITY, _SIDES[side], _MODIFIER)])
    return site


def _algorithm(result: Assessment | Refusal, device: Device, source_sha256: str) -> Iterator[Item]:
    """TID 4019: the weights that gave the number; for a refusal, which no weights gave, the software."""
    if isinstance(result, Refusal):
        name, version, parameters = device.model, device.version, {}
    else:
        estimate = result.estimate
        name, version = estimate.bundle.name, estimate.bundle.version
        parameters = {
            "sex": estimate.sex_used or "not used",
            "members": ", ".join(f"{member} {months:.1f} mo" for member, months in estimate.members.items()),
            "provider": estimate.provider,
            **({"turned": f"{estimate.turned_deg} deg"} if estimate.turned_deg else {}),
            "model_sha256": estimate.bundle.sha256,
            **_calibration(estimate.correction),
        }
    parameters["software"] = f"{device.model} {device.version}"
    if source_sha256:
        parameters["source_sha256"] = source_sha256
    yield _text(codes.ALGORITHM_NAME, name, _MODIFIER)
    yield _text(codes.ALGORITHM_VERSION, version, _MODIFIER)
    for key, value in parameters.items():
        yield _text(codes.ALGORITHM_PARAMETERS, f"{key}={value}", _MODIFIER)
    yield CodeContentItem(codes.ALGORITHM_FAMILY, codes.ARTIFICIAL_INTELLIGENCE, _MODIFIER)


def _calibration(correction: Correction | None) -> dict[str, str]:
    """Name the site's calibration, its line, and what it was applied to."""
    if correction is None:
        return {}
    low, high = correction.raw_interval_months
    return {
        "calibration": f"version {correction.version}, {correction.slope:.4f} * estimate {correction.intercept_months:+.2f} mo",
        "calibration_sha256": correction.sha256,
        "uncalibrated": f"{correction.raw_months:.1f} mo ({low:.1f} to {high:.1f} mo)",
    }


def _measurements(source: Dataset, result: Assessment, reference: str) -> Iterator[Item]:
    estimate = result.estimate
    low, high = estimate.interval_months
    determination, normality = _ANSWERS[result.determination]
    yield _bone_age(source, estimate.bone_age_months)
    yield _months(codes.INTERVAL_LOWER, low)
    yield _months(codes.INTERVAL_UPPER, high)
    yield _number(codes.INTERVAL_COVERAGE, estimate.coverage * 100, codes.PERCENT, 1)
    if estimate.spread_months is not None:
        yield _number(codes.MEMBER_SD, estimate.spread_months, codes.MONTH, 2)
    yield from _comparison(result)
    yield CodeContentItem(codes.SUMMARY_OF_ANALYSES, codes.SUCCEEDED, _CONTAINS)
    yield CodeContentItem(codes.DETERMINATION, determination, _CONTAINS)
    yield CodeContentItem(codes.NORMALITY, normality, _CONTAINS)
    if reference:
        yield TextContentItem(codes.REFERENCE_AUTHORITY, reference, _CONTAINS)


def _bone_age(source: Dataset, months: float) -> NumContentItem:
    concept = CodedConcept.from_code(codes.BONE_AGE)
    concept.EquivalentCodeSequence = Sequence([CodedConcept.from_code(codes.SKELETAL_AGE)])
    item = _months(concept, months)
    item.ContentSequence = ContentSequence(
        [
            CodeContentItem(codes.MEASUREMENT_METHOD, codes.GREULICH_PYLE, _MODIFIER),
            _image(codes.SOURCE_OF_MEASUREMENT, source, _INFERRED),
        ]
    )
    return item


def _comparison(result: Assessment) -> Iterator[Item]:
    """Write the reference mean only where it is the centre of the band: beside a z-score from elsewhere it would mislead."""
    if result.chronological_age_months is not None and result.difference_months is not None:
        yield _months(codes.CHRONOLOGICAL_AGE, result.chronological_age_months)
        yield _months(codes.DIFFERENCE, result.difference_months)
    if result.z_score is None or result.reference_mean_months is None or result.reference_sd_months is None:
        return
    if result.policy.convention is ZConvention.REFERENCE_MEAN:
        yield _months(codes.REFERENCE_MEAN, result.reference_mean_months)
    yield _number(codes.REFERENCE_SD, result.reference_sd_months, codes.MONTH, 2)
    yield _number(codes.Z_SCORE, result.z_score, codes.NO_UNITS, 2)


def _reasons(refusal: Refusal) -> Iterator[Item]:
    failed = any(reason.attempted for reason in refusal.reasons)
    yield CodeContentItem(codes.SUMMARY_OF_ANALYSES, codes.FAILED if failed else codes.NOT_ATTEMPTED, _CONTAINS)
    for reason in refusal.reasons:
        concept = CodedConcept.from_code(reason.concept)
        if reason.standard_concept is not None:
            concept.EquivalentCodeSequence = Sequence([CodedConcept.from_code(reason.standard_concept)])
        yield CodeContentItem(codes.REASON, concept, _CONTAINS)


def _comments(result: Assessment | Refusal, language: Language, history: Iterable[str], *, replaces: bool) -> Iterator[TextContentItem]:
    """Tell what to do without a number, what was found, the cautions and what came before; the disclaimer last."""
    said = sentences(result, language)
    if said.by_hand:
        yield TextContentItem(codes.COMMENT, said.by_hand, _CONTAINS)
    if isinstance(result, Refusal) and result.detail:
        yield _english_comment(result.detail)
    for caution, sentence in zip(result.cautions, said.cautions, strict=True):
        yield _english_comment(caution) if isinstance(caution, str) else TextContentItem(codes.COMMENT, sentence, _CONTAINS)
    if said.calibration:
        yield TextContentItem(codes.COMMENT, said.calibration, _CONTAINS)
    yield from (TextContentItem(codes.COMMENT, line, _CONTAINS) for line in history)
    if replaces:
        yield TextContentItem(codes.COMMENT, texts_of(language).replaces, _CONTAINS)
    yield TextContentItem(codes.COMMENT, said.disclaimer, _CONTAINS)


def _english_comment(text: str) -> TextContentItem:
    """Words that are in English in every report, marked as such (TID 1204)."""
    comment = _text(codes.COMMENT, text)
    comment.ContentSequence = ContentSequence([CodeContentItem(codes.LANGUAGE, codes.ENGLISH, _MODIFIER)])
    return comment


def _container(name: Code, items: Iterable[Item], *, template_id: str | None = None) -> ContainerContentItem:
    container = ContainerContentItem(name, is_content_continuous=False, template_id=template_id, relationship_type=_CONTAINS)
    container.ContentSequence = ContentSequence(list(items))
    return container


def _text(name: Code, text: str, relationship: str = _CONTAINS) -> TextContentItem:
    """Technical text, in ASCII because not every viewer decodes text of a report by the declared character set."""
    return TextContentItem(name, text.encode("ascii", "replace").decode("ascii") or "unknown", relationship)


def _months(name: Code | CodedConcept, value: float, *, relationship: str = _CONTAINS) -> NumContentItem:
    return _number(name, value, codes.MONTH, 1, relationship)


def _number(name: Code | CodedConcept, value: float, unit: Code, decimals: int, relationship: str = _CONTAINS) -> NumContentItem:
    """Round first: a DS holds 16 characters (PS3.5 6.2), and digits that mean nothing help nobody."""
    return NumContentItem(name, round(float(value), decimals) + 0.0, unit, relationship_type=relationship)


def _image(name: Code, source: Dataset, relationship: str) -> ImageContentItem:
    return ImageContentItem(name, str(source.SOPClassUID), str(source.SOPInstanceUID), relationship_type=relationship)


def _spacing(source: Dataset) -> tuple[float, float] | None:
    """Distance of rows and of columns in mm, at the patient where it is known, else at the detector."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        distances = [round(value, 6) for value in numbers(source, keyword)]
        if len(distances) == 2 and min(distances) > 0:
            return distances[0], distances[1]
    return None
