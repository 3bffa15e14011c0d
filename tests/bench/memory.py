"""Whether a node grows with what it has read: ``python -m tests.bench.memory [STUDIES]``, 600 by default, with networks that cost nothing.

Intake, reading, report and picture in one process, the rest of each study noted as done (`tests.bench.course`). The Python objects
(tracemalloc) and the resident memory of the second half are compared with those at its beginning: what a first study brings along,
such as tables and caches, is there by then. ``bench_out/memory.json``.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import tracemalloc
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
MOST_BYTES_A_STUDY: Final = 1000.0
"""Ten megabytes over 10,000 studies: less than one picture."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    settle()
    with tempfile.TemporaryDirectory(prefix="memory_", dir=out) as name:
        folder = Path(name)
        database = Database.open(f"sqlite:///{folder / 'baa_node.db'}")
        with database.transaction() as c:
            peer = made.peer(record.site_named(SENDER), ae_title=f"SITE{SENDER:03d}")
            peers.add_peer(c, peer, actor="bench", now=datetime.now(UTC))
        course = Course(database, FolderSpool(folder / "spool"))
        for _ in range(count // 2):
            course.whole()
        tracemalloc.start()
        course.whole()
        held, resident, first = _held(), _resident(), tracemalloc.take_snapshot()
        for _ in range(count // 2):
            course.whole()
        grown = (_held() - held) / (count // 2)
        told = {
            "studies": count,
            "python_bytes_a_study": round(grown),
            "resident_mib": [round(resident / 2**20, 1), round(_resident() / 2**20, 1)],
            "where": [str(one) for one in tracemalloc.take_snapshot().compare_to(first, "lineno")[:8]],
        }
        tracemalloc.stop()
        database.close()
    (out / "memory.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))  # noqa: T201 - what the command is for
    sys.exit(grown > MOST_BYTES_A_STUDY)


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _resident() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


if __name__ == "__main__":
    main()
