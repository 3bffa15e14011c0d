"""Result objects: bytes made once, stored once, sent as often as it takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, select

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.engine import insert_once
from baa_node.db.prepared import Prepared
from baa_node.db.studies.readings import get_reading, study_of
from baa_node.db.tables import results
from baa_node.errors import StoreError


@dataclass(frozen=True, kw_only=True)
class ResultObject:
    """One object made from a reading.

    Attributes
    ----------
    source_uid, revision
        The reading it was made from.
    kind
        ``"sr"``, ``"capture"`` or ``"pdf"``.
    rank
        0 is preferred; a destination that cannot take it gets the next of the same kind.
    path
        Relative to the spool.
    series_instance_uid
        None for what was made before the record kept it.
    """

    sop_instance_uid: str
    sop_class_uid: str
    source_uid: str
    revision: int
    kind: Literal["sr", "capture", "pdf"]
    rank: int
    path: str
    sha256: str
    created_at: datetime
    series_instance_uid: str | None = None


_OWN: Final = Prepared(select(results.c.kind).where(results.c.sop_instance_uid == bindparam("uid")))


def record_results(c: Connection, objects: Sequence[ResultObject]) -> None:
    """Record stored objects; each new one is a ``REPORT_STORED`` event, one that is there already changes nothing.

    Raises
    ------
    StoreError
        No such reading, or the UID stands for other bytes already.
    """
    for source_uid, revision in sorted({(result.source_uid, result.revision) for result in objects}):
        get_reading(c, source_uid, revision, lock=True)
    for result in objects:
        if insert_once(c, results, dataclasses.asdict(result)):
            audit.append(c, _event(c, result), now=result.created_at)
            continue
        known = c.execute(select(results.c.sha256).where(results.c.sop_instance_uid == result.sop_instance_uid)).scalar()
        if known != result.sha256:
            raise StoreError(f"result {result.sop_instance_uid} is stored with other content already")


def _event(c: Connection, result: ResultObject) -> AuditEvent:
    return AuditEvent(
        kind=AuditKind.REPORT_STORED,
        actor="node",
        subject=result.sop_instance_uid,
        study=study_of(c, result.source_uid),
        detail={"source_uid": result.source_uid, "revision": result.revision, "kind": result.kind, "sha256": result.sha256},
    )


def list_results(c: Connection, source_uid: str, revision: int) -> list[ResultObject]:
    """List the objects of one reading by kind (``capture``, ``pdf``, ``sr``) and rank."""
    return results_of(c, [source_uid], revision=revision)


def results_of(c: Connection, source_uids: Iterable[str], *, revision: int | None = None) -> list[ResultObject]:
    """List the objects of several instances by instance, revision, kind and rank."""
    query = select(results).where(results.c.source_uid.in_(list(source_uids)))
    if revision is not None:
        query = query.where(results.c.revision == revision)
    ordered = query.order_by(results.c.source_uid, results.c.revision, results.c.kind, results.c.rank)
    return [ResultObject(**row) for row in c.execute(ordered).mappings()]


def is_own_result(c: Connection, sop_instance_uid: str) -> bool:
    """Tell whether the node made this object itself: it must never read it."""
    return _OWN.first(c, {"uid": sop_instance_uid}) is not None
