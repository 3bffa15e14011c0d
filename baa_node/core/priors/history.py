"""Earlier assessments of the same patient: what a bone age is compared with besides the reference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final

from pydicom import Dataset

from baa_node.core import attributes
from baa_node.core.assessment import Assessment
from baa_node.core.cautions import Caution, Concern
from baa_node.core.comparison import DAYS_PER_MONTH
from baa_node.core.radiograph import Laterality, Sex, examination_day

MOST_EARLIER: Final = 12
"""Examinations that a report names: the latest ones. Twelve years of yearly films fit."""

MIN_APART_DAYS: Final = 150
"""Examinations closer than this give no velocity (half-yearly visits are a little early at times). A reading error of 8 months, one SD,
makes that of half a year uncertain by 3 years per year to either side."""

FASTEST: Final = 3.0
"""Years of bone age per year beyond which a change is called implausible. The limit is ours: no table of velocities with reading error
taken out was found. Untreated precocious puberty and thyroid excess advance bone age by about two years per year for a year or two;
three leaves room above that. There is no lower limit but zero: maturation may pause (hypothyroidism, treatment), it cannot go back."""

CERTAINTY: Final = 0.99
"""A change is implausible only where it stays beyond the limits with the reading errors of both films allowed for at this level."""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """One earlier assessment, of this node or of another system's report.

    Attributes
    ----------
    examined_on
        Date of the examination, not of the report.
    sex, laterality, birth_date
        As they were used then, None where unknown.
    source
        Who says so: name and version of the bundle, or manufacturer and model of another device.
    study_instance_uid, series_instance_uid, sop_class_uid, sop_instance_uid
        The report that holds it; empty where there is none to refer to.
    """

    examined_on: date
    bone_age_months: float
    chronological_age_months: float | None
    sex: Sex | None = None
    laterality: Laterality | None = None
    birth_date: date | None = None
    source: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """Whose image it is and of when: by what earlier assessments are found.

    Attributes
    ----------
    patient_id, issuer
        Patient ID (0010,0020) and Issuer of Patient ID (0010,0021) without padding; empty where absent or not legible.
    """

    patient_id: str
    issuer: str
    birth_date: date | None
    examined_on: date | None
    study_instance_uid: str


@dataclass(frozen=True, kw_only=True)
class Velocity:
    """How fast bone age went on since an earlier examination.

    Attributes
    ----------
    years_per_year
        1 for a child that matures as the calendar goes.
    interval
        Of ``years_per_year``, with the coverage of the assessment's own prediction interval.
    """

    since: Earlier
    change_months: float
    elapsed_months: float
    years_per_year: float
    interval: tuple[float, float]
    coverage: float


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """What the earlier assessments say together with the present one.

    Attributes
    ----------
    velocity
        None without a comparable examination at least `MIN_APART_DAYS` ago.
    cautions
        Most important first.
    """

    velocity: Velocity | None = None
    cautions: tuple[Caution, ...] = ()


def examination_of(ds: Dataset) -> Examination:
    """Read whose image it is; to be called before anything else has looked at the patient's attributes (see `attributes.is_legible`)."""
    return Examination(
        patient_id=_legible(ds, "PatientID"),
        issuer=_legible(ds, "IssuerOfPatientID"),
        birth_date=attributes.day(ds, "PatientBirthDate"),
        examined_on=examination_day(ds),
        study_instance_uid=attributes.text(ds, "StudyInstanceUID"),
    )


def one_each(
    candidates: Iterable[Earlier], examination: Examination, laterality: Laterality | None, *, most: int = MOST_EARLIER
) -> tuple[Earlier, ...]:
    """Leave one assessment of each earlier examination, oldest first.

    What is of the present study or examined after it is no earlier one. Of several of one study the first stands, unless another is of
    the present hand and the first is not.
    """
    chosen: dict[str, Earlier] = {}
    for one in candidates:
        if examination.examined_on is None or one.examined_on > examination.examined_on:
            continue
        if one.study_instance_uid == examination.study_instance_uid:
            continue
        known = chosen.setdefault(one.study_instance_uid, one)
        if known.laterality is not laterality and one.laterality is laterality:
            chosen[one.study_instance_uid] = one
    return tuple(sorted(chosen.values(), key=lambda one: one.examined_on)[-most:])


def judge(result: Assessment, examination: Examination, earlier: Sequence[Earlier], *, complete: bool = True) -> Trajectory:
    """Compare an assessment with earlier ones.

    Bone ages are compared only where neither sex nor birth date contradicts the present one: the networks' numbers depend on sex, and
    another birth date may mean another child. Another hand is compared, and told.

    Parameters
    ----------
    earlier
        As `one_each` leaves them.
    complete
        Whether everybody who was asked for earlier reports has answered.
    """
    ordered = sorted(earlier, key=lambda one: one.examined_on, reverse=True)
    alike = [one for one in ordered if not _other(one.sex, result.sex) and not _other(one.birth_date, examination.birth_date)]
    velocities = [velocity for one in alike if (velocity := _velocity(result, examination, one))]
    apart = [velocity for velocity in velocities if velocity.elapsed_months * DAYS_PER_MONTH >= MIN_APART_DAYS]
    nearest = velocities[:1] if velocities[:1] == apart[:1] else [*velocities[:1], *apart[:1]]
    cautions = [*_implausible(result, nearest), *_changes(result, examination, ordered)]
    if not complete:
        cautions.append(Caution(about=Concern.EARLIER_MAY_BE_MISSING))
    return Trajectory(velocity=apart[0] if apart else None, cautions=tuple(cautions))


def birth_date_of(examined_on: date, chronological_age_months: float | None) -> date | None:
    """Birth date that gave a chronological age on a day: assessments keep the age, which is exact to the day."""
    return None if chronological_age_months is None else examined_on - timedelta(days=round(chronological_age_months * DAYS_PER_MONTH))


def _legible(ds: Dataset, keyword: str) -> str:
    return attributes.text(ds, keyword) if attributes.is_legible(ds, keyword) else ""


def _velocity(result: Assessment, examination: Examination, since: Earlier) -> Velocity | None:
    """Change since then; over less than a day the rate is that of a day, which no caller shows."""
    error = _change_error(result)
    if examination.examined_on is None or error is None:
        return None
    change = result.estimate.bone_age_months - since.bone_age_months
    days = (examination.examined_on - since.examined_on).days
    elapsed = days / DAYS_PER_MONTH
    per = max(days, 1) / DAYS_PER_MONTH
    reach = error * _z(result.estimate.coverage)
    return Velocity(
        since=since,
        change_months=change,
        elapsed_months=elapsed,
        years_per_year=change / per,
        interval=((change - reach) / per, (change + reach) / per),
        coverage=result.estimate.coverage,
    )


def _change_error(result: Assessment) -> float | None:
    """Give the standard deviation of a difference of two readings in months.

    One reading's follows from its prediction interval, as if errors were normal. The earlier one is taken to be as uncertain, and
    independent: errors of one reader about one child are alike, so the true figure is smaller and fewer changes are called implausible.
    """
    low, high = result.estimate.interval_months
    if not 0 < result.estimate.coverage < 1 or high <= low:
        return None
    return float(2**0.5 * (high - low) / 2 / _z(result.estimate.coverage))


def _z(coverage: float) -> float:
    return NormalDist().inv_cdf((1 + coverage) / 2)


def _implausible(result: Assessment, velocities: Iterable[Velocity]) -> Iterator[Caution]:
    error = _change_error(result) or math.inf
    for one in velocities:
        reach = error * _z(CERTAINTY)
        numbers: dict[str, float | date] = {
            "since": one.since.examined_on,
            "change_months": abs(one.change_months),
            "elapsed_months": one.elapsed_months,
        }
        if one.change_months + reach < 0:
            yield Caution(about=Concern.BONE_AGE_FELL, values={**numbers})
        elif one.change_months - reach > FASTEST * one.elapsed_months:
            yield Caution(about=Concern.BONE_AGE_ROSE_TOO_FAST, values={**numbers, "limit_years_per_year": FASTEST})


def _changes(result: Assessment, examination: Examination, latest_first: Sequence[Earlier]) -> Iterator[Caution]:
    """Whether the last assessment that knows its sex, its birth date or its hand knows another one."""
    now = (
        (Concern.OTHER_SEX_BEFORE, "sex", result.sex),
        (Concern.OTHER_BIRTH_DATE_BEFORE, "birth_date", examination.birth_date),
        (Concern.OTHER_HAND_BEFORE, "laterality", result.laterality),
    )
    for about, name, value in now:
        last = next((one for one in latest_first if getattr(one, name) is not None), None)
        if last is not None and _other(getattr(last, name), value):
            yield Caution(about=about, values={"since": last.examined_on})


def _other(then: object, now: object) -> bool:
    return then is not None and now is not None and then != now
