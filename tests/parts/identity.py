"""Are the identifiers of a result those of its source, to the byte after both were decoded?"""

from __future__ import annotations

from typing import Any, Final

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataset import Dataset

TYPE_2: Final = (
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
COPIED: Final = (
    "StudyInstanceUID",
    *TYPE_2,
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
"""What a result copies of its source (PS3.3 C.7.1.1, C.7.2.1 and C.3.3)."""


def differing(result: Dataset, source: Dataset) -> list[str]:
    """Keywords whose decoded value is not the source's; a Type 2 attribute that the source lacks must be there and empty."""
    return [keyword for keyword in COPIED if _value(result, keyword) != _expected(source, keyword)]


def _expected(source: Dataset, keyword: str) -> Any:
    found = _value(source, keyword)
    return b"" if found is None and keyword in TYPE_2 else found


def _value(ds: Dataset, keyword: str) -> Any:
    """Values as bytes, items as dictionaries of them; None when absent."""
    if keyword not in ds:
        return None
    if dictionary_VR(keyword) == "SQ":
        return [{name: _value(item, name) for name in map(keyword_for_tag, item.keys()) if name} for item in ds[keyword].value]
    value = ds[keyword].value
    values = [] if value is None else list(value) if ds[keyword].VM > 1 else [value]
    return b"\\".join(str(one).encode() for one in values)
