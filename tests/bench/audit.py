"""Everything about one accession number out of a long audit trail: ``python -m tests.bench.audit [EVENTS]``, a million by default."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from baa_node.db import Connection, Database, audit
from baa_node.db.audit.trail import canonical, chain_hash
from baa_node.db.tables import audit_events, instances
from tests.db import made
from tests.db.tamper import change
from tests.parts.node import EXECUTABLE

ROOT = Path(__file__).resolve().parents[2]
EVENTS_A_STUDY = 10
AT_ONCE = 20_000
ROUNDS = 7
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="audit_", dir=out) as name:
        data = Path(name)
        database = Database.open(f"sqlite:///{data / 'baa_node.db'}")
        with database.transaction() as c:
            fill(c, count)
        database.close()
        times = [_asked(data, f"ACC-{count // EVENTS_A_STUDY * part // (ROUNDS + 1)}") for part in range(1, ROUNDS + 1)]
        began = time.perf_counter()
        _run(data, "audit", "verify")
        verified_s = time.perf_counter() - began
        size = (data / "baa_node.db").stat().st_size
    measured = {
        "events": count,
        "database_mb": round(size / 1e6),
        "command_s": {"median": round(statistics.median(times), 2), "worst": round(max(times), 2)},
        "verify_s": round(verified_s, 1),
        "load_before": os.getloadavg()[0],
    }
    (out / "audit.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(measured))  # noqa: T201 - what the command is for


def fill(c: Connection, count: int) -> None:
    """Write a whole chain of so many events at once, with the images of their studies."""
    studies = range(count // EVENTS_A_STUDY)
    images = (vars(made.instance(f"3.{n}", study_instance_uid=f"2.{n}", accession_number=f"ACC-{n}")) for n in studies)
    _insert(c, instances, images)
    last = {"seq": 0, "sha256": audit.GENESIS}

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(count):
            last.update(_row(number, last["sha256"]))
            yield dict(last)

    _insert(c, audit_events, rows())
    change(c, "UPDATE audit_head SET seq = :seq, sha256 = :sha256", seq=last["seq"], sha256=last["sha256"])


def _row(number: int, previous: Any) -> dict[str, Any]:
    study = number // EVENTS_A_STUDY
    at = START + timedelta(seconds=number)
    row = {
        "actor": "node",
        "detail": '{"revision":1}',
        "kind": "READING_DONE",
        "outcome": 0,
        "study": f"2.{study}",
        "subject": f"3.{study}",
    }
    digest = chain_hash(previous, canonical({**row, "at": at.isoformat(timespec="microseconds")}))
    return {**row, "seq": number + 1, "at": at, "previous": previous, "sha256": digest}


def _insert(c: Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    page: list[dict[str, Any]] = []
    for row in rows:
        page.append(row)
        if len(page) == AT_ONCE:
            c.execute(insert(table), page)
            page = []
    if page:
        c.execute(insert(table), page)


def _asked(data: Path, accession: str) -> float:
    """Seconds of the whole command, from its start to its end."""
    began = time.perf_counter()
    said = _run(data, "--json", "audit", "list", "--about", accession)
    seconds = time.perf_counter() - began
    found = json.loads(said)
    assert [event["study"] for event in found] == [f"2.{accession.removeprefix('ACC-')}"] * EVENTS_A_STUDY
    return seconds


def _run(data: Path, *arguments: str) -> str:
    done = subprocess.run([EXECUTABLE, "--data-dir", data, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
