from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baa_node.process import collector_at_rest
from tests.cli.command import Command
from tests.parts.node import Node
from tests.parts.programs import environment

SERVE = """
import gc, sys
from baa_node.cli import main
try:
    main()
finally:
    print("collector works:", gc.isenabled(), "frozen:", gc.get_freeze_count() > 10_000)
"""


STAND_BACK = """
import os, threading
from pathlib import Path
from baa_node.process import stand_back

def niceness():
    return [os.getpriority(os.PRIO_PROCESS, int(task.name)) - here for task in Path("/proc/self/task").iterdir()]

here = os.getpriority(os.PRIO_PROCESS, 0)
go_on = threading.Event()
before = [threading.Thread(target=go_on.wait) for _ in range(8)]
for thread in before:
    thread.start()
for wanted in (0, 3, 5, 2):
    stand_back(here + wanted)
    print(sorted(set(niceness())), len(niceness()))
after = threading.Thread(target=lambda: print(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - here))
after.start()
after.join()
go_on.set()
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


def test_every_thread_stands_back_and_those_that_come_and_none_comes_forward_again() -> None:
    done = subprocess.run([sys.executable, "-c", STAND_BACK], capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.splitlines() == ["[0] 9", "[3] 9", "[5] 9", "[5] 9", "5"]


@pytest.mark.parametrize(("roles", "niceness", "further"), [("worker", 3, 3), ("worker", 0, 0), ("intake,worker", 3, 0)])
def test_who_only_reads_stands_back_once_it_has_started(tmp_path: Path, roles: str, niceness: int, further: int) -> None:
    here = os.getpriority(os.PRIO_PROCESS, 0)
    with Node(tmp_path / "node", PIPELINE__NICENESS=here + niceness).start("--roles", roles) as node:
        threads = [int(task.name) for task in Path(f"/proc/{node.running.pid}/task").iterdir()]
        assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} == {here + further}


def test_a_node_stops_whichever_of_its_threads_is_given_the_signal(tmp_path: Path) -> None:
    node = Node(tmp_path)
    with node.start("--roles", "intake"):
        pid = node.running.pid
        others = sorted(int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir() if int(thread.name) != pid)
        assert others
        assert ctypes.CDLL(None).tgkill(pid, others[-1], signal.SIGTERM) == 0
        assert node.running.process.wait(20) == 0
