"""We call a peer and something is wrong: `peers test` and the console's button say the same sentence as the log of a delivery."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass

import pytest
from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from baa_node.mistakes import Mistake
from tests.mistakes.site import Site, check, is_told
from tests.parts.certificates import Authorities, Identity
from tests.parts.fhir import Reply, WebServer
from tests.parts.programs import free_port

RESULTS = (Comprehensive3DSRStorage, ComprehensiveSRStorage, SecondaryCaptureImageStorage)


@dataclass
class Wrong:
    """What is seeded: where the peer is said to be, and what the sentence must name."""

    mistake: Mistake
    port: int
    named: tuple[object, ...]
    host: str = "127.0.0.1"
    options: tuple[str, ...] = ()


Seeding = Callable[[Site, Authorities], AbstractContextManager[Wrong]]


@contextmanager
def pacs(*, native: tuple[str, ...] = RESULTS, compressed: tuple[str, ...] = (), **demands: object) -> Iterator[int]:
    """A PACS of pynetdicom's that takes some SOP classes uncompressed and some in JPEG 2000 only; ``demands`` are attributes of its AE."""
    ae = AE("PACS")
    ae.add_supported_context(Verification)
    for sop_class in (*native, *compressed):
        ae.add_supported_context(sop_class, ExplicitVRLittleEndian if sop_class in native else JPEG2000Lossless)
    for name, value in demands.items():
        setattr(ae, name, value)
    server = ae.start_server(("127.0.0.1", 0), block=False)
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


@contextmanager
def wrong_ae_title(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with pacs(ae_title="ARCHIVE", require_called_aet=True) as port:
        yield Wrong(Mistake.CALLED_TITLE_REJECTED, port, (f"PACS at 127.0.0.1:{port}", "is not called PACS"))


@contextmanager
def not_entered_in_the_pacs(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with pacs(require_calling_aet=["SOMEBODY"]) as port:
        yield Wrong(Mistake.CALLING_TITLE_REJECTED, port, ("does not know BAA_NODE", "enter AE title BAA_NODE"))


@contextmanager
def peer_down(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    port = free_port()
    yield Wrong(Mistake.NOBODY_LISTENS, port, (f"PACS at 127.0.0.1:{port}",))


@contextmanager
def wrong_port(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with WebServer(lambda _: Reply(404)) as web:
        yield Wrong(Mistake.NOT_DICOM, web.port, (f"PACS at 127.0.0.1:{web.port}", "correct the port"))


@contextmanager
def firewall(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    """A listener whose queue is full: the kernel drops what comes, as a firewall does."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield Wrong(Mistake.NO_SIGN, port, ("within 0.3 s", f"port {port}"))


@contextmanager
def silent_closer(answer: bytes) -> Iterator[int]:
    """A listener that takes a request, answers it with these bytes, and hangs up; at once where there are none (PS3.8 9.1.4)."""

    def converse(plain: socket.socket) -> None:
        plain.recv(65536)
        plain.sendall(answer)
        if answer:
            plain.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, converse), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextmanager
def rejects_without_reason(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with silent_closer(b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x01") as port:
        yield Wrong(Mistake.REJECTED, port, ("No reason given", "ours is BAA_NODE"))


@contextmanager
def hangs_up(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with silent_closer(b"") as port:
        yield Wrong(Mistake.HUNG_UP, port, (f"PACS at 127.0.0.1:{port}",))


@contextmanager
def says_nothing(site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    """A program that hangs: it takes the request, and never answers."""
    site.settings(NODE__ASSOCIATION_TIMEOUT_S=0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        yield Wrong(Mistake.NO_ANSWER, port, (f"PACS at 127.0.0.1:{port}", "within 0.5 s"))


@contextmanager
def no_route(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    yield Wrong(Mistake.NO_WAY, 104, ("PACS at 255.255.255.255:104",), host="255.255.255.255")


@contextmanager
def unknown_host(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    yield Wrong(
        Mistake.HOST_UNKNOWN, 104, ("PACS at no-such-host.invalid:104", "host name no-such-host.invalid"), host="no-such-host.invalid"
    )


@contextmanager
def no_common_syntax(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with pacs(native=RESULTS[2:], compressed=RESULTS[:2]) as port:
        named = ("Comprehensive 3D SR Storage", "Explicit VR Little Endian or Implicit VR Little Endian")
        yield Wrong(Mistake.NO_COMMON_SYNTAX, port, named)


@contextmanager
def sop_class_refused(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    with pacs(native=RESULTS[:2]) as port:
        yield Wrong(Mistake.SOP_CLASS_REFUSED, port, ("Secondary Capture Image Storage", "--wants"))


@contextmanager
def node_itself(site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    port = free_port()
    site.settings(NODE__PORT=port, NODE__AE_TITLE="PACS")
    yield Wrong(Mistake.ITSELF, port, ("peer pacs", f"PACS at localhost:{port}"), host="localhost")


def server_context(authorities: Authorities, identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    context.load_verify_locations(authorities.ca)
    return context


def tls_site(site: Site, authorities: Authorities, *, ours: str | None = "good") -> None:
    files = {"NODE__TLS_CA": authorities.ca}
    if ours:
        identity = authorities.issue(ours)
        files |= {"NODE__TLS_CERTIFICATE": identity.certificate, "NODE__TLS_KEY": identity.key}
    site.settings(**files, NODE__CONNECT_TIMEOUT_S=5)


@contextmanager
def we_speak_tls_alone(site: Site, authorities: Authorities) -> Iterator[Wrong]:
    tls_site(site, authorities)
    with pacs() as port:
        yield Wrong(Mistake.PEER_WITHOUT_TLS, port, (f"PACS at 127.0.0.1:{port}", "--no-tls"), options=("--tls",))


@contextmanager
def peer_speaks_tls_alone(_site: Site, authorities: Authorities) -> Iterator[Wrong]:
    with tls_listener(server_context(authorities, authorities.issue("good"))) as port:
        yield Wrong(Mistake.PEER_WITH_TLS, port, (f"PACS at 127.0.0.1:{port}", "peers edit --tls"))


def certificate(shown: str, mistake: Mistake, *named: str) -> Seeding:
    @contextmanager
    def seeded(site: Site, authorities: Authorities) -> Iterator[Wrong]:
        tls_site(site, authorities)
        with tls_listener(server_context(authorities, authorities.issue(shown))) as port:
            yield Wrong(mistake, port, (f"PACS at 127.0.0.1:{port}", *named), options=("--tls",))

    seeded.__name__ = f"{shown.replace(' ', '_')}_certificate"
    return seeded


def our_certificate(shown: str | None, mistake: Mistake) -> Seeding:
    @contextmanager
    def seeded(site: Site, authorities: Authorities) -> Iterator[Wrong]:
        tls_site(site, authorities, ours=shown)
        context = server_context(authorities, authorities.issue("good"))
        context.verify_mode = ssl.CERT_REQUIRED
        with tls_listener(context) as port:
            yield Wrong(mistake, port, ("node.tls_certificate",), options=("--tls",))

    seeded.__name__ = f"ours_{shown or 'missing'}"
    return seeded


@contextmanager
def tls_listener(context: ssl.SSLContext) -> Iterator[int]:
    """Shakes hands with whoever comes, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, lambda plain: _shake_hands(plain, context)), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, conversation: Callable[[socket.socket], object]) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain, suppress(OSError):
            plain.settimeout(5)
            conversation(plain)


def _shake_hands(plain: socket.socket, context: ssl.SSLContext) -> None:
    context.wrap_socket(plain, server_side=True).close()


@contextmanager
def without_trust(_site: Site, _authorities: Authorities) -> Iterator[Wrong]:
    yield Wrong(Mistake.NO_TRUST, 104, ("peer pacs", "node.tls_ca"), options=("--tls",))


CASES: tuple[Seeding, ...] = (
    wrong_ae_title,
    not_entered_in_the_pacs,
    wrong_port,
    firewall,
    peer_down,
    rejects_without_reason,
    hangs_up,
    says_nothing,
    no_route,
    unknown_host,
    no_common_syntax,
    sop_class_refused,
    node_itself,
    we_speak_tls_alone,
    peer_speaks_tls_alone,
    without_trust,
    certificate("stranger", Mistake.AUTHORITY_UNKNOWN, "node.tls_ca"),
    certificate("expired", Mistake.CERTIFICATE_EXPIRED),
    certificate("not yet valid", Mistake.CERTIFICATE_NOT_YET_VALID, "NTP"),
    certificate("other host", Mistake.CERTIFICATE_OF_ANOTHER, "node.tls_check_hostname"),
    our_certificate("stranger", Mistake.OUR_AUTHORITY_UNKNOWN),
    our_certificate("expired", Mistake.OUR_CERTIFICATE_EXPIRED),
    our_certificate(None, Mistake.OUR_CERTIFICATE_MISSING),
)


@pytest.mark.parametrize("seeded", CASES, ids=lambda seeding: seeding.__name__)
def test_the_same_sentence_everywhere(site: Site, authorities: Authorities, seeded: Seeding) -> None:
    with seeded(site, authorities) as wrong:
        site.cli.ok("peers", "add", "pacs", "--ae-title", "PACS", "--host", wrong.host, "--port", str(wrong.port), *wrong.options)
        sentence = site.cli.fails("peers", "test", "pacs")
        check(sentence, wrong.mistake, *wrong.named)
        with site.running("console") as node:
            assert is_told(sentence, node.post("/peers/pacs/echo"))
        site.forget_log()
        site.deliver()
        assert sentence in site.log
