"""How far an audit repository knows the trail. The trail itself is the queue: what is committed there is waiting, in its order.

Patient data is no part of the trail. It is read from the spool when a message is made; of images that leave the spool before, number
and name are kept here until their last message is out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, delete, select, update

from baa_node.db.audit.trail import AuditRecord, head_of, record_of, rows_in_order
from baa_node.db.engine import insert_once, storable
from baa_node.db.tables import audit_patients, audit_queue

_ROW: Final = audit_queue.c.id == 1


@dataclass(frozen=True, kw_only=True)
class KeptPatient:
    """Whose image left the spool, as the image said."""

    patient_id: str
    patient_name: str


def open_queue(c: Connection) -> None:
    """Let events wait from now on; where they do already, nothing changes."""
    insert_once(c, audit_queue, {"id": 1, "seq": head_of(c)[0]})


def close_queue(c: Connection) -> None:
    """Let nothing wait any more, and forget what waited."""
    c.execute(delete(audit_queue))
    c.execute(delete(audit_patients))


def told_until(c: Connection) -> int | None:
    """Give the number of the last event that the repository knows; None where none is told."""
    found: int | None = c.execute(select(audit_queue.c.seq).where(_ROW)).scalar()
    return found


def waiting(c: Connection) -> int:
    """Count the events that wait, those that make no message included."""
    until = told_until(c)
    return 0 if until is None else max(0, head_of(c)[0] - until)


def next_events(c: Connection, *, after: int, limit: int) -> list[AuditRecord]:
    """List the next ``limit`` events in their order."""
    return [record_of(row) for row in islice(rows_in_order(c, after=after), limit)]


def note_told(c: Connection, *, before: int, until: int) -> bool:
    """Move on; False, and nothing changes, when another process did, or the queue was closed."""
    moved = c.execute(update(audit_queue).where(_ROW, audit_queue.c.seq == before).values(seq=until)).rowcount == 1
    if moved:
        c.execute(delete(audit_patients).where(audit_patients.c.seq <= until))
    return moved


def keep_patient(c: Connection, sop_instance_uid: str, patient: KeptPatient) -> None:
    """Keep whose image this is until the repository knows the last event of now; call it in the transaction of that event."""
    if told_until(c) is None:
        return
    values = {"seq": head_of(c)[0], "patient_id": storable(patient.patient_id), "patient_name": storable(patient.patient_name)}
    if not insert_once(c, audit_patients, {"sop_instance_uid": sop_instance_uid, **values}):
        c.execute(update(audit_patients).where(audit_patients.c.sop_instance_uid == sop_instance_uid).values(values))


def kept_patient(c: Connection, sop_instance_uid: str) -> KeptPatient | None:
    """Say whose image this was; None where it need not be known any more."""
    row = c.execute(select(audit_patients).where(audit_patients.c.sop_instance_uid == sop_instance_uid)).first()
    return None if row is None else KeptPatient(patient_id=row.patient_id, patient_name=row.patient_name)
