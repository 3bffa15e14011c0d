"""Small HTTP servers in this process: a strict FHIR server, and one that answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from tests.parts.programs import free_port

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer; `after_s` late."""

    status: int
    body: bytes = b""
    content_type: str = FHIR_JSON
    after_s: float = 0.0


Handler = Callable[[Request], Reply]


class WebServer:
    """HTTP/1.1 on a free port; every request goes to `handler`, which may be changed while it runs."""

    def __init__(self, handler: Handler, *, port: int | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.port = port or free_port()
        self.handler = handler
        self.requests: list[Request] = []
        self._tls = tls

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/base"

    def __enter__(self) -> Self:
        outer = self

        class Answering(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, dict(self.headers), self.rfile.read(length))
                outer.requests.append(request)
                reply = outer.handler(request)
                time.sleep(reply.after_s)
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Say nothing of clients that went away."""

        self._server = Server(("127.0.0.1", self.port), Answering)
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@dataclass
class FhirStore:
    """Takes transactions that fhir.resources finds valid, keeps the resources by their URL, and answers as FHIR asks.

    Attributes
    ----------
    resources
        Latest version by ``Type/id``.
    versions
        How often each was put.
    """

    resources: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET" and request.path.endswith("/metadata"):
            return Reply(200, b'{"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}')
        if request.method != "POST" or request.headers.get("Content-Type") != FHIR_JSON:
            return Reply(415)
        try:
            bundle = Bundle.model_validate_json(request.body)
        except ValidationError:
            return Reply(422, outcome("invalid", "resource of patient Doe is not valid"))
        entries = [self._put(entry) for entry in bundle.entry]
        return Reply(200, json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries}).encode())

    def _put(self, entry: Any) -> dict[str, Any]:
        assert entry.request.method == "PUT"
        url = entry.request.url
        assert url == f"{entry.resource.get_resource_type()}/{entry.resource.id}"
        self.versions[url] = self.versions.get(url, 0) + 1
        self.resources[url] = entry.resource
        return {"response": {"status": "201 Created" if self.versions[url] == 1 else "200 OK"}}

    def only(self, kind: str) -> Any:
        """Return the one resource of a kind."""
        (found,) = (resource for url, resource in self.resources.items() if url.startswith(f"{kind}/"))
        return found


def outcome(code: str, text: str) -> bytes:
    """Encode an OperationOutcome."""
    return json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": text}]}).encode()
