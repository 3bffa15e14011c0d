from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from baa_node.db import Connection, Database
from tests.parts.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for the whole run."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    return str(request.getfixturevalue("postgresql").empty_database())


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
        opened = Database.open(str(request.getfixturevalue("postgresql").empty_database()))
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
