"""Copies of a database that is in use, and the way back: SQLite by its own backup interface, PostgreSQL by its own programs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from baa_node.db.engine import make_own_engine, parse_url
from baa_node.errors import ConfigError, StoreError

DEBIAN: Final = Path("/usr/lib/postgresql")


def is_file(url: str) -> bool:
    """Tell whether a database is a file of SQLite."""
    return parse_url(url).get_backend_name() == "sqlite"


def copy_file(url: str, target: Path) -> None:
    """Copy an SQLite database, as of one moment, while others write to it; durable when it returns.

    Raises
    ------
    StoreError
        It cannot be read, the copy cannot be written, or is damaged.
    """
    source = Path(parse_url(url).database or "")
    if not source.is_file():
        raise StoreError(f"there is no database {source}")
    try:
        target.touch(mode=0o600)
        with closing(sqlite3.connect(source, timeout=30)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)
            (state,) = other.execute("PRAGMA quick_check").fetchone()
        _sync(target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"database {source.name} cannot be copied to {target}: {error}") from error
    if state != "ok":
        raise StoreError(f"database {source.name} is damaged: {state.splitlines()[0]}")


def put_file(source: Path, url: str) -> None:
    """Put a copy where the database belongs; whoever calls has seen that nothing is there.

    Raises
    ------
    StoreError
        It cannot be written.
    """
    target = Path(parse_url(url).database or "")
    try:
        for beside in ("-wal", "-shm"):
            target.with_name(target.name + beside).unlink(missing_ok=True)
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(source, part)
        part.chmod(0o640)
        _sync(part)
        part.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise StoreError(f"database {target} cannot be written: {error.strerror}") from error


def dump(c: Connection, url: str, target: Path) -> None:
    """Write everything of a PostgreSQL database to a file as the transaction of ``c`` sees it, which is one moment.

    Raises
    ------
    StoreError
        ``pg_dump`` fails; what it says is repeated without the password.
    ConfigError
        It is not installed.
    """
    c.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # the dump may take longer than our transactions do
    snapshot = c.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    target.touch(mode=0o600)
    _run(url, "pg_dump", ["--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={target}"])
    _sync(target)


def load(source: Path, url: str) -> None:
    """Read such a file into an empty database, all of it or nothing.

    Raises
    ------
    StoreError
        ``pg_restore`` fails.
    ConfigError
        It is not installed.
    """
    _run(url, "pg_restore", ["--no-owner", "--no-acl", "--single-transaction", "--exit-on-error", str(source)])


def is_empty(url: str) -> bool:
    """Tell whether nothing is in a database, or no file is there.

    Raises
    ------
    StoreError
        It cannot be asked.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return not Path(parsed.database or "").exists()
    engine = make_own_engine(parsed)
    try:
        with engine.connect() as c:
            seen = inspect(c)
            return not any(seen.get_table_names(schema) for schema in seen.get_schema_names() if schema != "information_schema")
    except DBAPIError as error:
        raise StoreError(_without_password(parsed, str(error.orig).strip().partition("\n")[0])) from None
    finally:
        engine.dispose()


def _run(url: str, program: str, arguments: Sequence[str]) -> None:
    parsed = parse_url(url).set(drivername="postgresql")
    shown = parsed.set(password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(parsed.password)} if parsed.password else {}
    command = [_program(program), "--no-password", f"--dbname={shown}", *arguments]
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        told = next((line for line in done.stderr.splitlines() if "error" in line.lower()), f"exit {done.returncode}")
        raise StoreError(_without_password(parsed, f"{program}: {told.strip()[:300]}"))


def _program(name: str) -> str:
    """Find a program of PostgreSQL: that of the newest version installed, which reads what older servers hold."""
    versions = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: [int(part) for part in path.parts[-3].split(".") if part.isdigit()])
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise ConfigError(f"{name} is not installed: apt-get install postgresql-client")
    return found


def _without_password(url: URL, told: str) -> str:
    return told.replace(str(url.password), "***") if url.password else told


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
