"""Whether a node grows with what it has read: ``python -m tests.bench.memory [STUDIES]``, 600 by default, with networks that cost nothing.

Intake, reading, report and picture in one process, the rest of each study noted as done (`tests.bench.course`). Python objects, by
the blocks they take, and resident memory are noted after every tenth of the studies; the second half must bring next to nothing: what
a first study brings along, such as tables and caches, is there by then. A few studies more, traced, say where the most of it was
allocated. ``bench_out/memory.json``.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from baa_node.db import Database, peers
from baa_node.process import settle
from baa_node.spool import FolderSpool
from tests.bench import record
from tests.bench.course import SENDER, Course
from tests.db import made

ROOT: Final = Path(__file__).resolve().parents[2]
MOST_BLOCKS_A_STUDY: Final = 10.0
"""Python objects of some hundred bytes each: ten megabytes over 10,000 studies, less than one picture."""

MOST_GROWTH: Final = 1.05
"""Resident memory at the end, as a multiple of that at half-time: what the allocator of the system does not give back moves by less."""

TRACED: Final = 20
"""Studies more, with every allocation traced, which makes them slow."""


@dataclass(frozen=True, kw_only=True)
class Noted:
    """What one process held when so many studies were done."""

    studies: int
    blocks: int
    resident_mib: float


def measure(course: Course, count: int) -> Iterator[Noted]:
    """Take ``count`` studies to their ends, in ten parts."""
    for part in range(1, 11):
        for _ in range(count // 10):
            course.whole()
        gc.collect()
        yield Noted(studies=part * (count // 10), blocks=sys.getallocatedblocks(), resident_mib=round(_resident() / 2**20, 1))


def judged(notes: Sequence[Noted]) -> dict[str, float]:
    """Blocks a study of the second half, and resident memory at its end as a multiple of that at its beginning."""
    half, end = notes[len(notes) // 2 - 1], notes[-1]
    return {
        "blocks_a_study": round((end.blocks - half.blocks) / (end.studies - half.studies), 2),
        "growth": round(end.resident_mib / half.resident_mib, 3),
    }


def grows(found: Mapping[str, float]) -> bool:
    """Whether that is more than a node may grow."""
    return found["blocks_a_study"] > MOST_BLOCKS_A_STUDY or found["growth"] > MOST_GROWTH


@contextmanager
def courses(folder: Path) -> Iterator[Course]:
    """Give a node's steps on an empty record."""
    database = Database.open(f"sqlite:///{folder / 'baa_node.db'}")
    with database.transaction() as c:
        peer = made.peer(record.site_named(SENDER), ae_title=f"SITE{SENDER:03d}")
        peers.add_peer(c, peer, actor="bench", now=datetime.now(UTC))
    yield Course(database, FolderSpool(folder / "spool"))
    database.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    settle()
    with tempfile.TemporaryDirectory(prefix="memory_", dir=out) as name, courses(Path(name)) as course:
        notes = []
        for noted in measure(course, count):
            notes.append(noted)
            print(noted, flush=True)  # noqa: T201 - a long run shows where it is
        where = _most(course)
    found = judged(notes)
    told = {**found, "after_each_tenth": [asdict(one) for one in notes], "where": where}
    (out / "memory.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))  # noqa: T201 - what the command is for
    sys.exit(grows(found))


def _most(course: Course) -> list[str]:
    tracemalloc.start()
    course.whole()
    first = tracemalloc.take_snapshot()
    for _ in range(TRACED):
        course.whole()
    where = [str(one) for one in tracemalloc.take_snapshot().compare_to(first, "lineno")[:8]]
    tracemalloc.stop()
    return where


def _resident() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


if __name__ == "__main__":
    main()
