"""Engines tuned for one promise: what is committed to the record survives a power cut."""

from __future__ import annotations

import functools
import json
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.schema import Table

from baa_node.db.prepared import Prepared
from baa_node.errors import ConfigError

BUSY_TIMEOUT_S: Final = 30
"""For a lock of another process; of SQLite ``?timeout=`` in the URL may say otherwise."""

_BUSY_PAUSE_S: Final = 0.01
_PRIMARY_CODE: Final = 0xFF
"""The part of SQLite's result codes that says what happened; the rest says why."""

_POSTGRESQL: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "options": "-c idle_in_transaction_session_timeout=10000",
}
"""A process that freezes, or whose network is gone, must not hold its locks for ever: the server ends its transaction."""

_MAY_LAG: Final = {"sqlite": "NORMAL", "postgresql": " -c synchronous_commit=off"}
"""Of a database that a power cut may set back by its last moments, in order and whole: nobody waits for the disk."""


def parse_url(url: str) -> URL:
    """Check a database URL and name the driver that ships with the node.

    Raises
    ------
    ConfigError
        Neither ``sqlite:///FILE`` nor ``postgresql://...``. The text never repeats the URL: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("[database] url is not a URL; use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE") from None
    kind = parsed.get_backend_name()
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise ConfigError(f"[database] url: {kind} is not supported; use sqlite:///FILE or postgresql://...")
    if parsed.database in {None, "", ":memory:"}:
        raise ConfigError("[database] url: SQLite needs a file; a database in memory would not survive a restart")
    return parsed


def shown_url(url: URL) -> str:
    """Give a URL fit for messages: no password, no query string."""
    return url.set(query={}).render_as_string(hide_password=True)


def make_engine(url: str) -> Engine:
    """Make an engine for a library that begins its own transactions (DBOS does, with an explicit ``BEGIN IMMEDIATE``).

    What it commits may lag behind the record after a power cut, and only then (decision 0024). SQLite: WAL, synchronous=NORMAL, foreign
    keys, 30 s busy timeout; the driver begins IMMEDIATE before the first write. PostgreSQL: synchronous_commit=off.

    Raises
    ------
    ConfigError
        The URL is of a kind not supported here.
    """
    return _make(parse_url(url), driver_begins="IMMEDIATE", may_lag=True)


def make_own_engine(url: URL, *, read_only: bool = False) -> Engine:
    """Make an engine of ``Database``, whose transactions are all explicit, on SQLite IMMEDIATE.

    Parameters
    ----------
    read_only
        On SQLite its connections can only read, and its transactions wait for nobody. That is said to each connection once: SQLite prepares
        every statement of a connection anew after it has been told so, or the contrary, which took longer than the statements themselves.
    """
    engine = _make(url, driver_begins=None, read_only=read_only)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", _begin_reading if read_only else _begin_writing)
    return engine


def _make(url: URL, *, driver_begins: str | None, read_only: bool = False, may_lag: bool = False) -> Engine:
    common: dict[str, Any] = {"json_serializer": _json_text, "pool_size": 20, "max_overflow": 20, "pool_timeout": BUSY_TIMEOUT_S}
    if url.get_backend_name() == "sqlite":
        patience_s = float(str(url.query.get("timeout", BUSY_TIMEOUT_S)))
        # The connection used last is the next: what it remembers of the file is still true unless another one wrote since.
        engine = create_engine(url, connect_args={"timeout": patience_s, "check_same_thread": False}, pool_use_lifo=True, **common)

        def connected(connection: Any, _record: Any) -> None:
            connection.isolation_level = driver_begins
            _keep_log_beside(connection, patience_s)
            synchronous = _MAY_LAG["sqlite"] if may_lag else "FULL"
            for pragma in (f"synchronous={synchronous}", "foreign_keys=ON", *(("query_only=ON",) if read_only else ())):
                connection.execute(f"PRAGMA {pragma}").close()

        event.listen(engine, "connect", connected)
        return engine
    options = _POSTGRESQL["options"] + (_MAY_LAG["postgresql"] if may_lag else "")
    return create_engine(url, connect_args={**_POSTGRESQL, "options": options}, pool_pre_ping=True, **common)


def _keep_log_beside(connection: Any, patience_s: float) -> None:
    """Set SQLite's write-ahead log; where several open a new file at once, that alone is refused without any patience."""
    until = time.monotonic() + patience_s
    while not _set_log_beside(connection, may_wait=time.monotonic() < until):
        time.sleep(_BUSY_PAUSE_S)


def _set_log_beside(connection: Any, *, may_wait: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode=WAL").close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY or not may_wait:
            raise
        return False
    return True


def _begin_reading(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN")


def _begin_writing(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def insert_once(c: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with the same key exists; True when this call inserted it.

    On PostgreSQL a concurrent insert of the same key is waited for, so False means that the row is there.
    """
    return _insert_or_not(c.dialect.name, table).count(c, values) == 1


@functools.cache
def _insert_or_not(dialect: str, table: Table) -> Prepared:
    if dialect == "sqlite":
        return Prepared(sqlite.insert(table).on_conflict_do_nothing())
    return Prepared(postgresql.insert(table).on_conflict_do_nothing())


def storable(text: str) -> str:
    """Replace what no database holds as text, NUL and lone surrogates, by question marks: odd senders send them."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")


def missing_folder(url: URL) -> Path | None:
    """Name the folder an SQLite file would need, if it does not exist."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    folder = Path(url.database).absolute().parent
    return None if folder.is_dir() else folder
