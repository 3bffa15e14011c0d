"""Writes of several threads in one transaction: a flush takes as long for one as for all that came while the last one was under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from baa_node.errors import StoreError

Work = Callable[[Connection], Any]
Context = Callable[[], AbstractContextManager[Any]]


@dataclass(eq=False)
class _Waiting:
    """Somebody's work, and what became of it."""

    work: Work
    outcome: Any = None
    error: BaseException | None = None
    done: bool = False


class Convoy:
    """Whoever gets the turn to write does the work of all who wait for it, each in a savepoint of its own.

    Parameters
    ----------
    turn
        Lets one thread in at a time; raises where that takes too long.
    begun
        A transaction of SQLite, durable when left in order.
    translated
        Turns errors of the database into `StoreError`.
    """

    def __init__(self, turn: Context, begun: Context, translated: Context) -> None:
        self._turn, self._begun, self._translated = turn, begun, translated
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        with self._lock:
            return len(self._waiting)

    def run(self, work: Work) -> Any:
        """Return what `work` returns once that is durable, or raise what it raises when it is undone."""
        one = _Waiting(work)
        with self._lock:
            self._waiting.append(one)
        try:
            with self._turn():
                if not one.done:
                    self._serve()
        finally:
            self._withdraw(one)
        if one.error is not None:
            raise one.error
        return one.outcome

    def _serve(self) -> None:
        with self._lock:
            together, self._waiting = self._waiting, []
        try:
            with self._begun() as c:
                self._do(together, c)
        except BaseException as error:  # noqa: BLE001 - each of them is raised where the work came from
            for one in together:
                one.error = one.error or error
        for one in together:
            one.done = True

    def _do(self, together: list[_Waiting], c: Connection) -> None:
        if len(together) == 1:
            together[0].outcome = together[0].work(c)
            return
        for one in together:
            try:
                with self._translated(), c.begin_nested():
                    one.outcome = one.work(c)
            except Exception as error:  # noqa: BLE001 - raised where the work came from
                one.error = error
                self._check(c)

    def _check(self, c: Connection) -> None:
        """Go on only where the transaction stands: SQLite ends it by itself when the disk is full, and then commits each statement."""
        driver: Any = c.connection.driver_connection
        if not driver.in_transaction:
            raise StoreError("the database ended a transaction by itself")

    def _withdraw(self, one: _Waiting) -> None:
        """Let nobody do later what was given up: its caller has heard that it failed."""
        with self._lock:
            if one in self._waiting:
                self._waiting.remove(one)
