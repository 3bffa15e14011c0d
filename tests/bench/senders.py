"""How receivers answer senders of different manners: with and without TCP_NODELAY, and those that hold an association and are silent.

A sender that leaves Nagle's algorithm on keeps back the end of an image until what went before is acknowledged; a receiver that delays
its acknowledgements, as systems do by default, then costs it 40 ms an image.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from pydicom.uid import ComputedRadiographyImageStorage

from tests.bench.receivers import IDLE_LINES, PLAIN_NODE, Receiver, cpu_ms
from tests.bench.tables import grid
from tests.parts.line import Image

RESPONSES = 100
IDLE_S = 20.0
SETTLE_S = 2.0

MANNERS = {"TCP_NODELAY": True, "Nagle": False}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured.

    Attributes
    ----------
    responses_ms
        By receiver and manner, median and 99th percentile from the first byte of an image to its answer.
    idle_share, silent_share
        Share of one core that the node took with `IDLE_LINES` idle associations, and without any.
    """

    responses_ms: dict[str, dict[str, tuple[float, float]]]
    idle_share: float
    silent_share: float


def measure(receivers: list[Receiver], images: Iterator[Image]) -> Measured:
    """Send `RESPONSES` images to each receiver in each manner, taking turns; then open associations to the node and do nothing."""
    node = next(receiver for receiver in receivers if receiver.name == PLAIN_NODE)
    silent = _share(node)
    return Measured(responses_ms=_responses(receivers, images), idle_share=_idle_share(node), silent_share=silent)


def table(measured: Measured) -> list[str]:
    """Lines of Markdown."""
    rows = [
        (name, *(f"{p50:.1f} / {p99:.1f} ms" for p50, p99 in (manners[manner] for manner in MANNERS)))
        for name, manners in measured.responses_ms.items()
    ]
    return [
        f"Time from the first byte of a 128 KiB image to its answer, p50 / p99 of {RESPONSES} on one association, each PDU a write",
        "of its own, by whether the sender sets TCP_NODELAY or leaves Nagle's algorithm on:",
        "",
        *grid(("receiver", *MANNERS), rows),
        "",
        f"{IDLE_LINES} idle associations cost the node {100 * measured.idle_share:.1f} % of one core ({IDLE_S:.0f} s; without any it takes "
        f"{100 * measured.silent_share:.1f} %).",
    ]


def _responses(receivers: list[Receiver], images: Iterator[Image]) -> dict[str, dict[str, tuple[float, float]]]:
    took: dict[str, dict[str, list[float]]] = {receiver.name: {manner: [] for manner in MANNERS} for receiver in receivers}
    with ExitStack() as open_lines:
        lines = [
            (took[receiver.name][manner], open_lines.enter_context(receiver.line(ComputedRadiographyImageStorage, nodelay=nodelay)))
            for receiver in receivers
            for manner, nodelay in MANNERS.items()
        ]
        for _ in range(RESPONSES):
            for times, line in lines:
                packed = line.pack(next(images))
                begun = time.monotonic()
                line.send_apart(packed)
                times.append(1000 * (time.monotonic() - begun))
    return {
        name: {manner: (statistics.median(times), statistics.quantiles(times, n=100)[-1]) for manner, times in by_manner.items()}
        for name, by_manner in took.items()
    }


def _idle_share(node: Receiver) -> float:
    with ExitStack() as open_lines:
        for _ in range(IDLE_LINES):
            open_lines.enter_context(node.line(ComputedRadiographyImageStorage))
        time.sleep(SETTLE_S)
        return _share(node)


def _share(node: Receiver) -> float:
    """Share of one core that a process takes for `IDLE_S`."""
    before = cpu_ms(node)
    time.sleep(IDLE_S)
    after = cpu_ms(node)
    if before is None or after is None:
        raise ValueError(f"of {node.name} no CPU time is known")
    return (after - before) / (1000 * IDLE_S)
