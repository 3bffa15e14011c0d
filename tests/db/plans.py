"""How a database means to answer what a function asks it: the statements as they reach it, and its plan of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import event

from baa_node.db import Connection

LONG: Final = ("instances", "conflicts", "readings", "results", "deliveries", "commitments", "audit_events")
"""Tables that grow with every study."""

WIDE: Final = ("ix_readings_state_ordered_at", "ix_deliveries_state_next_attempt_at")
"""Indexes along which a single value, such as DELIVERED, stands for nearly everything."""


KINDS: Final = ("SELECT", "UPDATE", "DELETE")


def plans_of(c: Connection, ask: Callable[[Connection], object]) -> list[list[str]]:
    """Ask, and give the steps of the plan of each query that was put to the database."""
    return [
        _plan(c, statement, parameters) for statement, parameters in (_on_sqlite if c.dialect.name == "sqlite" else _on_postgresql)(c, ask)
    ]


def _on_sqlite(c: Connection, ask: Callable[[Connection], object]) -> list[tuple[str, Any]]:
    """What the driver ran, parameters filled in: prepared statements go past SQLAlchemy."""
    told: list[str] = []
    driver: Any = c.connection.driver_connection
    driver.set_trace_callback(told.append)
    try:
        ask(c)
    finally:
        driver.set_trace_callback(None)
    return [(statement, ()) for statement in told if statement.lstrip().startswith(KINDS)]


def _on_postgresql(c: Connection, ask: Callable[[Connection], object]) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().startswith(KINDS):
            asked.append((statement, parameters))

    event.listen(c, "before_cursor_execute", note)
    try:
        ask(c)
    finally:
        event.remove(c, "before_cursor_execute", note)
    return asked


def _plan(c: Connection, statement: str, parameters: Any) -> list[str]:
    if c.dialect.name == "sqlite":
        driver: Any = c.connection.driver_connection
        return [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    # What a table of a few rows costs says nothing: told never to read tables as a whole, it does so only where nothing else is possible.
    c.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [row[0].strip() for row in c.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


def whole_tables(plans: list[list[str]], *, walked: tuple[str, ...] = ()) -> list[str]:
    """Steps that read a long table, or a whole index of one, from end to end.

    Parameters
    ----------
    walked
        Indexes that may be followed from an end on: the query stops when it has enough, or asks for states in which little stays.
    """
    return [step for plan in plans for step in plan if _reads_all(step) and not any(index in step for index in walked)]


def _reads_all(step: str) -> bool:
    found = re.match(r"SCAN (\w+)", step) or re.search(r"Seq Scan on (\w+)", step)
    return any(index in step for index in WIDE) or (found is not None and found[1].removesuffix("_1") in LONG)
