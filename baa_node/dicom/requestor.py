"""The association that we open: asking for it, messages on it, and why there is none (the requestor of PS3.8 7.1)."""

from __future__ import annotations

import queue
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AddressInformation

from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from baa_node.dicom.connection import DeadlineSocket
from baa_node.dicom.transport import BoundedAssociation, BoundedProvider
from baa_node.dicom.troubles import why_hung_up, why_no_connection, why_no_dicom, why_rejected
from baa_node.errors import ConfigError, DeliveryError
from baa_node.mistakes import Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pynetdicom.presentation import PresentationContext

    from baa_node.dicom.endpoint import Endpoint

MAX_PDU_BYTES: Final = 128 * 1024
MEDIUM_PRIORITY: Final = 0
"""Priority (0000,0700) of every request that we make."""


class RequestedAssociation(BoundedAssociation):
    """An association that we open, used from one thread; no reactor runs beside it."""

    def __init__(self, endpoint: Endpoint, contexts: Sequence[PresentationContext]) -> None:
        super().__init__(ApplicationEntity(endpoint.calling_ae), "requestor")
        self.endpoint = endpoint
        self._requests: queue.SimpleQueue[tuple[Any, int]] = queue.SimpleQueue()
        self.dul = BoundedProvider(self, max_pdu_bytes=MAX_PDU_BYTES)
        self.acse_timeout = endpoint.association_timeout_s
        self.dimse_timeout = endpoint.response_timeout_s
        self.connection_timeout = endpoint.connect_timeout_s
        self.network_timeout = None
        remote = AddressInformation(endpoint.host, endpoint.port)
        local = AddressInformation("" if remote.is_ipv4 else "::", 0)
        self._introduce(contexts, local, remote)
        tls_args = (endpoint.tls.context(), endpoint.host) if endpoint.tls else None
        self.connection = DeadlineSocket(self, address=local, pdu_timeout_s=endpoint.response_timeout_s)  # last: it holds a descriptor
        self.connection.tls_args = tls_args
        self.set_socket(self.connection)

    def exchange(self, request: Any, context: PresentationContext) -> Any:
        """Send `request` and give the response; DeliveryError where none comes."""
        self.dimse.send_msg(request, context.context_id)
        return self.next_response()

    def next_response(self) -> Any:
        """Give the next response to a request that has several; DeliveryError where none comes."""
        response = self._response()
        if response is None:
            raise DeliveryError(f"{self.endpoint} {self._silence()}")
        if not response.is_valid_response:
            raise DeliveryError(f"{self.endpoint} answered with an invalid message")
        return response

    def request_within(self, wait_s: float) -> tuple[Any, int]:
        """Wait for a request that the peer makes on this association; None and 0 where none comes in time."""
        deadline = time.monotonic() + wait_s
        while self.dul.is_alive() and time.monotonic() < deadline:
            with suppress(queue.Empty):
                return self._requests.get(timeout=min(0.1, wait_s))
        return None, 0

    def _serve_request(self, msg: Any, context_id: int) -> None:
        """Keep a request of the peer for `request_within`: pynetdicom serves those for events in a thread of their own."""
        self._requests.put((msg, context_id))

    def close(self) -> None:
        """Release the association where it stands, and let go of the connection."""
        if self.is_established and self.dul.is_alive():
            self.acse.negotiate_release()
        self.kill()
        self.connection.interrupt()

    def give_up(self) -> None:
        """Abort: the conversation has failed."""
        if self.is_established and self.dul.is_alive():
            self.abort()
        self.kill()
        self.connection.interrupt()

    def trouble(self) -> str | None:
        """Why the request did not end in an association; None where it did, be it without any presentation context."""
        answer = self._answer()
        if self.connection.failure is not None:
            return _why_unreachable(self.connection.failure, self.endpoint)
        if answer is not None:
            return why_rejected(self.endpoint, answer) if answer.result else None
        if self.dul.foreign_octet is not None:
            return why_no_dicom(self.endpoint, self.dul.foreign_octet)
        if self.connection.overdue or (self._sent_abort and not self.connection.peer_closed):
            return Mistake.NO_ANSWER.told(peer=self.endpoint, seconds=self.acse_timeout)
        return why_hung_up(self.endpoint)

    def _answer(self) -> A_ASSOCIATE | None:
        """Give the answer to the request. A rejection may have come, and ended the connection, before pynetdicom began to wait for it."""
        if self.acceptor.primitive is not None:
            return self.acceptor.primitive
        left: list[Any] = []
        with suppress(queue.Empty):
            while True:
                left.append(self.dul.to_user_queue.get_nowait())
        return next((one for one in left if isinstance(one, A_ASSOCIATE)), None)

    def _introduce(self, contexts: Sequence[PresentationContext], local: AddressInformation, remote: AddressInformation) -> None:
        """Fill in what the association request says about either side; ValueError where an AE title is none."""
        self.acceptor.ae_title = self.endpoint.ae_title
        self.acceptor.address_info = remote
        self.requestor.ae_title = self.endpoint.calling_ae
        self.requestor.address_info = local
        self.requestor.maximum_length = MAX_PDU_BYTES
        self.requestor.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        self.requestor.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        for index, context in enumerate(contexts):
            context.context_id = 2 * index + 1
        self.requestor.requested_contexts = list(contexts)

    def _response(self) -> Any:
        """Wait for a response; the time that sending takes does not count while it goes on."""
        while True:
            unsent = self.dul.to_provider_queue.qsize()
            _, response = self.dimse.get_msg(block=True)
            if response is not None or self.acse.is_aborted() or self.dul.to_provider_queue.qsize() >= unsent:
                return response

    def _silence(self) -> str:
        if self.acse.is_aborted("a-abort"):
            return "aborted the association"
        if self.acse.is_aborted("a-p-abort") and not self.connection.overdue:
            return "closed the connection"
        return f"gave no answer within {self.dimse_timeout:g} s"


@contextmanager
def association_with(
    endpoint: Endpoint,
    contexts: Sequence[PresentationContext],
    *,
    opened_by: Callable[[Endpoint, Sequence[PresentationContext]], RequestedAssociation] = RequestedAssociation,
) -> Iterator[RequestedAssociation]:
    """Open an association and close it again; DeliveryError where the peer cannot be reached or refuses."""
    try:
        association = opened_by(endpoint, contexts)
    except OSError as error:  # unknown host
        raise DeliveryError(_why_unreachable(error, endpoint)) from error
    except (ValueError, ConfigError) as error:  # impossible AE title, TLS files
        raise DeliveryError(f"cannot connect to {endpoint}: {error}") from error
    association.request()
    trouble = association.trouble()
    if trouble is not None:
        raise DeliveryError(trouble)
    try:
        yield association
    except BaseException:
        association.give_up()
        raise
    association.close()


def _why_unreachable(error: OSError, endpoint: Endpoint) -> str:
    return why_no_connection(
        error,
        peer=str(endpoint),
        host=endpoint.host,
        port=endpoint.port,
        seconds=endpoint.connect_timeout_s,
        tls=endpoint.tls is not None,
    )
