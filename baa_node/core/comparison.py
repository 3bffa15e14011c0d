"""Bone age beside chronological age and reference: the numbers and the one word that a report rests on."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from baa_node.core.radiograph import Radiograph
from baa_node.core.reference import ReferencePoint, reference_at

DAYS_PER_MONTH: Final = 365.2425 / 12


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


DEFAULT_POLICY: Final = AssessmentPolicy()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Bone age beside chronological age and reference; every field None where it cannot be computed.

    Attributes
    ----------
    difference_months
        Bone age minus chronological age.
    z_score
        In standard deviations of the reference, rounded to two decimals.
    other_determination
        What the convention not chosen would say.
    """

    chronological_age_months: float | None
    difference_months: float | None
    point: ReferencePoint | None
    z_score: float | None
    determination: Determination
    other_determination: Determination


def compare(radiograph: Radiograph, bone_age_months: float, policy: AssessmentPolicy) -> Comparison:
    """Compare a bone age with the patient's age at the examination and with the reference of age and sex."""
    age = _chronological_age_months(radiograph)
    point = None if age is None or radiograph.sex is None else reference_at(age, radiograph.sex)
    z_score = _z_score(bone_age_months, age, point, policy.convention)
    return Comparison(
        chronological_age_months=age,
        difference_months=None if age is None else bone_age_months - age,
        point=point,
        z_score=z_score,
        determination=_determine(z_score, policy),
        other_determination=_determine(_z_score(bone_age_months, age, point, policy.convention.other), policy),
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
