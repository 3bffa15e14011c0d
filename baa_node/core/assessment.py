"""From an estimate and a birth date to what the report says, or to a refusal: facts, in no language yet (``core/words`` has those)."""

from __future__ import annotations

from dataclasses import dataclass, field

from baa_node.core.cautions import Caution, find_cautions
from baa_node.core.comparison import DAYS_PER_MONTH, DEFAULT_POLICY, AssessmentPolicy, Determination, ZConvention, compare
from baa_node.core.ensemble import Estimate
from baa_node.core.radiograph import Laterality, Radiograph, Sex
from baa_node.core.reasons import Reason

__all__ = [
    "DAYS_PER_MONTH",
    "Assessment",
    "AssessmentPolicy",
    "Determination",
    "Refusal",
    "ZConvention",
    "assess",
]


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What the report says about one radiograph.

    Attributes
    ----------
    chronological_age_months
        None without a valid birth date and examination date.
    reference_mean_months, reference_sd_months
        Reference values at this chronological age and sex, None outside the table or without sex.
    difference_months
        Bone age minus chronological age.
    z_score
        In standard deviations of the reference, rounded to two decimals, by the convention of ``policy``.
    cautions
        What a reader must know, most important first; the research-use disclaimer is not among them. A text is a
        sentence of an earlier version of this software, in English, and is repeated as it is.
    policy
        How the comparison was made.
    """

    estimate: Estimate
    sex: Sex | None
    laterality: Laterality | None
    chronological_age_months: float | None
    reference_mean_months: float | None
    reference_sd_months: float | None
    difference_months: float | None
    z_score: float | None
    determination: Determination
    cautions: tuple[Caution | str, ...]
    policy: AssessmentPolicy = DEFAULT_POLICY


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A result without a number: why this image was not, or could not be, read.

    Attributes
    ----------
    reasons
        At least one, most important first.
    detail
        One English sentence that names what was found (attribute keyword, declared size), without patient data.
    cautions
        As those of an `Assessment`.
    """

    reasons: tuple[Reason, ...]
    detail: str = ""
    cautions: tuple[Caution | str, ...] = field(default=())


def assess(radiograph: Radiograph, estimate: Estimate, policy: AssessmentPolicy = DEFAULT_POLICY) -> Assessment:
    """Compare an estimate with chronological age and reference.

    Without dates, without sex, or outside the reference table the bone age still stands; what cannot be computed is
    None and the determination is indeterminate.
    """
    comparison = compare(radiograph, estimate.bone_age_months, policy)
    point = comparison.point
    return Assessment(
        estimate=estimate,
        sex=radiograph.sex,
        laterality=radiograph.laterality,
        chronological_age_months=comparison.chronological_age_months,
        reference_mean_months=None if point is None else point.mean_months,
        reference_sd_months=None if point is None else point.sd_months,
        difference_months=comparison.difference_months,
        z_score=comparison.z_score,
        determination=comparison.determination,
        cautions=tuple(find_cautions(radiograph, estimate, comparison, policy)),
        policy=policy,
    )
