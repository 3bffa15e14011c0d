"""One database, opened: migrated forward, with transactions that commit or roll back as a whole."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from baa_node.db import schema
from baa_node.db.claim import Claim
from baa_node.db.convoy import Convoy
from baa_node.db.engine import BUSY_TIMEOUT_S, make_own_engine, missing_folder, parse_url, shown_url
from baa_node.db.troubles import why
from baa_node.errors import StoreError

T = TypeVar("T")

_TRANSIENT: Final = (
    "locked",
    "busy",
    "timeout",
    "connect",
    "deadlock",
    "serialize",
    "terminat",
    "shutting down",
    "starting up",
    "full",
    "space",
)


class Database:
    """The node's record, on SQLite or PostgreSQL.

    Attributes
    ----------
    url
        As given to ``open``; may hold a password, so never log it.
    convoy
        Through which writers of ``together`` go; None on PostgreSQL.
    """

    def __init__(self, url: str, parsed: URL) -> None:
        self.url = url
        self._parsed = parsed
        self._engine = make_own_engine(parsed)
        one_writer = self._engine.dialect.name == "sqlite"
        self._reader = make_own_engine(parsed, read_only=True) if one_writer else self._engine
        self._writer = threading.Lock() if one_writer else None
        self.convoy = Convoy(self._turn, self._begun, self._translated) if self._writer else None

    @classmethod
    def open(cls, url: str) -> Database:
        """Connect and bring the schema to this version's revision; the folder of an SQLite file must exist.

        Raises
        ------
        ConfigError
            The URL is of a kind not supported here.
        StoreError
            Unreachable, locked, no database of ours, or written by a newer version (both revisions are named).
        """
        parsed = parse_url(url)
        folder = missing_folder(parsed)
        if folder is not None:
            raise StoreError(f"cannot open {shown_url(parsed)}: the folder {folder} does not exist")
        database = cls(url, parsed)
        try:
            database._migrate()
        except StoreError:
            database.close()
            raise
        return database

    @classmethod
    @contextlib.contextmanager
    def as_it_is(cls, url: str) -> Iterator[Database]:
        """Give a record for a look, its schema untouched; StoreError where there is none, or a table is not as this version has it."""
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            raise StoreError(f"there is no record at {shown_url(parsed)}")
        database = cls(url, parsed)
        try:
            yield database
        finally:
            database.close()

    def _migrate(self) -> None:
        with self.reading() as c:
            current = schema.is_current(c)
        if not current:
            with self.transaction() as c:
                schema.migrate(c)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection whose writes are durable when the block ends, or undone when it raises.

        SQLite has one writer at a time: threads of this process wait for each other on a lock, other processes for the
        file, each up to 30 s. Not re-entrant.

        Raises
        ------
        StoreError
            The database refuses; ``retry_helps`` is True when it was locked or unreachable.
        """
        with self._turn(), self._begun() as c:
            yield c

    def together(self, work: Callable[[Connection], T]) -> T:
        """Give what ``work`` returns once its writes are durable, or raise what it raises when they are undone.

        On SQLite, which has one writer, the work of all threads that wait shares one transaction and its flush; PostgreSQL shares
        flushes by itself. ``work`` may run in another thread, and must not begin a transaction.

        Raises
        ------
        StoreError
            As ``transaction``. Where another's work makes the shared transaction fail, too; then nothing of any is kept.
        """
        if self.convoy is None:
            with self.transaction() as c:
                return work(c)
        outcome: T = self.convoy.run(work)
        return outcome

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one consistent state and cannot write; never waits for writers on SQLite.

        Raises
        ------
        StoreError
            As ``transaction``, and when something is written.
        """
        with self._translated(), self._reader.connect() as c:
            if self._writer is None:
                c.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
            with c.begin():
                yield c

    def claim(self, key: int) -> Claim:
        """Give a right, by its number, that one process has at a time."""
        return Claim(self._engine, key)

    def close(self) -> None:
        """Release every pooled connection; a closed database may be used again and connects anew."""
        self._engine.dispose()
        self._reader.dispose()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise self._error("another thread has been writing for 30 s", transient=True)
        try:
            yield
        finally:
            self._writer.release()

    @contextlib.contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self._translated(), self._engine.connect() as c, c.begin():
            yield c

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:  # of what goes to the driver directly
            raise self._refusal(error, operational=isinstance(error, sqlite3.OperationalError)) from None
        except DBAPIError as error:
            raise self._refusal(error.orig, operational=isinstance(error, OperationalError)) from None
        except SQLAlchemyError as error:
            raise self._error(str(error).partition("\n")[0], transient=False) from None

    def _refusal(self, error: BaseException | None, *, operational: bool) -> StoreError:
        text = str(error).strip().partition("\n")[0]
        return self._error(text, transient=operational and any(word in text.lower() for word in _TRANSIENT))

    def _error(self, text: str, *, transient: bool) -> StoreError:
        if self._parsed.password:
            text = text.replace(self._parsed.password, "***")
        error = StoreError(why(self._parsed, text))
        error.retry_helps = transient
        return error
