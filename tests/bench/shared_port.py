"""``python -m tests.bench.shared_port``: images a second of one, two and four intakes on one port (decision 0021).

They have one PostgreSQL and one spool.
All of them, the database and the sender share the machine's cores: with few cores the ratios are lower bounds.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.bench.intake import SMALL, images, rate
from tests.bench.receivers import MOST_LINES, Receiver
from tests.bench.tables import grid
from tests.parts.line import Image
from tests.parts.node import Node
from tests.parts.postgresql import PostgreSQL

OUT: Final = Path(__file__).resolve().parents[2] / "bench_out"
INTAKES: Final = (1, 2, 4)
IMAGES_PER_LINE: Final = {4: 60, 16: 30, MOST_LINES: 10}
ROUNDS: Final = 3


def measure(folder: Path) -> dict[int, dict[int, float]]:
    """Images/s by number of intakes and of associations, medians; the sites take turns, so that all see the same machine."""
    with ExitStack() as running:
        database = running.enter_context(PostgreSQL(fsync="on"))
        sites = {intakes: _site(folder / f"site{intakes}", database.empty_database(), intakes, running) for intakes in INTAKES}
        fresh = images(folder, SMALL)
        found: dict[int, dict[int, list[float]]] = {intakes: {} for intakes in INTAKES}
        for _ in range(ROUNDS):
            for lines, count in IMAGES_PER_LINE.items():
                for intakes, site in sites.items():
                    found[intakes].setdefault(lines, []).append(rate(site, _batches(fresh, lines, count)))
    return {intakes: {lines: statistics.median(rates) for lines, rates in by_lines.items()} for intakes, by_lines in found.items()}


def _batches(fresh: Iterator[Image], lines: int, count: int) -> list[list[Image]]:
    return [[next(fresh) for _ in range(count)] for _ in range(lines)]


def _site(folder: Path, database_url: str, intakes: int, running: ExitStack) -> Receiver:
    settings = {
        "DATABASE__URL": database_url,
        "SPOOL__PATH": folder / "spool",
        "NODE__SHARE_PORT": "true",
        "NODE__MAX_ASSOCIATIONS_PER_ADDRESS": MOST_LINES,
    }
    first, *others = [Node(folder / f"intake{number}", **settings) for number in range(intakes)]
    first.add_peer("pacs", "ORTHANC", 11112)
    for node in (first, *others):
        node.env["BAA_NODE_NODE__PORT"] = str(first.port)
        running.enter_context(node.start("--roles", "intake"))
    return Receiver(name=f"{intakes} intakes", port=first.port, called=first.ae_title)


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shared_", dir=OUT) as name:  # beside the code: /tmp may be memory, where fsync costs nothing
        found = measure(Path(name))
    head = ("intakes on one port", *(f"{lines} associations" for lines in IMAGES_PER_LINE))
    rows = [(str(intakes), *(f"{by_lines[lines]:.0f}" for lines in IMAGES_PER_LINE)) for intakes, by_lines in found.items()]
    print(f"{os.cpu_count()} cores; images/s of {SMALL.name}\n", *grid(head, rows), sep="\n")  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
