"""What is due by the record, and the places in which it is done: so many pieces of work of one lane run in this process at a time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baa_node.db import Connection, studies

READ: Final = "assess_instance"
DELIVER: Final = "deliver_results"
CONFIRM: Final = "look_for_receipt"
"""Workflows, as the durable engine knows them."""


@dataclass(frozen=True)
class Work:
    """One piece of work that is due.

    Attributes
    ----------
    name
        By which the engine takes it once.
    """

    workflow: str
    name: str
    arguments: tuple[str | int, ...]

    @property
    def lane(self) -> str:
        """Whose places it takes."""
        return lane_of(self.workflow, self.arguments)


def lane_of(workflow: str, arguments: Sequence[str | int]) -> str:
    """Name whose places a workflow takes: each peer has its own for deliveries, and for receipts; the rest is reading."""
    return f"{workflow} {arguments[2]}" if workflow in {DELIVER, CONFIRM} else READ


def work_due(c: Connection, now: datetime) -> list[Work]:
    """List what is due: deliveries first, for which people wait, then readings, then receipts; of each kind the oldest first."""
    return [
        *(_to_peer(DELIVER, "to", one, attempt_of(one)) for one in studies.due_deliveries(c, now=now)),
        *(Work(READ, f"{uid}.{revision}", (uid, revision)) for uid, revision in studies.pending_readings(c)),
        *(_to_peer(CONFIRM, "at", one, look_of(one)) for one in studies.due_confirmations(c, now=now)),
    ]


def attempt_of(delivery: studies.Delivery) -> str:
    """Name the next attempt of a delivery: its number, and how often an operator had reopened it."""
    return f"{delivery.attempts + 1}.{delivery.reopened}"


def look_of(delivery: studies.Delivery) -> str:
    """Name the next look for a receipt: its number, the rung it starts from, and the attempt that delivered."""
    return f"{delivery.confirms + 1}.{delivery.receipt}.{delivery.attempts}.{delivery.reopened}"


def _to_peer(workflow: str, word: str, one: studies.Delivery, which: str) -> Work:
    return Work(workflow, f"{one.source_uid}.{one.revision}.{word}.{one.peer}.{which}", (one.source_uid, one.revision, one.peer))


class Places:
    """Who works in which lane; for many threads.

    Parameters
    ----------
    readers, parallel_deliveries
        Places for readings, and of each peer for deliveries; for receipts each peer has one.
    freed
        Called whenever a place becomes free, from the thread that leaves it; must not block.
    """

    def __init__(self, *, readers: int, parallel_deliveries: int, freed: Callable[[], None]) -> None:
        self._most = {READ: readers, DELIVER: parallel_deliveries, CONFIRM: 1}
        self._freed = freed
        self._lock = threading.Lock()
        self._taken: defaultdict[str, set[str]] = defaultdict(set)

    def take(self, work: Work) -> bool:
        """Take a place; False where the lane is full, or where that work has one already."""
        with self._lock:
            taken = self._taken[work.lane]
            if work.name in taken or len(taken) >= self._most[work.workflow]:
                return False
            taken.add(work.name)
            return True

    def leave(self, lane: str, name: str) -> None:
        """Give the place of a piece of work back; twice is harmless."""
        with self._lock:
            self._taken[lane].discard(name)
            if not self._taken[lane]:
                del self._taken[lane]
        self._freed()

    @contextmanager
    def held(self, lane: str, name: str) -> Iterator[None]:
        """Hold a place while the work runs, however full the lane: what was cut off before, or waited for a time, goes on at once."""
        with self._lock:
            self._taken[lane].add(name)
        try:
            yield
        finally:
            self.leave(lane, name)
