from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from baa_node.db import Connection, Database, audit, studies
from baa_node.db.studies import Delivery, DeliveryState, State
from baa_node.errors import StoreError
from tests.db import made


def attempt(
    c: Connection,
    peer: str,
    state: DeliveryState,
    *,
    seconds: float = 10,
    status: int | None = 0,
    error: str | None = None,
    next_attempt_at: datetime | None = None,
) -> None:
    now = made.later(seconds)
    seen = delivery(c, peer)
    assert studies.record_attempt(c, seen, state=state, status=status, error=error, next_attempt_at=next_attempt_at, now=now)


def delivery(c: Connection, peer: str) -> Delivery:
    return next(one for one in studies.list_deliveries(c, made.IMAGE, 1) if one.peer == peer)


def state(c: Connection) -> State:
    return studies.get_reading(c, made.IMAGE, 1).state


def test_an_opened_delivery_is_due(reported: Connection) -> None:
    assert [one.peer for one in studies.list_deliveries(reported, made.IMAGE, 1)] == ["archive", "pacs"]
    opened = delivery(reported, "pacs")
    assert (opened.state, opened.attempts, opened.reopened, opened.next_attempt_at) == ("pending", 0, 0, made.later(2))
    assert studies.due_deliveries(reported, now=made.later(1)) == []
    assert len(studies.due_deliveries(reported, now=made.later(2))) == 2


def test_opening_again_changes_nothing(reported: Connection) -> None:
    attempt(reported, "pacs", "delivered")
    before = studies.list_deliveries(reported, made.IMAGE, 1)
    studies.open_deliveries(reported, made.IMAGE, 1, ["pacs", "archive"], now=made.later(99))
    assert studies.list_deliveries(reported, made.IMAGE, 1) == before


def test_nothing_is_opened_for_a_reading_that_does_not_exist(reported: Connection) -> None:
    with pytest.raises(StoreError, match="no reading 7"):
        studies.open_deliveries(reported, made.IMAGE, 7, ["pacs"], now=made.NOW)


def test_a_failed_attempt_waits_for_the_next(reported: Connection) -> None:
    attempt(reported, "pacs", "pending", status=0xA700, error="out of resources", next_attempt_at=made.later(60))
    waiting = delivery(reported, "pacs")
    assert (waiting.state, waiting.attempts, waiting.last_status, waiting.last_error) == ("pending", 1, 0xA700, "out of resources")
    assert [one.peer for one in studies.due_deliveries(reported, now=made.later(59))] == ["archive"]
    assert [one.peer for one in studies.due_deliveries(reported, now=made.later(60))] == ["archive", "pacs"]
    assert state(reported) is State.REPORTED


def test_a_reading_is_delivered_when_every_peer_has_it(reported: Connection) -> None:
    attempt(reported, "pacs", "delivered", seconds=10)
    assert state(reported) is State.REPORTED
    attempt(reported, "archive", "delivered", seconds=20)
    assert state(reported) is State.DELIVERED
    assert delivery(reported, "archive").delivered_at == made.later(20)
    assert studies.due_deliveries(reported, now=made.later(10_000)) == []


def test_a_reading_is_undeliverable_when_one_peer_was_given_up(reported: Connection) -> None:
    attempt(reported, "pacs", "failed", status=0x0122, error="not supported")
    attempt(reported, "archive", "delivered", seconds=20)
    assert state(reported) is State.UNDELIVERABLE
    assert delivery(reported, "pacs").next_attempt_at is None


def test_a_reopened_delivery_is_due_and_its_reading_reported(reported: Connection) -> None:
    attempt(reported, "pacs", "failed", error="not supported")
    attempt(reported, "archive", "delivered")
    reopened = studies.reopen_delivery(reported, made.IMAGE, 1, "pacs", actor="cli:ann", now=made.later(50))
    assert (reopened.state, reopened.attempts, reopened.reopened) == ("pending", 1, 1)
    assert state(reported) is State.REPORTED
    assert [one.peer for one in studies.due_deliveries(reported, now=made.later(50))] == ["pacs"]
    attempt(reported, "pacs", "delivered", seconds=60)
    assert state(reported) is State.DELIVERED


def test_a_reading_with_another_failure_stays_undeliverable(reported: Connection) -> None:
    attempt(reported, "pacs", "failed")
    attempt(reported, "archive", "failed")
    studies.reopen_delivery(reported, made.IMAGE, 1, "pacs", actor="cli:ann", now=made.later(50))
    assert state(reported) is State.UNDELIVERABLE


def test_a_reopened_delivery_does_not_make_a_reading_complete(database: Database) -> None:
    with database.transaction() as c:
        studies.record_arrival(c, made.instance(), now=made.NOW)
        studies.record_outcome(c, made.IMAGE, 1, state=State.READ, outcome={"bone_age_months": 118.0}, now=made.NOW)
        studies.open_deliveries(c, made.IMAGE, 1, ["pacs"], now=made.NOW)
        studies.reopen_delivery(c, made.IMAGE, 1, "pacs", actor="cli:ann", now=made.later(1))
        assert not studies.is_complete(studies.get_reading(c, made.IMAGE, 1))


def test_what_arrived_cannot_be_reopened(reported: Connection) -> None:
    attempt(reported, "pacs", "delivered")
    with pytest.raises(StoreError, match="pacs already has"):
        studies.reopen_delivery(reported, made.IMAGE, 1, "pacs", actor="cli:ann", now=made.later(50))


def test_a_delivery_that_was_not_opened_is_told(reported: Connection) -> None:
    unopened = dataclasses.replace(delivery(reported, "pacs"), peer="nobody")
    with pytest.raises(StoreError, match="to nobody was opened"):
        studies.record_attempt(reported, unopened, state="delivered", status=0, error=None, next_attempt_at=None, now=made.NOW)


def test_every_attempt_is_an_event(reported: Connection) -> None:
    attempt(reported, "pacs", "pending", status=None, error="no connection", next_attempt_at=made.later(60))
    attempt(reported, "pacs", "failed", status=0x0122, error="not supported")
    studies.reopen_delivery(reported, made.IMAGE, 1, "pacs", actor="cli:ann", now=made.later(50))
    attempt(reported, "pacs", "delivered")
    events = [event for event in audit.list_events(reported, study=made.STUDY) if event.kind.startswith("DELIVERY")]
    told = [(event.kind, event.outcome, event.actor, event.detail.get("attempt"), event.detail.get("status")) for event in events]
    assert told == [
        ("DELIVERY_ATTEMPT", 4, "node", 1, None),
        ("DELIVERY_FAILED", 8, "node", 2, 0x0122),
        ("DELIVERY_REOPENED", 0, "cli:ann", None, None),
        ("DELIVERY_DONE", 0, "node", 3, 0),
    ]


def test_peers_that_finish_at_once_leave_the_reading_delivered(database: Database) -> None:
    names = [f"peer{number}" for number in range(8)]
    with database.transaction() as c:
        studies.record_arrival(c, made.instance(), now=made.NOW)
        studies.open_deliveries(c, made.IMAGE, 1, names, now=made.NOW)

    def deliver(name: str) -> None:
        with database.transaction() as c:
            attempt(c, name, "delivered")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, names))
    with database.reading() as c:
        assert state(c) is State.DELIVERED


def test_an_attempt_that_another_process_noted_first_counts_once(reported: Connection) -> None:
    seen = delivery(reported, "pacs")
    attempt(reported, "pacs", "delivered")
    late = {"state": "failed", "status": 0x0122, "error": "not supported", "next_attempt_at": None, "now": made.later(30)}
    assert not studies.record_attempt(reported, seen, **late)
    assert (delivery(reported, "pacs").state, delivery(reported, "pacs").attempts) == ("delivered", 1)
