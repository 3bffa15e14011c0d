"""Finding and running the programs that the tests need; a missing one fails the test and names the Debian package."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pytest

T = TypeVar("T")

PACKAGE_OF = {
    "Orthanc": "orthanc",
    "chromium": "chromium",
    "dciodvfy": "dicom3tools",
    "ip": "iproute2",
    "mount": "mount",
    "npm": "npm",
    "prlimit": "util-linux",
    "rsyslogd": "rsyslog rsyslog-gnutls",
    "setpriv": "util-linux",
    "umount": "mount",
}
"""Debian package of a program; whatever is not named here belongs to dcmtk."""


def program(name: str) -> str:
    """Absolute path of a program; the test fails, naming the package, when it is absent.

    Not one of this environment's own, which an activated environment would put first: pynetdicom brings a storescu, too.
    """
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    found = shutil.which(name, path=os.pathsep.join(folder for folder in folders if not _own(folder)))
    if found is None:
        pytest.fail(f"{name} is not installed: apt-get install {PACKAGE_OF.get(name, 'dcmtk')}", pytrace=False)
    return found


def _own(folder: str) -> bool:
    return sys.prefix != sys.base_prefix and Path(folder).resolve() == (Path(sys.prefix) / "bin").resolve()


def run(*command: str | Path, timeout_s: float = 60.0, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; standard error is folded into ``stdout`` and undecodable bytes are replaced."""
    return subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout_s,
        env=environment(env),
        check=False,
    )


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of this process with some changes, in which Python keeps what it compiled, as it does where the node is installed.

    Without that every start of an editable checkout would compile hundreds of modules again, which takes longer than the start.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **(changes or {})}


PORTS = range(20_000, 32_000)
"""Below those that Linux gives to connections that go out (ip(7), ip_local_port_range), which may take a port before its listener."""

_WORKERS = 8
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_OURS = PORTS[_WORKER % _WORKERS :: _WORKERS]
"""Two processes of the tests never choose the same."""

_NEXT = itertools.count(random.SystemRandom().randrange(len(_OURS)))


def free_port() -> int:
    """Port on 127.0.0.1 that nothing listens on, each time another."""
    for turn in itertools.islice(_NEXT, len(_OURS)):
        port = _OURS[turn % len(_OURS)]
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port from {PORTS.start} to {PORTS.stop} is free")


SLOWEST = 3
"""How many times slower than an idle machine of two cores one may be on which the tests still pass."""


def eventually(probe: Callable[[], T | None], *, what: str, timeout_s: float = 20.0, every_s: float = 0.1) -> T:
    """First result of ``probe`` that is neither empty, None nor False; the test fails with ``what`` when the time is up.

    ``timeout_s`` is for an idle machine, and no measure: who promises a time asserts it.
    """
    deadline = time.monotonic() + SLOWEST * timeout_s
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() >= deadline:
            pytest.fail(f"waited {SLOWEST * timeout_s:g} s in vain: {what}")
        time.sleep(every_s)


class Service:
    """A program that runs beside the tests, in a session of its own, and dies with the test process.

    Standard output and error go to files which ``tests/conftest.py`` shows when a test fails.
    """

    running: list[Service] = []  # noqa: RUF012 - one register for the whole run is its purpose

    def __init__(self, name: str, command: Sequence[str], *, folder: Path, env: dict[str, str] | None = None) -> None:
        self.name = name
        self.stdout = folder / f"{name}.stdout"
        self.stderr = folder / f"{name}.stderr"
        with self.stdout.open("ab") as out, self.stderr.open("ab") as err:
            self.process = subprocess.Popen(
                [program("setpriv"), "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment(env),
                start_new_session=True,
            )
        Service.running.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self in Service.running:
            self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout_s: float = 20.0) -> int:
        """SIGTERM, then SIGKILL when it does not end in time; returns the exit status (negative: the signal)."""
        if self.alive:
            self.process.terminate()
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return self.kill()
        self._forget()
        return status

    def kill(self) -> int:
        """SIGKILL at once."""
        self.process.kill()
        status = self.process.wait(10)
        self._forget()
        return status

    def said(self) -> str:
        """Return the end of both streams, for a failure message."""
        streams = (f"--- {self.name} {path.suffix[1:]}\n{_tail(path)}" for path in (self.stdout, self.stderr) if path.exists())
        return "\n".join(streams)

    def _forget(self) -> None:
        if self in Service.running:
            Service.running.remove(self)


def _tail(path: Path, size: int = 3000) -> str:
    data = path.read_bytes()
    return data[-size:].decode(errors="replace")


def is_connected(pid: int, port: int) -> bool:
    """Whether a process holds an established IPv4 connection to a port, seen from its own network."""
    established = "01"
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    inodes = {words[9] for words in map(str.split, lines) if words[2].endswith(f":{port:04X}") and words[3] == established}
    held = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    return any(f"socket:[{inode}]" in held for inode in inodes)
