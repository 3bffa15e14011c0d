"""How long ``baa-node serve`` takes until its DICOM port is open, and until it listens in every role: ``python -m tests.bench.start``.

``[--starts 7] [--against CHECKOUT]``: with another checkout of this project, its node and this one start in turn, so that both are measured
under the same load of other programs. The CPU time is that of the process with all its threads, until the line is there. The record and
the compiled files of Python are there before the first start that counts. ``bench_out/start.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.bench.tables import grid
from tests.parts.node import Node
from tests.parts.programs import eventually

ROOT: Final = Path(__file__).resolve().parents[2]
STARTS: Final = 7
ROLES: Final = ("intake", "worker", "intake,console", "intake,worker,console")


@dataclass(frozen=True, kw_only=True)
class Start:
    """Until ``listening``, and until a sender can connect, None where nobody listens for senders; seconds."""

    wall_s: float
    cpu_s: float
    open_s: float | None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Starts of one node with some roles."""

    roles: str
    checkout: str
    starts: list[Start]

    @property
    def wall_s(self) -> float:
        """Median, seconds."""
        return statistics.median(one.wall_s for one in self.starts)

    @property
    def cpu_s(self) -> float:
        """Median, seconds."""
        return statistics.median(one.cpu_s for one in self.starts)

    @property
    def open_s(self) -> float | None:
        """Median, seconds."""
        times = [one.open_s for one in self.starts if one.open_s is not None]
        return statistics.median(times) if times else None


def measure(folder: Path, *, starts: int = STARTS, checkouts: Sequence[Path] = (ROOT,)) -> list[Measured]:
    """Start a node of each checkout in turn, with each of `ROLES`, once to warm up and ``starts`` times to count."""
    nodes = [Node(folder / f"node{number}") for number in range(len(checkouts))]
    for node, checkout in zip(nodes, checkouts, strict=True):
        node.env["PYTHONPATH"] = str(checkout)
    measured = []
    for roles in ROLES:
        rounds = [[start(node, roles) for node in nodes] for _ in range(1 + starts)][1:]
        taken = zip(*rounds, strict=True)
        measured += [Measured(roles=roles, checkout=str(at), starts=list(each)) for at, each in zip(checkouts, taken, strict=True)]
    return measured


def start(node: Node, roles: str) -> Start:
    """Start a node, and stop it when it listens."""
    begun = time.monotonic()
    service = node.launch("--roles", roles)
    opened = None
    if "intake" in roles:
        eventually(lambda: _is_open(node.port), what="the DICOM port", every_s=0.02)
        opened = time.monotonic() - begun
    node.wait_listening()
    found = Start(wall_s=time.monotonic() - begun, cpu_s=_cpu_s(service.pid), open_s=opened)
    node.stop()
    return found


def table(measured: Sequence[Measured]) -> list[str]:
    """Lines of a table: a row for each set of roles, the checkouts side by side."""
    rows = []
    for roles in dict.fromkeys(one.roles for one in measured):
        of_these = [one for one in measured if one.roles == roles]
        rows.append((roles, *map(_told, of_these)))
    names = ("before", "now")[-(len(rows[0]) - 1) :]
    return grid((f"start to `listening`, wall / CPU, median of {len(measured[0].starts)}", *names), rows)


def _told(one: Measured) -> str:
    opened = "" if one.open_s is None else f", port open after {one.open_s:.2f} s"
    return f"{one.wall_s:.2f} / {one.cpu_s:.2f} s{opened}"


def _is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    chosen = parser.parse_args()
    checkouts = [*([chosen.against.resolve()] if chosen.against else []), ROOT]
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="start_", dir=out) as name:
        measured = measure(Path(name), starts=chosen.starts, checkouts=checkouts)
    (out / "start.json").write_text(json.dumps([asdict(one) for one in measured], indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(measured)))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
