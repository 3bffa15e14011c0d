"""What is asked all day is found along indexes, however long the record is; the benchmark `tests.bench.growth` holds it to times."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from baa_node.core.priors.history import Examination
from baa_node.db import Connection, Database, audit, peers, studies
from baa_node.db.audit import AuditKind
from baa_node.db.studies import State, counts, overview
from tests.bench import record
from tests.db import made
from tests.db.plans import plans_of, whole_tables

CAME = ("ix_instances_received_at",)
STANDING = ("ix_readings_state_ordered_at", "ix_deliveries_state_next_attempt_at")
"""Where nothing is asked for but what moves on."""
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that is asked, and along which indexes from an end on until enough is found."""

    ask: Callable[[Connection], object]
    walked: tuple[str, ...] = field(default=())


def listed(**asked: object) -> Callable[[Connection], object]:
    return lambda c: studies.list_studies(c, limit=26, **asked)


EXAMINATION = Examination(
    patient_id="P-1", issuer="", birth_date=None, examined_on=record.EXAMINED + DAY, study_instance_uid="another study"
)
QUESTIONS = {
    "the latest studies": Question(ask=listed(), walked=CAME),
    "those of a day": Question(ask=listed(since=record.AT, until=record.AT + DAY)),
    "those of a peer": Question(ask=listed(peer=record.SITE)),
    "those in a state": Question(ask=listed(state=State.UNDELIVERABLE), walked=STANDING),
    "one by its number": Question(ask=listed(text=record.ACCESSION)),
    "those that begin alike": Question(ask=listed(text="ACC")),
    "one that is not there": Question(ask=listed(text="nothing")),
    "everything about a study": Question(ask=lambda c: studies.show_study(c, record.ACCESSION)),
    "the latest events": Question(ask=lambda c: audit.list_events(c, limit=50), walked=("audit_events",)),
    "events of a kind": Question(ask=lambda c: audit.list_events(c, kind=AuditKind.USER_ADDED, limit=50)),
    "events of an actor": Question(ask=lambda c: audit.list_events(c, actor="cli:ann", before=7, limit=50)),
    "events about a peer": Question(ask=lambda c: audit.list_events(c, about=record.SITE, limit=50)),
    "what an image is": Question(ask=lambda c: studies.arrival_of(c, record.IMAGE, "")),
    "whether a result is ours": Question(ask=lambda c: studies.is_own_result(c, record.OBJECTS[0])),
    "what is to be read": Question(ask=studies.pending_readings, walked=STANDING),
    "what is to be delivered": Question(ask=lambda c: studies.due_deliveries(c, now=made.NOW), walked=STANDING),
    "what is to be confirmed": Question(ask=lambda c: studies.due_confirmations(c, now=made.NOW)),
    "whether a study was read": Question(ask=lambda c: studies.study_has_reading(c, record.STUDY)),
    "whether a study waits for a reading": Question(ask=lambda c: studies.study_is_being_read(c, record.STUDY)),
    "when a study was quiet": Question(ask=lambda c: studies.study_last_arrival(c, record.STUDY)),
    "what came before": Question(ask=lambda c: studies.earlier_readings(c, EXAMINATION)),
    "the queue": Question(ask=counts.queue, walked=STANDING),
    "what moves": Question(ask=lambda c: counts.count_readings(c, set(State) - counts.SETTLED), walked=STANDING),
    "today": Question(ask=lambda c: counts.count_since(c, record.AT), walked=STANDING),
    "the traffic of each peer": Question(ask=counts.traffic, walked=STANDING),
    "the last outcomes": Question(ask=lambda c: counts.latest_outcomes(c, 200), walked=CAME),
    "what may leave": Question(ask=lambda c: studies.removable(c, before=made.NOW, limit=200), walked=("ix_instances_here",)),
    "what the spool must hold": Question(ask=lambda c: studies.expected_after(c, "1")),
}


class _Undo(Exception):  # noqa: N818 - it is no error
    pass


@pytest.fixture(scope="module")
def national(standing: Database) -> Iterator[Connection]:
    """Studies of every story, put on record and undone afterwards."""
    with contextlib.suppress(_Undo), standing.transaction() as c:
        for name in (record.SITE, "silent"):
            peers.add_peer(c, made.peer(name), actor="test", now=record.AT)
        record.with_refusal(c)
        yield c
        raise _Undo


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_the_whole_record(national: Connection, name: str) -> None:
    question = QUESTIONS[name]
    plans = plans_of(national, question.ask)
    assert plans
    assert not whole_tables(plans, walked=question.walked), plans


@pytest.mark.parametrize("few", [0, 5000])
def test_many_that_match_are_met_on_the_way_from_the_latest_image(national: Connection, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(overview, "FEW", few)
    for asked in ({"state": State.DELIVERED}, {"text": "ACC"}):
        assert [one.study_instance_uid for one in listed(**asked)(national)] == [record.STUDY]
        plans = plans_of(national, listed(**asked))
        assert not whole_tables(plans, walked=(*STANDING, *(CAME if few == 0 else ()))), plans


def test_a_whole_table_is_told(national: Connection) -> None:
    assert whole_tables(plans_of(national, lambda c: c.exec_driver_sql("SELECT count(DISTINCT size) FROM instances")))
