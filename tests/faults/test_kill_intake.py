"""SIGKILL while many associations share transactions: whatever was answered with Success is on record, and in the spool."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydicom.uid import generate_uid

from baa_node.config import load_config
from baa_node.db import Database, audit, studies
from baa_node.intake import content_sha256
from baa_node.spool import FolderSpool
from tests.parts.images import plain_cr
from tests.parts.line import Image, Line
from tests.parts.node import Node
from tests.parts.programs import eventually
from tests.parts.sender import encoded_dataset

ASSOCIATIONS = 8
ANSWERS = 60
"""After so many the node is killed."""


def copy_of(template: bytes, sop_class: str, sop_instance: str) -> Image:
    fresh = generate_uid().ljust(len(sop_instance), "1")[: len(sop_instance)]
    return Image(sop_class=sop_class, sop_instance=fresh, data=template.replace(sop_instance.encode(), fresh.encode(), 1))


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    template, ds = encoded_dataset(plain_cr(tmp_path / "template.dcm", rows=64, columns=64))
    node = Node(tmp_path / "node")
    node.add_peer("pacs", "ORTHANC", 11112)
    acknowledged: list[str] = []
    stop = threading.Event()

    def send() -> None:
        try:
            with Line(node.port, calling="ORTHANC", called="BAA_NODE", sop_class=ds.SOPClassUID) as line:
                while not stop.is_set():
                    image = copy_of(template, ds.SOPClassUID, ds.SOPInstanceUID)
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
    database, spool = Database.open(config.database_url), FolderSpool(node.data / "spool")
    with database.reading() as c:
        found = [studies.get_instance(c, uid) for uid in acknowledged]
        assert audit.verify(c) == []
    database.close()
    assert len(found) >= ANSWERS
    for instance in found:
        assert content_sha256(spool.read(instance.path)) == instance.sha256
