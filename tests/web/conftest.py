from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from baa_node.db import Database
from tests.web.visit import Clock, Visit, console_in, serve


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    yield database
    database.close()


@pytest.fixture
def start(tmp_path: Path, database: Database, clock: Clock) -> Iterator[Callable[..., Visit]]:
    """Start a console with the settings given."""
    with ExitStack() as running:

        def begin(**settings: Any) -> Visit:
            console = console_in(tmp_path, database, clock, **settings)
            server = serve(console)
            running.callback(server.stop)
            visit = Visit(console, server.port)
            running.callback(visit.close)
            return visit

        yield begin


@pytest.fixture
def visit(start: Callable[..., Visit]) -> Visit:
    """A console with an admin and a viewer, and somebody who has not logged in yet."""
    visit = start()
    visit.add_user("ann", "admin")
    visit.add_user("vic", "viewer")
    return visit


@pytest.fixture
def admin(visit: Visit) -> Visit:
    visit.log_in("ann")
    return visit


@pytest.fixture
def viewer(visit: Visit) -> Visit:
    visit.log_in("vic")
    return visit
