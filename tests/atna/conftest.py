"""A record with events of every kind, and images whose patients the spool alone knows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from baa_node.atna import Lookup, Node, Translator
from baa_node.core.messages.atna import Source
from baa_node.db import Database, audit, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.spool import Spool, open_spool
from tests.db import made

CR = str(ComputedRadiographyImageStorage)
PLANTED = "PLANTED^NAME"


def image(uid: str, *, study: str = made.STUDY, patient: str = PLANTED, number: str = "P-1") -> bytes:
    """Part 10 file without pixels."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID = CR, uid, study
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = patient, number, "20180101"
    ds.StudyDate, ds.AccessionNumber = "20260301", "A-0001"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


class Trail:
    """What happens, in tests."""

    def __init__(self, database: Database, spool: Spool) -> None:
        self.database, self.spool = database, spool

    def note(self, kind: AuditKind, *, actor: str = "node", subject: str = "x", now: datetime = made.NOW, **more: Any) -> int:
        with self.database.transaction() as c:
            return audit.append(c, AuditEvent(kind=kind, actor=actor, subject=subject, **more), now=now)

    def arrive(self, uid: str = made.IMAGE, *, study: str = made.STUDY, content: bytes | None = None, **changes: Any) -> studies.Instance:
        """Let an image come in, its file in the spool."""
        content = content if content is not None else image(uid, study=study)
        path = self.spool.write("instances", f"{uid}.{made.digest(repr(content))[:12]}", content)
        values = {"study_instance_uid": study, "path": path, "sop_class_uid": CR, "sha256": made.digest(repr(content))}
        instance = made.instance(uid, **{**values, **changes})
        with self.database.transaction() as c:
            studies.record_arrival(c, instance, now=made.NOW, address="10.0.0.5")
        return instance

    def events(self, after: int = 0) -> list[audit.AuditRecord]:
        with self.database.reading() as c:
            return audit.next_events(c, after=after, limit=1000)


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    database = Database.open(f"sqlite:///{tmp_path / 'record.db'}")
    yield Trail(database, open_spool(tmp_path / "spool"))
    database.close()


@pytest.fixture
def translator(trail: Trail) -> Translator:
    node = Node(source=Source(name="BAA NODE", site="Hospital"), ae_title="BAA_NODE", host="node.example", process="4711")
    return Translator(node, Lookup(trail.database, trail.spool))
