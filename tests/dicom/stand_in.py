"""A plugin for pytest that puts our listener in the place of pynetdicom's server, for pynetdicom's own tests (`test_pynetdicoms_own`)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

import pynetdicom.ae
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.service_class import StorageServiceClass

from baa_node.dicom.acceptor import NodeAssociation
from baa_node.dicom.commitment import Commitment
from baa_node.dicom.scp import STORED, Admission, Answer, Caller, Received
from baa_node.dicom.server import ConnectionHandler, Listener, ListenSettings

HANDLER_FAILED = 0xC211
"""What pynetdicom answers where the handler of a C-STORE raises."""


class Everybody:
    """Admits whoever calls."""

    def admit(self, caller: Caller) -> Admission:
        return Admission.ADMITTED

    def receive(self, received: Received) -> Answer:
        return Answer(status=STORED)

    def committed(self, caller: Caller, commitment: Commitment) -> bool:
        return True

    def distrust(self, address: str, reason: str) -> None:
        """Nobody asks here."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_values: None


class Binding(ConnectionHandler):
    """A connection that binds the handlers that a test gave to the server."""

    def _create_association(self) -> NodeAssociation:
        association = super()._create_association()
        association.acceptor.maximum_length = self.ae.maximum_pdu_size
        for event, handlers in self.server._handlers.items():
            if event.is_intervention and handlers:
                association.bind(event, *handlers)
            elif not event.is_intervention:
                for handler, args in handlers:
                    association.bind(event, handler, args)
        evt.trigger(association, evt.EVT_CONN_OPEN, {"address": self.client_address})
        return association


@dataclass(frozen=True)
class StandIn:
    """Makes listeners as pynetdicom makes its servers."""

    def __call__(
        self,
        ae: Any,
        address: tuple[str, int],
        ae_title: str,
        contexts: list[Any],
        ssl_context: ssl.SSLContext | None = None,
        evt_handlers: Any = None,
        request_handler: Any = None,
    ) -> Listener:
        settings = ListenSettings(
            ae_title=ae_title,
            host=address[0],
            port=address[1],
            any_called_ae=True,
            max_associations=ae.maximum_associations,
            max_associations_per_address=ae.maximum_associations,
            pdu_timeout_s=ae.acse_timeout or 30,
            idle_timeout_s=ae.network_timeout or 60,
            max_pdu_bytes=max(ae.maximum_pdu_size, 1 << 17),
        )
        return Lent(
            ae, address, ae_title, contexts, ssl_context, evt_handlers, settings=settings, handler=Everybody(), tls_context=ssl_context
        )


class Lent(Listener):
    """Our listener with the handlers of a test."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.RequestHandlerClass = Binding

    def store(self, association: Any, request: C_STORE, context: Any) -> Answer:
        """Ask the handler that a test has bound, as pynetdicom's Storage service does."""
        try:
            said = evt.trigger(association, evt.EVT_C_STORE, {"request": request, "context": context})
        except Exception:  # noqa: BLE001 - whatever a test raises
            return Answer(status=HANDLER_FAILED)
        judged = StorageServiceClass(association).validate_status(said, C_STORE())
        tags = judged.OffendingElement or []
        offending = tuple(int(tag) for tag in tags) if isinstance(tags, list) else (int(tags),)
        return Answer(status=judged.Status, comment=judged.ErrorComment or "", offending=offending)

    def shutdown(self) -> None:
        super().shutdown()
        if self in self.ae._servers:
            self.ae._servers.remove(self)


def pytest_configure() -> None:
    """Let every server that a test starts be ours."""
    pynetdicom.ae.ThreadedAssociationServer = StandIn()
