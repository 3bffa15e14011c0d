"""Every coded concept once: scheme, value, meaning, source.

Standard concepts carry the words of PS3.16 (annex D for ``DCM``, the context groups for ``SCT`` and ``UCUM``), LOINC
or the ACR/RSNA common data elements (``RADELEMENT``, set RDES14 "Pediatric bone age"). What no standard names is a code
of the private scheme ``99BAANODE``, among them the reasons for not giving a bone age (``reasons``); a standard DCM code stands
beside each reason where one fits.
"""

from __future__ import annotations

from typing import Final

from pydicom.sr.coding import Code

from baa_node.core.reasons import Reason

PRIVATE_SCHEME: Final = "99BAANODE"


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


def _ucum(value: str, meaning: str) -> Code:
    return Code(value, "UCUM", meaning)


def _rde(value: str, meaning: str) -> Code:
    return Code(value, "RADELEMENT", meaning)


def _own(value: str, meaning: str) -> Code:
    return Code(value, PRIVATE_SCHEME, meaning)


# Document and its context: TID 1500, 1204, 1004, 1007
IMAGING_MEASUREMENT_REPORT: Final = _dcm("126000", "Imaging Measurement Report")
LANGUAGE: Final = _dcm("121049", "Language of Content Item and Descendants")
ENGLISH: Final = Code("en", "RFC5646", "English")
GERMAN: Final = Code("de", "RFC5646", "German")
SPANISH: Final = Code("es", "RFC5646", "Spanish")
FRENCH: Final = Code("fr", "RFC5646", "French")
PORTUGUESE: Final = Code("pt", "RFC5646", "Portuguese")
OBSERVER_TYPE: Final = _dcm("121005", "Observer Type")
DEVICE: Final = _dcm("121007", "Device")
DEVICE_UID: Final = _dcm("121012", "Device Observer UID")
DEVICE_NAME: Final = _dcm("121013", "Device Observer Name")
DEVICE_MANUFACTURER: Final = _dcm("121014", "Device Observer Manufacturer")
DEVICE_MODEL: Final = _dcm("121015", "Device Observer Model Name")
DEVICE_SERIAL: Final = _dcm("121016", "Device Observer Serial Number")
SUBJECT_CLASS: Final = _dcm("121024", "Subject Class")
PATIENT: Final = _dcm("121025", "Patient")
SUBJECT_SEX: Final = _dcm("121032", "Subject Sex")
SUBJECT_AGE: Final = _dcm("121033", "Subject Age")
MALE: Final = _dcm("M", "Male")
FEMALE: Final = _dcm("F", "Female")
PROCEDURE_REPORTED: Final = _dcm("121058", "Procedure reported")
BONE_AGE_EXAMINATION: Final = Code("37362-1", "LN", "XR Bone age")

# Image library: TID 1600 to 1603
IMAGE_LIBRARY: Final = _dcm("111028", "Image Library")
IMAGE_LIBRARY_GROUP: Final = _dcm("126200", "Image Library Group")
SOURCE: Final = _sct("260753009", "Source")
MODALITY: Final = _dcm("121139", "Modality")
DIGITAL_RADIOGRAPHY: Final = _dcm("DX", "Digital Radiography")
COMPUTED_RADIOGRAPHY: Final = _dcm("CR", "Computed Radiography")
STUDY_DATE: Final = _dcm("111060", "Study Date")
IMAGE_LATERALITY: Final = _dcm("111027", "Image Laterality")
ROWS: Final = _dcm("110910", "Pixel Data Rows")
COLUMNS: Final = _dcm("110911", "Pixel Data Columns")
ORIENTATION_ROW: Final = _dcm("111044", "Patient Orientation Row")
ORIENTATION_COLUMN: Final = _dcm("111043", "Patient Orientation Column")
HORIZONTAL_SPACING: Final = _dcm("111026", "Horizontal Pixel Spacing")
VERTICAL_SPACING: Final = _dcm("111066", "Vertical Pixel Spacing")
LEFT: Final = _sct("7771000", "Left")
RIGHT: Final = _sct("24028007", "Right")

# Measurement group: TID 1501, 4019, 1419
IMAGING_MEASUREMENTS: Final = _dcm("126010", "Imaging Measurements")
MEASUREMENT_GROUP: Final = _dcm("125007", "Measurement Group")
TRACKING_IDENTIFIER: Final = _dcm("112039", "Tracking Identifier")
TRACKING_UID: Final = _dcm("112040", "Tracking Unique Identifier")
CONCLUSION: Final = _dcm("121077", "Conclusion")
FINDING: Final = _dcm("121071", "Finding")
PEDIATRIC_BONE_AGE: Final = _rde("RDES14", "Pediatric bone age")
FINDING_SITE: Final = _sct("363698007", "Finding Site")
HAND: Final = _sct("85562004", "Hand")
LATERALITY: Final = _sct("272741003", "Laterality")
ALGORITHM_NAME: Final = _dcm("111001", "Algorithm Name")
ALGORITHM_VERSION: Final = _dcm("111003", "Algorithm Version")
ALGORITHM_PARAMETERS: Final = _dcm("111002", "Algorithm Parameters")
ALGORITHM_FAMILY: Final = _dcm("111000", "Algorithm Family")
ARTIFICIAL_INTELLIGENCE: Final = _dcm("123110", "Artificial Intelligence")
SOURCE_OF_MEASUREMENT: Final = _dcm("121112", "Source of Measurement")
MEASUREMENT_METHOD: Final = _sct("370129005", "Measurement Method")
GREULICH_PYLE: Final = _sct("252956001", "Greulich and Pyle bone age assessment")
COMMENT: Final = _dcm("121106", "Comment")
SUMMARY_OF_ANALYSES: Final = _dcm("111065", "Summary of Analyses")
SUCCEEDED: Final = _dcm("111222", "Succeeded")
FAILED: Final = _dcm("111224", "Failed")
NOT_ATTEMPTED: Final = _dcm("111225", "Not Attempted")

# Values
BONE_AGE: Final = Code("85151-9", "LN", "XR Bone age")
SKELETAL_AGE: Final = _rde("RDE123", "Skeletal age")
CHRONOLOGICAL_AGE: Final = _rde("RDE122", "Chronological age")
REFERENCE_MEAN: Final = _rde("RDE1732", "Brush foundation mean bone age")
REFERENCE_SD: Final = _rde("RDE1734", "Standard deviation for age")
Z_SCORE: Final = _dcm("121416", "Z-Score of measurement")
DETERMINATION: Final = _rde("RDE1733", "Bone age determination")
DELAYED: Final = _rde("RDE1733.0", "delayed")
NORMAL: Final = _rde("RDE1733.1", "normal")
ADVANCED: Final = _rde("RDE1733.2", "advanced")
INDETERMINATE: Final = _rde("RDE1733.3", "indeterminate")
NORMALITY: Final = _dcm("121402", "Normality")
ABNORMALLY_LOW: Final = _sct("371880002", "Abnormally Low")
NORMALITY_NORMAL: Final = _sct("17621005", "Normal")
ABNORMALLY_HIGH: Final = _sct("371879000", "Abnormally High")
NORMALITY_UNDETERMINED: Final = _sct("371934000", "Normality Undetermined")
REFERENCE_AUTHORITY: Final = _dcm("121406", "Reference Authority")
INTERVAL_LOWER: Final = _own("BAA001", "Lower limit of prediction interval of bone age")
INTERVAL_UPPER: Final = _own("BAA002", "Upper limit of prediction interval of bone age")
INTERVAL_COVERAGE: Final = _own("BAA003", "Nominal coverage of prediction interval")
DIFFERENCE: Final = _own("BAA004", "Bone age minus chronological age")
MEMBER_SD: Final = _own("BAA005", "Standard deviation of ensemble member estimates")
VELOCITY: Final = _own("BAA006", "Bone age velocity since earlier examination")
REASON: Final = _own("BAA010", "Reason bone age was not estimated")

# In messages of HL7 only
BONE_AGE_METHOD: Final = Code("85150-1", "LN", "Bone age method")
STUDY_INSTANCE_UID: Final = _dcm("110180", "Study Instance UID")
REPORT_INSTANCE_UID: Final = _own("BAA020", "SOP Instance UID of report")

# Units
MONTH: Final = _ucum("mo", "month")
YEARS_PER_YEAR: Final = _ucum("a/a", "year per year")
PERCENT: Final = _ucum("%", "Percent")
NO_UNITS: Final = _ucum("1", "no units")
MILLIMETRE: Final = _ucum("mm", "mm")
PIXELS: Final = _ucum("{pixels}", "pixels")

# Outside the content tree: CID 7005, 7202, 7203
PROCESSING_EQUIPMENT: Final = _dcm("109102", "Processing Equipment")
SPATIAL_RESAMPLING: Final = _dcm("113085", "Spatial resampling")
SOURCE_OF_PROCESSING: Final = _dcm("121322", "Source image for image processing operation")

_REASON_EQUIVALENTS: Final = {
    code.value: code
    for code in (
        _dcm("110521", "Objects incorrectly formatted"),
        _dcm("110522", "Object Types not supported"),
        _dcm("110527", "Resource inadequate"),
        _dcm("110531", "Insufficient quality for interpretation"),
        _dcm("111209", "Positioning"),
        _dcm("111218", "Software failure"),
    )
}


def concept_of(reason: Reason) -> Code:
    """Give a reason as a coded entry of the private scheme."""
    return _own(reason.code, reason.meaning)


def standard_concept_of(reason: Reason) -> Code | None:
    """Give the DCM code that says nearly the same, for readers who do not know the private scheme."""
    return None if reason.equivalent is None else _REASON_EQUIVALENTS[reason.equivalent]
