"""Images a second that a receiver acknowledges: the node, Orthanc and storescp in turn, same sender, same images."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import generate_uid

from tests.parts.dcmtk import storescp
from tests.parts.images import plain_cr
from tests.parts.line import Image, Line
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.sender import encoded_dataset

IMAGES_PER_LINE = 150
ROUNDS = 3
LINES = (1, 4)


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Somebody who takes images."""

    name: str
    port: int
    called: str


def measure(folder: Path) -> dict[str, dict[int, float]]:
    """Median images/s over the rounds, by receiver and number of associations; each round visits every receiver."""
    folder.mkdir()
    template, ds = encoded_dataset(plain_cr(folder / "template.dcm", rows=256, columns=256))
    images = _copies(template, str(ds.SOPClassUID), str(ds.SOPInstanceUID))
    rates: dict[str, dict[int, list[float]]] = {}
    with ExitStack() as running:
        receivers = _receivers(folder, running)
        for _ in range(ROUNDS):
            for lines in LINES:
                for receiver in receivers:
                    rate = _rate(receiver, [[next(images) for _ in range(IMAGES_PER_LINE)] for _ in range(lines)])
                    rates.setdefault(receiver.name, {}).setdefault(lines, []).append(rate)
    return {name: {lines: statistics.median(values) for lines, values in by_lines.items()} for name, by_lines in rates.items()}


def _receivers(folder: Path, running: ExitStack) -> list[Receiver]:
    node = Node(folder / "node")
    orthanc = running.enter_context(Orthanc(folder / "orthanc", node_port=node.port, sync=True))
    node.add_peer("pacs", orthanc.ae_title, orthanc.port)
    running.enter_context(node.start("--roles", "intake"))
    return [
        Receiver(name="baa_node, intake role, fsync", port=node.port, called="BAA_NODE"),
        Receiver(name="Orthanc, SyncStorageArea", port=orthanc.port, called="ORTHANC"),
        Receiver(name="storescp --fork, no fsync", port=running.enter_context(storescp(folder / "received")), called="ANY-SCP"),
    ]


def _copies(template: bytes, sop_class: str, sop_instance: str) -> Iterator[Image]:
    """Endless copies under new UIDs of the same length, made by exchanging the bytes."""
    while True:
        fresh = generate_uid().ljust(len(sop_instance), "1")[: len(sop_instance)]
        yield Image(sop_class=sop_class, sop_instance=fresh, data=template.replace(sop_instance.encode(), fresh.encode(), 1))


def _rate(receiver: Receiver, batches: list[list[Image]]) -> float:
    """Images/s over all associations at once, from the first byte of an image to the last answer; handshakes are left out."""
    with ExitStack() as open_lines:
        lines = [
            open_lines.enter_context(Line(receiver.port, calling="ORTHANC", called=receiver.called, sop_class=batch[0].sop_class))
            for batch in batches
        ]
        packed = [[line.pack(image) for image in batch] for line, batch in zip(lines, batches, strict=True)]
        with ThreadPoolExecutor(len(lines)) as pool:
            begun = time.monotonic()
            list(pool.map(Line.send_all, lines, packed))
        return sum(map(len, batches)) / (time.monotonic() - begun)
