"""How a node was started last: with which settings, and whether it has stopped in order since."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.tables import installation, starts
from baa_node.errors import StoreError

_DIGITS: Final = 16


@dataclass(frozen=True, kw_only=True)
class Start:
    """One start of a node.

    Attributes
    ----------
    executor_id
        Of the installation; stays the same over its restarts.
    name
        AE title, the subject of the events.
    actor
        Under which user of the system the process runs: who changed the configuration file cannot be known.
    settings, defaults
        Every setting in force by its name, and what it would be in an empty file. Secrets as keyed digests only.
    detail
        Version, process and host.
    """

    executor_id: str
    name: str
    actor: str
    settings: Mapping[str, Scalar]
    defaults: Mapping[str, Scalar]
    detail: Mapping[str, Scalar] = field(default_factory=dict)


def digester(c: Connection) -> Callable[[bytes], str]:
    """Give a digest that tells whether a secret has changed, and nothing to whoever has not the salt of this database."""
    salt = c.execute(select(installation.c.patient_salt)).scalar()
    if salt is None:
        raise StoreError("the table installation is empty: restore the copy made before, or its salt")
    key = hmac.digest(bytes.fromhex(salt), b"settings", hashlib.sha256)
    return lambda secret: f"digest {hmac.new(key, secret, hashlib.sha256).hexdigest()[:_DIGITS]}"


def note_start(c: Connection, start: Start, *, now: datetime) -> None:
    """Record ``NODE_STARTED``, a ``NODE_DIED`` before it where the last run never stopped, and each setting that is another one now.

    ``SETTING_CHANGED`` events have the setting as subject and its values, ``from`` and ``to``; at the first start all that differs
    from the defaults is told.
    """
    last = c.execute(select(starts.c.settings, starts.c.running).where(starts.c.executor_id == start.executor_id)).first()
    if last is not None and last.running:
        _append(c, AuditKind.NODE_DIED, start, now=now, outcome=12)
    _append(c, AuditKind.NODE_STARTED, start, now=now)
    before = {**start.defaults, **({} if last is None else last.settings)}
    for key in sorted({*before, *start.settings}):
        old, new = before.get(key), start.settings.get(key)
        if old != new:
            event = AuditEvent(kind=AuditKind.SETTING_CHANGED, actor=start.actor, subject=key, detail={"from": old, "to": new})
            audit.append(c, event, now=now)
    values = {"settings": dict(start.settings), "running": True, "started_at": now}
    if last is None:
        c.execute(insert(starts).values(executor_id=start.executor_id, **values))
    else:
        c.execute(update(starts).where(starts.c.executor_id == start.executor_id).values(values))


def note_stop(c: Connection, start: Start, *, now: datetime) -> None:
    """Record ``NODE_STOPPED``: the next start will find all in order."""
    c.execute(update(starts).where(starts.c.executor_id == start.executor_id).values(running=False))
    _append(c, AuditKind.NODE_STOPPED, start, now=now)


def _append(c: Connection, kind: AuditKind, start: Start, *, now: datetime, outcome: int = 0) -> None:
    audit.append(c, AuditEvent(kind=kind, actor="daemon", subject=start.name, detail=start.detail, outcome=outcome), now=now)
