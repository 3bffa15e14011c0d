"""Which revision a database is at, and the way forward. There is no way back: restore the copy made before."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from baa_node.errors import StoreError
from baa_node.mistakes import Mistake

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every migration of this version, oldest first."""

SCRIPTS: Final = Path(__file__).parent / "migrations"
_ADVISORY_LOCK: Final = 0x626161  # "baa": hosts that start together migrate one after the other


def revision_of(c: Connection) -> str | None:
    """Read the revision that the database says it is at; None for an empty one."""
    if not inspect(c).has_table("alembic_version"):
        return None
    return c.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_current(c: Connection) -> bool:
    """Tell whether nothing has to be migrated.

    Raises
    ------
    StoreError
        The database was written by a newer version.
    """
    found = revision_of(c)
    if found is not None and found not in REVISIONS:
        raise StoreError(Mistake.DATABASE_TOO_NEW.told(found=found, own=REVISIONS[-1]))
    return found == REVISIONS[-1]


def migrate(c: Connection) -> None:
    """Bring the schema to this version's revision inside the caller's transaction: all of it or nothing."""
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    if is_current(c):
        return
    # Imported here: it costs a quarter of a second that a start on a current schema need not pay.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = c
    command.upgrade(config, REVISIONS[-1])
