"""The one thread that tells the repository, in the order of the trail, and goes on where it was after whatever happens.

A message counts as told when the other side's system has taken its octets and the connection is still open a moment later: what a
repository had not read when it was killed is sent again. Some may come twice, none is left out: syslog over TLS has no acknowledgement
(RFC 5425), so of a connection that broke nobody can say what of the last batch arrived. The batch after it is half as long, so that
each further break repeats less and one message that gets through is progress. No message stands anywhere but in memory, and none in
the log: they name patients.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from baa_node.atna.messages import Run, Translator, runs
from baa_node.atna.syslog import Line, line
from baa_node.core.messages.atna import to_xml
from baa_node.db import Connection, Database, audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.errors import BaaError

log = logging.getLogger("baa_node.atna")

AT_ONCE: Final = 200
"""Events of the longest batch, which a backlog alone fills: so many may come twice after a connection broke."""

CLAIM: Final = 0x61746E61
"""Number of the right to tell, "atna": of several processes on one database one has it."""


class Courier:
    """Tells the repository what happened.

    Parameters
    ----------
    most_waiting
        Events that may wait; of more the oldest are never told, which is an event of its own and an error in the log.
    look_every_s, settle_s
        Between two looks at the trail; between sending and asking whether it arrived.
    first_pause_s, longest_pause_s
        Between two attempts to reach a repository that is away; doubled each time.
    """

    def __init__(
        self,
        database: Database,
        translator: Translator,
        way: Line,
        *,
        host: str,
        process: str,
        most_waiting: int,
        look_every_s: float = 1.0,
        settle_s: float = 1.0,
        first_pause_s: float = 1.0,
        longest_pause_s: float = 60.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._translator, self._way = database, translator, way
        self._host, self._process, self._most_waiting = host, process, most_waiting
        self._look_every_s, self._settle_s = look_every_s, settle_s
        self._first_pause_s, self._longest_pause_s, self._pause_s = first_pause_s, longest_pause_s, 0.0
        self._now = now
        self._remembers = False
        self._at_once = AT_ONCE
        self._claim = database.claim(CLAIM)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="atna", daemon=True)

    def start(self) -> None:
        """Begin in a thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Tell what is waiting if that takes no longer, and end; the rest is told after the next start."""
        self._stopping.set()
        self._thread.join(timeout_s)
        self._way.close()
        self._claim.release()

    def step(self) -> int:
        """Tell one batch; how many events it was.

        Raises
        ------
        OSError, BaaError
            The repository, the record or the spool is away; nothing is lost.
        """
        until = self._begin()
        with self._database.reading() as connection:
            records = audit.next_events(connection, after=until, limit=self._at_once)
        if not records:
            return 0
        last, sent, trouble = self._tell_each(runs(records), until)
        if sent:
            self._stopping.wait(self._settle_s)
            self._way.check()
        if last > until:
            with self._database.transaction() as connection:
                audit.note_told(connection, before=until, until=last)
        if trouble is not None:
            raise trouble
        return len(records)

    def _tell_each(self, some: Iterable[Run], until: int) -> tuple[int, int, BaaError | None]:
        """Tell runs up to the first that record or spool keep back; the last event told, how many messages, and the trouble."""
        sent = 0
        for run in some:
            try:
                sent += self._tell(run)
            except BaaError as trouble:  # the line is as it was: what went before need not go again
                return until, sent, trouble
            until = run[-1].seq
        return until, sent, None

    def attempt(self) -> int:
        """Tell one batch if it is this process that may; trouble is told in the log, once, and makes the pauses longer."""
        try:
            told = self.step() if self._claim.held() else 0
        except (OSError, BaaError) as error:
            self._pause(str(error))
        except Exception as error:  # noqa: BLE001 - outermost line of the thread
            self._pause(type(error).__name__)  # its text may quote a value of the patient's
        else:
            if self._pause_s:
                log.info("the audit repository is told again")
            self._pause_s = 0.0
            self._at_once = min(AT_ONCE, 2 * self._at_once)
            return told
        return 0

    @property
    def pause_s(self) -> float:
        """Seconds until the next attempt; 0 while all is well."""
        return self._pause_s

    def _begin(self) -> int:
        """Find where to go on: at the end of the trail where no repository was told before."""
        with self._database.reading() as connection:
            until, waiting = audit.told_until(connection), audit.waiting(connection)
        if until is None or waiting > self._most_waiting:
            with self._database.transaction() as connection:
                audit.open_queue(connection)
                until = self._give_up_oldest(connection)
        if not self._remembers:
            with self._database.reading() as connection:
                started = audit.list_events(connection, kind=AuditKind.NODE_STARTED, before=until + 1, limit=1)
            for record in started:
                self._translator.note_process(record)
            self._remembers = True
        return until

    def _give_up_oldest(self, connection: Connection) -> int:
        until, waiting = audit.told_until(connection) or 0, audit.waiting(connection)
        if waiting <= self._most_waiting:
            return until
        last = until + waiting + 1 - self._most_waiting  # the event that says so waits, too
        log.error("audit repository: events %d to %d will not be told, more than %d were waiting", until + 1, last, self._most_waiting)
        detail: dict[str, Scalar] = {"first": until + 1, "last": last}
        event = AuditEvent(kind=AuditKind.AUDIT_UNTOLD, actor="node", subject="audit repository", outcome=8, detail=detail)
        audit.note_told(connection, before=until, until=last)
        audit.append(connection, event, now=self._now())
        return last

    def _tell(self, run: Run) -> bool:
        """Send the message of a run, if it has one."""
        try:
            message = self._translator.message(run)
        except (BaaError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - one event that cannot be put into words must not keep back all others
            log.error("audit event %d makes no message: %s", run[0].seq, type(error).__name__)  # noqa: TRY400 - no patient's value in the log
            return False
        if message is None:
            return False
        self._way.open()
        self._way.send(line(to_xml(message), at=message.at, host=self._host, process=self._process))
        return True

    def _pause(self, trouble: str) -> None:
        self._way.close()
        self._at_once = max(1, self._at_once // 2)
        if not self._pause_s:
            log.warning("the audit repository cannot be told, events are waiting: %s", trouble)
        self._pause_s = min(self._longest_pause_s, max(self._first_pause_s, 2 * self._pause_s))

    def _go_on(self) -> None:
        while True:
            last_time = self._stopping.is_set()
            at_once = self._at_once
            if self.attempt() == at_once:  # more may be waiting
                continue
            if last_time:
                return
            self._stopping.wait(self._pause_s or self._look_every_s)
