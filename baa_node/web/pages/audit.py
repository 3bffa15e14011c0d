"""The audit trail: to search, to check, and to take along."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, AuditRecord
from baa_node.web.description import form
from baa_node.web.page_error import PageError
from baa_node.web.parts import Console
from baa_node.web.render import render
from baa_node.web.session import AdminForm, SessionForm, SignedIn, console_of

router = APIRouter(prefix="/audit")

PAGE: Final = 50
AT_ONCE: Final = 1000
"""Events of one transaction of an export: whoever loads it slowly holds none open."""

FILES: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}}

COLUMNS: Final = ("seq", "at", "kind", "actor", "subject", "study", "outcome", "detail", "previous", "sha256")


@router.get("")
def audit_page(
    request: Request,
    visitor: SignedIn,
    *,
    q: Annotated[str, Query(max_length=128)] = "",
    kind: str = "",
    actor: Annotated[str, Query(max_length=128)] = "",
    before: Annotated[int | None, Query(ge=1, le=1 << 62)] = None,
) -> Response:
    """List events, latest first."""
    wanted = _kind(kind)
    console = console_of(request)
    with console.database.transaction() as c:
        found = audit.list_events(c, about=q.strip() or None, kind=wanted, actor=actor.strip() or None, before=before, limit=PAGE + 1)
        audit.append(c, _read_by(visitor.actor), now=console.now())
    newest = found[::-1]
    asked = {"q": q.strip(), "kind": kind, "actor": actor.strip()}
    kept = {key: value for key, value in asked.items() if value}
    return render(
        request,
        "audit.html",
        visitor=visitor,
        found=newest[:PAGE],
        asked=asked,
        kinds=sorted(AuditKind),
        first=urlencode(kept) if before else "",
        after=urlencode({**kept, "before": newest[PAGE - 1].seq}) if len(newest) > PAGE else "",
        checked=None,
    )


@router.post("/verify", openapi_extra=form())
def verify(request: Request, form: SessionForm) -> Response:
    """Check every event against the chain."""
    console = console_of(request)
    with console.database.reading() as c:
        findings = audit.verify(c)
        events, head = audit.head_of(c)
        found: list[AuditRecord] = audit.list_events(c, limit=PAGE)[::-1]
    return render(
        request,
        "audit.html",
        visitor=form.visitor,
        found=found,
        asked={"q": "", "kind": "", "actor": ""},
        kinds=sorted(AuditKind),
        first="",
        after="",
        checked={"findings": [finding.text for finding in findings], "events": events, "head": head},
    )


@router.post("/export/{form_of}", openapi_extra=form(), response_class=Response, responses=FILES)
def export(request: Request, form_of: Literal["jsonl", "csv"], form: AdminForm) -> Response:
    """Give every event as a file, and record who took it along."""
    console = console_of(request)
    with console.database.transaction() as c:
        event = AuditEvent(kind=AuditKind.AUDIT_EXPORTED, actor=form.visitor.actor, subject="audit trail", detail={"form": form_of})
        last = audit.append(c, event, now=console.now())
    lines = _lines(console, last)
    name = {"Content-Disposition": f'attachment; filename="audit.{form_of}"'}
    if form_of == "csv":
        return StreamingResponse(_as_csv(lines), media_type="text/csv; charset=utf-8", headers=name)
    return StreamingResponse((f"{line}\n" for line in lines), media_type="application/x-ndjson", headers=name)


def _read_by(actor: str) -> AuditEvent:
    """Record who looked, not what for: people type names into a search."""
    return AuditEvent(kind=AuditKind.AUDIT_READ, actor=actor, subject="audit trail")


def _lines(console: Console, last: int) -> Iterator[str]:
    """Give the events up to a number; those that follow are not waited for."""
    after = 0
    while after < last:
        with console.database.reading() as c:
            lines = list(itertools.islice(audit.export(c, after=after), AT_ONCE))
        if not lines:
            return
        yield from lines
        after = json.loads(lines[-1])["seq"]


def _as_csv(lines: Iterator[str]) -> Iterator[str]:
    yield _row(COLUMNS)
    for line in lines:
        event = json.loads(line)
        event["detail"] = json.dumps(event["detail"], ensure_ascii=False)
        yield _row(_harmless(event[column]) for column in COLUMNS)


def _row(cells: Iterator[str] | tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _harmless(value: object) -> str:
    """Keep spreadsheets from taking what a stranger sent, such as an AE title, for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _kind(name: str) -> AuditKind | None:
    try:
        return AuditKind(name) if name else None
    except ValueError:
        raise PageError(400, lambda told: told.no_event) from None
