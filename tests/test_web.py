from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from baa_node.db import Database
from baa_node.errors import ConfigError
from baa_node.spool import FolderSpool
from baa_node.web import ConsoleServer, Health


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    yield database
    database.close()


@pytest.fixture
def console(database: Database, tmp_path: Path) -> Iterator[ConsoleServer]:
    console = ConsoleServer.start("127.0.0.1", 0, Health(database=database, spool=FolderSpool(tmp_path / "spool"), provider="CPU"))
    yield console
    console.stop()


def get(console: ConsoleServer, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{console.port}{path}")


def test_a_sound_node_is_ready(console: ConsoleServer) -> None:
    assert get(console, "/healthz").text == "ok\n"
    assert get(console, "/readyz").json() == {"ready": True, "problems": [], "provider": "CPU"}


def test_a_full_disk_is_said(database: Database, tmp_path: Path) -> None:
    console = ConsoleServer.start("127.0.0.1", 0, Health(database=database, spool=FolderSpool(tmp_path, min_free_bytes=1 << 60)))
    try:
        answer = get(console, "/readyz")
    finally:
        console.stop()
    assert answer.status_code == 503
    assert "free space" in answer.json()["problems"][0]


def test_metrics_are_prometheus_text(console: ConsoleServer) -> None:
    lines = get(console, "/metrics").text.splitlines()
    assert any(line.startswith("baa_node_spool_free_bytes ") for line in lines)
    assert "# TYPE baa_node_readings gauge" in lines


def test_a_taken_port_is_named(console: ConsoleServer, database: Database, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{console.port}"):
        ConsoleServer.start("127.0.0.1", console.port, Health(database=database, spool=FolderSpool(tmp_path)))
