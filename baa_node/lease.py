"""Who may act: a worker gives signs of life, watches the others, and takes up what a silent one left undone.

No clock is compared with another host's. A sign of life is a counter in the record; each watcher sees by its own monotonic clock
whether the counters of the others go on. Who stood still for ``dead_after_s`` is declared lost, once, in the record, and its work goes on
elsewhere. A process that was only frozen finds that out with its next sign of life, or before it sends anything, and ends at once,
as if it had been killed, which everything here survives; whatever supervises it (systemd, a container's restart policy) starts it anew.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from baa_node.db import Database, executors
from baa_node.db.executors import Executor
from baa_node.errors import StoreError

log = logging.getLogger(__name__)

LOST_EXIT: Final = 75
"""Exit status of a process whose work was taken over (EX_TEMPFAIL): start it again."""


class Lease:
    """The right of this process to act in its executor's name.

    Parameters
    ----------
    beat_s
        Between two signs of life.
    dead_after_s
        Silence after which others take over; this process trusts its own last sign for half of that.
    take_up
        Given the names of executors that are lost or stopped, again and again; must be harmless when there is nothing left.
    """

    def __init__(
        self,
        database: Database,
        executor_id: str,
        *,
        beat_s: float,
        dead_after_s: float,
        take_up: Callable[[Sequence[str]], None],
        clock: Callable[[], float] = time.monotonic,
        end: Callable[[], None] = lambda: os._exit(LOST_EXIT),
    ) -> None:
        self._database = database
        self._executor_id = executor_id
        self._beat_s, self._dead_after_s = beat_s, dead_after_s
        self._take_up, self._clock, self._end = take_up, clock, end
        self._incarnation = 0
        self._beaten_at = -float("inf")
        self._beating = threading.Lock()
        self._stopping = threading.Event()
        self._watch = Watch(dead_after_s=dead_after_s, longest_gap_s=3 * beat_s)
        self._thread = threading.Thread(target=self._go_on, name="lease", daemon=True)

    def start(self) -> None:
        """Sign on, then beat and watch until `stop`.

        Raises
        ------
        StoreError
            The record cannot be written.
        """
        with self._database.transaction() as connection:
            host = socket.gethostname()
            self._incarnation = executors.sign_on(connection, self._executor_id, host=host, now=datetime.now(UTC))
        self._beaten_at = self._clock()
        self._thread.start()

    def stop(self) -> None:
        """Sign off: others may take up what is left at once."""
        self._stopping.set()
        self._thread.join(2 * self._beat_s)
        try:
            with self._database.transaction() as connection:
                executors.sign_off(connection, self._executor_id, self._incarnation, now=datetime.now(UTC))
        except StoreError:
            log.warning("could not sign off; others will notice the silence")

    def hold(self) -> None:
        """Return when nobody can have taken over; call it before anything that others must not see twice.

        While the record is away it waits: nothing could be noted down either.
        """
        while self._clock() - self._beaten_at >= self._dead_after_s / 2:
            try:
                self.beat()
            except StoreError:
                self._stopping.wait(self._beat_s)

    def beat(self) -> None:
        """Give a sign of life, or end this process if its life is over.

        Raises
        ------
        StoreError
            The record cannot be written.
        """
        with self._beating:
            before = self._clock()
            with self._database.transaction() as connection:
                ours = executors.beat(connection, self._executor_id, self._incarnation, now=datetime.now(UTC))
            if not ours:
                log.critical("this worker stood still and another one took its work over; it ends here, to be started anew")
                self._end()
            self._beaten_at = before

    def look_around(self) -> None:
        """Declare lost who stood still for too long, and take up what the lost and the stopped left.

        Raises
        ------
        StoreError
            The record cannot be used.
        """
        with self._database.reading() as connection:
            known = executors.list_executors(connection)
        others = [one for one in known if one.executor_id != self._executor_id]
        gone = [one.executor_id for one in others if one.state != "alive"]
        gone += [one.executor_id for one in self._watch.silent(others, self._clock()) if self._declare_lost(one)]
        if gone:
            self._take_up(gone)

    def _declare_lost(self, silent: Executor) -> bool:
        with self._database.transaction() as connection:
            ours = executors.declare_lost(connection, silent, actor=self._executor_id, now=datetime.now(UTC))
        if ours:
            log.warning("worker on %s gave no sign of life for %g s; its work goes on here", silent.host, self._dead_after_s)
        return ours

    def _go_on(self) -> None:
        while not self._stopping.wait(self._beat_s):
            try:
                self.beat()
                self.look_around()
            except StoreError as error:
                log.warning("no sign of life could be given: %s", error)
            except Exception:  # outermost line of the thread: the queue's database may be away for a while
                log.exception("the work of others could not be taken up; trying again")


class Watch:
    """Since when the others stand still, by one clock.

    Parameters
    ----------
    longest_gap_s
        A watcher that did not look for so long (frozen itself, or without the record) knows nothing of what happened meanwhile
        and begins anew.
    """

    def __init__(self, *, dead_after_s: float, longest_gap_s: float) -> None:
        self._dead_after_s, self._longest_gap_s = dead_after_s, longest_gap_s
        self._looked_at = -float("inf")
        self._standing: dict[str, tuple[int, int, float]] = {}

    def silent(self, others: Sequence[Executor], now: float) -> list[Executor]:
        """Those alive in the record whose counters have not moved for too long."""
        if now - self._looked_at > self._longest_gap_s:
            self._standing.clear()
        self._looked_at = now
        alive = {one.executor_id: one for one in others if one.state == "alive"}
        self._standing = {name: self._since(one, now) for name, one in alive.items()}
        return [one for name, one in alive.items() if now - self._standing[name][2] >= self._dead_after_s]

    def _since(self, one: Executor, now: float) -> tuple[int, int, float]:
        before = self._standing.get(one.executor_id)
        return before if before and before[:2] == (one.incarnation, one.beats) else (one.incarnation, one.beats, now)
