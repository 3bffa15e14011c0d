"""From an estimate and a birth date to what the report says, or to a refusal: the wording of the node."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

from baa_node.core.codes import Reason
from baa_node.core.ensemble import Estimate
from baa_node.core.radiograph import Laterality, Radiograph, Sex
from baa_node.core.reference import SOURCE, ReferencePoint, reference_at, reference_range

DAYS_PER_MONTH: Final = 365.2425 / 12
SPARSE_BELOW_MONTHS: Final = 24.0
"""Below this bone age the public training set holds fewer than one image in a hundred (81 of 11 349)."""
SPARSE_ABOVE_MONTHS: Final = {Sex.FEMALE: 204.0, Sex.MALE: 216.0}
"""Above this bone age growth plates are closed or nearly so, and images are few (16 girls, 69 boys)."""
_SEX_WORDS: Final = {Sex.FEMALE: "female", Sex.MALE: "male"}


class Determination(enum.Enum):
    """Bone age against the reference: the answer list of RadElement RDE1733."""

    DELAYED = "delayed"
    NORMAL = "normal"
    ADVANCED = "advanced"
    INDETERMINATE = "indeterminate"


class ZConvention(enum.Enum):
    """Where the centre of the normal band lies.

    Public calculators, and readers who take the chronological age plus or minus two SD, centre it on the chronological
    age; RadElement RDE1732 centres it on the mean bone age of the reference. The two differ by up to seven months.
    """

    CHRONOLOGICAL_AGE = "chronological age"
    REFERENCE_MEAN = "reference mean"

    @property
    def other(self) -> ZConvention:
        """The convention not chosen."""
        return ZConvention.REFERENCE_MEAN if self is ZConvention.CHRONOLOGICAL_AGE else ZConvention.CHRONOLOGICAL_AGE


@dataclass(frozen=True, kw_only=True)
class AssessmentPolicy:
    """How a site wants bone age compared with the reference.

    Attributes
    ----------
    normal_limit_sd
        Strictly beyond this many standard deviations bone age is called delayed or advanced.
    """

    convention: ZConvention = ZConvention.CHRONOLOGICAL_AGE
    normal_limit_sd: float = 2.0


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
    reference
        One line that names the table, its source and the convention; empty when not used.
    cautions
        Sentences a reader must see, most important first; the research-use disclaimer is not among them.
    conclusion
        One English sentence for people.
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
    reference: str
    cautions: tuple[str, ...]
    conclusion: str
    policy: AssessmentPolicy = field(default=AssessmentPolicy())


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A result without a number: why this image was not, or could not be, read.

    Attributes
    ----------
    reasons
        At least one, most important first.
    detail
        One sentence that names what was found (attribute keyword, declared size), without patient data.
    """

    reasons: tuple[Reason, ...]
    detail: str = ""
    cautions: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """Bone age beside chronological age and reference; every field None where it cannot be computed."""

    chronological_age_months: float | None
    difference_months: float | None
    point: ReferencePoint | None
    z_score: float | None
    determination: Determination
    other_determination: Determination


def age_in_words(months: float) -> str:
    """Age rounded to whole months, as people say it: ``9 years 2 months``."""
    whole = round(abs(months))
    years, rest = divmod(whole, 12)
    words = f"{_counted(rest, 'month')}" if years == 0 else f"{_counted(years, 'year')} {_counted(rest, 'month')}"
    return f"minus {words}" if months < 0 and whole else words


def assess(radiograph: Radiograph, estimate: Estimate, policy: AssessmentPolicy = AssessmentPolicy()) -> Assessment:
    """Compare an estimate with chronological age and reference, and say so in words.

    Without dates, without sex, or outside the reference table the bone age still stands; what cannot be computed is
    None and the determination is indeterminate.
    """
    comparison = _compare(radiograph, estimate, policy)
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
        reference="" if point is None else _reference_line(policy),
        cautions=tuple(_cautions(radiograph, estimate, comparison, policy)),
        conclusion=_conclusion(radiograph, estimate, comparison, policy),
        policy=policy,
    )


def _compare(radiograph: Radiograph, estimate: Estimate, policy: AssessmentPolicy) -> _Comparison:
    age = _chronological_age_months(radiograph)
    point = None if age is None or radiograph.sex is None else reference_at(age, radiograph.sex)
    bone_age = estimate.bone_age_months
    z_score = _z_score(bone_age, age, point, policy.convention)
    return _Comparison(
        chronological_age_months=age,
        difference_months=None if age is None else bone_age - age,
        point=point,
        z_score=z_score,
        determination=_determine(z_score, policy),
        other_determination=_determine(_z_score(bone_age, age, point, policy.convention.other), policy),
    )


def _chronological_age_months(radiograph: Radiograph) -> float | None:
    if radiograph.birth_date is None or radiograph.examined_on is None or radiograph.birth_date > radiograph.examined_on:
        return None
    return (radiograph.examined_on - radiograph.birth_date).days / DAYS_PER_MONTH


def _z_score(bone_age: float, age: float | None, point: ReferencePoint | None, convention: ZConvention) -> float | None:
    """Two decimals, so that what is printed is what is judged; ``+ 0.0`` turns a negative zero into zero."""
    if age is None or point is None:
        return None
    centre = age if convention is ZConvention.CHRONOLOGICAL_AGE else point.mean_months
    return round((bone_age - centre) / point.sd_months, 2) + 0.0


def _determine(z_score: float | None, policy: AssessmentPolicy) -> Determination:
    if z_score is None:
        return Determination.INDETERMINATE
    if z_score < -policy.normal_limit_sd:
        return Determination.DELAYED
    return Determination.ADVANCED if z_score > policy.normal_limit_sd else Determination.NORMAL


def _reference_line(policy: AssessmentPolicy) -> str:
    return f"{SOURCE}; z = (bone age - {policy.convention.value}) / SD; normal: within {policy.normal_limit_sd:g} SD"


def _conclusion(radiograph: Radiograph, estimate: Estimate, comparison: _Comparison, policy: AssessmentPolicy) -> str:
    months = estimate.bone_age_months
    low, high = estimate.interval_months
    interval = f"{estimate.coverage * 100:g} % interval {low:.1f}-{high:.1f}"
    age = comparison.chronological_age_months
    sex = "sex unknown" if radiograph.sex is None else _SEX_WORDS[radiograph.sex]
    return "; ".join(
        (
            f"Bone age {age_in_words(months)} ({months:.1f} mo, {interval})",
            f"chronological age {'unknown' if age is None else age_in_words(age)}, {sex}",
            _verdict(comparison, policy),
        )
    )


def _verdict(comparison: _Comparison, policy: AssessmentPolicy) -> str:
    limit = f"{policy.normal_limit_sd:g} SD"
    if comparison.z_score is None:
        return "not compared with a reference."
    words = {
        Determination.DELAYED: f"delayed, more than {limit} below the reference",
        Determination.NORMAL: f"within {limit} of the reference",
        Determination.ADVANCED: f"advanced, more than {limit} above the reference",
    }
    return f"z-score {z_in_words(comparison.z_score, policy)}: {words[comparison.determination]}."


def z_in_words(z_score: float, policy: AssessmentPolicy) -> str:
    """One decimal and a sign; two decimals where one would print the limit itself."""
    short = f"{z_score:+.1f}"
    return f"{z_score:+.2f}" if abs(float(short)) == policy.normal_limit_sd else short


def _cautions(radiograph: Radiograph, estimate: Estimate, comparison: _Comparison, policy: AssessmentPolicy) -> Iterator[str]:
    if comparison.determination is not comparison.other_determination:
        yield (
            f"Borderline: measured from the {policy.convention.other.value} instead of the {policy.convention.value}, "
            f"the same bone age is {comparison.other_determination.value}."
        )
    if _members_differ_widely(estimate):
        yield f"The networks differ more than usual (SD {estimate.spread_months:.1f} mo); the interval may be too narrow."
    yield from _comparison_cautions(radiograph, comparison)
    yield from _range_cautions(radiograph, estimate)
    yield from _image_cautions(radiograph, estimate)


def _members_differ_widely(estimate: Estimate) -> bool:
    """Whether members are at odds: by the bundle's own limit, else by the standard deviation the prediction interval stands for."""
    if estimate.spread_months is None:
        return False
    if estimate.disagreement_months is not None:
        return estimate.spread_months > estimate.disagreement_months
    if not 0 < estimate.coverage < 1:
        return False
    low, high = estimate.interval_months
    implied_sd = (high - low) / 2 / NormalDist().inv_cdf((1 + estimate.coverage) / 2)
    return estimate.spread_months > implied_sd


def _comparison_cautions(radiograph: Radiograph, comparison: _Comparison) -> Iterator[str]:
    age = comparison.chronological_age_months
    if radiograph.birth_date is None:
        yield "No birth date: chronological age and z-score are not given."
    elif radiograph.examined_on is None:
        yield "No examination date: chronological age and z-score are not given."
    elif age is None:
        yield "Birth date lies after the examination: chronological age and z-score are not given."
    elif radiograph.sex is None:
        yield "The patient's sex is unknown: no z-score."
    elif comparison.point is None:
        first, last = reference_range(radiograph.sex)
        yield f"Chronological age is outside the reference table ({first} months to {last // 12} years): no z-score."


def _range_cautions(radiograph: Radiograph, estimate: Estimate) -> Iterator[str]:
    months = estimate.bone_age_months
    if months < SPARSE_BELOW_MONTHS:
        yield f"Bone age below {SPARSE_BELOW_MONTHS / 12:g} years: the networks have seen few such images."
    limit = SPARSE_ABOVE_MONTHS[radiograph.sex] if radiograph.sex else min(SPARSE_ABOVE_MONTHS.values())
    if months > limit:
        yield f"Bone age above {limit / 12:g} years: few such images were seen, and growth plates are nearly closed."


def _image_cautions(radiograph: Radiograph, estimate: Estimate) -> Iterator[str]:
    if estimate.sex_used is None:
        yield "Read by networks that do not use the patient's sex."
    if radiograph.laterality is Laterality.RIGHT:
        yield "Right hand: the atlas and the training images show left hands."
    if radiograph.lossy:
        yield "The image was compressed with loss before it was read."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
