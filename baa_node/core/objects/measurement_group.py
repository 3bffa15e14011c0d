"""The one measurement group of a report (TID 1501), for a bone age and for a refusal alike.

The order within it is the order in which plain renderers print it: the sentence for people first, the disclaimer last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from highdicom.sr import CodeContentItem, ContainerContentItem, NumContentItem
from pydicom.dataset import Dataset

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Determination, Refusal, ZConvention
from baa_node.core.objects.algorithm import algorithm
from baa_node.core.objects.comments import comments
from baa_node.core.objects.content_items import (
    CONCEPT_MOD,
    CONTAINS,
    INFERRED_FROM,
    OBS_CONTEXT,
    SIDES,
    Item,
    code_item,
    coded,
    concept,
    concept_item,
    container,
    image,
    months,
    number,
    text_item,
    uid_item,
)
from baa_node.core.objects.header import Device, laterality_of
from baa_node.core.objects.identifiers import tracking_uid
from baa_node.core.objects.report_history import history_lines, velocity_items
from baa_node.core.priors.history import Earlier, examination_of, judge
from baa_node.core.radiograph import Laterality
from baa_node.core.words import Language
from baa_node.core.words.sentences import hand_in_words, sentences, texts_of

_ANSWERS: Final = {
    Determination.DELAYED: (codes.DELAYED, codes.ABNORMALLY_LOW),
    Determination.NORMAL: (codes.NORMAL, codes.NORMALITY_NORMAL),
    Determination.ADVANCED: (codes.ADVANCED, codes.ABNORMALLY_HIGH),
    Determination.INDETERMINATE: (codes.INDETERMINATE, codes.NORMALITY_UNDETERMINED),
}


def measurement_group(
    source: Dataset,
    result: Assessment | Refusal,
    device: Device,
    source_sha256: str,
    language: Language,
    *,
    earlier: Sequence[Earlier],
    replaces: bool,
) -> ContainerContentItem:
    """Tell one result; the arguments are those of `build_report`, `replaces` says whether there is a predecessor."""
    velocity = None if isinstance(result, Refusal) else judge(result, examination_of(source), earlier).velocity
    said = sentences(result, language)
    side = laterality_of(source)
    items = [
        *_tracking(source, side, language),
        text_item(codes.CONCLUSION, said.conclusion, CONTAINS),
        code_item(codes.FINDING, codes.PEDIATRIC_BONE_AGE, CONTAINS),
        _finding_site(side),
        *algorithm(result, device, source_sha256),
        *(_reasons(result) if isinstance(result, Refusal) else _measurements(source, result, said.reference)),
        *velocity_items(velocity),
        *comments(result, language, history_lines(earlier, velocity, language), replaces=replaces),
    ]
    return container(codes.MEASUREMENT_GROUP, items, template_id="1501")


def _tracking(source: Dataset, side: Laterality | None, language: Language) -> Iterator[Item]:
    identifier = texts_of(language).tracking_identifier.format(hand=hand_in_words(side, language))
    yield text_item(codes.TRACKING_IDENTIFIER, identifier, OBS_CONTEXT)
    yield uid_item(codes.TRACKING_UID, tracking_uid(source), OBS_CONTEXT)


@cache
def _finding_site(side: Laterality | None) -> CodeContentItem:
    site = concept_item(codes.FINDING_SITE, coded(codes.HAND), CONCEPT_MOD)
    if side is not None:
        site.ContentSequence = [code_item(codes.LATERALITY, SIDES[side], CONCEPT_MOD)]
    return site


def _measurements(source: Dataset, result: Assessment, reference: str) -> Iterator[Item]:
    estimate = result.estimate
    low, high = estimate.interval_months
    determination, normality = _ANSWERS[result.determination]
    yield _bone_age(source, estimate.bone_age_months)
    yield months(codes.INTERVAL_LOWER, low)
    yield months(codes.INTERVAL_UPPER, high)
    yield number(codes.INTERVAL_COVERAGE, estimate.coverage * 100, codes.PERCENT, 1)
    if estimate.spread_months is not None:
        yield number(codes.MEMBER_SD, estimate.spread_months, codes.MONTH, 2)
    yield from _comparison(result)
    yield code_item(codes.SUMMARY_OF_ANALYSES, codes.SUCCEEDED, CONTAINS)
    yield code_item(codes.DETERMINATION, determination, CONTAINS)
    yield code_item(codes.NORMALITY, normality, CONTAINS)
    if reference:
        yield text_item(codes.REFERENCE_AUTHORITY, reference, CONTAINS)


def _bone_age(source: Dataset, bone_age_months: float) -> NumContentItem:
    """Give the measurement with its method and the image it was taken from (TID 300)."""
    item = months(concept(codes.BONE_AGE, codes.SKELETAL_AGE), bone_age_months)
    item.ContentSequence = [
        code_item(codes.MEASUREMENT_METHOD, codes.GREULICH_PYLE, CONCEPT_MOD),
        image(codes.SOURCE_OF_MEASUREMENT, source, INFERRED_FROM),
    ]
    return item


def _comparison(result: Assessment) -> Iterator[Item]:
    """Write the reference mean only where it is the centre of the band: beside a z-score from elsewhere it would mislead."""
    if result.chronological_age_months is not None and result.difference_months is not None:
        yield months(codes.CHRONOLOGICAL_AGE, result.chronological_age_months)
        yield months(codes.DIFFERENCE, result.difference_months)
    if result.z_score is None or result.reference_mean_months is None or result.reference_sd_months is None:
        return
    if result.policy.convention is ZConvention.REFERENCE_MEAN:
        yield months(codes.REFERENCE_MEAN, result.reference_mean_months)
    yield number(codes.REFERENCE_SD, result.reference_sd_months, codes.MONTH, 2)
    yield number(codes.Z_SCORE, result.z_score, codes.NO_UNITS, 2)


def _reasons(refusal: Refusal) -> Iterator[Item]:
    """Say whether reading was tried, and each reason why there is no number."""
    failed = any(reason.attempted for reason in refusal.reasons)
    yield code_item(codes.SUMMARY_OF_ANALYSES, codes.FAILED if failed else codes.NOT_ATTEMPTED, CONTAINS)
    for reason in refusal.reasons:
        yield concept_item(codes.REASON, concept(codes.concept_of(reason), codes.standard_concept_of(reason)), CONTAINS)
