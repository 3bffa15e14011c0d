"""The part of a report that names earlier assessments: a velocity, a line for each, and the evidence they are (PS3.3 C.17.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from highdicom.sr import CompositeContentItem, NumContentItem
from pydicom.dataset import Dataset

from baa_node.core import codes
from baa_node.core.objects.content_items import INFERRED_FROM, number
from baa_node.core.priors.history import Earlier, Velocity
from baa_node.core.words import Language
from baa_node.core.words.history import earlier_in_words, velocity_in_words


def evidence_of(earlier: Sequence[Earlier]) -> list[Dataset]:
    """Refer to the earlier reports that can be referred to; being of other studies, they are Pertinent Other Evidence."""
    return [_reference(one) for one in earlier if _has_report(one)]


def velocity_items(velocity: Velocity | None) -> Iterator[NumContentItem]:
    """Give the coded velocity, inferred from the report that holds the earlier bone age where there is one."""
    if velocity is None:
        return
    item = number(codes.VELOCITY, velocity.years_per_year, codes.YEARS_PER_YEAR, 2)
    since = velocity.since
    if _has_report(since):
        report = CompositeContentItem(codes.SOURCE_OF_MEASUREMENT, since.sop_class_uid, since.sop_instance_uid, INFERRED_FROM)
        item.ContentSequence = [report]
    yield item


def history_lines(earlier: Sequence[Earlier], velocity: Velocity | None, language: Language) -> Iterator[str]:
    """Lines for people: how fast, then each earlier assessment, latest first."""
    if velocity is not None:
        yield velocity_in_words(velocity, language)
    for one in sorted(earlier, key=lambda one: one.examined_on, reverse=True):
        yield earlier_in_words(one, language)


def _has_report(one: Earlier) -> bool:
    return all((one.study_instance_uid, one.series_instance_uid, one.sop_class_uid, one.sop_instance_uid))


def _reference(one: Earlier) -> Dataset:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = one.study_instance_uid, one.series_instance_uid
    return ds
