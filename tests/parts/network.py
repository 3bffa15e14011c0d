"""Hosts with a network of their own: namespaces on one bridge, whose cables can be pulled."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pytest

from tests.parts.programs import program, run


@dataclass(frozen=True)
class Host:
    """One namespace.

    Attributes
    ----------
    wrap
        What runs a command in it.
    """

    name: str
    address: str
    wrap: tuple[str, ...]


class Network:
    """A bridge on this machine, reached by every host at `address`; needs root, and is taken down at the end."""

    def __init__(self) -> None:
        number = os.getpid() % 50_000
        self._bridge = f"baa{number}"
        self._net = f"10.{200 + number // 250 % 50}.{number % 250}"
        self.address = f"{self._net}.1"
        self._hosts: list[Host] = []

    def __enter__(self) -> Self:
        if run(program("ip"), "link", "add", self._bridge, "type", "bridge").returncode != 0:
            pytest.skip("no network namespaces here: hosts are cut off from each other by pulling their cables")
        _ip("addr", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for host in self._hosts:
            run(program("ip"), "netns", "del", host.name)
        run(program("ip"), "link", "del", self._bridge)

    def host(self) -> Host:
        """Another host on the bridge."""
        number = len(self._hosts) + 2
        name = f"{self._bridge}h{number}"
        inside = f"{name}i"
        host = Host(name=name, address=f"{self._net}.{number}", wrap=(program("ip"), "netns", "exec", name))
        self._hosts.append(host)
        _ip("netns", "add", name)
        _ip("link", "add", name, "type", "veth", "peer", "name", inside, "netns", name)
        _ip("link", "set", name, "master", self._bridge, "up")
        for words in (("addr", "add", f"{host.address}/24", "dev", inside), ("link", "set", inside, "up"), ("link", "set", "lo", "up")):
            _ip("-n", name, *words)
        return host

    def cut(self, host: Host) -> None:
        """Pull the cable: nothing arrives, and nobody is told."""
        _ip("link", "set", host.name, "down")

    def mend(self, host: Host) -> None:
        """Plug it in again."""
        _ip("link", "set", host.name, "up")


def _ip(*words: str) -> None:
    done = run(program("ip"), *words)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stdout}"
