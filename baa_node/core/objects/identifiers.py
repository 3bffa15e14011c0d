"""UIDs of what the node makes: functions of what went in, so that a retry gives the same object the same name.

All are ``2.25.`` followed by a name-based UUID as a decimal number (PS3.5 B.2), at most 44 characters.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.attributes import short_text
from baa_node.core.words import Language

MODEL_NAME: Final = "baa_node"
SERIES_DESCRIPTION: Final = "AI Bone Age (preliminary)"
"""Constant on purpose: a description that told the result would leak it into every work list."""

CONTRIBUTING_EQUIPMENT: Final = Tag("ContributingEquipmentSequence")
"""Looked for by its tag first: to miss an attribute by its name takes pydicom as long as to read ten."""

_NAMESPACE: Final = UUID("5c1d2a52-6c0e-4f0b-9d3a-3f6f1f0b9e77")


def derive_uid(*parts: str) -> str:
    """UID named by its parts; equal parts in equal order give equal UIDs, and nothing else does.

    Raises
    ------
    ValueError
        Without any part.
    """
    if not parts:
        raise ValueError("a UID needs at least one part to be derived from")
    key = "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)
    return f"2.25.{uuid5(_NAMESPACE, key).int}"


IMPLEMENTATION_CLASS_UID: Final = derive_uid("implementation", MODEL_NAME)
"""For File Meta Information and association negotiation (PS3.7 D.3.3.2)."""
IMPLEMENTATION_VERSION_NAME: Final = "BAA_NODE_1"
"""At most 16 characters (SH in PS3.7 D.3.3.2.3)."""
CODING_SCHEME_UID: Final = derive_uid("coding scheme", "99BAANODE")


def report_uid(
    source: Dataset,
    result: Assessment | Refusal,
    *,
    sop_class_uid: str,
    version: str,
    revision: int = 1,
    language: Language = Language.ENGLISH,
) -> str:
    """SOP Instance UID of the report: one a source image, SR class, software version, policy, bundle, calibration, revision and language.

    The class belongs to the key because an archive that holds one class under a UID silently drops the other.
    """
    return derive_uid("report", sop_class_uid, *_key(source, result, version, revision), language)


def capture_uid(
    source: Dataset, result: Assessment | Refusal, *, version: str, revision: int = 1, language: Language = Language.ENGLISH
) -> str:
    """SOP Instance UID of the picture that goes with ``report_uid`` of the same arguments."""
    return derive_uid("capture", *_key(source, result, version, revision), language)


def document_uid(
    source: Dataset, result: Assessment | Refusal, *, version: str, revision: int = 1, language: Language = Language.ENGLISH
) -> str:
    """SOP Instance UID of the printed page that goes with ``report_uid`` of the same arguments."""
    return derive_uid("document", *_key(source, result, version, revision), language)


def tracking_uid(source: Dataset) -> str:
    """Tracking Unique Identifier (TID 1501): the same for every reading of one image, whatever the software."""
    return derive_uid("tracking", str(source.SOPInstanceUID))


def series_uid(source: Dataset, kind: str, version: str, *parts: str) -> str:
    """Series of all objects of one kind in the source's study; ``parts`` are attributes which a series may hold once."""
    return derive_uid("series", kind, str(source.StudyInstanceUID), version, *parts)


def _key(source: Dataset, result: Assessment | Refusal, version: str, revision: int) -> tuple[str, ...]:
    instance = str(source.SOPInstanceUID)
    if isinstance(result, Refusal):
        return "refusal", instance, version, "none", "none", str(revision)
    policy = f"{result.policy.convention.name} {result.policy.normal_limit_sd:g}"
    correction = result.estimate.correction
    calibration = (f"calibration {correction.sha256}",) if correction else ()
    return "assessment", instance, version, policy, result.estimate.bundle.sha256, *calibration, str(revision)


def is_own_object(header: Dataset) -> bool:
    """Whether this node, or another of its kind, made the object: such an object is never read.

    Looks at the equipment that made it or worked on it, and at the series description that all results carry; an
    archive may change either. SR objects of other makers are not own objects, merely no radiographs.
    """
    makers = [header, *((header.get("ContributingEquipmentSequence") or ()) if CONTRIBUTING_EQUIPMENT in header else ())]
    if any(short_text(maker, "ManufacturerModelName") == MODEL_NAME for maker in makers):
        return True
    return short_text(header, "SeriesDescription") == SERIES_DESCRIPTION
