"""One study after the other from its arrival to the last receipt, with a network that costs nothing and nobody to send to."""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from pydicom.uid import generate_uid

from baa_node.core.priors.history import Examination
from baa_node.db import Database, studies
from baa_node.db.studies import State
from baa_node.dicom import scp
from baa_node.intake import Intake
from baa_node.spool import Spool
from tests.bench import record
from tests.db import made
from tests.parts.desk import desk_on, reception
from tests.parts.hands import hand_cr

SENDER: Final = 7
"""Number of the site that sends."""


class Course:
    """What happens to a study, step by step as the node does it, each in a transaction of its own."""

    def __init__(self, database: Database, spool: Spool) -> None:
        self._database = database
        self._intake = Intake(database, spool, ae_title="BAA_NODE")
        self._desk = desk_on(database, spool)
        with tempfile.TemporaryDirectory() as name:
            self._template = hand_cr(Path(name))
        self._numbers = itertools.count(1)

    def whole(self) -> None:
        """Receive an image, read it, report on it, and note that its destination took, committed to and shows everything."""
        received = self._received()
        answer = self._intake.receive(received)
        if answer.status != scp.STORED:
            raise ValueError(f"answered 0x{answer.status:04X} {answer.comment}")
        self._desk.read(received.sop_instance_uid, 1)
        self._desk.report(received.sop_instance_uid, 1)
        self._hand_over(received.sop_instance_uid)

    def on_record(self) -> None:
        """Do what all that does to the record, and nothing else."""
        now, uid = datetime.now(UTC), str(generate_uid(prefix=None))
        image = made.instance(uid, study_instance_uid=f"{uid}.0", peer=record.site_named(SENDER), received_at=now)
        with self._database.reading() as c:
            studies.arrival_of(c, uid, image.sha256)
            studies.is_own_result(c, uid)
        with self._database.transaction() as c:
            studies.record_arrival(c, image, now=now)
        with self._database.transaction() as c:
            examined = Examination(
                patient_id=record.patient_of(SENDER),
                issuer="",
                birth_date=None,
                examined_on=date(2099, 1, 1),
                study_instance_uid=f"{uid}.0",
            )
            key = studies.patient_key(c, examined)
            studies.record_outcome(
                c, uid, 1, state=State.READ, outcome=record.outcome(), now=now, patient_key=key, examined_on=examined.examined_on
            )
        with self._database.reading() as c:
            earlier = studies.earlier_readings(c, examined)
        with self._database.transaction() as c:
            objects = [made.result(f"{uid}.{place}", source_uid=uid, kind=kind) for place, kind in enumerate(("sr", "sr", "capture"))]
            studies.record_results(c, objects)
            studies.record_earlier(c, uid, 1, earlier[:3])
        with self._database.transaction() as c:
            studies.open_deliveries(c, uid, 1, [image.peer], now=now)
            studies.set_state(c, uid, 1, State.REPORTED, now=now)
        self._hand_over(uid)

    def _hand_over(self, uid: str) -> None:
        now, transaction_uid = datetime.now(UTC), str(generate_uid(prefix=None))
        with self._database.reading() as c:
            sent = [one.sop_instance_uid for one in studies.list_results(c, uid, 1) if one.rank == 0]
            (seen,) = studies.list_deliveries(c, uid, 1)
        with self._database.transaction() as c:
            studies.record_attempt(
                c, seen, state="delivered", status=0, error=None, next_attempt_at=None, now=now, stored=sent, confirm=True
            )
        with self._database.transaction() as c:
            (seen,) = studies.list_deliveries(c, uid, 1)
            studies.ask_commitment(c, seen, transaction_uid, confirm_at=now, now=now)
        with self._database.transaction() as c:
            studies.note_commitment(c, transaction_uid, sent, {}, now=now)
        with self._database.transaction() as c:
            (seen,) = studies.list_deliveries(c, uid, 1)
            studies.note_found(c, seen, now=now)

    def _received(self) -> scp.Received:
        ds, number = self._template, next(self._numbers)
        ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = (generate_uid(prefix=None) for _ in range(3))
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.PatientID = f"C-{number}"
        return reception(ds, caller=scp.Caller(calling_ae=f"SITE{SENDER:03d}", called_ae="BAA_NODE", address="10.0.0.1", tls=False))
