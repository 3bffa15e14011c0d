"""``python -m tests.bench.threads``: how the threads of a session share its work and wait for each other, in milliseconds and CPU time.

The members of the shipped bundle, image and mirror image, in turn in every manner, with a pause between two readings as a node has them.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnxruntime

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.networks import THREAD_MANNERS

ROUNDS: Final = 20
PAUSE_S: Final = 0.05
SPINNING: Final[Mapping[str, str]] = {"session.intra_op.allow_spinning": "1", "session.dynamic_block_base": "0"}
SLEEPING: Final[Mapping[str, str]] = {"session.intra_op.allow_spinning": "0", "session.dynamic_block_base": "0"}


@dataclass(frozen=True, kw_only=True)
class Manner:
    """A number of threads, 0 for as many as there are cores and bound to them, and what ONNX Runtime is told about them."""

    name: str
    threads: int
    told: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Medians of one manner, milliseconds a reading."""

    name: str
    wall_ms: float
    cpu_ms: float


def manners() -> list[Manner]:
    """As ONNX Runtime comes, and as the node tells it to."""
    cores = os.cpu_count() or 1
    return [
        Manner(name="1 thread", threads=1, told=THREAD_MANNERS),
        Manner(name="all cores, bound, spinning (ONNX Runtime as it comes)", threads=0, told=SPINNING),
        Manner(name="all cores, bound, as the node has it", threads=0, told=THREAD_MANNERS),
        Manner(name=f"{cores} threads, spinning", threads=cores, told=SPINNING),
        Manner(name=f"{cores} threads, sleeping", threads=cores, told=SLEEPING),
        Manner(name=f"{cores} threads, as the node has it", threads=cores, told=THREAD_MANNERS),
    ]


def measure(chosen: Sequence[Manner], *, rounds: int = ROUNDS) -> list[Taken]:
    """Let every manner read in turn, so that other work on the machine meets them alike."""
    readers = [_Reader(one) for one in chosen]
    taken: list[list[tuple[float, float]]] = [[] for _ in readers]
    for number in range(-2, rounds):
        for reader, kept in zip(readers, taken, strict=True):
            times = reader.read_ms()
            if number >= 0:
                kept.append(times)
    return [
        Taken(name=one.name, wall_ms=statistics.median(wall for wall, _ in kept), cpu_ms=statistics.median(cpu for _, cpu in kept))
        for one, kept in zip(chosen, taken, strict=True)
    ]


class _Reader:
    """Sessions of all members in one manner."""

    def __init__(self, manner: Manner) -> None:
        self._sessions = []
        for member in load_bundle(default_bundle(), providers=[CPU], threads=1).members:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.log_severity_level = manner.threads, 3
            for key, value in manner.told.items():
                options.add_session_config_entry(key, value)
            weights = (default_bundle() / f"{member.name}.onnx").read_bytes()
            session = onnxruntime.InferenceSession(weights, options, providers=[CPU])
            side = member.preparation.size
            feeds = {"image": np.full((2, side, side, 1), 90, np.uint8), "sex": np.ones((2, 1), np.float32)}
            self._sessions.append((session, {port.name: feeds[port.name] for port in session.get_inputs()}))

    def read_ms(self) -> tuple[float, float]:
        """One reading: wall and CPU time, the pause after it counted for the second, as threads that spin go on doing so."""
        began, spent = time.perf_counter(), time.process_time()
        for session, feeds in self._sessions:
            session.run(None, feeds)
        wall = time.perf_counter() - began
        time.sleep(PAUSE_S)
        return 1000 * wall, 1000 * (time.process_time() - spent)


def main() -> None:
    lines = ["| threads of a reading | ms | ms of CPU time |", "| --- | --- | --- |"]
    lines += [f"| {one.name} | {one.wall_ms:.0f} | {one.cpu_ms:.0f} |" for one in measure(manners())]
    print("\n".join(lines))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
