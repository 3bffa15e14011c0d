"""What the operating system refuses, in the sentences of ``mistakes``."""

from __future__ import annotations

import errno
import os
import pwd
import socket
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from baa_node.mistakes import Mistake

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
LISTENING: Final = {
    errno.EADDRINUSE: Mistake.PORT_TAKEN,
    errno.EACCES: Mistake.PORT_FORBIDDEN,
    errno.EADDRNOTAVAIL: Mistake.ADDRESS_ELSEWHERE,
}


def cannot_listen(error: OSError, *, host: str, port: int, key: str) -> str:
    """Explain why a port cannot be opened; ``key`` is the setting of the address, or of the port where that is at fault."""
    mistake = LISTENING.get(error.errno or 0)
    if mistake is None:
        return f"cannot listen on {host}:{port} ({key}): {error.strerror or error}"
    return mistake.told(address=f"{host}:{port}", key=f"{key}.host" if mistake is Mistake.ADDRESS_ELSEWHERE else f"{key}.port")


def cannot_write(error: OSError, *, where: Path | str, otherwise: str, reserve_bytes: int = 0) -> str:
    """Explain why something below ``where`` cannot be written; ``otherwise`` begins the text where it is neither full nor forbidden."""
    if error.errno in FULL:
        return disk_full(where, free_bytes=_free_bytes(where), reserve_bytes=reserve_bytes)
    if error.errno in FORBIDDEN:
        return Mistake.NO_PERMISSION.told(where=where, user=user_name(), reason=error.strerror)
    return f"{otherwise}: {error.strerror}"


def disk_full(where: Path | str, *, free_bytes: int, reserve_bytes: int) -> str:
    """Explain that there is no room in the spool."""
    return Mistake.DISK_FULL.told(where=where, free=free_bytes >> 20, reserve=reserve_bytes >> 20)


def user_name() -> str:
    """Name of the user that this process runs as; its number where it has none, as in many containers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def is_here(host: str) -> bool:
    """Tell whether a host name or address is one of this machine; an unknown one is not."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)
    except OSError:
        return False
    return any(_binds(family, address) for family, _, _, _, address in found)


def _binds(family: int, address: Any) -> bool:
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def _free_bytes(where: Path | str) -> int:
    try:
        stat = os.statvfs(where)
    except OSError:
        return 0
    return stat.f_bavail * stat.f_frsize
