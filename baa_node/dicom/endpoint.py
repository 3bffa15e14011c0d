"""A peer as we call it: titles, address, TLS and how long we wait."""

from __future__ import annotations

from dataclasses import dataclass

from baa_node.dicom.tls import ClientTls


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A peer as we call it.

    Attributes
    ----------
    connect_timeout_s : float
        For the connection and its TLS handshake.
    association_timeout_s : float
        For the answer to an association or release request.
    response_timeout_s : float
        For the answer to each message; a PACS may index before it answers.
    """

    ae_title: str
    host: str
    port: int
    calling_ae: str
    tls: ClientTls | None = None
    connect_timeout_s: float = 10
    association_timeout_s: float = 30
    response_timeout_s: float = 60

    def __str__(self) -> str:
        return f"{self.ae_title} at {self.host}:{self.port}"
