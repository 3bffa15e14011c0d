"""The listener: sockets, limits, TLS, and a stop that lets running stores finish."""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, commitment
from baa_node.dicom.acceptor import NodeAssociation
from baa_node.dicom.anteroom import Anteroom, Turn, Visitor
from baa_node.dicom.connection import DeadlineSocket
from baa_node.dicom.contexts import accepted_sop_classes, decodable_transfer_syntaxes, supported_contexts
from baa_node.dicom.ledger import CONNECTIONS_PER_ASSOCIATION, Ledger
from baa_node.dicom.limits import Limit, reached
from baa_node.dicom.messages import Budget, ForgetfulBuffer
from baa_node.dicom.notices import Notices, Noting
from baa_node.dicom.scp import Admission, Answer, NodeHandler, StoreRequest, admission_of, answer_store
from baa_node.dicom.tls import FreshContext, ServerTls, reason_of
from baa_node.errors import ConfigError
from baa_node.faults import cannot_listen

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.dimse_primitives import C_STORE
    from pynetdicom.presentation import PresentationContextTuple

__all__ = ["ListenSettings", "NodeServer", "ServerTls", "decodable_transfer_syntaxes"]

logger = logging.getLogger("baa_node.dicom")

POLL_INTERVAL_S: Final = 0.1
"""How often the accepting thread looks whether it shall stop, and `stop` whether associations have ended."""


@dataclass(frozen=True, kw_only=True)
class ListenSettings:
    """Where to listen, what to accept, how much and how long.

    Attributes
    ----------
    port : int
        0 lets the system choose one.
    share_port : bool
        Let other processes of the same user, which ask for it, too, listen on the port: the system deals the connections out among them.
    any_called_ae : bool
        Take a caller that names no called AE title for one that calls ours; about the others the handler decides.
    pdu_timeout_s : float
        For the association request after connecting, the TLS handshake, and the rest of each PDU once it has begun.
    idle_timeout_s : float
        Without any PDU, after which an association is aborted.
    max_dataset_bytes : int
        Larger ones are answered with 0xA700; twice as large ones end the association.
    max_receiving_bytes : int
        What all associations together may hold of data sets that are being received; beyond it 0xA700.
    max_pdu_bytes : int
        Offered to peers; 128 KiB speeds large images up by a third, more does not.
    """

    ae_title: str
    host: str
    port: int
    share_port: bool = False
    any_called_ae: bool = False
    processing_images: bool = False
    secondary_capture: bool = False
    digitised_film: bool = False
    max_associations: int = 64
    max_associations_per_address: int = 32
    pdu_timeout_s: float = 30
    idle_timeout_s: float = 60
    max_dataset_bytes: int = 512 * 1024 * 1024
    max_receiving_bytes: int = 2048 * 1024 * 1024
    max_pdu_bytes: int = 128 * 1024
    tls: ServerTls | None = None


class Handler(NodeHandler, Noting, Protocol):
    """What a listener asks and tells: `NodeHandler` about callers and instances, `Noting` of callers that get nowhere."""


class ConnectionHandler(RequestHandler):  # type: ignore[misc]
    """Runs one association in the thread of its connection."""

    def handle(self) -> None:
        """Negotiate and serve until the association is over."""
        association = self._create_association()
        if not self.server.ledger.expect(association, self.request):
            return
        try:
            association.run_reactor()
        finally:
            self.server.ledger.leave(association)
            association.forget()
            association.dul.socket.interrupt()

    def _create_association(self) -> NodeAssociation:
        settings: ListenSettings = self.server.settings
        association = NodeAssociation(
            self.ae,
            self.server,
            tls=settings.tls is not None,
            max_pdu_bytes=settings.max_pdu_bytes,
            max_dataset_bytes=settings.max_dataset_bytes,
            pdu_timeout_s=settings.pdu_timeout_s,
            idle_timeout_s=settings.idle_timeout_s,
            blank_called_ae=settings.ae_title if settings.any_called_ae else "",
            budget=self.server.budget,
            turnstile=self.server.turnstile,
        )
        association.set_socket(DeadlineSocket(association, self.request, pdu_timeout_s=settings.pdu_timeout_s))
        association.acceptor.maximum_length = settings.max_pdu_bytes
        association.acceptor.ae_title = settings.ae_title
        association.acceptor.address_info = self.local
        association.acceptor.implementation_class_uid = self.ae.implementation_class_uid
        association.acceptor.implementation_version_name = self.ae.implementation_version_name
        association.acceptor.supported_contexts = self.server.contexts  # negotiation reads them, and makes its own of them
        association.requestor.address_info = self.remote
        association.bind(evt.EVT_C_STORE, self.server.answer_store)
        association.bind(evt.EVT_N_ACTION, self.server.answer_action)
        association.bind(evt.EVT_N_EVENT_REPORT, self.server.answer_event)
        return association


class Listener(ThreadedAssociationServer):  # type: ignore[misc]
    """Accepts connections, and gives those a thread of their own that ask for an association, or begin TLS (decision 0019)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any, settings: ListenSettings, handler: Handler, tls_context: FreshContext | None, **kwargs: Any) -> None:
        self.settings = settings
        self.ledger = Ledger(settings.max_associations, settings.max_associations_per_address)
        self.budget = Budget(settings.max_receiving_bytes)
        self.turnstile = threading.Lock()
        self.notices = Notices(handler)
        self._handler = handler
        self._tls_context = tls_context
        self._stopping, self._stopped = threading.Event(), threading.Event()
        self._anteroom = Anteroom(patience_s=settings.pdu_timeout_s, encrypted=settings.tls is not None)
        super().__init__(*args, request_handler=ConnectionHandler, **kwargs)

    def server_bind(self) -> None:
        """Take the port, with others where it is shared."""
        if self.settings.share_port:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    @property
    def active_associations(self) -> list[NodeAssociation]:
        """Associations that are open or being negotiated."""
        return self.ledger.present()

    def admit(self, association: NodeAssociation) -> Admission:
        """Decide about the caller of `association`: the handler admits it, and there is a place left."""
        caller = association.caller
        if caller is None:
            return Admission.UNKNOWN_CALLER
        admission = admission_of(caller, self._handler)
        if admission is not Admission.ADMITTED:  # the handler says in words why
            logger.info("association of %s from %s to %s: %s", caller.calling_ae, caller.address, caller.called_ae, admission.name)
        elif not self.ledger.associate(association, caller.address):
            reached(Limit.ASSOCIATIONS, "association of %s from %s rejected: too many at once", caller.calling_ae, caller.address)
            admission = Admission.BUSY
        return admission

    def answer_store(self, event: evt.Event) -> Dataset:
        """Serve a C-STORE request that comes by way of pynetdicom."""
        return self.store(event.assoc, event.request, event.context).response()

    def store(self, association: Any, request: C_STORE, context: PresentationContextTuple) -> Answer:
        """Serve one C-STORE request."""
        data_set = request.DataSet
        asked = StoreRequest(
            caller=association.caller,
            sop_class_uid=str(request.AffectedSOPClassUID),
            sop_instance_uid=str(request.AffectedSOPInstanceUID),
            abstract_syntax=str(context.abstract_syntax),
            transfer_syntax=context.transfer_syntax,
            encoded=data_set.getvalue(),
            too_large=isinstance(data_set, ForgetfulBuffer) and data_set.overflowed,
        )
        try:
            return answer_store(asked, self._handler, max_dataset_bytes=self.settings.max_dataset_bytes)
        finally:  # before the sender hears of it: what is held counts against its next image
            if isinstance(data_set, ForgetfulBuffer):
                data_set.release()

    def answer_action(self, event: evt.Event) -> tuple[int, None]:
        """Refuse to commit ourselves to anything: the node is no archive."""
        logger.warning("%s asked for storage commitment: refused, this node is no archive", event.assoc.caller.calling_ae)
        return commitment.NOT_AN_ARCHIVE, None

    def answer_event(self, event: evt.Event) -> tuple[int, None]:
        """Take the answer of a peer that we asked for commitment."""
        caller = event.assoc.caller
        return commitment.answer_event(event, lambda answer: self._handler.committed(caller, answer)), None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, and nothing more: a TLS handshake here would let one silent caller block all others."""
        connection, address = self.socket.accept()
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Drop a connection where its address, or all together, hold too many."""
        kept = self.ledger.connect(client_address[0], request)
        if not kept:
            reached(Limit.CONNECTIONS, "connection from %s dropped: it, or all addresses together, have too many", client_address[0])
        return kept

    def serve_forever(self, poll_interval: float = POLL_INTERVAL_S) -> None:
        """Let connections in until `shutdown`, and give each its thread once there is something to do for it."""
        self._anteroom.open(self.socket)
        try:
            while not self._stopping.is_set():
                for waited in self._anteroom.look(poll_interval):
                    if waited is None:
                        self._let_in()
                    else:
                        self._attend(*waited)
        finally:
            self._stopped.set()

    def _let_in(self) -> None:
        """Let a connection wait until it asks for something, or drop it."""
        try:
            request, client_address = self.get_request()
        except OSError:  # who came has gone again
            return
        if self.verify_request(request, client_address):
            self._anteroom.enter(request, client_address)
        else:
            self.shutdown_request(request)

    def _attend(self, visitor: Visitor, turn: Turn) -> None:
        """Start the thread of a connection, or close it."""
        if turn is Turn.READY:
            try:
                self.process_request(visitor.connection, visitor.address)
            except RuntimeError:  # no more threads
                self.handle_error(visitor.connection, visitor.address)
            else:
                return
        self._see_off(visitor)

    def _see_off(self, visitor: Visitor) -> None:
        """Close a connection that has no thread."""
        self.ledger.forget(visitor.address[0], visitor.connection)
        self.ledger.disconnect(visitor.address[0])
        self.shutdown_request(visitor.connection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.ledger.disconnect(client_address[0])

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands where TLS is on, then associate."""
        try:
            if self._tls_context is not None:
                plain, request = request, self._tls_context().wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                self.ledger.encrypt(client_address[0], plain, request)  # before the handshake: the plain socket can end nothing any more
                self._shake_hands(request, client_address[0])
            super().finish_request(request, client_address)
        finally:
            self.ledger.forget(client_address[0], request)
            request.close()

    def _shake_hands(self, connection: ssl.SSLSocket, address: str) -> None:
        try:
            connection.do_handshake()
        except OSError as error:
            reached(Limit.TLS, "no TLS with %s: %s", address, reason_of(error))
            if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):  # not who only knocks
                self._handler.distrust(address, reason_of(error))
            self.notices.handshake(address, error)
            raise

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log why a connection failed: a line for a network's failures, the stack for our own."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            logger.info("connection from %s failed: %s", client_address[0], reason_of(error))
        else:
            stack = traceback.format_tb(error.__traceback__) if error else []
            logger.error("connection from %s failed with %s\n%s", client_address[0], type(error).__name__, "".join(stack))

    def service_actions(self) -> None:
        """Leave the garbage collector to its own schedule (the original runs it in the accepting thread)."""

    def shutdown(self) -> None:
        """Stop accepting, and close the listening socket and every connection that still waits; not in the serving thread."""
        self._stopping.set()
        self._stopped.wait()
        self.server_close()
        for visitor in self._anteroom.close():
            self._see_off(visitor)


class NodeServer:
    """A running listener."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._thread = threading.Thread(target=listener.serve_forever, args=(POLL_INTERVAL_S,), name="dicom-listener", daemon=True)
        self._thread.start()

    @classmethod
    def start(cls, settings: ListenSettings, handler: Handler) -> Self:
        """Listen, and return when callers can connect; ConfigError where host, port or a TLS file does not serve."""
        tls_context = FreshContext(settings.tls) if settings.tls else None
        try:
            entity = ApplicationEntity(settings.ae_title)
            entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
            entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
            entity.maximum_associations = CONNECTIONS_PER_ASSOCIATION * settings.max_associations  # the ledger decides
            listener = entity.make_server(
                (settings.host, settings.port),
                contexts=[*supported_contexts(_sop_classes(settings)), *commitment.contexts_of_listener()],
                server_class=Listener,
                settings=settings,
                handler=handler,
                tls_context=tls_context,
            )
        except OSError as error:
            raise ConfigError(cannot_listen(error, host=settings.host, port=settings.port, key="node")) from error
        except ValueError as error:
            raise ConfigError(f"AE title {settings.ae_title!r} cannot be used: {error}") from error
        return cls(listener)

    @property
    def port(self) -> int:
        """Port on which the node listens."""
        return int(self._listener.server_address[1])

    @property
    def connections(self) -> int:
        """Number of open connections, associated or not."""
        return self._listener.ledger.connections

    def stop(self, timeout_s: float = 10.0) -> None:
        """Accept nothing more, let stores that have begun finish for `timeout_s`, then end every association."""
        self._listener.ledger.shut()
        self._listener.shutdown()
        self._thread.join()
        deadline = time.monotonic() + timeout_s
        while present := self._listener.active_associations:
            overdue = time.monotonic() >= deadline
            for association in present:
                if overdue or not association.busy:
                    association.close()
            if overdue:
                return
            time.sleep(POLL_INTERVAL_S / 10)


def _sop_classes(settings: ListenSettings) -> tuple[Any, ...]:
    return accepted_sop_classes(
        processing_images=settings.processing_images,
        secondary_capture=settings.secondary_capture,
        digitised_film=settings.digitised_film,
    )
