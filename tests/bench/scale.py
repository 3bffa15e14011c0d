"""One, two and four worker processes on one PostgreSQL: ``python -m tests.bench.scale``; table, and ``bench_out/scale.json``.

Three kinds of worker. *reading*: the node itself with the shipped networks on one thread, a real receiver at the end. *waiting*: the
same pipeline, with a pause of 0.3 s instead of networks, report and picture (`tests.bench.worker`): it says how the pipeline and its
database grow with the processes, not how reading does. *hurrying*: no pause either: the most that engine and record can do.

Where there are fewer cores than workers, database and receiver need, only the second kind shows how throughput grows, and of the
others the processor seconds of a study count, which hardly depend on who else is at work.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.uid import generate_uid
from sqlalchemy import func, select, text

from baa_node.db import Database, executors, peers, studies
from baa_node.db.tables import readings
from baa_node.intake import content_sha256
from baa_node.spool import FolderSpool
from tests.db import made
from tests.parts.dcmtk import storescp
from tests.parts.hands import part10
from tests.parts.node import Node
from tests.parts.postgresql import PostgreSQL
from tests.parts.programs import Service, eventually

ROOT: Final = Path(__file__).resolve().parents[2]
SAMPLE: Final = ROOT / "sample_dicom" / "09_cr_girl_15y.dcm"
WORKERS: Final = (1, 2, 4)
PAUSE_S: Final = 0.3
IDLE_S: Final = 5.0
TICK: Final = os.sysconf("SC_CLK_TCK")
KINDS: Final = {"hurrying": 200, "waiting": 30, "reading": 16}
"""Studies of a run by the kind of worker; of those that wait so many for each worker."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One measurement.

    Attributes
    ----------
    seconds
        From the arrivals on record to the last delivery.
    worker_cpu_s, database_cpu_s
        Of all workers, and of PostgreSQL, a study; with their looking for work while there is none, which is told apart.
    commits, rows_written, wal_bytes, database_bytes
        A study, likewise.
    idle_commits_per_s, idle_worker_cpu, idle_database_cpu
        A second and worker before there was anything to do: commits, and processors.
    spool_bytes
        A study: the image as it came, reports and picture.
    load
        Of the machine at the end, one minute.
    """

    kind: str
    workers: int
    studies: int
    seconds: float
    worker_cpu_s: float
    database_cpu_s: float
    commits: float
    rows_written: float
    wal_bytes: float
    database_bytes: float
    idle_commits_per_s: float
    idle_worker_cpu: float
    idle_database_cpu: float
    spool_bytes: float
    load: float

    @property
    def per_s(self) -> float:
        return self.studies / self.seconds


def main() -> None:
    wanted = [(kind, workers) for kind in sys.argv[1:] or KINDS for workers in WORKERS]
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    cores, runs = len(os.sched_getaffinity(0)), []
    print(f"{cores} cores for workers, PostgreSQL and receiver together")  # noqa: T201 - what the command is for
    with tempfile.TemporaryDirectory(prefix="scale_", dir=out) as name:
        for kind, workers in wanted:
            runs.append(measure(Path(name) / f"{kind}{workers}", kind, workers))
            told = json.dumps({"cores": cores, "runs": [asdict(one) for one in runs]}, indent=1)
            (out / "scale.json").write_text(f"{told}\n", encoding="utf-8")
            print(_line(runs[-1]), flush=True)  # noqa: T201


def _line(run: Run) -> str:
    return (
        f"{run.kind:9} {run.workers} workers {run.per_s:7.2f} studies/s; a study: {run.worker_cpu_s:.3f} s CPU of workers, "
        f"{run.database_cpu_s:.3f} s of PostgreSQL, {run.commits:.0f} commits, {run.rows_written:.0f} rows, "
        f"{run.wal_bytes / 1024:.0f} KiB WAL, {run.database_bytes / 1024:.1f} KiB kept, {run.spool_bytes / 2**20:.2f} MiB spool; "
        f"idle, a worker: {run.idle_commits_per_s:.0f} commits/s, {run.idle_worker_cpu:.2f} and {run.idle_database_cpu:.2f} processors; "
        f"load {run.load:.1f}"
    )


def measure(folder: Path, kind: str, workers: int) -> Run:
    """Start a database, a receiver and so many workers, give them studies, and wait for the last delivery."""
    folder.mkdir()
    with ExitStack() as running:
        postgresql = running.enter_context(PostgreSQL(fsync="on"))
        port = running.enter_context(storescp(folder / "received"))
        shared = {"DATABASE__URL": postgresql.empty_database(), "SPOOL__PATH": folder / "spool", "INFERENCE__THREADS": 1}
        nodes = [Node(folder / f"worker{number}", **shared) for number in range(workers)]
        database = Database.open(str(shared["DATABASE__URL"]))
        running.callback(database.close)
        with database.transaction() as c:
            peers.add_peer(c, made.peer(ae_title="ANY-SCP", host="127.0.0.1", port=port), actor="bench", now=datetime.now(UTC))
        services = [running.enter_context(_started(kind, node)) for node in nodes]
        eventually(lambda: _alive(database) == workers, what="every worker to be alive", timeout_s=60)
        time.sleep(2)
        watch = _Watch(database, postgresql, services)
        before = watch.look()
        time.sleep(IDLE_S)
        idle = watch.since(before)
        count = KINDS[kind] * (workers if kind == "waiting" else 1)
        spool = FolderSpool(folder / "spool")
        before = watch.look()
        began = time.monotonic()
        _arrive(database, spool, count, alike=kind != "reading")
        eventually(lambda: _delivered(database) == count, what="every study to be delivered", timeout_s=200, every_s=0.05)
        seconds = time.monotonic() - began
        time.sleep(1.5)  # PostgreSQL counts a session's work up to a second later
        done = watch.since(before)
        rested = {name: value / IDLE_S / workers for name, value in idle.items()}
        spooled = sum(file.stat().st_size for file in spool.root.rglob("*") if file.is_file())
        return Run(
            kind=kind,
            workers=workers,
            studies=count,
            seconds=seconds,
            worker_cpu_s=done["worker_cpu_s"] / count,
            database_cpu_s=done["database_cpu_s"] / count,
            commits=done["commits"] / count,
            rows_written=done["rows"] / count,
            wal_bytes=done["wal"] / count,
            database_bytes=done["bytes"] / count,
            idle_commits_per_s=rested["commits"],
            idle_worker_cpu=rested["worker_cpu_s"],
            idle_database_cpu=rested["database_cpu_s"],
            spool_bytes=spooled / count,
            load=os.getloadavg()[0],
        )


@contextmanager
def _started(kind: str, node: Node) -> Iterator[Service]:
    if kind == "reading":
        with node.start("--roles", "worker"):
            yield node.running
        return
    pause_s = str(PAUSE_S if kind == "waiting" else 0.0)
    command = [sys.executable, "-m", "tests.bench.worker", str(node.data), pause_s]
    with Service("worker", command, folder=node.folder, env={**node.env, "PYTHONPATH": str(ROOT)}) as service:
        yield service


def _alive(database: Database) -> int:
    with database.reading() as c:
        return sum(one.state == "alive" for one in executors.list_executors(c))


def _arrive(database: Database, spool: FolderSpool, count: int, *, alike: bool) -> None:
    """Put images on record as intake does, all at once; those that nobody looks at share one file."""
    ds = dcmread(SAMPLE)
    path, content = "", b""
    with database.transaction() as c:
        for _ in range(count):
            now = datetime.now(UTC)
            ds.SOPInstanceUID, ds.StudyInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
            ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
            if not (alike and path):
                content = part10(ds)
                path = spool.write("instances", ds.SOPInstanceUID, content)
            image = made.instance(
                ds.SOPInstanceUID,
                study_instance_uid=ds.StudyInstanceUID,
                sha256=content_sha256(content),
                sop_class_uid=ds.SOPClassUID,
                path=path,
                size=len(content),
                received_at=now,
            )
            studies.record_arrival(c, image, now=now)


def _delivered(database: Database) -> int:
    with database.reading() as c:
        return int(c.execute(select(func.count()).select_from(readings).where(readings.c.state == "DELIVERED")).scalar_one())


class _Watch:
    """What database and workers have done so far."""

    def __init__(self, database: Database, postgresql: PostgreSQL, workers: list[Service]) -> None:
        self._database, self._postgresql, self._workers = database, postgresql, workers

    def look(self) -> dict[str, float]:
        """Read every counter."""
        with self._database.transaction() as c:
            counted = c.execute(text(_COUNTED)).mappings().one()
        assert self._postgresql.service is not None
        return {
            **{name: float(value) for name, value in counted.items()},
            "worker_cpu_s": sum(_cpu_s(one.pid) for one in self._workers),
            "database_cpu_s": _family_cpu_s(self._postgresql.service.pid),
        }

    def since(self, before: dict[str, float]) -> dict[str, float]:
        """By how much each counter has risen."""
        return {name: value - before[name] for name, value in self.look().items()}


_COUNTED: Final = """
    SELECT xact_commit AS commits, tup_inserted + tup_updated + tup_deleted AS rows, pg_database_size(current_database()) AS bytes,
        pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal
    FROM pg_stat_database WHERE datname = current_database()"""


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_s(pid: int, *, buried: bool = False) -> float:
    """User and system seconds of a process, with those of the children that have ended if wanted (proc(5))."""
    return sum(map(int, _stat(pid)[11 : 15 if buried else 13])) / TICK


def _family_cpu_s(pid: int) -> float:
    seconds = _cpu_s(pid, buried=True)
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and int(_stat(int(folder.name))[1]) == pid:
                seconds += _cpu_s(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return seconds


if __name__ == "__main__":
    main()
