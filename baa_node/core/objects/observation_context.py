"""In whose language, by which device, of whom a report speaks (TID 1204, and TID 1001 with TID 1004 and TID 1007)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from highdicom.sr import CodeContentItem

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.objects.content_items import (
    CONCEPT_MOD,
    OBS_CONTEXT,
    Item,
    code_item,
    months,
    text_item,
    uid_item,
)
from baa_node.core.objects.header import Device
from baa_node.core.radiograph import Sex
from baa_node.core.words import Language

_SEXES: Final = {Sex.MALE: codes.MALE, Sex.FEMALE: codes.FEMALE}
_LANGUAGES: Final = {
    Language.ENGLISH: codes.ENGLISH,
    Language.GERMAN: codes.GERMAN,
    Language.SPANISH: codes.SPANISH,
    Language.FRENCH: codes.FRENCH,
    Language.PORTUGUESE: codes.PORTUGUESE,
}


def language_of(language: Language) -> CodeContentItem:
    """Language of Content Item and Descendants (TID 1204)."""
    return code_item(codes.LANGUAGE, _LANGUAGES[language], CONCEPT_MOD)


@lru_cache(maxsize=8)
def observer(device: Device) -> tuple[Item, ...]:
    """Device Observer Identifying Attributes (TID 1004), made once; nothing stands in for a missing one. Not to be changed."""
    return tuple(_observer(device))


def _observer(device: Device) -> Iterator[Item]:
    yield code_item(codes.OBSERVER_TYPE, codes.DEVICE, OBS_CONTEXT)
    yield uid_item(codes.DEVICE_UID, device.uid, OBS_CONTEXT)
    texts = (
        (codes.DEVICE_NAME, device.name),
        (codes.DEVICE_MANUFACTURER, device.manufacturer),
        (codes.DEVICE_MODEL, device.model),
        (codes.DEVICE_SERIAL, device.serial),
    )
    for name, value in texts:
        if value:
            yield text_item(name, value, OBS_CONTEXT)


def subject(result: Assessment | Refusal) -> Iterator[Item]:
    """Sex and age of the patient (TID 1007) as they were used, which is why a refusal names neither."""
    yield code_item(codes.SUBJECT_CLASS, codes.PATIENT, OBS_CONTEXT)
    if isinstance(result, Refusal):
        return
    if result.sex is not None:
        yield code_item(codes.SUBJECT_SEX, _SEXES[result.sex], OBS_CONTEXT)
    if result.chronological_age_months is not None:
        yield months(codes.SUBJECT_AGE, result.chronological_age_months, relationship=OBS_CONTEXT)
