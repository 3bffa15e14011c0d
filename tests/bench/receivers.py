"""Who takes images in the measurements: the node, plain and over TLS, Orthanc, storescp, and pynetdicom as it comes."""

from __future__ import annotations

import os
import ssl
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench import stock
from tests.parts.certificates import Authorities, Identity
from tests.parts.dcmtk import echoscu, storescp
from tests.parts.line import Line
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import Service, eventually, free_port

MOST_LINES = 64
IDLE_LINES = 200
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
PLAIN_NODE = "baa_node, intake role, fsync"


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Somebody who takes images.

    Attributes
    ----------
    process : int or None
        Whose CPU time is counted; None where each association has a process of its own.
    """

    name: str
    port: int
    called: str
    process: int | None = None
    tls: ssl.SSLContext | None = None

    def line(self, sop_class: str, *, nodelay: bool = True) -> Line:
        """Open an association."""
        return Line(self.port, calling="ORTHANC", called=self.called, sop_class=sop_class, tls=self.tls, nodelay=nodelay)


def cpu_ms(receiver: Receiver) -> float | None:
    """User and system time of a receiver up to now (proc(5))."""
    if receiver.process is None:
        return None
    fields = Path(f"/proc/{receiver.process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


def all_receivers(folder: Path, running: ExitStack) -> list[Receiver]:
    """Start everybody; `running` ends them."""
    node = Node(folder / "node", **_ROOM)
    threads = {"DicomThreadsCount": MOST_LINES}
    orthanc = running.enter_context(Orthanc(folder / "orthanc", node_port=node.port, sync=True, settings=threads))
    stored = running.enter_context(storescp(folder / "received"))
    return [
        _intake(PLAIN_NODE, node, orthanc, running),
        _encrypted(folder, orthanc, running),
        Receiver(name="Orthanc, SyncStorageArea", port=orthanc.port, called="ORTHANC", process=_process(orthanc)),
        Receiver(name="storescp --fork, no fsync", port=stored, called="ANY-SCP"),
        _stock(folder / "stock", running),
    ]


_ROOM = {"NODE__MAX_ASSOCIATIONS": IDLE_LINES + MOST_LINES, "NODE__MAX_ASSOCIATIONS_PER_ADDRESS": IDLE_LINES + MOST_LINES}


def _encrypted(folder: Path, orthanc: Orthanc, running: ExitStack) -> Receiver:
    (folder / "certificates").mkdir()
    authorities = Authorities(folder / "certificates")
    own = authorities.issue("good")
    files = {"NODE__TLS_CERTIFICATE": own.certificate, "NODE__TLS_KEY": own.key, "NODE__TLS_CA": authorities.ca}
    node = Node(folder / "encrypted", **_ROOM, **files)
    return _intake("the same over TLS", node, orthanc, running, client_context(authorities, own))


def client_context(authorities: Authorities, own: Identity) -> ssl.SSLContext:
    """TLS of a sender that shows a certificate and trusts that of the node."""
    context = ssl.create_default_context(cafile=str(authorities.ca))
    context.load_cert_chain(own.certificate, own.key)
    return context


def _intake(name: str, node: Node, orthanc: Orthanc, running: ExitStack, tls: ssl.SSLContext | None = None) -> Receiver:
    node.add_peer("pacs", orthanc.ae_title, orthanc.port)
    running.enter_context(node.start("--roles", "intake"))
    return Receiver(name=name, port=node.port, called="BAA_NODE", process=_process(node), tls=tls)


def _stock(folder: Path, running: ExitStack) -> Receiver:
    folder.mkdir()
    port = free_port()
    program = running.enter_context(
        Service("stock", [sys.executable, "-m", "tests.bench.stock", str(port), str(folder)], folder=folder.parent)
    )
    eventually(lambda: echoscu(port, called=stock.TITLE).returncode == 0, what="pynetdicom to answer an echo")
    return Receiver(name="pynetdicom as it comes, fsync", port=port, called=stock.TITLE, process=program.pid)


def _process(program: Node | Orthanc) -> int:
    if program.service is None:
        raise RuntimeError("not started")
    return program.service.process.pid
