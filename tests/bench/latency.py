"""Where each millisecond goes between the last byte of an image and its report in Orthanc, by the node's own traces.

``python -m tests.bench.latency [--images 40] [--against CHECKOUT]``: with another checkout of this project, a node of each runs, and images
go to them in turn, each when the one before is delivered, so that both are measured under the same load of other programs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.traces import trace_id
from tests.bench import walk
from tests.parts.collector import Collector, Span
from tests.parts.line import Image
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually

ROOT = Path(__file__).resolve().parents[2]
IMAGES = 40
WARM_UP = 3
"""Images before those that count: the first ones load what a process loads once."""
PACE_S = 1.0
"""From one image to the next: one study a second."""

ANSWERED: Final = "deliver: answered 1"
"""The end of the walk: the report's C-STORE was answered."""
READING: Final = ("read: decoded", "read: looked at", "read: estimated")
"""Moments at the ends of decoding, gates with detector, and preprocessing with inference."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How long it took to a moment from the one before it, and from the last byte of the image; milliseconds."""

    moment: str
    took_p50_ms: float
    took_p95_ms: float
    at_p50_ms: float


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Of one node; the overhead is the whole without preprocessing and inference, the rest without decoding and detector, too."""

    images: int
    whole_p50_ms: float
    whole_p95_ms: float
    overhead_p50_ms: float
    overhead_p95_ms: float
    rest_p50_ms: float
    rest_p95_ms: float
    cpu_ms_an_image: float
    stages: list[Stage]


@dataclass(frozen=True, kw_only=True)
class _Sent:
    trace: str
    gone: int


class Bench:
    """A node with its own Orthanc and collector."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.node = Node(folder / "node", TRACES__ENDPOINT="http://127.0.0.1:9/v1/traces")
        self.node.env |= {"PYTHONPATH": str(checkout), "OTEL_BSP_SCHEDULE_DELAY": "500"}
        self.orthanc = Orthanc(folder / "orthanc", node_port=self.node.port)
        self.collector = Collector()
        self.sent: list[_Sent] = []
        self._cpu_s = 0.0

    def start(self, running: ExitStack) -> None:
        running.enter_context(self.collector)
        running.enter_context(self.orthanc)
        self.node.env["BAA_NODE_TRACES__ENDPOINT"] = self.collector.url
        self.node.add_peer("pacs", self.orthanc.ae_title, self.orthanc.port)
        running.enter_context(self.node.start())

    def send(self, image: Image) -> None:
        """Send one image on an association of its own, and keep when its last byte went."""
        with walk.open_line(self.node, image) as line:
            gone = line.send(line.pack(image))
        self.sent.append(_Sent(trace=trace_id(image.sop_instance), gone=time.time_ns() - round((time.monotonic() - gone) * 1e9)))

    def begin(self) -> None:
        """Forget what was sent so far: from here on it counts."""
        self.settle()
        self.sent.clear()
        self._cpu_s = _cpu_s(self.node.running.pid)

    def settle(self) -> None:
        """Wait until every image has its report."""
        last = self.sent[-1].trace
        eventually(lambda: any(span.name == "deliver" for span in self.collector.of_trace(last)), what="the last report", timeout_s=30)

    def judged(self) -> Latency:
        """Put the moments of all images beside each other."""
        self.settle()
        cpu_s = _cpu_s(self.node.running.pid) - self._cpu_s
        return summed([_moments(self.collector.of_trace(one.trace), one.gone) for one in self.sent], cpu_s)


def measure(folder: Path, samples: list[Path], *, images: int = IMAGES, checkouts: Sequence[Path] = (ROOT,)) -> list[Latency]:
    """Send ``images`` hands, one a second, to a node of each checkout in turn."""
    folder.mkdir()
    benches = [Bench(folder / f"node{number}", checkout) for number, checkout in enumerate(checkouts)]
    hands = walk.hands(folder, samples)
    with ExitStack() as running:
        for bench in benches:
            bench.start(running)
        for number in range(-WARM_UP, images):
            for bench in benches:
                if number == 0:
                    bench.begin()
                began = time.monotonic()
                bench.send(next(hands))
                if len(benches) > 1:
                    bench.settle()
                time.sleep(max(0.0, began + PACE_S - time.monotonic()))
        return [bench.judged() for bench in benches]


def summed(walks: Sequence[dict[str, float]], cpu_s: float) -> Latency:
    """Summarise the moments of many images, each in ms since the last byte.

    Raises
    ------
    ValueError
        An image got no report, or a refusal: how long that takes is another question.
    """
    if any(ANSWERED not in one or READING[-1] not in one for one in walks):
        raise ValueError("some of the images were not read, or not delivered at once")
    whole = np.array([one[ANSWERED] for one in walks])
    inference = np.array([one[READING[2]] - one[READING[1]] for one in walks])
    reading = np.array([one[READING[2]] - one["read: began"] for one in walks])
    p50, p95 = _percentiles(whole)
    overhead, rest = _percentiles(whole - inference), _percentiles(whole - reading)
    return Latency(
        images=len(walks),
        whole_p50_ms=p50,
        whole_p95_ms=p95,
        overhead_p50_ms=overhead[0],
        overhead_p95_ms=overhead[1],
        rest_p50_ms=rest[0],
        rest_p95_ms=rest[1],
        cpu_ms_an_image=cpu_s / len(walks) * 1e3,
        stages=_stages(walks),
    )


def _stages(walks: Sequence[dict[str, float]]) -> list[Stage]:
    """Name the moments that all walks have in common, in their usual order."""
    common = set.intersection(*map(set, walks))
    usual = {name: statistics.median(one[name] for one in walks) for name in common}
    stages, before = [], None
    for name in sorted(usual, key=lambda name: usual[name]):
        took = [one[name] - (one[before] if before else 0.0) for one in walks]
        p50, p95 = _percentiles(np.array(took))
        stages.append(Stage(moment=name, took_p50_ms=p50, took_p95_ms=p95, at_p50_ms=usual[name]))
        before = name
    return stages


def _moments(spans: Sequence[Span], gone: int) -> dict[str, float]:
    """Every moment of one image in ms since its last byte; what follows the first delivery is not part of the walk."""
    found: dict[str, float] = {}
    for span in spans:
        for name, at in (("began", span.began), *span.moments, ("ended", span.ended)):
            found.setdefault(f"{span.name}: {name}", (at - gone) / 1e6)
    return {name: at for name, at in found.items() if not name.startswith("confirm")}


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    p50, p95 = np.percentile(values, [50, 95])
    return float(p50), float(p95)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(latencies: Sequence[Latency], names: Sequence[str]) -> list[str]:
    """Lines of a table: the whole of each node, then its stages."""
    rows = [
        ("last byte to SR answered, p50 / p95", [f"{one.whole_p50_ms:.0f} / {one.whole_p95_ms:.0f} ms" for one in latencies]),
        ("without preprocessing and inference", [f"{one.overhead_p50_ms:.0f} / {one.overhead_p95_ms:.0f} ms" for one in latencies]),
        ("without decoding and detector either", [f"{one.rest_p50_ms:.0f} / {one.rest_p95_ms:.0f} ms" for one in latencies]),
        ("CPU of the node an image, idling and traces included", [f"{one.cpu_ms_an_image:.0f} ms" for one in latencies]),
    ]
    lines = [f"| {latencies[0].images} images, one after the other | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    lines += [f"| {label} | {' | '.join(values)} |" for label, values in rows]
    for name, latency in zip(names, latencies, strict=True):
        lines += ["", f"| moment ({name}) | after the one before, p50 / p95 ms | after the last byte, p50 ms |", "| --- | --- | --- |"]
        lines += [f"| {one.moment} | {one.took_p50_ms:.1f} / {one.took_p95_ms:.1f} | {one.at_p50_ms:.1f} |" for one in latency.stages]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    chosen = parser.parse_args()
    checkouts = [*([chosen.against.resolve()] if chosen.against else []), ROOT]
    out = ROOT / "bench_out"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="latency_", dir=out) as name:
        samples = walk.readable(ROOT / "sample_dicom", Node(Path(name) / "offline"))
        latencies = measure(Path(name) / "walk", samples, images=chosen.images, checkouts=checkouts)
    (out / "latency.json").write_text(json.dumps([asdict(one) for one in latencies], indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(latencies, ["before", "now"][-len(latencies) :])))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
