"""How many readings and deliveries stand where: what health and metrics show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Column, Connection, Select, func, select

from baa_node.db.studies.deliveries import DeliveryState
from baa_node.db.studies.readings import State
from baa_node.db.tables import deliveries, instances, readings


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


def count_readings(c: Connection) -> dict[str, int]:
    """Count the readings, superseded ones too, by state; every state is there."""
    return dict.fromkeys((state.value for state in State), 0) | _count(c, readings.c.state)


def count_deliveries(c: Connection) -> dict[str, int]:
    """Count the deliveries by state; every state is there."""
    return dict.fromkeys(get_args(DeliveryState), 0) | _count(c, deliveries.c.state)


def count_since(c: Connection, since: datetime) -> dict[str, int]:
    """Count the images that came at or after a time by the state of their latest reading; states without any are left out."""
    latest = func.max(readings.c.revision)
    came = select(instances.c.sop_instance_uid).where(instances.c.received_at >= since)
    last = select(readings.c.sop_instance_uid, latest.label("revision")).where(readings.c.sop_instance_uid.in_(came))
    newest = last.group_by(readings.c.sop_instance_uid).subquery()
    joined = readings.join(newest, (readings.c.sop_instance_uid == newest.c.sop_instance_uid) & (readings.c.revision == newest.c.revision))
    query = select(readings.c.state, func.count().label("n")).select_from(joined).group_by(readings.c.state)
    return {row.state: row.n for row in c.execute(query)}


def queue(c: Connection) -> Queue:
    """Say how much is to be read and delivered, and since when the oldest of each waits."""
    unread = c.execute(select(func.count(), func.min(readings.c.ordered_at)).where(readings.c.state == State.RECEIVED.value)).one()
    unsent = c.execute(select(func.count(), func.min(deliveries.c.opened_at)).where(deliveries.c.state == "pending")).one()
    return Queue(to_read=unread[0], read_since=unread[1], to_deliver=unsent[0], deliver_since=unsent[1])


def traffic_of(c: Connection, peer: str) -> PeerTraffic:
    """Tell what passed between the node and one peer."""
    received = select(instances.c.received_at).where(instances.c.peer == peer).order_by(instances.c.received_at.desc()).limit(1)
    delivered = select(func.max(deliveries.c.delivered_at)).where(deliveries.c.peer == peer)
    open_ = {row.state: row.n for row in c.execute(_states_of(peer))}
    trouble = select(deliveries.c.last_error).where(
        deliveries.c.peer == peer, deliveries.c.state != "delivered", deliveries.c.last_error.is_not(None)
    )
    return PeerTraffic(
        received_at=c.execute(received).scalar(),
        delivered_at=c.execute(delivered).scalar(),
        waiting=open_.get("pending", 0),
        given_up=open_.get("failed", 0),
        trouble=c.execute(trouble.order_by(deliveries.c.opened_at.desc()).limit(1)).scalar(),
    )


def latest_outcomes(c: Connection, limit: int) -> list[dict[str, Any]]:
    """Give the first readings of the images that came last and have a result, newest first, as the record holds them."""
    joined = instances.join(readings, instances.c.sop_instance_uid == readings.c.sop_instance_uid)
    query = select(readings.c.outcome).select_from(joined).where(readings.c.revision == 1, readings.c.outcome.is_not(None))
    return list(c.execute(query.order_by(instances.c.received_at.desc()).limit(limit)).scalars())


def _states_of(peer: str) -> Select[tuple[str, int]]:
    return select(deliveries.c.state, func.count().label("n")).where(deliveries.c.peer == peer).group_by(deliveries.c.state)


def _count(c: Connection, state: Column[str]) -> dict[str, int]:
    return {row.state: row.n for row in c.execute(select(state, func.count().label("n")).group_by(state))}
