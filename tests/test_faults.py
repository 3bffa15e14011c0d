from __future__ import annotations

import errno
from pathlib import Path

import pytest

from baa_node.faults import cannot_listen, cannot_write, is_here
from baa_node.mistakes import Mistake, codes_in


@pytest.mark.parametrize(
    ("number", "mistake", "named"),
    [
        (errno.EADDRINUSE, Mistake.PORT_TAKEN, "set node.port to a free port"),
        (errno.EACCES, Mistake.PORT_FORBIDDEN, "set node.port to 1024 or more"),
        (errno.EADDRNOTAVAIL, Mistake.ADDRESS_ELSEWHERE, "set node.host to one of its own"),
    ],
)
def test_a_port_that_cannot_be_opened(number: int, mistake: Mistake, named: str) -> None:
    told = cannot_listen(OSError(number, "said by the kernel"), host="10.0.0.1", port=104, key="node")
    assert codes_in(told) == (mistake.code,)
    assert "10.0.0.1:104" in told
    assert named in told


def test_a_fault_that_nobody_foresaw_is_told_as_the_kernel_tells_it(tmp_path: Path) -> None:
    fault = OSError(errno.EIO, "Input/output error")
    assert cannot_listen(fault, host="h", port=1, key="console") == "cannot listen on h:1 (console): Input/output error"
    assert cannot_write(fault, where=tmp_path, otherwise="cannot write here") == "cannot write here: Input/output error"


@pytest.mark.parametrize(("number", "mistake"), [(errno.ENOSPC, Mistake.DISK_FULL), (errno.EROFS, Mistake.NO_PERMISSION)])
def test_a_folder_that_cannot_be_written(tmp_path: Path, number: int, mistake: Mistake) -> None:
    told = cannot_write(OSError(number, "said by the kernel"), where=tmp_path, otherwise="")
    assert codes_in(told) == (mistake.code,)
    assert str(tmp_path) in told


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", True), ("localhost", True), ("192.0.2.1", False), ("no-such-host.invalid", False)]
)
def test_what_is_this_machine(host: str, *, here: bool) -> None:
    assert is_here(host) is here
