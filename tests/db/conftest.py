from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from baa_node.db import Connection, Database
from baa_node.db.database import make_own_engine
from baa_node.db.engine import parse_url
from tests.parts.programs import free_port

_number = count()


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = Path(found).resolve() if found else installed[-1] if installed else None
    return path.parent if path else None


def _missing(reason: str) -> None:
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"{reason}; it is needed here: apt-get install postgresql", pytrace=False)
    pytest.skip(f"{reason}: nothing is tested on PostgreSQL")


def _as_postgres() -> dict[str, object]:
    """PostgreSQL refuses to run as root: give the options that make it run as its own user."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        _missing("there is no user postgres to run PostgreSQL")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own on a free port; gives its URL without a database."""
    binaries = _binaries()
    if binaries is None:
        _missing("PostgreSQL is not installed")
    options = _as_postgres()
    # Not tmp_path: its parents are closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="baa-postgresql-"))
    if options:
        os.chown(folder, int(str(options["user"])), int(str(options["group"])))

    def run(name: str, *arguments: str) -> None:
        done = subprocess.run([binaries / name, *arguments], cwd=folder, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stdout + done.stderr

    port = free_port()
    data = str(folder / "data")
    (folder / "password").write_text("s3cret-w0rd")
    (folder / "password").chmod(0o644)
    run(
        "initdb", "-D", data, "-U", "baa", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "-E", "UTF8", "--locale=C", "--no-sync"
    )
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c timezone=Asia/Tokyo"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
    try:
        yield f"postgresql://baa:s3cret-w0rd@127.0.0.1:{port}"
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _empty_database(server: str) -> str:
    name = f"record{next(_number)}"
    engine = make_own_engine(parse_url(f"{server}/postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    return _empty_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url)
    yield opened
    opened.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database that stays empty: whoever uses it undoes everything."""
    if request.param == "sqlite":
        opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('standing') / 'record.db'}")
    else:
        opened = Database.open(_empty_database(request.getfixturevalue("postgresql")))
    yield opened
    opened.close()


class _Undo(Exception):  # noqa: N818 - it is no error
    pass


@pytest.fixture
def c(standing: Database) -> Iterator[Connection]:
    """One transaction for the whole test, undone afterwards."""
    with contextlib.suppress(_Undo), standing.transaction() as connection:
        yield connection
        raise _Undo
