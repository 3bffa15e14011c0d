"""SIGKILL while associations share transactions, or intakes a port: what was answered with Success is on record, and in the spool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from baa_node.config import load_config
from baa_node.db import Database, audit, studies
from baa_node.intake import content_sha256
from baa_node.spool import FolderSpool
from tests.parts.images import plain_cr
from tests.parts.line import Image, Line
from tests.parts.node import Node
from tests.parts.postgresql import PostgreSQL
from tests.parts.programs import eventually
from tests.parts.sender import encoded_dataset

ASSOCIATIONS = 8
ANSWERS = 60
"""After so many the node is killed."""


def copy_of(template: bytes, sop_class: str, sop_instance: str) -> Image:
    fresh = generate_uid().ljust(len(sop_instance), "1")[: len(sop_instance)]
    return Image(sop_class=sop_class, sop_instance=fresh, data=template.replace(sop_instance.encode(), fresh.encode(), 1))


def images(folder: Path) -> Iterator[Image]:
    """Endless small images, no two alike."""
    template, ds = encoded_dataset(plain_cr(folder / "template.dcm", rows=64, columns=64))
    while True:
        yield copy_of(template, str(ds.SOPClassUID), str(ds.SOPInstanceUID))


def check(acknowledged: list[str], database: Database, spool: FolderSpool) -> None:
    """All that was acknowledged is on record, its bytes are in the spool, and the audit trail is whole."""
    with database.reading() as c:
        found = [studies.get_instance(c, uid) for uid in acknowledged]
        assert audit.verify(c) == []
    database.close()
    assert len(found) >= ANSWERS
    for instance in found:
        assert content_sha256(spool.read(instance.path)) == instance.sha256


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    fresh = images(tmp_path)
    node = Node(tmp_path / "node")
    node.add_peer("pacs", "ORTHANC", 11112)
    acknowledged: list[str] = []
    taking, stop = threading.Lock(), threading.Event()

    def send() -> None:
        try:
            with Line(node.port, calling="ORTHANC", called="BAA_NODE", sop_class=ComputedRadiographyImageStorage) as line:
                while not stop.is_set():
                    with taking:
                        image = next(fresh)
                    line.send(line.pack(image))
                    acknowledged.append(image.sop_instance)
        except OSError:  # killed
            return

    node.start("--roles", "intake")
    with ThreadPoolExecutor(ASSOCIATIONS) as pool:
        senders = [pool.submit(send) for _ in range(ASSOCIATIONS)]
        try:
            eventually(lambda: len(acknowledged) >= ANSWERS, what="images to be acknowledged", every_s=0.01)
        finally:
            node.kill()
            stop.set()
        for sender in senders:
            sender.result()
    config = load_config(node.data, None)
    check(acknowledged, Database.open(config.database_url), FolderSpool(node.data / "spool"))


def test_one_of_two_that_share_a_port_may_be_killed(tmp_path: Path) -> None:
    """Senders that were cut off come again, as modalities do, and are served by the other; what both acknowledged is on one record."""
    fresh, shared = images(tmp_path), {"SPOOL__PATH": tmp_path / "spool", "NODE__SHARE_PORT": "true"}
    acknowledged: list[str] = []
    taking, stop = threading.Lock(), threading.Event()

    def send(port: int) -> None:
        while not stop.is_set():
            with taking:
                image = next(fresh)
            try:
                with Line(port, calling="ORTHANC", called="BAA_NODE", sop_class=ComputedRadiographyImageStorage) as line:
                    line.send(line.pack(image))
                acknowledged.append(image.sop_instance)
            except OSError:  # killed, or its queue of connections with it
                continue

    with ExitStack() as running:
        shared["DATABASE__URL"] = running.enter_context(PostgreSQL()).empty_database()
        first, second = (Node(tmp_path / name, **shared) for name in ("first", "second"))
        second.env["BAA_NODE_NODE__PORT"] = str(first.port)
        first.add_peer("pacs", "ORTHANC", 11112)
        for node in (first, second):
            running.enter_context(node.start("--roles", "intake"))
        pool = running.enter_context(ThreadPoolExecutor(ASSOCIATIONS))
        senders = [pool.submit(send, first.port) for _ in range(ASSOCIATIONS)]
        try:
            eventually(lambda: len(acknowledged) >= ANSWERS, what="images to be acknowledged", every_s=0.01)
            first.kill()
            before = len(acknowledged)
            eventually(lambda: len(acknowledged) >= before + ANSWERS, what="the other to go on", every_s=0.01)
        finally:
            stop.set()
        for sender in senders:
            sender.result()
        check(acknowledged, Database.open(shared["DATABASE__URL"]), FolderSpool(tmp_path / "spool"))
