"""Peers: who may send and where results go, whether they answer, and who was turned away."""

from __future__ import annotations

import dataclasses
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from baa_node.certificates import speaks_tls, tls_address
from baa_node.db import Connection, peers
from baa_node.db.admission import admitting, why_refused
from baa_node.db.peer import KINDS, REFUSALS, WANTS
from baa_node.db.peers import Peer, RefusedCaller
from baa_node.db.studies import counts
from baa_node.dicom.certificate import HANDSHAKES, Certificate
from baa_node.errors import BaaError, ConfigError, DeliveryError, StoreError
from baa_node.web.description import form
from baa_node.web.page_error import PageError
from baa_node.web.pages.peer_form import FIELDS, blank, typed, values_of
from baa_node.web.render import link, render
from baa_node.web.session import Admin, AdminForm, SignedIn, Visitor, console_of

router = APIRouter(prefix="/peers")

CALLERS_SHOWN = 20


@router.get("")
def peers_page(request: Request, visitor: SignedIn) -> Response:
    """List peers and refused callers."""
    return _list(request, visitor)


@router.get("/new")
def new_page(request: Request, visitor: Admin, *, kind: str = "dicom") -> Response:
    """Form for another peer of a kind."""
    if kind not in KINDS:
        raise PageError(404, lambda told: told.no_kind)
    return _form(request, visitor, blank(kind), name="")


@router.post("/new", openapi_extra=form("name", "kind", *FIELDS))
def add(request: Request, form: AdminForm) -> Response:
    """Admit a peer."""
    console, kind = console_of(request), form.fields.get("kind", "dicom")
    try:
        peer = Peer(name=form.fields.get("name", "").strip(), kind=kind, **values_of(form, kind))
        with console.database.transaction() as c:
            peers.add_peer(c, peer, actor=form.visitor.actor, now=console.now())
    except (ConfigError, StoreError) as error:
        return _form(request, form.visitor, typed(form, kind if kind in KINDS else "dicom"), name="", trouble=str(error))
    return RedirectResponse(link(request, "/peers?said=added"), 303)


@router.post("/admit", openapi_extra=form("calling_ae", "called_ae", "address"))
def admit(request: Request, form: AdminForm) -> Response:
    """Admit a caller that was turned away, as the list offers it."""
    console, fields = console_of(request), form.fields
    with console.database.transaction() as c:
        known = peers.list_peers(c)
        key = (fields.get("calling_ae"), fields.get("called_ae"), fields.get("address"))
        callers = [one for one in peers.list_refused_callers(c) if (one.calling_ae, one.called_ae, one.address) == key]
        entry = admitting(callers[0], known) if callers else None
        if entry is None:
            raise StoreError("this caller is no longer among those turned away, or a peer entry would not admit it")
        actor, now = form.visitor.actor, console.now()
        if any(peer.name == entry.name for peer in known):
            peers.edit_peer(c, entry.name, entry, actor=actor, now=now)
        else:
            peers.add_peer(c, entry, actor=actor, now=now)
    return RedirectResponse(link(request, "/peers?said=admitted"), 303)


@router.get("/{name}")
def edit_page(request: Request, name: str, visitor: Admin) -> Response:
    """Form for a peer that there is."""
    with console_of(request).database.reading() as c:
        peer = _peer(c, name)
    return _form(request, visitor, dataclasses.asdict(peer), name=name)


@router.post("/{name}", openapi_extra=form(*FIELDS))
def edit(request: Request, name: str, form: AdminForm) -> Response:
    """Change a peer."""
    console, kind = console_of(request), "dicom"
    try:
        with console.database.transaction() as c:
            before = _peer(c, name)
            kind = before.kind
            peer = dataclasses.replace(before, **values_of(form, kind))
            peers.edit_peer(c, name, peer, actor=form.visitor.actor, now=console.now())
    except (ConfigError, StoreError) as error:
        return _form(request, form.visitor, typed(form, kind), name=name, trouble=str(error))
    return RedirectResponse(link(request, "/peers?said=saved"), 303)


@router.post("/{name}/remove", openapi_extra=form())
def remove(request: Request, name: str, form: AdminForm) -> Response:
    """Turn a peer away from now on."""
    console = console_of(request)
    with console.database.transaction() as c:
        _peer(c, name)
        peers.remove_peer(c, name, actor=form.visitor.actor, now=console.now())
    return RedirectResponse(link(request, "/peers?said=removed"), 303)


@router.post("/{name}/echo", openapi_extra=form())
def echo(request: Request, name: str, form: AdminForm) -> Response:
    """Ask a peer for a sign of life in the way of its kind (C-ECHO for DICOM) and say in words how it went."""
    console = console_of(request)
    with console.database.reading() as c:
        peer = _peer(c, name)
    try:
        said = console.probe(peer)
    except (DeliveryError, ConfigError) as error:
        return _list(request, form.visitor, echo=(name, False, str(error)))
    return _list(request, form.visitor, echo=(name, True, said))


def _list(request: Request, visitor: Visitor, *, echo: tuple[str, bool, str] | None = None) -> Response:
    console = console_of(request)
    with console.database.reading() as c:
        known = peers.list_peers(c)
        refused = peers.list_refused_callers(c)[:CALLERS_SHOWN]
        traffic = counts.traffic(c)
        rows = [(peer, *_route(c, peer), traffic[peer.name], _shown_by(peer)) for peer in known]
    return render(
        request,
        "peers.html",
        visitor=visitor,
        rows=rows,
        refused=[_refused(caller, known, console.ae_title) for caller in refused],
        echo=echo,
        ae_title=console.ae_title,
        now=console.now(),
    )


def _shown_by(peer: Peer) -> Certificate | None:
    return HANDSHAKES.last(*tls_address(peer)) if speaks_tls(peer) else None


def _refused(caller: RefusedCaller, known: list[Peer], own: str) -> dict[str, Any]:
    return {"caller": caller, "why": why_refused(caller, known, own=own), "entry": admitting(caller, known)}


def _route(c: Connection, peer: Peer) -> tuple[list[str], str]:
    """Name who gets results of what a peer sends, or say why that cannot be told."""
    if not peer.source:
        return [], ""
    try:
        return [one.name for one in peers.destinations_of(c, peer)], ""
    except BaaError as error:
        return [], str(error)


def _form(request: Request, visitor: Visitor, values: dict[str, Any], *, name: str, trouble: str = "") -> Response:
    with console_of(request).database.reading() as c:
        others = [peer.name for peer in peers.list_peers(c) if peer.destination]
    return render(
        request,
        "peer.html",
        visitor=visitor,
        status=400 if trouble else 200,
        values=values,
        name=name,
        trouble=trouble,
        others=others,
        kinds=KINDS,
        wants=WANTS,
        refusals=REFUSALS,
    )


def _peer(c: Connection, name: str) -> Peer:
    try:
        return peers.get_peer(c, name)
    except StoreError as error:
        raise HTTPException(404, str(error)) from error
