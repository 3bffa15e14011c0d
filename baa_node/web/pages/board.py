"""The first page: how the node is, live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from baa_node.db import executors, peers
from baa_node.db.executors import Executor
from baa_node.db.peers import Peer
from baa_node.db.studies import counts
from baa_node.db.studies.counts import PeerTraffic, Queue
from baa_node.errors import BaaError
from baa_node.web.parts import Console
from baa_node.web.render import fill, render
from baa_node.web.session import LogInRequired, SignedIn, Visitor, console_of, still_there

router = APIRouter()

EVERY_S = 2.0
ALIVE_EVERY_S = 20.0
"""A comment at least this often, so that proxies keep a quiet stream open."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the dashboard shows."""

    problems: list[str]
    today: dict[str, int]
    queue: Queue
    provider: str
    bundle: str
    workers: list[Executor]
    traffic: list[tuple[Peer, PeerTraffic]]
    free_bytes: int | None


@router.get("/")
def dashboard(request: Request, visitor: SignedIn) -> Response:
    """Show how the node is."""
    console = console_of(request)
    return render(request, "dashboard.html", visitor=visitor, board=look(console), now=console.now())


@router.get("/events", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
def events(request: Request, visitor: SignedIn) -> Response:
    """Send the dashboard anew whenever it looks different, until the session is over."""
    return StreamingResponse(_changes(request, visitor), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def look(console: Console) -> Board:
    """Ask record, spool and health how things are."""
    midnight = _midnight(console.now())
    problems = console.health.problems() + console.health.warnings()
    with console.database.reading() as c:
        traffic = counts.traffic(c)
        return Board(
            problems=problems,
            today=counts.count_since(c, midnight),
            queue=counts.queue(c),
            provider=console.health.provider,
            bundle=console.bundle.name,
            workers=executors.list_executors(c),
            traffic=[(peer, traffic[peer.name]) for peer in peers.list_peers(c)],
            free_bytes=console.spool.free_bytes(),
        )


def _midnight(now: datetime) -> datetime:
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


async def _changes(request: Request, visitor: Visitor) -> AsyncIterator[str]:
    console, shown, quiet_s = console_of(request), "", 0.0
    while not console.closing.is_set():
        try:
            html = await run_in_threadpool(_fresh, request, visitor)
        except (LogInRequired, BaaError):
            yield "event: over\ndata: {}\n\n"
            return
        if html != shown:
            shown, quiet_s = html, 0.0
            yield f"event: board\ndata: {json.dumps({'html': html})}\n\n"
        elif quiet_s >= ALIVE_EVERY_S:
            quiet_s = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(EVERY_S)
        quiet_s += EVERY_S


def _fresh(request: Request, visitor: Visitor) -> str:
    console = console_of(request)
    still_there(request)
    return fill(request, "_board.html", visitor=visitor, board=look(console), now=console.now())
