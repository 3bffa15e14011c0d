"""Who may act: the frozen may not, the silent are taken over, and nobody is declared lost by a watcher that was away itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from baa_node.db import Database, executors
from baa_node.db.executors import Executor
from baa_node.errors import StoreError
from baa_node.lease import Lease, Watch
from tests.db import made


class Ended(BaseException):
    """Instead of the end of this process."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Still(Lease):
    """A lease whose thread makes no move: tests of an hour would meet its next beat, long after the database is gone."""

    def _go_on(self) -> None:
        return


class Host:
    """One worker with a clock of its own; the test makes each move."""

    def __init__(self, database: Database, name: str) -> None:
        self.clock = Clock()
        self.taken: list[str] = []
        self.lease = Still(database, name, beat_s=1000, dead_after_s=3000, take_up=self.taken.extend, clock=self.clock, end=self._end)
        self.lease.start()

    def _end(self) -> None:
        raise Ended

    def passes(self, seconds: float, *, beats: bool = True) -> None:
        for _ in range(int(seconds // 1000)):
            self.clock.now += 1000
            if beats:
                self.lease.beat()
            self.lease.look_around()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'record.db'}")
    yield opened
    opened.close()


def states(database: Database) -> dict[str, str]:
    with database.reading() as c:
        return {one.executor_id: one.state for one in executors.list_executors(c)}


def test_the_silent_one_is_taken_over_and_ends_when_it_wakes_up(database: Database) -> None:
    frozen, awake = Host(database, "frozen"), Host(database, "awake")
    awake.passes(3000)
    assert states(database)["frozen"] == "alive"
    awake.passes(1000)
    assert states(database)["frozen"] == "lost"
    assert set(awake.taken) == {"frozen"}
    frozen.clock.now += 4000
    with pytest.raises(Ended):
        frozen.lease.hold()
    with pytest.raises(Ended):
        frozen.lease.beat()


def test_whoever_beats_is_left_alone_and_may_act(database: Database) -> None:
    one, other = Host(database, "one"), Host(database, "other")
    for _ in range(10):
        one.passes(1000)
        other.passes(1000)
    one.lease.hold()
    assert states(database) == {"one": "alive", "other": "alive"}
    assert one.taken == other.taken == []


def test_a_slow_one_that_nobody_declared_lost_goes_on(database: Database) -> None:
    slow = Host(database, "slow")
    slow.clock.now += 100_000
    slow.lease.hold()
    assert states(database) == {"slow": "alive"}


def test_who_signed_off_is_taken_up_at_once(database: Database) -> None:
    leaving, staying = Host(database, "leaving"), Host(database, "staying")
    leaving.lease.stop()
    staying.passes(1000)
    assert states(database) == {"leaving": "stopped", "staying": "alive"}
    assert staying.taken == ["leaving"]


def test_a_watcher_that_was_frozen_itself_begins_to_watch_anew(database: Database) -> None:
    watcher, other = Host(database, "watcher"), Host(database, "other")
    watcher.passes(2000)
    other.lease.beat()
    watcher.clock.now += 50_000
    watcher.lease.look_around()
    assert states(database)["other"] == "alive"


def test_holding_waits_while_the_record_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(database, "one")
    host.clock.now += 2000
    answers = itertools.chain([StoreError("away"), StoreError("away")], itertools.repeat(None))
    beat, tried = host.lease.beat, []

    def unreliable() -> None:
        tried.append(1)
        fault = next(answers)
        if fault:
            raise fault
        beat()

    monkeypatch.setattr(host.lease, "beat", unreliable)
    monkeypatch.setattr(host.lease._stopping, "wait", lambda seconds: False)
    host.lease.hold()
    assert len(tried) == 3


def test_a_new_life_of_the_same_name_is_watched_from_its_beginning() -> None:
    watch = Watch(dead_after_s=10, longest_gap_s=100)
    old = Executor(executor_id="a", host="h", incarnation=1, beats=7, state="alive", started_at=made.NOW, beat_at=made.NOW)
    new = Executor(executor_id="a", host="h", incarnation=2, beats=7, state="alive", started_at=made.NOW, beat_at=made.NOW)
    assert watch.silent([old], 0) == []
    assert watch.silent([new], 9) == []
    assert watch.silent([new], 18) == []
    assert watch.silent([new], 19) == [new]
