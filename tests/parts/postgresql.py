"""A real PostgreSQL on a free port that can be killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from baa_node.db.database import make_own_engine
from baa_node.db.engine import parse_url
from tests.parts.programs import Service, eventually, free_port, program, run

PASSWORD = "s3cret-w0rd"
SETTINGS = {
    "unix_socket_directories": "",
    "fsync": "off",
    "timezone": "Asia/Tokyo",
    "max_connections": "300",
}
"""Without fsync: a killed process loses nothing that the kernel has, and no test pulls the plug."""


class PostgreSQL:
    """One server with a data folder of its own.

    Parameters
    ----------
    host
        Address to listen on; every host of its networks is admitted with the password.
    settings
        Server settings beside `SETTINGS`.
    """

    _number = count()

    def __init__(self, *, host: str = "127.0.0.1", **settings: str) -> None:
        self.port, self.host = free_port(), host
        self._settings = {**SETTINGS, "listen_addresses": host, **settings}
        self._binaries = _binaries()
        # Not tmp_path: its parents are closed to the user that PostgreSQL runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="baa-postgresql-"))
        self._data = self.folder / "data"
        self.service: Service | None = None
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "password").chmod(0o644)
        user = _user()
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        options = ("-U", "baa", "-A", "scram-sha-256", f"--pwfile={self.folder / 'password'}", "-E", "UTF8", "--locale=C", "--no-sync")
        done = run(*_as_user(), self._binaries / "initdb", "-D", self._data, *options, timeout_s=120)
        assert done.returncode == 0, done.stdout
        with (self._data / "pg_hba.conf").open("a") as admitted:
            admitted.write("host all all samenet scram-sha-256\n")

    @property
    def url(self) -> str:
        """URL without a database."""
        return f"postgresql://baa:{PASSWORD}@{self.host}:{self.port}"

    def start(self) -> Self:
        """Return when it answers; after a kill its old processes may be in the way for a moment."""
        eventually(self._started, what="PostgreSQL to start", timeout_s=60, every_s=0.2)
        return self

    def kill(self) -> None:
        """SIGKILL the server; its children end when they see that."""
        assert self.service is not None
        self.service.kill()
        self.service = None

    def stop(self) -> None:
        """End it and remove its data."""
        if self.service is not None:
            self.service.kill()
            self.service = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def empty_database(self) -> str:
        """Create a database; its URL."""
        name = f"record{next(self._number)}"
        engine = make_own_engine(parse_url(f"{self.url}/postgres"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
            c.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return f"{self.url}/{name}"

    def _started(self) -> bool:
        if self.service is None or not self.service.alive:
            settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
            command = [*_as_user(), str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
            self.service = Service("postgresql", command, folder=self.folder)
        return self._answers()

    def _answers(self) -> bool:
        engine = make_own_engine(parse_url(f"{self.url}/postgres"))
        try:
            with engine.connect():
                return True
        except OperationalError:
            return False
        finally:
            engine.dispose()


def _binaries() -> Path:
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = Path(found).resolve() if found else installed[-1] if installed else None
    if path is None:
        _missing("PostgreSQL is not installed")
    return path.parent


def _missing(reason: str) -> None:
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"{reason}; it is needed here: apt-get install postgresql", pytrace=False)
    pytest.skip(f"{reason}: nothing is tested on PostgreSQL")


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: its own user then."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        _missing("there is no user postgres to run PostgreSQL")
        return None


def _as_user() -> list[str]:
    user = _user()
    if user is None:
        return []
    # The signal at the parent's death again: changing the user clears it.
    return [program("setpriv"), f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig", "KILL"]
