"""How much of everything there is, for health and metrics."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from baa_node.db.tables import deliveries, readings


def count_readings(c: Connection) -> dict[str, int]:
    """Count the readings by state."""
    return {str(state): int(count) for state, count in c.execute(select(readings.c.state, func.count()).group_by(readings.c.state))}


def count_deliveries(c: Connection) -> dict[str, int]:
    """Count the deliveries by state."""
    return {str(state): int(count) for state, count in c.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))}
