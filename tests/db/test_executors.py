"""Signs of life in the record: who speaks for an installation, and who was silent for too long."""

from __future__ import annotations

from baa_node.db import Connection, audit, executors
from tests.db import made


def sign_on(c: Connection, name: str = "one", at: float = 0) -> int:
    return executors.sign_on(c, name, host=f"host-{name}", now=made.later(at))


def test_each_start_is_another_life(c: Connection) -> None:
    assert [sign_on(c), sign_on(c, at=5), sign_on(c, "two")] == [1, 2, 1]
    first, second = executors.list_executors(c)
    assert (first.executor_id, first.incarnation, first.beats, first.state) == ("one", 2, 0, "alive")
    assert (first.host, first.started_at, second.executor_id) == ("host-one", made.later(5), "two")


def test_beats_are_counted_for_the_present_life_alone(c: Connection) -> None:
    old, new = sign_on(c), sign_on(c)
    assert executors.beat(c, "one", new, now=made.later(1))
    assert not executors.beat(c, "one", old, now=made.later(2))
    assert not executors.beat(c, "nobody", 1, now=made.later(2))
    (one,) = executors.list_executors(c)
    assert (one.beats, one.beat_at) == (1, made.later(1))


def test_a_silent_one_is_declared_lost_once_and_on_record(c: Connection) -> None:
    life = sign_on(c)
    (seen,) = executors.list_executors(c)
    assert executors.declare_lost(c, seen, actor="two", now=made.later(30))
    assert not executors.declare_lost(c, seen, actor="three", now=made.later(31))
    assert not executors.beat(c, "one", life, now=made.later(32))
    (event,) = audit.list_events(c)
    assert (event.kind, event.actor, event.subject, event.detail["host"]) == ("EXECUTOR_TAKEN_OVER", "two", "one", "host-one")
    assert sign_on(c) == life + 1
    assert executors.list_executors(c)[0].state == "alive"


def test_whoever_gave_a_sign_in_the_meantime_is_not_lost(c: Connection) -> None:
    life = sign_on(c)
    (seen,) = executors.list_executors(c)
    executors.beat(c, "one", life, now=made.later(1))
    assert not executors.declare_lost(c, seen, actor="two", now=made.later(30))
    assert executors.list_executors(c)[0].state == "alive"


def test_signing_off_ends_the_present_life_alone(c: Connection) -> None:
    old, new = sign_on(c), sign_on(c)
    executors.sign_off(c, "one", old, now=made.later(1))
    assert executors.list_executors(c)[0].state == "alive"
    executors.sign_off(c, "one", new, now=made.later(1))
    assert executors.list_executors(c)[0].state == "stopped"
