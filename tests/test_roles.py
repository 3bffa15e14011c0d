from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from baa_node.config import Config, load_config
from baa_node.daemon import Daemon
from baa_node.db import Database, peers
from baa_node.dicom.practice import PracticePacs
from baa_node.dicom.server import NodeServer
from baa_node.errors import ConfigError
from baa_node.roles import intake, worker
from baa_node.roles.shared import Shared
from baa_node.sections import ConsoleSection, NodeSection
from baa_node.spool import FolderSpool
from baa_node.web import ConsoleServer
from baa_node.wiring.bundles import Ensembles
from baa_node.wiring.installation import load_identity
from tests.db import made
from tests.parts.programs import environment, eventually

HAND = Path(__file__).resolve().parents[1] / "sample_dicom" / "04_cr_boy_08y_right.dcm"

DESTINATIONS = {"httpx", "fhir", "hl7"}
"""Needed when the first of its kind is called."""

WEB = {"fastapi", "uvicorn", "pydantic", "jinja2"}

REPORTS = {"highdicom", "reportlab"}

HEAVY = {"dbos", "onnxruntime", "pydicom.sr", *REPORTS, *WEB, *DESTINATIONS}
"""What only some of the roles need, each some hundredths of a second or tenths."""

START = """
import json, sys
from pathlib import Path
from baa_node.config import load_config
from baa_node.daemon import Daemon
node = Daemon(load_config(Path(sys.argv[1])), sys.argv[2].split(","))
node.start()
print(json.dumps(sorted(sys.modules)))
node.stop()
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    node, console = NodeSection(host="127.0.0.1", port=0), ConsoleSection(port=0)
    return replace(load_config(tmp_path / "data", None, {}), node=node, console=console)


@pytest.fixture
def shared(config: Config) -> Iterator[Shared]:
    config.data_dir.mkdir()
    database = Database.open(config.database_url)
    spool = FolderSpool(Path(config.spool_path))
    yield Shared(config=config, identity=load_identity(config.data_dir), database=database, spool=spool, ensembles=Ensembles(config))
    database.close()


def test_a_worker_that_is_stopped_at_once_ends_its_rehearsal(shared: Shared) -> None:
    with ExitStack() as running:
        worker.start(running, shared)
        for begin in shared.afterwards:
            begin()
        assert "rehearsal" in {thread.name for thread in threading.enumerate()}
    assert "rehearsal" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("roles", "not_loaded"),
    [
        ("intake", HEAVY),
        ("intake,probes", {"dbos", "onnxruntime", *DESTINATIONS}),
        ("worker", {*WEB, *DESTINATIONS}),
        ("console", {"dbos", "onnxruntime", *REPORTS}),
        ("intake,console", {"dbos", "onnxruntime", *REPORTS}),
    ],
)
def test_a_process_that_has_started_has_loaded_what_its_roles_take_and_no_more(roles: str, not_loaded: set[str], tmp_path: Path) -> None:
    assert not loaded_by(roles, tmp_path / "data") & not_loaded


def test_all_roles_load_what_one_of_them_takes(tmp_path: Path) -> None:
    assert loaded_by("intake,worker,console", tmp_path / "data") & HEAVY == HEAVY - DESTINATIONS


def loaded_by(roles: str, data: Path) -> set[str]:
    """Start a node in a process of its own, and give the names of the modules that it has then."""
    settings = {f"BAA_NODE_{key}": value for key, value in {"NODE__HOST": "127.0.0.1", "NODE__PORT": "0", "CONSOLE__PORT": "0"}.items()}
    command = [sys.executable, "-c", START, str(data), roles]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(settings), check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_an_image_that_came_before_the_pipeline_stood_is_read(shared: Shared) -> None:
    pacs = PracticePacs.start("PACS")
    with ExitStack() as running:
        running.callback(pacs.stop)
        with shared.database.transaction() as c:
            peers.add_peer(c, made.peer(ae_title="PACS", host="127.0.0.1", port=pacs.port), actor="test", now=datetime.now(UTC))
        listening = intake.start(running, shared)
        pacs.store_to("127.0.0.1", listening.port, "BAA_NODE", [HAND])
        assert shared.due.is_set()
        assert pacs.received == {}
        worker.start(running, shared)
        eventually(lambda: len(pacs.received) == 2, what="report and picture of an image that was there first")


def test_a_console_that_cannot_listen_is_named_and_the_listener_goes_with_it(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        node = Daemon(replace(config, console=ConsoleSection(port=port)), ["intake", "console"])
        with pytest.raises(ConfigError, match=str(port)):
            node.start()
    assert node.dicom_port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", node.dicom_port), timeout=5).close()
    again = Daemon(config, ["intake", "console"])  # nothing was left locked
    again.start()
    again.stop()


def test_the_listener_stops_first(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []

    def watch(server: Any) -> None:
        real = server.stop
        monkeypatch.setattr(server, "stop", lambda self: (stopped.append(server.__name__), real(self)))

    watch(ConsoleServer)
    watch(NodeServer)
    node = Daemon(config, ["intake", "console"])
    node.start()
    node.stop()
    assert stopped == ["NodeServer", "ConsoleServer"]
