from __future__ import annotations

import gc
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baa_node.process import collector_at_rest
from tests.cli.command import Command
from tests.parts.programs import environment

SERVE = """
import gc, sys
from baa_node.cli import main
try:
    main()
finally:
    print("collector works:", gc.isenabled(), "frozen:", gc.get_freeze_count() > 10_000)
"""


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_the_collector_rests_during_a_start_and_is_spared_what_the_start_made() -> None:
    made: list[object] = []
    with collector_at_rest() as all_stands:
        assert not gc.isenabled()
        made.append([made])
        assert gc.get_freeze_count() == 0
        all_stands()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.isenabled()


def test_after_a_start_that_failed_the_collector_works_as_before() -> None:
    with pytest.raises(ValueError, match="port taken"), collector_at_rest():
        raise ValueError("port taken")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_serve_gives_the_collector_its_work_back(tmp_path: Path) -> None:
    settings = {"BAA_NODE_NODE__HOST": "127.0.0.1", "BAA_NODE_NODE__PORT": "0"}
    command = [sys.executable, "-c", SERVE, "--data-dir", str(tmp_path / "data"), "serve", "--roles", "intake"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(settings)) as node:
        assert node.stdout is not None
        assert node.stdout.readline().startswith("listening ")
        node.send_signal(signal.SIGTERM)
        assert node.stdout.read().splitlines() == ["collector works: True frozen: True"]
    assert node.returncode == 0


def test_serve_that_fails_gives_the_collector_its_work_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAA_NODE_NODE__PORT", "70000")
    assert "port" in Command(tmp_path / "data", monkeypatch, capsys).fails("serve")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
