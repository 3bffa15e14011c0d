"""How many readings and deliveries stand where: what health and metrics show."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import Column, Connection, func, select

from baa_node.db.studies.deliveries import DeliveryState
from baa_node.db.studies.readings import State
from baa_node.db.tables import deliveries, readings


def count_readings(c: Connection) -> dict[str, int]:
    """Count the readings, superseded ones too, by state; every state is there."""
    return dict.fromkeys((state.value for state in State), 0) | _count(c, readings.c.state)


def count_deliveries(c: Connection) -> dict[str, int]:
    """Count the deliveries by state; every state is there."""
    return dict.fromkeys(get_args(DeliveryState), 0) | _count(c, deliveries.c.state)


def _count(c: Connection, state: Column[str]) -> dict[str, int]:
    return {row.state: row.n for row in c.execute(select(state, func.count().label("n")).group_by(state))}
