"""What is due by the record, and the places in which it is done: so many pieces of work of one lane run in this process at a time."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baa_node.db import Database, studies

READ: Final = "assess_instance"
DELIVER: Final = "deliver_results"
CONFIRM: Final = "look_for_receipt"
"""Workflows, as the durable engine knows them."""

FIRST_PAGE, LONGEST_PAGE = 100, 5000
"""Rows that are looked at in one go: mostly the first page is enough; each that follows is twice as long."""


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


def never_full(_lane: str) -> bool:
    """Say of every lane that there is a place in it."""
    return False


def work_due(database: Database, now: datetime, *, full: Callable[[str], bool] = never_full, thorough: bool = True) -> Iterator[Work]:
    """Give what is due: deliveries first, for which people wait, then readings, then receipts; of each kind the oldest first.

    However long the backlog is, it is looked at page by page, and no further than there are places: of a lane that is full the rest
    waits for the next look. What changes between two pages may be passed over, and is seen by that look.

    Parameters
    ----------
    full
        Tells whether a lane has no place left; asked anew for each piece of work.
    thorough
        Whether to look, beyond the oldest of all, for work of other peers among that of peers whose lane is full: a peer that is slow
        may have many thousand pieces, and all of them are passed over one by one.
    """
    yield from _to_peers(database, now, DELIVER, full, thorough=thorough)
    yield from _to_be_read(database, full)
    yield from _to_peers(database, now, CONFIRM, full, thorough=thorough)


def _to_be_read(database: Database, full: Callable[[str], bool]) -> Iterator[Work]:
    seen, limit = 0, FIRST_PAGE
    while not full(READ):
        with database.reading() as c:
            page = studies.pending_readings(c, skip=seen, limit=limit)
        for uid, revision in page:
            yield Work(READ, f"{uid}.{revision}", (uid, revision))
        if len(page) < limit:
            return
        seen, limit = seen + limit, min(LONGEST_PAGE, 2 * limit)


def _to_peers(database: Database, now: datetime, workflow: str, full: Callable[[str], bool], *, thorough: bool) -> Iterator[Work]:
    """Go through what is due for any peer; those whose lane is full are left out of the pages that follow."""
    ask = studies.due_deliveries if workflow == DELIVER else studies.due_confirmations
    seen: Counter[str] = Counter()
    left_out: set[str] = set()
    limit = FIRST_PAGE
    while True:
        skip = sum(number for peer, number in seen.items() if peer not in left_out)
        with database.reading() as c:
            page = ask(c, now=now, but_to=left_out, skip=skip, limit=limit)
        for one in page:
            seen[one.peer] += 1
            work = _to_peer(workflow, one)
            if full(work.lane):
                left_out.add(one.peer)
            elif workflow == DELIVER or one.state == "delivered":
                yield work
        if len(page) < limit or (left_out and not thorough):
            return
        limit = min(LONGEST_PAGE, 2 * limit)


def attempt_of(delivery: studies.Delivery) -> str:
    """Name the next attempt of a delivery: its number, and how often an operator had reopened it."""
    return f"{delivery.attempts + 1}.{delivery.reopened}"


def look_of(delivery: studies.Delivery) -> str:
    """Name the next look for a receipt: its number, the rung it starts from, and the attempt that delivered."""
    return f"{delivery.confirms + 1}.{delivery.receipt}.{delivery.attempts}.{delivery.reopened}"


def _to_peer(workflow: str, one: studies.Delivery) -> Work:
    what = f"to.{one.peer}.{attempt_of(one)}" if workflow == DELIVER else f"at.{one.peer}.{look_of(one)}"
    return Work(workflow, f"{one.source_uid}.{one.revision}.{what}", (one.source_uid, one.revision, one.peer))


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

    def full(self, lane: str) -> bool:
        """Tell whether a lane has no place left."""
        with self._lock:
            return len(self._taken.get(lane, ())) >= self._most[lane.partition(" ")[0]]

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
