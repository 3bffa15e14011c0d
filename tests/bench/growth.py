"""What a long record costs: ``python -m tests.bench.growth [STUDIES] [FILE]``, a million studies against fifty.

FILE is a record to measure on that `tests.bench.record` made before, or is to make and leave there; without it, it is made anew in
``bench_out/``, which takes ten minutes and 10 GB for a million. Prints a table, leaves ``bench_out/growth.json`` and fails where a limit
does not hold. The short record and the long one are asked in turn, so that other work on the machine disturbs both; medians of a
few rounds. Limits hold for processor time, which is what an answer takes on a machine that is left alone once the pages that it needs are
in memory; the time by the clock stands beside it.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from baa_node.db import Connection, Database
from baa_node.spool import FolderSpool, place
from tests.bench import questions, record
from tests.bench.course import Course
from tests.parts.node import EXECUTABLE
from tests.web.visit import Clock, Visit, console_in, serve

ROOT: Final = Path(__file__).resolve().parents[2]
FEW_STUDIES: Final = 50
ROUNDS: Final = 7
FILES: Final = 100_000
LIMIT_MS: Final = 200.0
MOST_MORE: Final = 1.10


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One thing that was asked of both.

    Attributes
    ----------
    short_ms, long_ms
        Processor time.
    long_clock_ms
        Time by the clock with the long record.
    limit_ms
        Of ``long_ms``; None where only the ratio counts.
    most_more
        Limit of ``long_ms`` over ``short_ms``; None where a short record says nothing, since nothing can be found there.
    """

    what: str
    short_ms: float
    long_ms: float
    long_clock_ms: float
    limit_ms: float | None = LIMIT_MS
    most_more: float | None = None

    @property
    def holds(self) -> bool:
        return (self.limit_ms is None or self.long_ms < self.limit_ms) and (
            self.most_more is None or self.long_ms <= self.most_more * self.short_ms
        )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="growth_", dir=out) as name, ExitStack() as open_:
        folder = Path(name)
        long = _data(folder / "long", count, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
        short = _data(folder / "short", FEW_STUDIES, None)
        sites = [open_.enter_context(_site(data)) for data in (short, long)]
        costs = []
        print(f"{'':60}{'short':>10}{'long':>10}  ms CPU{'':7}ms by the clock")  # noqa: T201 - what the command is for
        measured = (_questions(sites, count), _pages(sites, count), _commands((short, long), count), _courses(sites), _spools(folder))
        for one in itertools.chain(*measured):
            costs.append(one)
            told = "" if one.holds else "  TOO SLOW"
            print(f"{one.what:<60}{one.short_ms:10.2f}{one.long_ms:10.2f}{one.long_clock_ms:20.1f}{told}", flush=True)  # noqa: T201
        size = (long / "baa_node.db").stat().st_size
    told = {
        "studies": count,
        "bytes_a_study": round(size / count),
        "load": [before, os.getloadavg()[0]],
        "costs": [vars(one) for one in costs],
    }
    (out / "growth.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"{count} studies, {size / 1e9:.1f} GB; load {before:.1f} at the start, {os.getloadavg()[0]:.1f} at the end")  # noqa: T201
    sys.exit(not all(one.holds for one in costs))


def _data(folder: Path, count: int, file: Path | None) -> Path:
    """Make a data directory with a record of so many studies; the last came a moment ago."""
    folder.mkdir()
    kept = file or folder / "baa_node.db"
    if not kept.exists():
        record.fill(kept, count, until=datetime.now(UTC))
    if file is not None:
        (folder / "baa_node.db").symlink_to(file.resolve())
    Database.open(f"sqlite:///{folder / 'baa_node.db'}").close()
    return folder


@contextmanager
def _site(data: Path) -> Iterator[Visit]:
    """Open a console on a record, with an admin logged in."""
    database = Database.open(f"sqlite:///{data / 'baa_node.db'}")
    console = console_in(data, database, Clock())
    server = serve(console)
    visit = Visit(console, server.port)
    try:
        name = f"ann{os.getpid()}"
        visit.add_user(name, "admin")
        visit.log_in(name)
        yield visit
    finally:
        visit.close()
        server.stop()
        database.close()


def _questions(sites: list[Visit], count: int) -> Iterator[Cost]:
    asked = [questions.asked(FEW_STUDIES), questions.asked(count)]
    for what in asked[0]:
        yield Cost(what=what, **_in_turn(*(_reading(site, of[what]) for site, of in zip(sites, asked, strict=True))))


def _reading(site: Visit, ask: Callable[[Connection], object]) -> Callable[[], object]:
    def run() -> object:
        with site.console.database.reading() as c:
            return ask(c)

    return run


def _pages(sites: list[Visit], count: int) -> Iterator[Cost]:
    for paths in zip(questions.pages(FEW_STUDIES), questions.pages(count), strict=True):
        yield Cost(what=f"GET {paths[1]}", **_in_turn(*(_page(site, path) for site, path in zip(sites, paths, strict=True))))


def _page(site: Visit, path: str) -> Callable[[], object]:
    def run() -> None:
        answer = site.client.get(path)
        assert answer.status_code in {200, 404, 503}, (path, answer.status_code)

    return run


def _commands(data: tuple[Path, Path], count: int) -> Iterator[Cost]:
    """Whole commands: most of each is the start of Python, so the difference is held to the limit."""
    middle = [f"ACC-{number // 2:09d}" for number in (FEW_STUDIES, count)]
    for words in (("studies", "list"), ("studies", "show"), ("audit", "list", "--about")):
        named = [(*words, one) if words[-1] != "list" else words for one in middle]
        taken = _in_turn(*(_command(*one) for one in zip(data, named, strict=True)), rounds=3, cpu=_of_children)
        yield Cost(what=f"baa-node {' '.join(words)}", **taken, limit_ms=taken["short_ms"] + LIMIT_MS)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _command(data: Path, words: tuple[str, ...]) -> Callable[[], object]:
    return lambda: subprocess.run([EXECUTABLE, "--data-dir", data, *words], capture_output=True, check=False)


def _courses(sites: list[Visit]) -> Iterator[Cost]:
    """Studies from their arrival to the last receipt."""
    courses = [Course(site.console.database, site.console.spool) for site in sites]
    record_alone = _in_turn(*(one.on_record for one in courses), rounds=40)
    yield Cost(what="a study, its record alone", **record_alone, limit_ms=None)
    whole = _in_turn(*(one.whole for one in courses), rounds=12)
    yield Cost(what="a study with report and picture", **whole, limit_ms=None, most_more=MOST_MORE)


def _spools(folder: Path) -> Iterator[Cost]:
    spools = [FolderSpool(folder / name) for name in ("few", "many")]
    for spool, files in zip(spools, (100, FILES), strict=True):
        _scatter(spool, files)
    numbers = iter(range(1 << 30))
    content = bytes(4096)
    writes = _in_turn(*((lambda one=one: one.write("results", f"new.{next(numbers)}", content)) for one in spools), rounds=200)
    yield Cost(what=f"spool of {FILES} files: write", **writes, limit_ms=None, most_more=1.5)
    held = [(spool, spool.listed("results")[0]) for spool in spools]
    reads = _in_turn(*((lambda one=one, path=path: one.read(path)) for one, path in held), rounds=200)
    yield Cost(what=f"spool of {FILES} files: read", **reads, limit_ms=None, most_more=1.5)
    yield Cost(
        what=f"spool of {FILES} files: list", **_in_turn(*((lambda one=one: one.listed("results")) for one in spools)), limit_ms=None
    )
    yield Cost(
        what=f"spool of {FILES} files: sweep", **_in_turn(*((lambda one=one: one.sweep(older_than_s=60)) for one in spools)), limit_ms=None
    )
    shutil.rmtree(folder / "many")


def _scatter(spool: FolderSpool, files: int) -> None:
    """Fill a spool without waiting for the disk each time."""
    for number in range(files):
        path = spool.root / place("results", f"2.25.{number}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"result")


def _in_turn(
    short: Callable[[], object], long: Callable[[], object], *, rounds: int = ROUNDS, cpu: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Median milliseconds of both, run in turn after one run each to warm up."""
    taken: list[list[tuple[float, float]]] = [[], []]
    for run in (short, long):
        run()
    for _ in range(rounds):
        for run, times in zip((short, long), taken, strict=True):
            began = cpu(), time.perf_counter()
            run()
            times.append((1000 * (cpu() - began[0]), 1000 * (time.perf_counter() - began[1])))
    used = [statistics.median(one for one, _ in times) for times in taken]
    return {"short_ms": used[0], "long_ms": used[1], "long_clock_ms": statistics.median(clock for _, clock in taken[1])}


if __name__ == "__main__":
    main()
