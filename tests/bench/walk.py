"""From the last byte of an image to its report in Orthanc; start-up time and memory of the same node."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.parts.images import copy_in_new_study
from tests.parts.line import Image, Line
from tests.parts.node import Node
from tests.parts.orthanc import COMPREHENSIVE_3D_SR, Orthanc
from tests.parts.report import bone_age_months
from tests.parts.sender import encoded_dataset

IMAGES = 40
STARTS = 5
PATIENCE_S = 180.0
"""No measure: three times what a slow machine takes for all."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Seconds and MiB, as measured on one node."""

    latency_p50_s: float
    latency_p95_s: float
    burst_images_per_s: float
    burst_longest_gap_s: float
    start_up_s: float
    rss_idle_mib: float
    rss_after_mib: float
    images: int


def measure(folder: Path, samples: list[Path]) -> Walk:
    """Send `IMAGES` hands one after the other and as many again at once; start the node `STARTS` times."""
    folder.mkdir()
    node = Node(folder / "node")
    with Orthanc(folder / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port)
        starts = [_start_up_s(node) for _ in range(STARTS)]
        with node.start():
            idle = _rss_mib(node)
            latencies = [_latency_s(node, orthanc, image) for image in itertools.islice(hands(folder, samples), IMAGES)]
            burst, gap = _burst(node, orthanc, list(itertools.islice(hands(folder, samples), IMAGES)))
            after = _rss_mib(node)
            _check_all_read(orthanc)
    p50, p95 = np.percentile(latencies, [50, 95])
    return Walk(
        latency_p50_s=float(p50),
        latency_p95_s=float(p95),
        burst_images_per_s=burst,
        burst_longest_gap_s=gap,
        start_up_s=float(np.median(starts)),
        rss_idle_mib=idle,
        rss_after_mib=after,
        images=IMAGES,
    )


def hands(folder: Path, samples: list[Path]) -> Iterator[Image]:
    """Endless copies of the samples, each another study of another patient: nobody has fifty earlier examinations."""
    for number, sample in enumerate(itertools.cycle(samples), start=1):
        data, ds = encoded_dataset(copy_in_new_study(sample, folder / "copy.dcm", PatientID=f"BENCH-{number}"))
        syntax = str(ds.file_meta.TransferSyntaxUID)
        yield Image(sop_class=str(ds.SOPClassUID), sop_instance=str(ds.SOPInstanceUID), data=data, syntax=syntax)


def _start_up_s(node: Node) -> float:
    begun = time.monotonic()
    node.start()
    taken = time.monotonic() - begun
    node.stop()
    return taken


def _latency_s(node: Node, orthanc: Orthanc, image: Image) -> float:
    known = _last_change(orthanc)
    with open_line(node, image) as line:
        gone = line.send(line.pack(image))
    _wait_for_reports(orthanc, 1, since=known)
    taken = time.monotonic() - gone
    time.sleep(0.3)  # the picture of this one is not to cost the next one time
    return taken


def _burst(node: Node, orthanc: Orthanc, images: list[Image]) -> tuple[float, float]:
    """Images a second, and the longest time without a report: one that is late for a reason of its own shows there."""
    known = _last_change(orthanc)
    begun = time.monotonic()
    for image in images:
        with open_line(node, image) as line:
            line.send(line.pack(image))
    try:
        came = _wait_for_reports(orthanc, len(images), since=known)
    except TimeoutError as error:
        states = Counter(state for study in node.json("studies", "list", "--limit", "1000") for state in study["states"])
        raise TimeoutError(f"{error}; the node says {dict(states)}") from error
    return len(images) / (came[-1] - begun), max(after - before for before, after in itertools.pairwise(came))


def open_line(node: Node, image: Image) -> Line:
    return Line(node.port, calling=Orthanc.ae_title, called=node.ae_title, sop_class=image.sop_class, syntax=image.syntax)


def _last_change(orthanc: Orthanc) -> int:
    return int(orthanc.get("/changes?last")["Last"])


def _wait_for_reports(orthanc: Orthanc, count: int, *, since: int) -> list[float]:
    """When each of so many reports was seen that were stored after a change; looked for every 10 ms."""
    seen: list[float] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(seen) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(seen)} of {count} reports after {PATIENCE_S:g} s")
        answer = orthanc.get(f"/changes?since={since}&limit=100")
        since = answer["Last"]
        arrived = [change["ID"] for change in answer["Changes"] if change["ChangeType"] == "NewInstance"]
        seen += [time.monotonic() for identifier in arrived if _is_report(orthanc, identifier)]
        time.sleep(0.01)
    return seen


def _is_report(orthanc: Orthanc, identifier: str) -> bool:
    return orthanc.http.get(f"/instances/{identifier}/metadata/SopClassUid").text == COMPREHENSIVE_3D_SR


def _check_all_read(orthanc: Orthanc) -> None:
    """Raise unless every report holds a bone age: how long a refusal takes is another question."""
    reports = [orthanc.dataset(identifier) for identifier in orthanc.find(SOPClassUID=COMPREHENSIVE_3D_SR)]
    if any(bone_age_months(report) is None for report in reports):
        raise ValueError("some of the images were refused")


def _rss_mib(node: Node) -> float:
    status = Path(f"/proc/{node.running.pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kib) / 1024


def readable(samples: Path, node: Node) -> list[Path]:
    """The samples that get a bone age."""
    files = sorted(samples.glob("*.dcm"))
    return [path for path, one in zip(files, node.assess(*files), strict=True) if one["status"] == "assessed"]
