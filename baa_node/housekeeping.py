"""Keeps disk and database from growing without end, and tells what is missing. Never touches what somebody still waits for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from baa_node.db import Database, audit, studies
from baa_node.db.audit import KeptPatient
from baa_node.errors import BaaError
from baa_node.spool import Spool

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Images looked at in one transaction."""

UNCLAIMED_AFTER_S = 3600.0
"""A result is recorded within seconds of being written; beyond this its writer was killed in between."""

COMPARE_EVERY_S = 86400.0
"""Between two comparisons of spool and record, which read both as a whole."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long things are kept.

    Attributes
    ----------
    days
        Images, reports and pictures after the last result was delivered; 0 keeps them.
    free_mb
        When less than this is free in the spool, those that came first go first, however young; 0 never does that.
    workflow_days
        Finished rows of the durable engine.
    """

    days: int = 0
    free_mb: int = 0
    workflow_days: int = 30


class Housekeeper:
    """Tidies up at the start and then every hour, compares spool and record every day, looks at the free space every few seconds.

    Parameters
    ----------
    forget_finished
        Deletes what the durable engine remembers of work that ended before a time; how many rows.
    whose
        Patient of an image by its UID, for an audit repository that must be told whose image left; None where none is told.
    """

    def __init__(
        self,
        database: Database,
        spool: Spool,
        retention: Retention,
        *,
        forget_finished: Callable[[datetime], int] = lambda before: 0,
        whose: Callable[[str], KeptPatient | None] = lambda uid: None,
        every_s: float = 3600.0,
        look_every_s: float = 5.0,
    ) -> None:
        self._database, self._spool, self._retention = database, spool, retention
        self._forget_finished, self._whose = forget_finished, whose
        self._every_s, self._look_every_s = every_s, look_every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End after the image at hand."""
        self._stopping.set()
        self._thread.join(30)

    def tidy(self, now: datetime) -> dict[str, int]:
        """Do one round; how many images left by age and by pressure, and how many rows of the engine.

        Raises
        ------
        BaaError
            The record or the spool cannot be used.
        """
        kept = self._retention
        by_age = self._remove(now - timedelta(days=kept.days), "age", now) if kept.days else 0
        by_pressure = self._remove(now, "disk pressure", now) if self._is_short() else 0
        return {"by_age": by_age, "by_pressure": by_pressure, "workflows": self._forget_finished(now - timedelta(days=kept.workflow_days))}

    def missing(self) -> list[str]:
        """List the files that the record names and the spool does not have: lost, or a spool that is not mounted."""
        return sorted(path for path in self._expected() if not self._spool.holds(path))

    def remove_unclaimed(self) -> int:
        """Remove results that no record names: whoever made them was killed before the record was written, and made them again."""
        written = self._spool.listed("results")  # listed first: what is recorded from now on is not among them
        unclaimed = set(written).difference(self._expected())
        old = [path for path in sorted(unclaimed) if self._spool.age_s(path) >= UNCLAIMED_AFTER_S]
        for path in old:
            self._spool.remove(path)
        return len(old)

    def _expected(self) -> Iterator[str]:
        """Give the paths that the record names, a page at a time: however long it is, it fills no memory and holds no transaction open."""
        after: str | None = ""
        while after is not None:
            with self._database.reading() as connection:
                paths, after = studies.expected_after(connection, after)
            yield from paths

    def _remove(self, before: datetime, reason: str, now: datetime) -> int:
        removed = 0
        while not self._stopping.is_set():
            with self._database.reading() as connection:
                found = studies.removable(connection, before=before, limit=AT_ONCE)
            for image in found:
                if self._stopping.is_set() or (reason == "disk pressure" and not self._is_short()):
                    return removed
                patient = self._whose(image.sop_instance_uid)
                with self._database.transaction() as connection:
                    noted = studies.note_removed(connection, image.sop_instance_uid, reason=reason, now=now)
                    if noted and patient:
                        audit.keep_patient(connection, image.sop_instance_uid, patient)
                for path in image.paths if noted else ():
                    self._spool.remove(path)
                removed += noted
            if len(found) < AT_ONCE:
                break
        return removed

    def _is_short(self) -> bool:
        free = self._spool.free_bytes() if self._retention.free_mb else None
        return free is not None and free < self._retention.free_mb << 20

    def _go_on(self) -> None:
        tidy_at = compare_at = 0.0
        while True:
            try:
                if time.monotonic() >= compare_at:
                    compare_at = time.monotonic() + COMPARE_EVERY_S
                    self._compare_now()
                if time.monotonic() >= tidy_at or self._is_short():
                    tidy_at = time.monotonic() + self._every_s
                    self._tidy_now()
            except Exception:  # outermost line of the thread: database or spool may be away for a while
                log.exception("could not tidy up; trying again later")
            if self._stopping.wait(self._look_every_s):
                return

    def _compare_now(self) -> None:
        try:
            lost = self.missing()
            if lost:
                log.error("%d files that the record names are not in the spool, the first is %s", len(lost), lost[0])
            unclaimed = self.remove_unclaimed()
            if unclaimed:
                log.info("removed %d results that no record names", unclaimed)
        except BaaError as error:
            log.warning("the spool could not be compared with the record: %s", error)

    def _tidy_now(self) -> None:
        done = self.tidy(datetime.now(UTC))
        if any(done.values()):
            log.info("tidied up: %s", ", ".join(f"{count} {what}" for what, count in done.items()))
