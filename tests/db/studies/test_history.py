"""A patient's past in the record: found by number and issuer, by nothing else, and along an index."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from baa_node.core.priors.history import Earlier, Examination
from baa_node.core.radiograph import Laterality, Sex
from baa_node.db import Connection, studies
from baa_node.db.studies import State
from baa_node.db.studies.history import MOST_READINGS, _of_patient
from baa_node.db.tables import installation, readings
from baa_node.errors import StoreError
from tests.db import made

PATIENT = Examination(
    patient_id="4711", issuer="Example hospital", birth_date=date(2015, 1, 1), examined_on=date(2026, 3, 1), study_instance_uid="1.2.99"
)


def read(
    c: Connection, number: int, *, examined_on: date = date(2025, 3, 1), patient: Examination = PATIENT, revision: int = 1, **outcome: Any
) -> str:
    """Record an image of a study of its own and what was read of it."""
    uid = f"1.2.{number}.1"
    if revision == 1:
        studies.record_arrival(c, made.instance(uid, study_instance_uid=f"1.2.{number}"), now=made.NOW)
    else:
        studies.order_reading(c, uid, actor="test", reason="", now=made.later(revision))
    told = {**made.READ, "laterality": "L", **outcome}
    state = State.READ if told["status"] == "assessed" else State.REFUSED
    whose = studies.patient_key(c, patient)
    studies.record_outcome(
        c, uid, revision, state=state, outcome=told, now=made.later(revision), patient_key=whose, examined_on=examined_on
    )
    return uid


def ages(c: Connection, examination: Examination = PATIENT) -> list[float]:
    return [one.bone_age_months for one in studies.earlier_readings(c, examination)]


def test_an_earlier_reading_with_its_report(c: Connection) -> None:
    uid = read(c, 1)
    studies.record_results(
        c,
        [
            made.result("2.25.1", source_uid=uid, series_instance_uid="2.25.9"),
            made.result("2.25.2", source_uid=uid, rank=1, series_instance_uid="2.25.9"),
            made.result("2.25.3", source_uid=uid, kind="capture", series_instance_uid="2.25.8"),
        ],
    )
    assert studies.earlier_readings(c, PATIENT) == [
        Earlier(
            examined_on=date(2025, 3, 1),
            bone_age_months=131.5,
            chronological_age_months=128.0,
            sex=Sex.FEMALE,
            laterality=Laterality.LEFT,
            birth_date=date(2014, 7, 1),
            source="hands 1",
            study_instance_uid="1.2.1",
            series_instance_uid="2.25.9",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.88.33",
            sop_instance_uid="2.25.1",
        )
    ]


def test_the_report_named_is_one_that_somebody_has(c: Connection) -> None:
    uid = read(c, 1)
    studies.record_results(c, [made.result("2.25.1", source_uid=uid), made.result("2.25.2", source_uid=uid, rank=1)])
    studies.open_deliveries(c, uid, 1, ["pacs"], now=made.NOW)
    (delivery,) = studies.list_deliveries(c, uid, 1)
    studies.record_attempt(
        c, delivery, state="delivered", status=0, error=None, next_attempt_at=None, now=made.NOW, stored=("2.25.2",), confirm=False
    )
    assert [one.sop_instance_uid for one in studies.earlier_readings(c, PATIENT)] == ["2.25.2"]


def test_a_reading_without_a_report_yet_names_none(c: Connection) -> None:
    read(c, 1, chronological_age_months=None, sex=None, laterality=None)
    (one,) = studies.earlier_readings(c, PATIENT)
    assert (one.sop_instance_uid, one.series_instance_uid, one.birth_date, one.sex, one.laterality) == ("", "", None, None, None)


def test_latest_first_and_the_day_itself_counts(c: Connection) -> None:
    read(c, 1, examined_on=date(2024, 3, 1), bone_age_months=110.0)
    read(c, 2, examined_on=date(2026, 3, 1), bone_age_months=130.0)
    read(c, 3, examined_on=date(2026, 3, 2), bone_age_months=131.0)
    read(c, 99, examined_on=date(2025, 3, 1), bone_age_months=120.0)
    assert ages(c) == [130.0, 110.0]


@pytest.mark.parametrize(
    "changes", [{"patient_id": "4712"}, {"issuer": "elsewhere"}, {"issuer": ""}, {"patient_id": ""}, {"examined_on": None}]
)
def test_nobody_else_is_found(c: Connection, changes: dict[str, Any]) -> None:
    read(c, 1)
    assert ages(c) == [131.5]
    assert ages(c, replace(PATIENT, **changes)) == []


def test_without_a_number_nobody_finds_nobody(c: Connection) -> None:
    nobody = replace(PATIENT, patient_id="")
    read(c, 1, patient=nobody)
    assert studies.patient_key(c, nobody) is None
    assert ages(c, nobody) == []


def test_the_last_reading_of_an_image_counts(c: Connection) -> None:
    read(c, 1)
    read(c, 1, revision=2, bone_age_months=125.0)
    studies.order_reading(c, "1.2.1.1", actor="test", reason="", now=made.later(9))
    assert ages(c) == [125.0]


def test_a_refusal_never_counts_nor_what_it_replaces(c: Connection) -> None:
    read(c, 1)
    read(c, 1, revision=2, **made.REFUSED, bone_age_months=None)
    read(c, 2, **made.REFUSED, bone_age_months=None)
    assert ages(c) == []
    keys = c.execute(select(readings.c.patient_key).where(readings.c.bone_age_months.is_(None))).scalars().all()
    assert set(keys) == {None}


def test_what_was_set_aside_does_not_count(c: Connection) -> None:
    uid = read(c, 1)
    studies.set_state(c, uid, 1, State.QUARANTINED, now=made.later(3))
    assert ages(c) == []


def test_no_more_than_a_life_needs(c: Connection) -> None:
    for number in range(1, MOST_READINGS + 3):
        read(c, number + 100, bone_age_months=float(number))
    assert len(ages(c)) == MOST_READINGS


def test_the_key_tells_nothing_and_belongs_to_this_database(c: Connection) -> None:
    key = studies.patient_key(c, PATIENT)
    assert key is not None
    assert len(key) == 64
    assert studies.patient_key(c, replace(PATIENT, patient_id="Example hospital", issuer="4711")) != key
    c.execute(text("UPDATE installation SET patient_salt = :salt"), {"salt": "00" * 32})
    assert studies.patient_key(c, PATIENT) != key


def test_a_lost_salt_is_told(c: Connection) -> None:
    c.execute(delete(installation))
    with pytest.raises(StoreError, match="installation is empty"):
        studies.patient_key(c, PATIENT)


def test_what_a_report_names_is_kept_with_the_reading(c: Connection) -> None:
    uid = read(c, 1)
    assert studies.get_reading(c, uid, 1).earlier == ()
    named = Earlier(examined_on=date(2024, 1, 1), bone_age_months=100.0, chronological_age_months=None, sex=Sex.MALE, source="x")
    unknown = Earlier(examined_on=date(2023, 1, 1), bone_age_months=90.0, chronological_age_months=99.0, birth_date=date(2015, 1, 1))
    studies.record_earlier(c, uid, 1, [named, unknown])
    assert studies.get_reading(c, uid, 1).earlier == (named, replace(unknown, birth_date=None))


def test_the_search_runs_along_its_index(c: Connection) -> None:
    dialect = sqlite.dialect() if c.dialect.name == "sqlite" else postgresql.dialect()
    query = _of_patient("0" * 64, date(2026, 3, 1), "1.2.99").compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    if c.dialect.name == "postgresql":
        c.execute(text("SET LOCAL enable_seqscan = off"))  # a small table is read faster as a whole
    plan = "\n".join(str(row) for row in c.execute(text(f"EXPLAIN {'QUERY PLAN' if c.dialect.name == 'sqlite' else ''} {query}")))
    assert "ix_readings_patient_key_examined_on" in plan
