"""Who may send, where results go, and who was turned away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from baa_node.core.ae_title import checked_ae_title
from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.engine import insert_once, storable
from baa_node.db.peer import KINDS, REFUSALS, WANTS, Peer
from baa_node.db.prepared import Prepared
from baa_node.db.tables import peers, refused_callers, routes
from baa_node.errors import StoreError

__all__ = [
    "KINDS",
    "REFUSALS",
    "WANTS",
    "Peer",
    "RefusedCaller",
    "add_peer",
    "checked_ae_title",
    "destination_for",
    "destinations_of",
    "edit_peer",
    "get_peer",
    "import_peers",
    "list_peers",
    "list_refused_callers",
    "note_refused_caller",
    "remove_peer",
    "source_for",
    "source_named",
]

REFUSED_CALLERS_KEPT: Final = 1000
"""The newest so many are kept: a port scanner must not fill the disk."""

_SOURCE: Final = Prepared(select(peers).where(peers.c.ae_title == bindparam("title"), peers.c.ae_title != "", peers.c.source))
_DESTINATION: Final = (
    select(peers)
    .where(peers.c.ae_title == bindparam("title"), peers.c.kind == "dicom", peers.c.destination)
    .order_by(peers.c.name)
    .limit(1)
)


@dataclass(frozen=True, kw_only=True)
class RefusedCaller:
    """A caller turned away, as often as it tried. Titles as received, trimmed, unprintable characters escaped."""

    calling_ae: str
    called_ae: str
    address: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime


def add_peer(c: Connection, peer: Peer, *, actor: str, now: datetime) -> None:
    """Admit a peer from its next association on; recorded as ``PEER_ADDED``.

    Raises
    ------
    StoreError
        The name is taken, the AE title already names another source, or a route leads nowhere.
    """
    _check_title_free(c, peer)
    _check_route(c, peer)
    if not insert_once(c, peers, _values(peer)):
        raise StoreError(f"peer {peer.name} exists already")
    _forget_refusals(c, peer)
    _record(c, AuditKind.PEER_ADDED, peer.name, actor=actor, now=now, detail=_flat(peer))


def edit_peer(c: Connection, name: str, peer: Peer, *, actor: str, now: datetime) -> None:
    """Replace everything but the name; recorded as ``PEER_CHANGED`` with old and new values, unless nothing changes.

    Raises
    ------
    StoreError
        As ``add_peer``; or another name, or it stops being a destination that others route to.
    """
    before = get_peer(c, name)
    if peer.name != name:
        raise StoreError(f"the name of peer {name} cannot change: add {peer.name} and remove {name}")
    if before == peer:
        return
    if not peer.destination:
        _check_unrouted(c, name, "is no destination any more")
    _check_title_free(c, peer)
    _check_route(c, peer)
    c.execute(update(peers).where(peers.c.name == name).values(_values(peer)))
    _forget_refusals(c, peer)
    old, new = _flat(before), _flat(peer)
    changed = [key for key in new if old[key] != new[key]]
    detail = {f"{key}_{side}": value[key] for key in changed for side, value in (("from", old), ("to", new))}
    _record(c, AuditKind.PEER_CHANGED, name, actor=actor, now=now, detail=detail)


def import_peers(c: Connection, some: Sequence[Peer], *, actor: str, now: datetime) -> None:
    """Add those whose names are new and change the others; peers not among them stay as they are. All or nothing.

    Raises
    ------
    StoreError
        As ``add_peer`` and ``edit_peer``.
    """
    known = {peer.name for peer in list_peers(c)}
    for peer in some:  # without routes first, as they may lead to peers further down
        if peer.name not in known:
            add_peer(c, dataclasses.replace(peer, route_to=()), actor=actor, now=now)
            known.add(peer.name)
    for peer in some:
        edit_peer(c, peer.name, peer, actor=actor, now=now)


def remove_peer(c: Connection, name: str, *, actor: str, now: datetime) -> None:
    """Turn a peer away from its next association on; recorded as ``PEER_REMOVED`` with what it was.

    Raises
    ------
    StoreError
        No such peer, or others route to it.
    """
    before = get_peer(c, name)
    _check_unrouted(c, name, "is removed")
    c.execute(delete(peers).where(peers.c.name == name))
    _record(c, AuditKind.PEER_REMOVED, name, actor=actor, now=now, detail=_flat(before))


def get_peer(c: Connection, name: str) -> Peer:
    """Look a peer up by its name.

    Raises
    ------
    StoreError
        No such peer; the text names those there are.
    """
    row = c.execute(select(peers).where(peers.c.name == name)).mappings().first()
    if row is None:
        known = ", ".join(c.execute(select(peers.c.name).order_by(peers.c.name).limit(20)).scalars()) or "none"
        raise StoreError(f"no peer is called {name} (there are: {known})")
    return _peer(row)


def list_peers(c: Connection) -> list[Peer]:
    """List every peer by name."""
    return [_peer(row) for row in c.execute(select(peers).order_by(peers.c.name)).mappings()]


def source_for(c: Connection, ae_title: str) -> Peer | None:
    """Find the source that a calling AE title admits; padding (spaces; of some devices NULs) does not matter, case does."""
    row = _SOURCE.first(c, {"title": storable(ae_title.strip(" \0"))})
    return None if row is None else _peer(row)


def source_named(c: Connection, name: str) -> Peer | None:
    """Find a source by its name, for callers that show a token instead of an AE title."""
    row = c.execute(select(peers).where(peers.c.name == storable(name), peers.c.source)).mappings().first()
    return None if row is None else _peer(row)


def destination_for(c: Connection, ae_title: str) -> Peer | None:
    """Find a destination by the AE title under which it calls back; padding does not matter, case does."""
    row = c.execute(_DESTINATION, {"title": storable(ae_title.strip(" \0"))}).mappings().first()
    return None if row is None else _peer(row)


def destinations_of(c: Connection, peer: Peer) -> list[Peer]:
    """Say where results of what ``peer`` sends go: along its route; else back to it; else to every destination."""
    if peer.route_to:
        return [get_peer(c, name) for name in peer.route_to]
    if peer.destination:
        return [peer]
    return [other for other in list_peers(c) if other.destination]


def note_refused_caller(
    c: Connection, *, calling_ae: str, called_ae: str, address: str, reason: str, now: datetime, audited: bool = True
) -> RefusedCaller:
    """Count a caller that was turned away and give it as it is listed; recorded as ``ASSOCIATION_REFUSED``.

    Its count and its first time are those of this call alone.

    Parameters
    ----------
    audited
        False where another event says it: then there is no ``ASSOCIATION_REFUSED``.
    """
    calling_ae, called_ae, address = _printable(calling_ae), _printable(called_ae), _printable(address)
    key = {"calling_ae": calling_ae, "called_ae": called_ae, "address": address}
    new = insert_once(c, refused_callers, {**key, "reason": reason, "count": 1, "first_at": now, "last_at": now})
    if new:
        _forget_oldest(c)
    else:
        matches = [refused_callers.c[column] == value for column, value in key.items()]
        c.execute(update(refused_callers).where(*matches).values(reason=reason, count=refused_callers.c.count + 1, last_at=now))
    detail: dict[str, Scalar] = {**key, "reason": reason}
    event = AuditEvent(kind=AuditKind.ASSOCIATION_REFUSED, actor=calling_ae, subject=called_ae, outcome=4, detail=detail)
    if audited:
        audit.append(c, event, now=now)
    return RefusedCaller(**key, reason=reason, count=1, first_at=now, last_at=now)


def list_refused_callers(c: Connection) -> list[RefusedCaller]:
    """List the callers turned away, latest first; a title is forgotten once a source bears it."""
    return [RefusedCaller(**row) for row in c.execute(select(refused_callers).order_by(refused_callers.c.last_at.desc())).mappings()]


def _forget_refusals(c: Connection, peer: Peer) -> None:
    if peer.source and peer.ae_title:
        c.execute(delete(refused_callers).where(refused_callers.c.calling_ae == peer.ae_title))


def _forget_oldest(c: Connection) -> None:
    newest = select(refused_callers.c.last_at).order_by(refused_callers.c.last_at.desc())
    limit = c.execute(newest.offset(REFUSED_CALLERS_KEPT).limit(1)).scalar()
    if limit is not None:
        c.execute(delete(refused_callers).where(refused_callers.c.last_at <= limit))


def _check_title_free(c: Connection, peer: Peer) -> None:
    if not peer.source or not peer.ae_title:
        return
    taken = c.execute(select(peers.c.name).where(peers.c.ae_title == peer.ae_title, peers.c.source, peers.c.name != peer.name)).scalar()
    if taken is not None:
        raise StoreError(f"AE title {peer.ae_title} already admits the source {taken}; two sources cannot share one")


def _check_route(c: Connection, peer: Peer) -> None:
    there = {row.name for row in c.execute(select(peers.c.name).where(peers.c.destination))} - {peer.name}
    if peer.destination:
        there.add(peer.name)
    for name in peer.route_to:
        if name not in there:
            raise StoreError(f"peer {peer.name} cannot route to {name}: no destination has that name")


def _check_unrouted(c: Connection, name: str, change: str) -> None:
    users = [peer.name for peer in list_peers(c) if name in peer.route_to and peer.name != name]
    users += [f"route {row.name}" for row in c.execute(select(routes.c.name, routes.c.destinations)) if name in row.destinations]
    if users:
        raise StoreError(f"{', '.join(users)} would route to nothing if {name} {change}: change the route first")


def _record(c: Connection, kind: AuditKind, name: str, *, actor: str, now: datetime, detail: dict[str, Scalar]) -> None:
    audit.append(c, AuditEvent(kind=kind, actor=actor, subject=name, detail=detail), now=now)


def _values(peer: Peer) -> dict[str, Any]:
    return {**dataclasses.asdict(peer), "route_to": list(peer.route_to), "wants": list(peer.wants)}


def _flat(peer: Peer) -> dict[str, Scalar]:
    values = _values(peer)
    del values["name"]
    return {**values, "route_to": ",".join(peer.route_to), "wants": ",".join(peer.wants)}


def _peer(row: RowMapping | dict[str, Any]) -> Peer:
    return Peer(**{**row, "route_to": tuple(row["route_to"]), "wants": tuple(row["wants"])})


def _printable(text: str) -> str:
    shown = "".join(mark if mark.isprintable() else f"\\x{ord(mark):02x}" for mark in text.strip(" \0"))
    return shown[:64]
