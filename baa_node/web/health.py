"""What the node knows of its own state, asked anew at each call and never for longer than a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from baa_node.db import Database, executors
from baa_node.db.studies import counts
from baa_node.doctor import provider_trouble
from baa_node.errors import StoreError
from baa_node.spool import Spool
from baa_node.web.checks import Check
from baa_node.web.peer_watch import PeerWatch

T = TypeVar("T")

PATIENCE_S: Final = 2.0
"""For database and spool together: who asks about health must not hang with them."""

SILENT_AFTER: Final = timedelta(minutes=1)
"""A worker that is said to be alive and gave no sign for so long was the last one: nobody was left to declare it lost."""


@dataclass(kw_only=True)
class Health:
    """State of the parts that a reading needs.

    Attributes
    ----------
    asked
        Execution provider that this process was meant to read on; empty without the worker role.
    used
        Names the one that it reads on at present: a GPU may get lost under way.
    peers
        Looks whether destinations answer; None in a process that does not look.
    """

    database: Database
    spool: Spool
    asked: str = ""
    used: Callable[[], str] = lambda: ""
    peers: PeerWatch | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def provider(self) -> str:
        """Execution provider that reads, empty in a process without the worker role."""
        return self.used()

    def problems(self) -> list[str]:
        """Say in one sentence each what keeps this node from its work; empty when it is ready."""
        return [check.told for check in self.checks() if check.state == "failed"]

    def warnings(self) -> list[str]:
        """Say what somebody should look at, for those who are logged in: with the names of destinations that do not answer."""
        found = [check.told for check in self.checks() if check.state == "warning" and check.name != "peers"]
        answers = self.peers.answers if self.peers else {}
        return found + [f"peer {name} does not answer: {answer.trouble}" for name, answer in answers.items() if answer.trouble]

    def checks(self) -> list[Check]:
        """Look at everything once; returns within `PATIENCE_S`, whatever hangs."""
        return [*self._local(), self._inference(), *([self.peers.check()] if self.peers else [])]

    def _local(self) -> list[Check]:
        """Ask database and spool in another thread, unless an earlier question is still without an answer."""
        if not self._asking.acquire(blocking=False):
            return [_no_answer()]
        try:
            return within(PATIENCE_S, lambda: [self._spool(), *self._record()], done=self._asking.release)
        except TimeoutError:
            return [_no_answer()]

    def _spool(self) -> Check:
        if shortage := self.spool.shortage():
            return Check(name="spool", state="failed", told=shortage)
        return Check(name="spool", state="ok", told="takes images")

    def _record(self) -> list[Check]:
        try:
            with self.database.reading() as connection:
                counts.queue(connection)
                workers = executors.list_executors(connection)
        except StoreError as error:
            return [Check(name="database", state="failed", told=str(error))]
        alive = sum(one.state == "alive" and datetime.now(UTC) - one.beat_at < SILENT_AFTER for one in workers)
        told = f"{alive} alive" if alive else "no worker is alive: images are kept and not read"
        return [Check(name="database", state="ok", told="answers"), Check(name="workers", state="ok" if alive else "warning", told=told)]

    def _inference(self) -> Check:
        used = self.used()
        if not used:
            return Check(name="inference", state="ok", told="this process does not read")
        if trouble := provider_trouble(self.asked, used):
            return Check(name="inference", state="warning", told=trouble)
        return Check(name="inference", state="ok", told=f"reads on {used}")


def within(seconds: float, ask: Callable[[], T], *, done: Callable[[], None] = lambda: None) -> T:
    """Ask in a thread of its own, and wait no longer than that.

    Parameters
    ----------
    done
        Called when the answer is there, however late.

    Raises
    ------
    TimeoutError
        There is none yet.
    """
    answers: SimpleQueue[T | Exception] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001 - raised again where the answer is waited for
            answers.put(error)
        finally:
            done()

    threading.Thread(target=run, name="health", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _no_answer() -> Check:
    return Check(name="database", state="failed", told=f"database or spool do not answer within {PATIENCE_S:g} s")
