"""Instances as they arrived: new, again, or again with other content."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from baa_node.core.routes.routing import UNROUTED, Decision
from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.engine import insert_once, storable
from baa_node.db.prepared import Prepared
from baa_node.db.studies.readings import State
from baa_node.db.tables import conflicts, instances, readings
from baa_node.errors import StoreError


class Arrival(enum.Enum):
    """What an instance is to a node that may have seen its UID before."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same bytes: acknowledged and ignored
    CONFLICT = "conflict"  # same UID, other bytes: quarantined and shown


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One received instance.

    Attributes
    ----------
    sha256
        Of the data set's bytes as sent, hexadecimal.
    path
        Relative to the spool.
    size
        Bytes.
    peer
        Name of the source that sent it.
    called_ae
        By which title it called the node; empty where that is not known.
    removed_at
        Since when its files are no longer in the spool; None while they are.
    """

    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    accession_number: str
    sha256: str
    path: str
    size: int
    peer: str
    calling_ae: str
    received_at: datetime
    called_ae: str = ""
    removed_at: datetime | None = None


# Built once: every image asks these.
_SHA256: Final = Prepared(select(instances.c.sha256).where(instances.c.sop_instance_uid == bindparam("uid")))
_ORDER: Final = Prepared(insert(readings))
_INSTANCE: Final = select(instances).where(instances.c.sop_instance_uid == bindparam("uid"))
_EVENTS: Final = {
    Arrival.NEW: (AuditKind.INSTANCE_RECEIVED, 0),
    Arrival.DUPLICATE: (AuditKind.INSTANCE_DUPLICATE, 0),
    Arrival.CONFLICT: (AuditKind.INSTANCE_CONFLICT, 8),
}


def arrival_of(c: Connection, sop_instance_uid: str, sha256: str) -> Arrival:
    """Look what an instance would be, before its file is written; ``record_arrival`` has the last word."""
    known = _SHA256.first(c, {"uid": sop_instance_uid})
    if known is None:
        return Arrival.NEW
    return Arrival.DUPLICATE if known["sha256"] == sha256 else Arrival.CONFLICT


def record_arrival(c: Connection, instance: Instance, *, now: datetime, decision: Decision = UNROUTED, address: str = "") -> Arrival:
    """Record an instance whose file is durable, with its first reading, to be done or left alone; audited whatever it is.

    A duplicate leaves the first row as it was. A conflict is kept beside it, once for each different content.

    Parameters
    ----------
    address
        From which it came, for the audit trail.
    """
    instance = dataclasses.replace(instance, accession_number=storable(instance.accession_number))
    values = dict(vars(instance))
    if insert_once(c, instances, values):
        arrival = Arrival.NEW
        _ORDER.count(c, first_reading(instance, now=now, decision=decision))
    else:
        arrival = arrival_of(c, instance.sop_instance_uid, instance.sha256)
    if arrival is Arrival.CONFLICT:
        insert_once(c, conflicts, {name: value for name, value in values.items() if name != "removed_at"})
    audit.append(c, _event(instance, arrival, decision, address), now=now)
    if arrival is Arrival.NEW and not decision.read:
        audit.append(c, _left_alone(instance, decision), now=now)
    return arrival


def first_reading(instance: Instance, *, now: datetime, decision: Decision = UNROUTED) -> dict[str, object]:
    """Values of the reading that every new instance gets."""
    return {
        "sop_instance_uid": instance.sop_instance_uid,
        "revision": 1,
        "state": (State.RECEIVED if decision.read else State.LEFT_ALONE).value,
        "route": decision.to_json() if decision.route else None,
        "ordered_by": instance.peer,
        "reason": "",
        "ordered_at": now,
        "changed_at": now,
    }


def _event(instance: Instance, arrival: Arrival, decision: Decision, address: str) -> AuditEvent:
    kind, outcome = _EVENTS[arrival]
    return AuditEvent(
        kind=kind,
        actor=instance.peer,
        subject=instance.sop_instance_uid,
        study=instance.study_instance_uid,
        outcome=outcome,
        detail={
            "accession_number": instance.accession_number,
            "address": address,
            "calling_ae": instance.calling_ae,
            "called_ae": instance.called_ae,
            "route": decision.route if arrival is Arrival.NEW else "",
            "sha256": instance.sha256,
            "size": instance.size,
            "sop_class_uid": instance.sop_class_uid,
            "transfer_syntax_uid": instance.transfer_syntax_uid,
        },
    )


def _left_alone(instance: Instance, decision: Decision) -> AuditEvent:
    return AuditEvent(
        kind=AuditKind.INSTANCE_LEFT_ALONE,
        actor="node",
        subject=instance.sop_instance_uid,
        study=instance.study_instance_uid,
        detail={"route": decision.route},
    )


def get_instance(c: Connection, sop_instance_uid: str) -> Instance:
    """Look up the instance first received under a UID.

    Raises
    ------
    StoreError
        Nothing was received under it.
    """
    row = c.execute(_INSTANCE, {"uid": sop_instance_uid}).mappings().first()
    if row is None:
        raise StoreError(f"no instance {sop_instance_uid} was received")
    return Instance(**row)


def path_of(c: Connection, sop_instance_uid: str, sha256: str = "") -> str | None:
    """Say where the content that came under a UID, or that with this digest, lies or lay in the spool; None where it never came."""
    for table in (instances, conflicts):
        query = select(table.c.path).where(table.c.sop_instance_uid == sop_instance_uid)
        path: str | None = c.execute(query.where(table.c.sha256 == sha256) if sha256 else query).scalar()
        if path is not None:
            return path
    return None


def study_last_arrival(c: Connection, study_uid: str) -> datetime:
    """Say when the last new instance of a study came in.

    Raises
    ------
    StoreError
        Nothing of this study was received.
    """
    latest: datetime | None = c.execute(
        select(func.max(instances.c.received_at)).where(instances.c.study_instance_uid == study_uid)
    ).scalar()
    if latest is None:
        raise StoreError(f"nothing of study {study_uid} was received")
    return latest
