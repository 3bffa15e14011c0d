"""Routes: which images are read and who gets the result, and the tester that says what would become of a file."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from baa_node.core.ensemble import Ensemble
from baa_node.core.routes.conditions import Condition, Operator, split_values
from baa_node.core.routes.report_kinds import REPORT_KINDS
from baa_node.core.routes.routing import MOST_CONDITIONS, Route
from baa_node.db import Connection, peers, routes
from baa_node.errors import ConfigError, InstanceError, StoreError
from baa_node.outlook import Outlook, RuleTester
from baa_node.web.description import form as form_with
from baa_node.web.page_error import PageError
from baa_node.web.parts import Console
from baa_node.web.render import link, render
from baa_node.web.session import Admin, AdminForm, SignedIn, UploadForm, Visitor, console_of
from baa_node.web.trial import ONE_AT_A_TIME

router = APIRouter(prefix="/routes")

EMPTY_ROWS: Final = 2
"""Rows for another condition below those there are: without script nothing can add one."""

USUAL: Final = (
    *("Modality", "BodyPartExamined", "StudyDescription", "SeriesDescription", "ProtocolName", "RequestedProcedureDescription"),
    *("ProcedureCodeSequence.CodeValue", "InstitutionName", "StationName", "Manufacturer", "PatientSex", "PatientAge", "ImageLaterality"),
)
"""Attributes that the form offers; any other may be typed."""

FIELDS: Final = (
    *("calling_ae", "called_ae", "outcome", "bundle", "destinations", *(f"kind_{kind}" for kind in REPORT_KINDS)),
    *(f"{part}_{row}" for row in range(EMPTY_ROWS) for part in ("attribute", "operator", "value")),
)
"""Names of the form's fields; there are as many rows as conditions, and some to spare."""

Typed = dict[str, Any]


@router.get("")
def routes_page(request: Request, visitor: SignedIn) -> Response:
    """List routes in the order in which they are asked."""
    with console_of(request).database.reading() as c:
        known = routes.list_routes(c)
    return render(request, "routes.html", visitor=visitor, routes=known, ae_title=console_of(request).ae_title)


@router.get("/new")
def new_page(request: Request, visitor: Admin) -> Response:
    """Form for another route."""
    blank = {"name": "", "calling_ae": "", "called_ae": "", "destinations": "", "bundle": "", "read": True, "kinds": REPORT_KINDS}
    return _form(request, visitor, {**blank, "conditions": []}, name="")


@router.post("/new", openapi_extra=form_with("name", *FIELDS))
def add(request: Request, form: AdminForm) -> Response:
    """Add a route at the end."""
    console = console_of(request)
    try:
        route = Route(name=form.fields.get("name", "").strip(), **_values(form.fields))
        with console.database.transaction() as c:
            routes.add_route(c, route, actor=form.visitor.actor, now=console.now(), bundles=console.bundles())
    except (ConfigError, StoreError) as error:
        return _form(request, form.visitor, _typed(form.fields), name="", trouble=str(error))
    return _back(request, "route-added")


@router.get("/test")
def test_page(request: Request, visitor: SignedIn) -> Response:
    """Form for a file to be tried."""
    return _test_form(request, visitor, {})


@router.post("/test", openapi_extra=form_with("calling_ae", "called_ae", files=["file"]))
def test(request: Request, form: UploadForm) -> Response:
    """Say what would become of a file; when the page is left, it is gone."""
    console, fields = console_of(request), form.fields
    if form.file is None or not form.file[1]:
        return _test_form(request, form.visitor, fields, trouble="choose a file first")
    tester = RuleTester(database=console.database, terms=console.terms, ensemble=lambda name: _networks(console, name))
    try:
        with ONE_AT_A_TIME:
            outlook = tester.test(form.file[1], calling_ae=fields.get("calling_ae", ""), called_ae=fields.get("called_ae", ""))
    except InstanceError as error:
        return _test_form(request, form.visitor, fields, trouble=str(error))
    return _test_form(request, form.visitor, form.fields, outlook=outlook)


@router.get("/{name}/edit")
def edit_page(request: Request, name: str, visitor: Admin) -> Response:
    """Form for a route that there is."""
    with console_of(request).database.reading() as c:
        route = _route(c, name)
    joined = {key: ", ".join(getattr(route, key)) for key in ("calling_ae", "called_ae", "destinations")}
    conditions = [(one.attribute, one.operator.value, " | ".join(one.values)) for one in route.conditions]
    values = {"name": name, "read": route.read, "bundle": route.bundle, "kinds": route.kinds, "conditions": conditions, **joined}
    return _form(request, visitor, values, name=name)


@router.post("/{name}/edit", openapi_extra=form_with(*FIELDS))
def edit(request: Request, name: str, form: AdminForm) -> Response:
    """Change a route."""
    console = console_of(request)
    try:
        with console.database.transaction() as c:
            route = dataclasses.replace(_route(c, name), **_values(form.fields))
            routes.edit_route(c, name, route, actor=form.visitor.actor, now=console.now(), bundles=console.bundles())
    except (ConfigError, StoreError) as error:
        return _form(request, form.visitor, _typed(form.fields), name=name, trouble=str(error))
    return _back(request, "route-saved")


@router.post("/{name}/move", openapi_extra=form_with("position"))
def move(request: Request, name: str, form: AdminForm) -> Response:
    """Let a route be asked earlier or later."""
    console, position = console_of(request), form.fields.get("position", "")
    if not (position.isascii() and position.isdigit()):
        raise PageError(400, lambda told: told.no_position)
    with console.database.transaction() as c:
        _route(c, name)
        routes.move_route(c, name, int(position[:6]), actor=form.visitor.actor, now=console.now())
    return _back(request, "route-moved")


@router.post("/{name}/remove", openapi_extra=form_with())
def remove(request: Request, name: str, form: AdminForm) -> Response:
    """Take a route out."""
    console = console_of(request)
    with console.database.transaction() as c:
        _route(c, name)
        routes.remove_route(c, name, actor=form.visitor.actor, now=console.now())
    return _back(request, "route-removed")


def _networks(console: Console, name: str) -> Ensemble:
    return console.others(name) if name else console.ensemble()


def _form(request: Request, visitor: Visitor, values: Typed, *, name: str, trouble: str = "") -> Response:
    console = console_of(request)
    with console.database.reading() as c:
        known = [peer for peer in peers.list_peers(c) if peer.destination]
    rows = [*values["conditions"], *[("", "", "")] * EMPTY_ROWS][:MOST_CONDITIONS]
    return render(
        request,
        "route.html",
        visitor=visitor,
        status=400 if trouble else 200,
        values=values,
        rows=rows,
        name=name,
        trouble=trouble,
        operators=list(Operator),
        usual=USUAL,
        kinds=REPORT_KINDS,
        destinations=[peer.name for peer in known],
        bundles=console.bundles(),
    )


def _test_form(request: Request, visitor: Visitor, typed: dict[str, str], *, outlook: Outlook | None = None, trouble: str = "") -> Response:
    console = console_of(request)
    with console.database.reading() as c:
        senders = [peer.ae_title for peer in peers.list_peers(c) if peer.source and peer.ae_title]
        called = [console.ae_title, *sorted(routes.called_titles(c))]
    return render(
        request,
        "route_test.html",
        visitor=visitor,
        status=400 if trouble else 200,
        outlook=outlook,
        trouble=trouble,
        calling_ae=typed.get("calling_ae", senders[0] if senders else ""),
        called_ae=typed.get("called_ae", console.ae_title),
        senders=senders,
        called=called,
        limit=console.settings.max_upload_mb,
    )


def _values(fields: dict[str, str]) -> Typed:
    read = fields.get("outcome") != "leave"
    conditions = [_condition(*row) for row in _rows(fields) if any(row[::2])]
    return {
        "calling_ae": _parts(fields, "calling_ae"),
        "called_ae": _parts(fields, "called_ae"),
        "conditions": tuple(conditions),
        "read": read,
        "bundle": fields.get("bundle", "").strip() if read else "",
        "destinations": _parts(fields, "destinations") if read else (),
        "kinds": tuple(kind for kind in REPORT_KINDS if f"kind_{kind}" in fields) if read else REPORT_KINDS,
    }


def _condition(attribute: str, operator: str, value: str) -> Condition:
    if operator not in set(Operator):
        raise ConfigError(f"condition on {attribute or 'nothing'}: choose how to compare")
    return Condition(attribute=attribute, operator=Operator(operator), values=split_values(Operator(operator), value))


def _rows(fields: dict[str, str]) -> list[tuple[str, str, str]]:
    """Give attribute, operator and value of each row of the form."""
    keys = ("attribute", "operator", "value")
    every = [tuple(fields.get(f"{key}_{number}", "").strip() for key in keys) for number in range(MOST_CONDITIONS)]
    return [(attribute, operator, value) for attribute, operator, value in every]


def _parts(fields: dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in fields.get(key, "").split(",") if part.strip())


def _typed(fields: dict[str, str]) -> Typed:
    """Keep what somebody typed, to be shown again with what is wrong about it."""
    texts = {key: fields.get(key, "") for key in ("name", "calling_ae", "called_ae", "destinations", "bundle")}
    rows = [row for row in _rows(fields) if any(row[::2])]
    kinds = tuple(kind for kind in REPORT_KINDS if f"kind_{kind}" in fields)
    return {**texts, "conditions": rows, "read": fields.get("outcome") != "leave", "kinds": kinds}


def _route(c: Connection, name: str) -> Route:
    try:
        return routes.get_route(c, name)
    except StoreError as error:
        raise HTTPException(404, str(error)) from error


def _back(request: Request, said: str) -> Response:
    return RedirectResponse(link(request, f"/routes?said={said}"), 303)
