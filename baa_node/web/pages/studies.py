"""Studies: a list to search, and everything about one of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Annotated, Any
from urllib.parse import urlencode

import cv2
import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydicom import Dataset, dcmread

from baa_node.core.record import from_json
from baa_node.core.words import Language
from baa_node.core.words.sentences import Sentences, sentences
from baa_node.db import Connection, audit, peers, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.studies import Delivery, ResultObject, State, StudyDetail
from baa_node.errors import SpoolError, StoreError
from baa_node.web import sr
from baa_node.web.description import form
from baa_node.web.page_error import PageError
from baa_node.web.render import language_of, link, render, segment
from baa_node.web.session import AdminForm, SignedIn, console_of

router = APIRouter(prefix="/studies")

PAGE = 25
LAST_PAGE = 400
"""Nobody leafs further; and each page reads those before it."""


@router.get("")
def studies_page(
    request: Request,
    visitor: SignedIn,
    *,
    q: Annotated[str, Query(max_length=128)] = "",
    state: str = "",
    peer: Annotated[str, Query(max_length=64)] = "",
    day: str = "",
    page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
) -> Response:
    """List studies, latest first."""
    wanted, first = _state(state), _day(day)
    with console_of(request).database.reading() as c:
        found = studies.list_studies(
            c,
            limit=PAGE + 1,
            skip=(page - 1) * PAGE,
            text=q.strip(),
            state=wanted,
            peer=peer or None,
            since=first,
            until=first + timedelta(days=1) if first else None,
        )
        names = [one.name for one in peers.list_peers(c)]
    asked = {"q": q.strip(), "state": state, "peer": peer, "day": day}
    kept = {key: value for key, value in asked.items() if value}
    return render(
        request,
        "studies.html",
        visitor=visitor,
        found=found[:PAGE],
        asked=asked,
        states=list(State),
        peers=names,
        page=page,
        before=urlencode({**kept, "page": page - 1}) if page > 1 else "",
        after=urlencode({**kept, "page": page + 1}) if len(found) > PAGE and page < LAST_PAGE else "",
    )


@router.get("/{uid}")
def study_page(request: Request, uid: str, visitor: SignedIn) -> Response:
    """Show one study, and note who looked."""
    console = console_of(request)
    with console.database.transaction() as c:
        detail = _study(c, uid)
        event = AuditEvent(kind=AuditKind.STUDY_SHOWN, actor=visitor.actor, subject=uid, study=detail.study_instance_uid)
        audit.append(c, event, now=console.now())
    return render(
        request,
        "study.html",
        visitor=visitor,
        study=detail,
        words={(one.sop_instance_uid, one.revision): _in_words(one.outcome, language_of(request)) for one in detail.readings},
        waiting=any(_waits(one, console.now()) for one in detail.deliveries),
    )


@router.get("/{uid}/report/{sop}")
def report_page(request: Request, uid: str, sop: str, visitor: SignedIn) -> Response:
    """Show a stored Structured Report as a page."""
    result, ds = _result(request, uid, sop, "sr")
    return render(request, "report.html", visitor=visitor, uid=uid, result=result, report=sr.read(ds, language_of(request)))


@router.get("/{uid}/picture/{sop}.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def picture(request: Request, uid: str, sop: str, _visitor: SignedIn) -> Response:
    """Give a stored picture as PNG."""
    _, ds = _result(request, uid, sop, "capture")
    rgb = np.asarray(ds.pixel_array, np.uint8)
    done, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    if not done:
        raise SpoolError(f"the picture {sop} cannot be written as PNG")
    return Response(png.tobytes(), media_type="image/png")


@router.post("/{uid}/retry", openapi_extra=form())
def retry(request: Request, uid: str, form: AdminForm) -> Response:
    """Send again, at once, what did not arrive."""
    console = console_of(request)
    now = console.now()
    with console.database.transaction() as c:
        open_ = [one for one in _study(c, uid).deliveries if _waits(one, now)]
        for one in open_:
            studies.reopen_delivery(c, one.source_uid, one.revision, one.peer, actor=form.visitor.actor, now=now)
    if not open_:
        raise PageError(409, lambda told: told.nothing_waits)
    return _back(request, uid, "retry")


@router.post("/{uid}/reread", openapi_extra=form("reason"))
def read_again(request: Request, uid: str, form: AdminForm) -> Response:
    """Order every image to be read again."""
    console = console_of(request)
    reason = form.fields.get("reason", "").strip()[:200]
    with console.database.transaction() as c:
        for instance in _study(c, uid).instances:
            studies.order_reading(c, instance.sop_instance_uid, actor=form.visitor.actor, reason=reason, now=console.now())
    return _back(request, uid, "reread")


def _in_words(outcome: dict[str, Any] | None, language: Language) -> Sentences | None:
    """Say what a reading gave; None before it did, and for an outcome that is not one of ours any more."""
    try:
        return None if outcome is None else sentences(from_json(outcome), language)
    except (KeyError, TypeError, ValueError):
        return None


def _study(c: Connection, uid: str) -> StudyDetail:
    try:
        return studies.show_study(c, uid)
    except StoreError as error:
        raise PageError(404, lambda told: told.no_study) from error


def _result(request: Request, uid: str, sop: str, kind: str) -> tuple[ResultObject, Dataset]:
    """Find an object of a study by what the record says of it: nothing of an address becomes a path."""
    console = console_of(request)
    with console.database.reading() as c:
        found = [one for one in _study(c, uid).results if one.sop_instance_uid == sop and one.kind == kind]
    if not found:
        raise PageError(404, lambda told: told.no_result)
    try:
        content = console.spool.read(found[0].path)
    except SpoolError as error:
        raise PageError(404, lambda told: told.result_gone) from error
    return found[0], dcmread(BytesIO(content))


def _waits(delivery: Delivery, now: datetime) -> bool:
    return delivery.state == "failed" or (delivery.next_attempt_at is not None and delivery.next_attempt_at > now)


def _back(request: Request, uid: str, said: str) -> Response:
    return RedirectResponse(link(request, f"/studies/{segment(uid)}?said={said}"), 303)


def _state(name: str) -> State | None:
    try:
        return State(name) if name else None
    except ValueError:
        raise PageError(400, lambda told: told.no_state) from None


def _day(text: str) -> datetime | None:
    """First moment of a day where the node stands."""
    try:
        return datetime.combine(date.fromisoformat(text), time.min).astimezone() if text else None
    except (ValueError, OverflowError):
        raise PageError(400, lambda told: told.no_day) from None
