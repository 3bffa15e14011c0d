"""Earlier assessments against the present one: which count, what is implausible, and that reading error is allowed for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from baa_node.core.cautions import Caution, Concern
from baa_node.core.comparison import DAYS_PER_MONTH
from baa_node.core.priors.history import (
    FASTEST,
    Earlier,
    Examination,
    Trajectory,
    birth_date_of,
    examination_of,
    judge,
    one_each,
)
from baa_node.core.radiograph import Laterality, Sex
from tests.parts.results import as_received, assessment, full_dx, raw

TODAY = date(2020, 1, 1)
BIRTH = date(2010, 1, 1)
NOW = Examination(patient_id="4711", issuer="", birth_date=BIRTH, examined_on=TODAY, study_instance_uid="1.2.3.2")
ERROR = 14.9 / 1.6449
"""One standard deviation of the reading in `tests.parts.results`, in months."""


def earlier(days_ago: int = 365, months: float = 98.0, **changes: object) -> Earlier:
    then = TODAY - timedelta(days=days_ago)
    usual = Earlier(
        examined_on=then,
        bone_age_months=months,
        chronological_age_months=(then - BIRTH).days / DAYS_PER_MONTH,
        sex=Sex.MALE,
        laterality=Laterality.LEFT,
        birth_date=BIRTH,
        study_instance_uid=f"2.25.{days_ago}",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def told(trajectory: Trajectory) -> list[Concern]:
    return [caution.about for caution in trajectory.cautions]


def concerns(*some: Earlier, complete: bool = True) -> list[Concern]:
    return told(judge(assessment(), NOW, some, complete=complete))


def test_a_year_of_growth_in_a_year_is_told_and_nothing_else() -> None:
    trajectory = judge(assessment(110.0), NOW, [earlier(365, 98.0)])
    assert trajectory.cautions == ()
    velocity = trajectory.velocity
    assert velocity is not None
    assert (velocity.change_months, round(velocity.elapsed_months, 2)) == (12.0, 11.99)
    assert velocity.years_per_year == pytest.approx(12.0 / (365 / DAYS_PER_MONTH))
    low, high = velocity.interval
    assert high - velocity.years_per_year == pytest.approx(velocity.years_per_year - low)
    assert (high - low) / 2 == pytest.approx(2**0.5 * 14.9 / (365 / DAYS_PER_MONTH))
    assert velocity.coverage == 0.9


def test_without_earlier_ones_nothing_is_said() -> None:
    trajectory = judge(assessment(), NOW, [])
    assert (trajectory.velocity, trajectory.cautions) == (None, ())


REACH = 2**0.5 * ERROR * 2.5758


@pytest.mark.parametrize(
    ("then", "flag"),
    [
        (110.04 + REACH - 0.1, None),
        (110.04 + REACH + 0.1, Concern.BONE_AGE_FELL),
        (110.04 - REACH - FASTEST * 365 / DAYS_PER_MONTH + 0.1, None),
        (110.04 - REACH - FASTEST * 365 / DAYS_PER_MONTH - 0.1, Concern.BONE_AGE_ROSE_TOO_FAST),
    ],
)
def test_only_what_no_reading_error_explains_is_implausible(then: float, flag: Concern | None) -> None:
    assert concerns(earlier(365, then)) == ([flag] if flag else [])


def test_an_implausible_change_is_told_with_its_numbers() -> None:
    (caution,) = judge(assessment(110.0), NOW, [earlier(365, 160.0)]).cautions
    values = {"since": date(2019, 1, 1), "change_months": 50.0, "elapsed_months": 365 / DAYS_PER_MONTH}
    assert caution == Caution(about=Concern.BONE_AGE_FELL, values=values)


def test_two_studies_of_one_day_give_no_velocity_but_must_agree() -> None:
    assert judge(assessment(), NOW, [earlier(0, 112.0)]).velocity is None
    assert concerns(earlier(0, 112.0)) == []
    assert concerns(earlier(0, 60.0)) == [Concern.BONE_AGE_ROSE_TOO_FAST]
    assert concerns(earlier(0, 160.0)) == [Concern.BONE_AGE_FELL]


def test_a_film_of_last_week_does_not_hide_last_year() -> None:
    trajectory = judge(assessment(), NOW, [earlier(7, 110.0), earlier(365, 180.0)])
    assert trajectory.velocity is not None
    assert trajectory.velocity.since.examined_on == date(2019, 1, 1)
    assert [caution.values["since"] for caution in trajectory.cautions] == [date(2019, 1, 1)]


def test_another_sex_or_birth_date_is_told_and_not_compared() -> None:
    other_sex = judge(assessment(), NOW, [earlier(365, 180.0, sex=Sex.FEMALE)])
    assert (told(other_sex), other_sex.velocity) == ([Concern.OTHER_SEX_BEFORE], None)
    other_birth = judge(assessment(), NOW, [earlier(365, 180.0, birth_date=date(2011, 1, 1))])
    assert (told(other_birth), other_birth.velocity) == ([Concern.OTHER_BIRTH_DATE_BEFORE], None)


def test_another_hand_is_told_and_compared() -> None:
    trajectory = judge(assessment(110.0), NOW, [earlier(365, 98.0, laterality=Laterality.RIGHT)])
    assert told(trajectory) == [Concern.OTHER_HAND_BEFORE]
    assert trajectory.velocity is not None


def test_what_is_unknown_contradicts_nothing() -> None:
    unknown = earlier(365, 98.0, sex=None, laterality=None, birth_date=None, chronological_age_months=None)
    trajectory = judge(assessment(110.0), NOW, [unknown])
    assert trajectory.cautions == ()
    assert trajectory.velocity is not None


def test_an_archive_that_did_not_answer_is_told() -> None:
    assert concerns(complete=False) == [Concern.EARLIER_MAY_BE_MISSING]


@given(then=st.floats(0, 240), now=st.floats(0, 240), days=st.integers(0, 6000))
def test_a_change_is_never_both_and_a_plausible_one_is_never_flagged(then: float, now: float, days: int) -> None:
    cautions = judge(assessment(now), NOW, [earlier(days, then)]).cautions
    assert len(cautions) <= 1
    if 0 <= now - then <= FASTEST * days / DAYS_PER_MONTH:
        assert cautions == ()


def test_one_assessment_of_each_earlier_examination_counts() -> None:
    chosen = one_each(
        [
            earlier(0, study_instance_uid=NOW.study_instance_uid),
            earlier(-1, study_instance_uid="2.25.1"),
            earlier(700, 80.0, laterality=Laterality.RIGHT, study_instance_uid="2.25.2"),
            earlier(700, 81.0, study_instance_uid="2.25.2"),
            earlier(700, 82.0, study_instance_uid="2.25.2"),
            earlier(365, 98.0, laterality=Laterality.RIGHT, study_instance_uid="2.25.3"),
            earlier(0, 109.0, study_instance_uid="2.25.4"),
        ],
        NOW,
        Laterality.LEFT,
    )
    assert [one.bone_age_months for one in chosen] == [81.0, 98.0, 109.0]


def test_the_latest_ones_stand() -> None:
    chosen = one_each([earlier(days) for days in range(100, 1000, 100)], NOW, None, most=2)
    assert [(TODAY - one.examined_on).days for one in chosen] == [200, 100]


def test_without_an_examination_date_nothing_is_earlier() -> None:
    assert one_each([earlier()], replace(NOW, examined_on=None), None) == ()
    assert judge(assessment(), replace(NOW, examined_on=None), [earlier()]).velocity is None


def test_whose_image_it_is() -> None:
    found = examination_of(as_received(full_dx()))
    assert found == Examination(
        patient_id="4711", issuer="Example hospital", birth_date=BIRTH, examined_on=TODAY, study_instance_uid="1.2.3.2"
    )


def test_an_illegible_or_absent_number_is_none() -> None:
    ds = full_dx()
    ds.SpecificCharacterSet = "ISO_IR 192"
    raw(ds, "PatientID", "LO", b"\xff\xfe4711")
    assert examination_of(ds).patient_id == ""
    assert examination_of(Dataset()) == Examination(patient_id="", issuer="", birth_date=None, examined_on=None, study_instance_uid="")


@given(st.dates(date(1990, 1, 1), date(2020, 1, 1)))
def test_a_birth_date_follows_exactly_from_the_age_it_gave(born: date) -> None:
    assert birth_date_of(TODAY, (TODAY - born).days / DAYS_PER_MONTH) == born
