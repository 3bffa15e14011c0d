from __future__ import annotations

import itertools
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import programs
from tests.parts.programs import PORTS, free_port

ROOT = Path(__file__).parents[1]


def test_no_connection_that_goes_out_takes_the_port_before_its_listener() -> None:
    lowest, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    assert ports <= set(PORTS)
    assert lowest >= PORTS.stop, "this machine gives such ports to connections that go out, and tests that start servers may fail by chance"


def test_a_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr(programs, "_NEXT", itertools.count(programs._OURS.index(port)))
    with socket.create_server(("127.0.0.1", port)):
        assert free_port() != port


def test_two_processes_of_the_tests_never_choose_the_same() -> None:
    asked = "from tests.parts.programs import _OURS; print(*_OURS)"
    chosen = [
        subprocess.run(
            [sys.executable, "-c", asked], cwd=ROOT, env={"PYTEST_XDIST_WORKER": worker}, capture_output=True, text=True, check=True
        ).stdout.split()
        for worker in ("gw0", "gw1")
    ]
    assert chosen[0]
    assert not set(chosen[0]).intersection(chosen[1])
