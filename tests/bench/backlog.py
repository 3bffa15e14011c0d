"""What a long backlog costs a worker with each look into the record: ``python -m tests.bench.backlog [IMAGES]``, 100,000 against 100.

All images wait to be read, and their results to be delivered to one peer, which is slow. Every worker looks after each arrival and
each piece of work that ends, with all places taken, with one free for a reading or for a delivery, and thoroughly once a second.
Processor time of the worker, median of a few rounds; on PostgreSQL the time by the clock says what the server does. Fails where a look
takes longer than `LIMIT_MS`. ``bench_out/backlog.json``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import text

from baa_node.db import Database, studies
from baa_node.due import DELIVER, READ, Places, Work, work_due
from tests.db import made
from tests.parts.postgresql import PostgreSQL

ROOT: Final = Path(__file__).resolve().parents[2]
FEW: Final = 100
PEER: Final = "slow"
READERS, DELIVERIES = 2, 4
AT_ONCE: Final = 2_000
ROUNDS: Final = 15
LIMIT_MS: Final = 50.0
"""A twentieth of the second that lies between two looks."""
LOOKS: Final = ("no place is free", "a reading has ended", "a delivery has ended", "once a second")
"""The last of them passes over all that a slow peer has waiting, in search of work of others."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one look: milliseconds of processor time of the worker, and by the clock."""

    database: str
    waiting: int
    look: str
    cpu_ms: float
    clock_ms: float


def main() -> None:
    """Measure both databases, print the table, and fail where a limit does not hold."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    costs = []
    with tempfile.TemporaryDirectory(prefix="backlog_", dir=out) as name, ExitStack() as running:
        server = running.enter_context(PostgreSQL())
        for waiting in (FEW, most):
            for kind, url in (("SQLite", f"sqlite:///{Path(name) / f'{waiting}.db'}"), ("PostgreSQL", server.empty_database())):
                costs += measure(kind, url, waiting)
    (out / "backlog.json").write_text(json.dumps([asdict(one) for one in costs], indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(costs)))  # noqa: T201 - what the command is for
    sys.exit(any(one.cpu_ms > LIMIT_MS for one in costs))


def measure(kind: str, url: str, waiting: int) -> list[Cost]:
    """Make a backlog of so many images, and look into it as a worker does."""
    with _opened(url) as database:
        fill(database, waiting)
        return [_cost(database, kind, waiting, look) for look in LOOKS]


def fill(database: Database, waiting: int) -> None:
    """Let so many images wait to be read, and as many results to be delivered."""
    began = datetime.now(UTC) - timedelta(hours=1)
    for first in range(0, waiting, AT_ONCE):
        with database.transaction() as c:
            for number in range(first, min(waiting, first + AT_ONCE)):
                uid, at = f"1.2.{1_000_000 + number}", began + timedelta(milliseconds=number)
                studies.record_arrival(c, made.instance(uid, study_instance_uid=f"{uid}.1", received_at=at), now=at)
                studies.open_deliveries(c, uid, 1, [PEER], now=at)
    with database.transaction() as c:
        c.execute(text("ANALYZE"))


def look(database: Database, places: Places, *, thorough: bool = False) -> list[Work]:
    """Do what a worker does: take what is due and has a place."""
    return [work for work in work_due(database, datetime.now(UTC), full=places.full, thorough=thorough) if places.take(work)]


def _cost(database: Database, kind: str, waiting: int, what: str) -> Cost:
    places = Places(readers=READERS, parallel_deliveries=DELIVERIES, freed=lambda: None)
    taken = look(database, places)
    freed = {LOOKS[1]: READ, LOOKS[2]: DELIVER}.get(what)
    cpu, clock = [], []
    for _ in range(ROUNDS):
        for work in taken:
            if work.workflow == freed:
                places.leave(work.lane, work.name)
                break
        cpu_s, clock_s = time.process_time(), time.monotonic()
        look(database, places, thorough=what == LOOKS[3])
        cpu.append(time.process_time() - cpu_s)
        clock.append(time.monotonic() - clock_s)
    cpu_ms, clock_ms = (round(1000 * statistics.median(some), 2) for some in (cpu, clock))
    return Cost(database=kind, waiting=waiting, look=what, cpu_ms=cpu_ms, clock_ms=clock_ms)


def table(costs: list[Cost]) -> list[str]:
    """Lines of Markdown: a row for each database and length of the backlog."""
    lines = [f"| one look, ms of processor time (by the clock) | {' | '.join(LOOKS)} |", f"|{' --- |' * (1 + len(LOOKS))}"]
    for kind, waiting in dict.fromkeys((one.database, one.waiting) for one in costs):
        of_it = {one.look: one for one in costs if (one.database, one.waiting) == (kind, waiting)}
        cells = (f"{of_it[what].cpu_ms:.1f} ({of_it[what].clock_ms:.1f})" for what in LOOKS)
        lines.append(f"| {kind}, {waiting:,} wait | {' | '.join(cells)} |")
    return lines


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database.open(url)
    try:
        yield database
    finally:
        database.close()


if __name__ == "__main__":
    main()
