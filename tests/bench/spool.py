"""``python -m tests.bench.spool``: what a file in the spool costs, by way of the page cache and past it (decision 0026).

Both ways in turn, beside the code: /tmp may be memory. Reading is timed, too: what was never in memory comes from the disk.
"""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

from baa_node.spool import FolderSpool, folder
from tests.bench.tables import grid

SIZES_KIB: Final = (128, 1024, 2048, 6144)
FILES: Final = 20
ROUNDS: Final = 3
WAYS: Final = {"page cache": 1 << 62, "past it": 0}
"""From how many bytes on a file goes past the page cache."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Medians of a file, wall and CPU milliseconds."""

    wall_ms: float
    cpu_ms: float


def measure(where: Path) -> dict[int, dict[str, tuple[Cost, Cost]]]:
    """Write and read `FILES` of every size in every way, taking turns; by KiB and way."""
    taken: dict[int, dict[str, list[tuple[Cost, Cost]]]] = {size: {way: [] for way in WAYS} for size in SIZES_KIB}
    for number in range(ROUNDS):
        for size, ways in taken.items():
            for way, costs in ways.items():
                with patch.object(folder, "LEAST_BYTES", WAYS[way]):
                    costs.append(_one(FolderSpool(where / f"{way}_{size}_{number}"), size << 10))
    return {
        size: {way: (_median([c[0] for c in costs]), _median([c[1] for c in costs])) for way, costs in ways.items()}
        for size, ways in taken.items()
    }


def table(costs: dict[int, dict[str, tuple[Cost, Cost]]]) -> list[str]:
    """Lines of Markdown."""
    head = ("file", *(f"{done}, {way}" for done in ("written", "read") for way in WAYS))
    rows = [(f"{size} KiB", *(_cell(ways[way][index]) for index in (0, 1) for way in WAYS)) for size, ways in costs.items()]
    return grid(head, rows)


def _one(spool: FolderSpool, size: int) -> tuple[Cost, Cost]:
    content = os.urandom(size)
    spool.write("instances", "first", b"makes the folders")
    paths: list[str] = []
    written = _timed(lambda number: paths.append(spool.write("instances", str(number), content)))
    return written, _timed(lambda number: spool.read(paths[number]))


def _timed(do: Callable[[int], object]) -> Cost:
    took, before = [], _cpu_ms()
    for number in range(FILES):
        begun = time.monotonic()
        do(number)
        took.append(1000 * (time.monotonic() - begun))
    return Cost(wall_ms=statistics.median(took), cpu_ms=(_cpu_ms() - before) / FILES)


def _median(costs: list[Cost]) -> Cost:
    return Cost(wall_ms=statistics.median(cost.wall_ms for cost in costs), cpu_ms=statistics.median(cost.cpu_ms for cost in costs))


def _cell(cost: Cost) -> str:
    return f"{cost.wall_ms:.1f} ms ({cost.cpu_ms:.1f})"


def _cpu_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


def main() -> None:
    out = Path(__file__).resolve().parents[2] / "bench_out"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="spool_", dir=out) as name:
        print("Medians of a file, in brackets ms of CPU time:\n")  # noqa: T201 - what the command is for
        print("\n".join(table(measure(Path(name)))))  # noqa: T201


if __name__ == "__main__":
    main()
