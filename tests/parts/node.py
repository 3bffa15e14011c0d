"""The node as its users have it: a process started by its command, spoken to by DICOM, HTTP and its command line."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from sqlalchemy import update

from baa_node.config import load_config
from baa_node.db import Database, studies
from baa_node.db.tables import deliveries
from tests.parts.inside import is_quick, run_inside
from tests.parts.programs import Service, environment, eventually, free_port, run

EXECUTABLE = Path(sys.executable).with_name("baa-node")


class Node:
    """One installation of the node: a data folder, ports that stay the same over restarts, and its settings.

    Parameters
    ----------
    folder : Path
        Empty folder; the data directory and the logs go there.
    settings : str
        ``SECTION__KEY=value`` pairs, as in the environment but without the prefix ``BAA_NODE_``.
    """

    ae_title = "BAA_NODE"

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.port = free_port()
        self.console_port = free_port()
        self.service: Service | None = None
        defaults = {
            "NODE__HOST": "127.0.0.1",
            "NODE__PORT": self.port,
            "CONSOLE__HOST": "127.0.0.1",
            "CONSOLE__PORT": self.console_port,
            "PIPELINE__STUDY_QUIET_S": 1,
        }
        self.env = {f"BAA_NODE_{key}": str(value) for key, value in {**defaults, **settings}.items()}

    def start(self, *options: str, wrap: tuple[str, ...] = ()) -> Self:
        """Start ``serve`` and return when it says that it listens; ``wrap`` is a command that runs it, such as ``prlimit``."""
        self.launch(*options, wrap=wrap)
        self.wait_listening()
        return self

    def launch(self, *options: str, wrap: tuple[str, ...] = ()) -> Service:
        """Start ``serve`` without waiting."""
        command = [*wrap, str(EXECUTABLE), "--data-dir", str(self.data), "serve", *options]
        self._seen = self._listening_lines()
        self.service = Service("node", command, folder=self.folder, env=self.env)
        return self.service

    def wait_listening(self, timeout_s: float = 60.0) -> None:
        eventually(self._listens, what="the node to say that it is listening", timeout_s=timeout_s, every_s=0.05)

    def _listens(self) -> bool:
        service = self.running
        if not service.alive:
            raise RuntimeError(f"the node ended with {service.process.returncode} before it listened\n{service.said()}")
        return self._listening_lines() > self._seen

    def _listening_lines(self) -> int:
        path = self.folder / "node.stdout"
        return len(re.findall(rb"^listening", path.read_bytes(), re.MULTILINE)) if path.exists() else 0

    @property
    def running(self) -> Service:
        if self.service is None:
            raise RuntimeError("the node was not started")
        return self.service

    def stop(self) -> int:
        """Stop by SIGTERM; the exit status."""
        status = self.running.stop()
        self.service = None
        return status

    def kill(self) -> None:
        """End by SIGKILL, as a power cut would."""
        self.running.kill()
        self.service = None

    def __enter__(self) -> Self:
        return self if self.service else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.service is not None:
            self.stop()

    def cli(self, *arguments: str | Path, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run ``baa-node`` on this installation, in this process where that is quicker; standard output and error apart."""
        words = [str(argument) for argument in arguments]
        if is_quick(words):
            return run_inside(["--data-dir", str(self.data), *words], environment(self.env))
        return subprocess.run(
            [EXECUTABLE, "--data-dir", self.data, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=environment(self.env),
            check=False,
        )

    def json(self, *arguments: str | Path) -> Any:
        """Parse what a command prints with ``--json``; the test fails when the command does."""
        done = self.cli("--json", *arguments)
        assert done.returncode == 0, f"baa-node {' '.join(map(str, arguments))}: {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    def assess(self, *paths: Path) -> list[dict[str, Any]]:
        """Read files offline; one object a file, refused or not."""
        done = self.cli("--json", "assess", *paths)
        assert done.returncode in {0, 1}, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def http(self, path: str) -> httpx.Response:
        """GET from the console port."""
        return httpx.get(f"http://127.0.0.1:{self.console_port}{path}", timeout=10, trust_env=False)

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    def deliver_again(self, study: str) -> int:
        """Make every delivery of a study that is done due anew, as if its success had not been recorded; how many."""
        database = Database.open(load_config(self.data, None).database_url)
        with database.transaction() as c:
            sources = [one.sop_instance_uid for one in studies.show_study(c, study).instances]
            values = {"state": "pending", "stored": [], "receipt": None, "next_attempt_at": datetime.now(UTC)}
            done = update(deliveries).where(deliveries.c.source_uid.in_(sources), deliveries.c.state == "delivered").values(values)
            count = c.execute(done).rowcount
        database.close()
        return int(count)

    def add_peer(self, name: str, ae_title: str, port: int, *options: str, host: str = "127.0.0.1") -> None:
        done = self.cli("peers", "add", name, "--ae-title", ae_title, "--host", host, "--port", str(port), *options)
        assert done.returncode == 0, done.stderr

    def run_line(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command line exactly as the node printed it."""
        words = shlex.split(line)
        return run(EXECUTABLE, *words[1:], env=self.env)
