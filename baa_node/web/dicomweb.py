"""STOW-RS (PS3.18 10.5): images by HTTP, for those who show a token. Answered only when everything in the request is durable."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from baa_node.bridges.secret import secret_of
from baa_node.dicom import scp
from baa_node.errors import DeliveryError, StoreError
from baa_node.intake import Intake
from baa_node.web.forms import is_packed
from baa_node.web.instances import Reception, Stored, response_of, status_of
from baa_node.web.multipart import MultipartParseError, Part, Parts

DICOM: Final = "application/dicom"
DICOM_JSON: Final = "application/dicom+json"
CALLING: Final = "STOW-RS"
"""Stands where an AE title stands otherwise: these callers have none."""

LONGEST_BOUNDARY: Final = 128
"""RFC 2046 5.1.1 allows 70; Orthanc 1.10 sends 73."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Limits and keys of the service.

    Attributes
    ----------
    tokens
        ``PEER=env:NAME`` or ``PEER=file:/path``.
    silence_s
        Longest wait for the next bytes of a request.
    """

    tokens: tuple[str, ...]
    max_request_bytes: int
    max_requests: int
    silence_s: float = 30.0


class RefusedError(Exception):
    """A request that is answered as a whole."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


def routes(intake: Intake, reception: Reception, gate: Gate) -> APIRouter:
    """Give the paths of the service."""
    router = APIRouter(prefix="/dicom-web")
    service = _Service(intake, reception, gate)

    @router.post("/studies")
    async def store(request: Request) -> Response:
        """Store instances of any study."""
        return await service.answer(request, None)

    @router.post("/studies/{study}")
    async def store_in(request: Request, study: str) -> Response:
        """Store instances of this study alone."""
        return await service.answer(request, study)

    return router


class _Service:
    def __init__(self, intake: Intake, reception: Reception, gate: Gate) -> None:
        self._intake = intake
        self._reception = reception
        self._gate = gate
        self._busy = 0

    async def answer(self, request: Request, study: str | None) -> Response:
        """Answer one request, or leave it where the caller went away."""
        try:
            caller = await run_in_threadpool(self._caller, request)
            stored = await self._store_all(request, caller, study)
        except RefusedError as refused:
            headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "10"}}.get(refused.status, {})
            return JSONResponse({"error": str(refused)}, refused.status, {**headers, "Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)
        return JSONResponse(response_of(stored), status_of(stored), media_type=DICOM_JSON)

    def _caller(self, request: Request) -> scp.Caller:
        address = request.client.host if request.client else ""
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        peer = peer_of(shown.strip(), self._gate.tokens) if scheme.lower() == "bearer" else None
        caller = scp.Caller(calling_ae=CALLING, called_ae=CALLING, address=address, tls=request.url.scheme == "https", peer=peer or "")
        if peer is None:
            try:
                self._intake.turn_away(caller, "wrong_bearer_token" if shown else "no_bearer_token")
            except StoreError as error:
                log.warning("a caller without a token could not be noted: %s", error)
            raise RefusedError(401, "show the bearer token of a peer")
        return caller

    async def _store_all(self, request: Request, caller: scp.Caller, study: str | None) -> list[Stored]:
        boundary = _boundary(request)
        if self._busy >= self._gate.max_requests:
            raise RefusedError(503, "too many requests at the same time")
        self._busy += 1
        try:
            return await self._receive(request, boundary, caller, study)
        except MultipartParseError:
            raise RefusedError(400, "the body is no multipart message") from None
        finally:
            self._busy -= 1

    async def _receive(self, request: Request, boundary: bytes, caller: scp.Caller, study: str | None) -> list[Stored]:
        """Store each part as soon as it has come: no more than one a request is held in memory."""
        parts = Parts(boundary, max_part_bytes=self._reception.max_instance_bytes)
        stored: list[Stored] = []
        async for chunk in self._chunks(request):
            for part in parts.feed(chunk):
                stored.append(await run_in_threadpool(self._store, part, caller, study))
        if not parts.complete or not stored:
            raise RefusedError(400, "the body ends too early" if stored or not parts.complete else "the body holds nothing")
        return stored

    async def _chunks(self, request: Request) -> AsyncIterator[bytes]:
        received = 0
        stream = aiter(request.stream())
        while True:
            try:
                chunk = await asyncio.wait_for(anext(stream), self._gate.silence_s)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise RefusedError(408, f"nothing came for {self._gate.silence_s:g} s") from None
            received += len(chunk)
            if received > self._gate.max_request_bytes:
                raise RefusedError(413, f"a request may have {self._gate.max_request_bytes} bytes")
            yield chunk

    def _store(self, part: Part, caller: scp.Caller, study: str | None) -> Stored:
        if part.too_large:
            return Stored(status=scp.OUT_OF_RESOURCES)
        if part.media_type not in {DICOM, ""}:
            return Stored(status=scp.CANNOT_UNDERSTAND)
        return self._reception.store(bytes(part.content), caller, study)


def peer_of(shown: str, tokens: Sequence[str]) -> str | None:
    """Name the peer whose token was shown; each is compared in the same time, whatever it is."""
    found = None
    for entry in tokens:
        name, _, reference = entry.partition("=")
        try:
            right = hmac.compare_digest(secret_of(reference).encode(), shown.encode())
        except DeliveryError as error:
            log.warning("peer %s cannot send: %s", name, error)
            continue
        found = name if right else found
    return found


def _boundary(request: Request) -> bytes:
    """Boundary of ``multipart/related; type="application/dicom"`` (PS3.18 8.7.1); other media types are not taken."""
    if is_packed(request):
        raise RefusedError(415, "a body is sent without Content-Encoding")
    media_type, parameters = parse_options_header(request.headers.get("Content-Type", ""))
    if media_type != b"multipart/related" or parameters.get(b"type", b"").lower() != DICOM.encode():
        raise RefusedError(415, f'content must be multipart/related; type="{DICOM}"')
    boundary = parameters.get(b"boundary", b"")
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise RefusedError(400, f"the content type names no boundary of 1 to {LONGEST_BOUNDARY} characters")
    accepted = request.headers.get("Accept", "*/*")
    if not any(kind in accepted for kind in (DICOM_JSON, "application/json", "application/*", "*/*")):
        raise RefusedError(406, f"answers are given as {DICOM_JSON}")
    return boundary
