"""What only somebody does who means it: changing rows of the audit trail, past the triggers that refuse it."""

from __future__ import annotations

from sqlalchemy import text

from baa_node.db import Connection


def change(c: Connection, statement: str, **values: object) -> None:
    """Run a statement on a database whose triggers are out of the way."""
    if c.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            c.execute(text(f"DROP TRIGGER IF EXISTS audit_events_no_{verb}"))
    else:
        c.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
    c.execute(text(statement), values)
