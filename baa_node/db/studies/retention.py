"""What may leave the spool: files of images whose results have arrived. The rows stay, so that a UID is known for ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, or_, select, update

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.studies.readings import State, study_of
from baa_node.db.tables import deliveries, instances, readings, results

_PAGE: Final = 1000
_DONE: Final = (State.DELIVERED.value, State.DISMISSED.value, State.LEFT_ALONE.value)


@dataclass(frozen=True, kw_only=True)
class Removable:
    """An image that nothing is waiting for any more, and its files relative to the spool."""

    sop_instance_uid: str
    paths: tuple[str, ...]


def removable(c: Connection, *, before: datetime, limit: int) -> list[Removable]:
    """List the images that came first whose last reading ended ``before``; none with anything undelivered or unconfirmed."""
    query = (
        select(instances.c.sop_instance_uid, instances.c.path)
        .where(instances.c.received_at < before, *_awaited_by_nobody(ended_before=before))
        .order_by(instances.c.received_at)
        .limit(limit)
    )
    images = {row.sop_instance_uid: row.path for row in c.execute(query)}
    made = defaultdict(list)
    for row in c.execute(select(results.c.source_uid, results.c.path).where(results.c.source_uid.in_(list(images)))):
        made[row.source_uid].append(row.path)
    return [Removable(sop_instance_uid=uid, paths=(path, *sorted(made[uid]))) for uid, path in images.items()]


def note_removed(c: Connection, sop_instance_uid: str, *, reason: str, now: datetime) -> bool:
    """Note, before it happens, that the files of an image leave the spool; recorded as ``FILES_REMOVED``.

    Returns
    -------
    bool
        False, and nothing is noted, where another host removed them meanwhile or somebody waits for them again.
    """
    gone = update(instances).where(instances.c.sop_instance_uid == sop_instance_uid, *_awaited_by_nobody()).values(removed_at=now)
    if not c.execute(gone).rowcount:
        return False
    study = study_of(c, sop_instance_uid)
    event = AuditEvent(kind=AuditKind.FILES_REMOVED, actor="node", subject=sop_instance_uid, study=study, detail={"reason": reason})
    audit.append(c, event, now=now)
    return True


def note_restored(c: Connection, sop_instance_uid: str) -> None:
    """Note that the image's file is there again: it was sent once more."""
    gone = instances.c.sop_instance_uid == sop_instance_uid, instances.c.removed_at.is_not(None)
    c.execute(update(instances).where(*gone).values(removed_at=None))


def removed_at(c: Connection, sop_instance_uid: str) -> datetime | None:
    """Say when the files of an image left the spool; None while they are there."""
    found: datetime | None = c.execute(select(instances.c.removed_at).where(instances.c.sop_instance_uid == sop_instance_uid)).scalar()
    return found


def expected_paths(c: Connection) -> Iterator[str]:
    """Give every path that the spool must hold, read page by page."""
    after: str | None = ""
    while after is not None:
        paths, after = expected_after(c, after)
        yield from paths


def expected_after(c: Connection, after: str) -> tuple[list[str], str | None]:
    """Give the paths of some images that the spool must hold, and with what to ask for the next ones; None after the last.

    Parameters
    ----------
    after
        SOP Instance UID of the last image of the page before; empty for the first page.
    """
    uid = instances.c.sop_instance_uid
    query = select(uid, instances.c.path).where(instances.c.removed_at.is_(None), uid > after).order_by(uid).limit(_PAGE)
    images = c.execute(query).all()
    made = c.execute(select(results.c.path).where(results.c.source_uid.in_([row.sop_instance_uid for row in images]))).scalars()
    return [*(row.path for row in images), *made], images[-1].sop_instance_uid if len(images) == _PAGE else None


def _awaited_by_nobody(*, ended_before: datetime | None = None) -> tuple[ColumnElement[bool], ...]:
    """Conditions on an image: its files are here, every reading of it is finished, every delivery arrived and confirmed as asked."""
    uid = instances.c.sop_instance_uid
    too_young = [readings.c.changed_at >= ended_before] if ended_before is not None else []
    open_ = or_(readings.c.state.not_in(_DONE), *too_young)
    open_readings = select(readings.c.revision).where(readings.c.sop_instance_uid == uid, open_)
    unsure = (deliveries.c.state != "delivered") | deliveries.c.confirm_at.is_not(None)
    open_deliveries = select(deliveries.c.revision).where(deliveries.c.source_uid == uid, unsure)
    return instances.c.removed_at.is_(None), ~open_readings.exists(), ~open_deliveries.exists()
