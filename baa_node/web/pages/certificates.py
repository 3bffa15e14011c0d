"""Certificates: what peers show and whether it is trusted, what the node shows, and what an admin changes about that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from baa_node.certificates import GIVEN, speaks_tls, tls_address
from baa_node.db import peers
from baa_node.db.peers import Peer
from baa_node.dicom.certificate import HANDSHAKES
from baa_node.dicom.look import Look
from baa_node.errors import ConfigError, SpoolError
from baa_node.web.description import form as form_with
from baa_node.web.render import link, render
from baa_node.web.session import AdminForm, CertificateForm, SignedIn, Visitor, console_of

router = APIRouter(prefix="/certificates")


@router.get("")
def certificates_page(request: Request, visitor: SignedIn) -> Response:
    """Show what peers showed at the last connection, and what this node has."""
    return _page(request, visitor)


@router.post("/look", openapi_extra=form_with())
def look(request: Request, form: AdminForm) -> Response:
    """Call every peer that speaks TLS and show what it shows now."""
    console = console_of(request)
    with console.database.reading() as c:
        known = peers.list_peers(c)
    return _page(request, form.visitor, looks=console.certificates.look(known))


@router.post("/trust", openapi_extra=form_with(files=["file"]))
def trust(request: Request, form: CertificateForm) -> Response:
    """Trust an authority from the next connection on."""
    console = console_of(request)
    try:
        console.certificates.trust(form.content("file"), actor=form.visitor.actor, now=console.now())
    except (ConfigError, SpoolError) as error:
        return _page(request, form.visitor, trouble=str(error))
    return RedirectResponse(link(request, "/certificates?said=certificate-trusted"), 303)


@router.post("/distrust", openapi_extra=form_with("sha256"))
def distrust(request: Request, form: AdminForm) -> Response:
    """Trust an authority no longer."""
    console = console_of(request)
    try:
        console.certificates.distrust(form.fields.get("sha256", ""), actor=form.visitor.actor, now=console.now())
    except (ConfigError, SpoolError) as error:
        return _page(request, form.visitor, trouble=str(error))
    return RedirectResponse(link(request, "/certificates?said=certificate-removed"), 303)


@router.post("/own", openapi_extra=form_with(files=["file", "key"]))
def take_own(request: Request, form: CertificateForm) -> Response:
    """Show another certificate from the next connection on."""
    console = console_of(request)
    try:
        console.certificates.take_own(form.content("file"), form.content("key"), actor=form.visitor.actor, now=console.now())
    except (ConfigError, SpoolError) as error:
        return _page(request, form.visitor, trouble=str(error))
    return RedirectResponse(link(request, "/certificates?said=certificate-own"), 303)


@router.post("/own/remove", openapi_extra=form_with())
def drop_own(request: Request, form: AdminForm) -> Response:
    """Go back to the certificate of the settings."""
    console = console_of(request)
    try:
        console.certificates.drop_own(actor=form.visitor.actor, now=console.now())
    except (ConfigError, SpoolError) as error:
        return _page(request, form.visitor, trouble=str(error))
    return RedirectResponse(link(request, "/certificates?said=certificate-removed"), 303)


def _page(request: Request, visitor: Visitor, *, looks: Sequence[tuple[Peer, Look]] = (), trouble: str = "") -> Response:
    console = console_of(request)
    with console.database.reading() as c:
        known = [peer for peer in peers.list_peers(c) if speaks_tls(peer)]
    seen = {peer.name: found for peer, found in looks}
    return render(
        request,
        "certificates.html",
        visitor=visitor,
        status=400 if trouble else 200,
        trouble=trouble,
        rows=[_row(peer, seen.get(peer.name)) for peer in known],
        held=console.certificates.held(),
        given=GIVEN,
        listens=console.certificates.listens,
        now=console.now(),
    )


def _row(peer: Peer, found: Look | None) -> dict[str, Any]:
    """Give what a peer showed: at a look, or else when this process last connected to it, which took trust."""
    if found is not None:
        return {"peer": peer, "shown": found.certificate, "trouble": found.trouble, "looked": True}
    return {"peer": peer, "shown": HANDSHAKES.last(*tls_address(peer)), "trouble": "", "looked": False}
