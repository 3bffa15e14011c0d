"""HTTP to a destination: who we are, whom we trust, and which answers are worth another try."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx

from baa_node.bridges.port import Attempt, Wires
from baa_node.bridges.secret import secret_of
from baa_node.bridges.tls import context_of
from baa_node.db.peers import Peer
from baa_node.dicom.certificate import HANDSHAKES
from baa_node.dicom.troubles import why_no_connection
from baa_node.errors import DeliveryError

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write a line for each request

PASSING: Final = {401, 403, 407, 408, 425, 429}
"""Client errors that may pass: an administrator's to mend, as 0x0124 of C-STORE is, or a matter of time."""


class WebClient:
    """HTTP client of one destination, without proxies, redirects or anything else from the environment."""

    def __init__(self, peer: Peer, wires: Wires) -> None:
        self.base = peer.url.rstrip("/")
        self._trust = context_of(wires) if self.base.startswith("https:") else False
        self._authorisation = _authorisation(peer)
        self._timeout_s = wires.timeout_s

    def request(self, method: str, path: str, *, headers: Mapping[str, str], content: bytes | None = None) -> httpx.Response:
        """Make one request.

        Raises
        ------
        DeliveryError
            No answer came; another try may help.
        """
        try:
            with httpx.Client(
                verify=self._trust,
                timeout=self._timeout_s,
                auth=self._authorisation,
                trust_env=False,
                event_hooks={"response": [_note_certificate]},
            ) as client:
                return client.request(method, f"{self.base}{path}", headers=dict(headers), content=content)
        except httpx.HTTPError as error:
            raise DeliveryError(self._why(error)) from error

    def _why(self, error: httpx.HTTPError) -> str:
        """Explain that no answer came; what the network said lies below what httpx raises."""
        url = urlsplit(self.base)
        port = url.port or (443 if url.scheme == "https" else 80)
        below = TimeoutError() if isinstance(error, httpx.ConnectTimeout) else _network_error(error)
        if below is None or isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
            return f"{self.base}: {'no answer in time' if below else str(error) or type(error).__name__}"
        where = {"peer": self.base, "host": url.hostname or "", "key": "bridges.tls_ca"}
        return why_no_connection(below, port=port, seconds=self._timeout_s, tls=url.scheme == "https", **where)


def failed(response: httpx.Response, base: str, *, also: str = "") -> Attempt:
    """Judge an answer that is no success; of its body nothing is repeated, as it may quote what was sent."""
    told = f"{base} answered HTTP {response.status_code}{f' ({also})' if also else ''}"
    return Attempt(retry=response.is_server_error or response.status_code in PASSING, error=told)


def _note_certificate(response: httpx.Response) -> None:
    """Keep what the server showed, while its answer is being received; later the connection may be closed."""
    encrypted = response.extensions["network_stream"].get_extra_info("ssl_object")
    if encrypted is not None:
        url = response.request.url
        HANDSHAKES.note(url.host, url.port or 443, encrypted.getpeercert(True))


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _authorisation(peer: Peer) -> httpx.Auth | None:
    if not peer.secret:
        return None
    secret = secret_of(peer.secret)
    return httpx.BasicAuth(peer.user, secret) if peer.user else _Bearer(secret)


def _network_error(error: httpx.HTTPError) -> OSError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None
