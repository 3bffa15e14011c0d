"""How many readings and deliveries stand where: what health and metrics show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import Column, Connection, func, select

from baa_node.db import audit
from baa_node.db.audit import AuditKind
from baa_node.db.studies.deliveries import DeliveryState
from baa_node.db.studies.readings import State
from baa_node.db.tables import deliveries, instances, peers, readings

SETTLED: Final = frozenset({State.DELIVERED, State.DISMISSED, State.LEFT_ALONE})
"""States in which readings stay, year after year: counting them reads a whole index."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What waits, and since when the oldest of it does."""

    to_read: int
    read_since: datetime | None
    to_deliver: int
    deliver_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class PeerTraffic:
    """What passed between the node and a peer, as far as the record tells.

    Attributes
    ----------
    received_at, delivered_at
        The last image from it, the last results that it took.
    waiting, given_up
        Deliveries to it that are due or wait for their next attempt, and those that were given up.
    trouble
        What the last attempt of a waiting or given up delivery ended with.
    """

    received_at: datetime | None = None
    delivered_at: datetime | None = None
    waiting: int = 0
    given_up: int = 0
    trouble: str | None = None


def count_readings(c: Connection, states: Iterable[State] = State) -> dict[str, int]:
    """Count the readings, superseded ones too, by these states; every one is there. `SETTLED` ones take long where a record is."""
    return _count(c, readings.c.state, (state.value for state in states))


def count_deliveries(c: Connection, states: Iterable[DeliveryState] = get_args(DeliveryState)) -> dict[str, int]:
    """Count the deliveries by these states; every one is there. Delivered ones take long where a record is."""
    return _count(c, deliveries.c.state, states)


def count_since(c: Connection, since: datetime) -> dict[str, int]:
    """Count the images that came at or after a time by the state of their latest reading; states without any are left out.

    A first reading is ordered when its image comes. Unless somebody ordered another one since, an index alone tells.
    """
    again = audit.list_events(c, kind=AuditKind.REREAD_ORDERED, limit=1)
    if not again or again[0].at < since:
        ordered = select(readings.c.state, func.count().label("n")).where(readings.c.state.in_(list(State)), readings.c.ordered_at >= since)
        return {row.state: row.n for row in c.execute(ordered.group_by(readings.c.state))}
    last = select(readings.c.state).where(readings.c.sop_instance_uid == instances.c.sop_instance_uid)
    newest = last.order_by(readings.c.revision.desc()).limit(1).scalar_subquery().label("state")
    came = select(newest).where(instances.c.received_at >= since).subquery()
    query = select(came.c.state, func.count().label("n")).group_by(came.c.state)
    return {row.state: row.n for row in c.execute(query)}


def queue(c: Connection) -> Queue:
    """Say how much is to be read and delivered, and since when the oldest of each waits."""
    unread = c.execute(select(func.count(), func.min(readings.c.ordered_at)).where(readings.c.state == State.RECEIVED.value)).one()
    unsent = c.execute(select(func.count(), func.min(deliveries.c.opened_at)).where(deliveries.c.state == "pending")).one()
    return Queue(to_read=unread[0], read_since=unread[1], to_deliver=unsent[0], deliver_since=unsent[1])


def traffic(c: Connection) -> dict[str, PeerTraffic]:
    """Tell what passed between the node and each of its peers."""
    received = select(instances.c.received_at).where(instances.c.peer == peers.c.name).order_by(instances.c.received_at.desc()).limit(1)
    taken = (deliveries.c.peer == peers.c.name, deliveries.c.state == "delivered")
    delivered = select(deliveries.c.delivered_at).where(*taken).order_by(deliveries.c.delivered_at.desc()).limit(1)
    known = select(peers.c.name, received.scalar_subquery().label("received_at"), delivered.scalar_subquery().label("delivered_at"))
    open_ = _open_by_peer(c)
    return {
        row.name: PeerTraffic(received_at=row.received_at, delivered_at=row.delivered_at, **open_.get(row.name, {}))
        for row in c.execute(known)
    }


def _open_by_peer(c: Connection) -> dict[str, dict[str, Any]]:
    """Count what waits and what was given up, and find the last trouble of each peer that has any."""
    still = deliveries.c.state.in_(("pending", "failed"))
    found: dict[str, dict[str, Any]] = {}
    for row in c.execute(
        select(deliveries.c.peer, deliveries.c.state, func.count().label("n")).where(still).group_by(deliveries.c.peer, deliveries.c.state)
    ):
        found.setdefault(row.peer, {})["waiting" if row.state == "pending" else "given_up"] = row.n
    for peer, told in found.items():
        errors = select(deliveries.c.last_error).where(deliveries.c.peer == peer, still, deliveries.c.last_error.is_not(None))
        told["trouble"] = c.execute(errors.order_by(deliveries.c.opened_at.desc()).limit(1)).scalar()
    return found


def latest_outcomes(c: Connection, limit: int) -> list[dict[str, Any]]:
    """Give the first readings of the images that came last and have a result, newest first, as the record holds them."""
    joined = instances.join(readings, instances.c.sop_instance_uid == readings.c.sop_instance_uid)
    query = select(readings.c.outcome).select_from(joined).where(readings.c.revision == 1, readings.c.outcome.is_not(None))
    return list(c.execute(query.order_by(instances.c.received_at.desc()).limit(limit)).scalars())


def _count(c: Connection, state: Column[str], wanted: Iterable[str]) -> dict[str, int]:
    names = [str(one) for one in wanted]
    found = c.execute(select(state, func.count().label("n")).where(state.in_(names)).group_by(state))
    return dict.fromkeys(names, 0) | {row.state: row.n for row in found}
