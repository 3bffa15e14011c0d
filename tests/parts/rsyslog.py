"""rsyslog as an audit record repository: UDP and TLS on free ports, all it is told in one file."""

from __future__ import annotations

import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.parts.certificates import Authorities, Identity
from tests.parts.programs import Service, eventually, free_port, program


class Rsyslog:
    """One repository; its ports and its file stay the same over restarts.

    Parameters
    ----------
    folder : Path
        Empty folder for its files.
    authorities : Authorities
        Who has signed its certificate, and must have signed that of its callers.
    """

    def __init__(self, folder: Path, authorities: Authorities, identity: Identity) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.udp_port, self.tls_port = free_port(), free_port()
        self.file = folder / "received"
        self._service: Service | None = None
        (folder / "rsyslog.conf").write_text(
            f"""
global(workDirectory="{folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
       defaultNetstreamDriverCAFile="{authorities.ca}"
       defaultNetstreamDriverCertFile="{identity.certificate}" defaultNetstreamDriverKeyFile="{identity.key}")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{self.udp_port}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
input(type="imtcp" address="127.0.0.1" port="{self.tls_port}")
template(name="as_received" type="string" string="%rawmsg%\\n")
action(type="omfile" file="{self.file}" template="as_received")
"""
        )

    def start(self) -> Self:
        if not list(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
            pytest.fail("rsyslog cannot speak TLS: apt-get install rsyslog-gnutls", pytrace=False)
        command = [program("rsyslogd"), "-n", "-C", "-f", str(self._folder / "rsyslog.conf"), "-i", str(self._folder / "pid")]
        self._service = Service("rsyslog", command, folder=self._folder)
        eventually(self._listens, what="rsyslog to listen", every_s=0.05)
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.tls_port), timeout=1).close()
        except OSError:
            return False
        return True

    @property
    def service(self) -> Service:
        if self._service is None:
            raise RuntimeError("rsyslog was not started")
        return self._service

    def stop(self) -> None:
        self.service.stop()
        self._service = None

    def kill(self) -> None:
        """End by SIGKILL, with whatever it has not read yet."""
        self.service.kill()
        self._service = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._service is not None:
            self.stop()

    def received(self) -> list[bytes]:
        """Every message so far, in the order in which they came."""
        return self.file.read_bytes().splitlines() if self.file.exists() else []

    def wait_for(self, count: int) -> list[bytes]:
        """Every message, once there are so many."""
        eventually(lambda: len(self.received()) >= count, what=f"{count} messages at rsyslog", every_s=0.05)
        return self.received()
