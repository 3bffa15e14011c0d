"""The application: probes for machines, pages for people, one door between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeAlias

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from baa_node import __version__
from baa_node.core.ensemble import BundleIdentity
from baa_node.errors import BaaError, ConfigError, StoreError
from baa_node.web.description import ANSWERS, describe
from baa_node.web.health import Health
from baa_node.web.page_error import PageError
from baa_node.web.pages import account, audit, board, certificates, doctor, models, peers, routes, studies, tryout, users
from baa_node.web.parts import Console
from baa_node.web.probes import probes
from baa_node.web.render import language_of, link, render
from baa_node.web.security import OurFault, SecurityHeaders
from baa_node.web.session import LogInRequired, PasswordRequired, SignedIn
from baa_node.web.words.errors import ERRORS, Errors

STATIC: Final = Path(__file__).parent / "static"

Say: TypeAlias = Callable[[Errors], str]
"""Chooses a sentence among those of a language."""


def build_app(console: Console, *, also: APIRouter | None = None) -> FastAPI:
    """Everything that the console port answers; nothing but probes, style and log-in without a session.

    Parameters
    ----------
    also
        Routes of a service that is switched on, and that asks for keys of its own.
    """
    app = FastAPI(title="baa_node", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.console = console
    app.include_router(probes(console.health, console.bundle_identity))
    if also is not None:
        app.include_router(also)
    for pages in (account, board, studies, peers, certificates, routes, audit, models, doctor, tryout, users):
        app.include_router(pages.router, tags=["pages"], default_response_class=HTMLResponse, responses=ANSWERS)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_api_route("/api/openapi.json", _description, include_in_schema=False)
    app.add_exception_handler(LogInRequired, _log_in_first)
    app.add_exception_handler(PasswordRequired, _password_first)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(BaaError, _explained)
    app.add_middleware(OurFault)
    app.add_middleware(SecurityHeaders)
    return app


def build_probes(health: Health, bundle: BundleIdentity | None) -> FastAPI:
    """Everything that the port answers in a process without console: probes."""
    app = FastAPI(title="baa_node probes", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(probes(health, bundle))
    app.add_middleware(OurFault)
    app.add_middleware(SecurityHeaders)
    return app


def _description(request: Request, _visitor: SignedIn) -> JSONResponse:
    """OpenAPI description of everything that may be asked, for whoever is logged in."""
    return JSONResponse(describe(request.app))


def _log_in_first(request: Request, _error: Exception) -> Response:
    if request.method != "GET" or request.url.path.endswith(("/events", ".json", ".png")):
        return _page(request, 401, lambda told: told.log_in_first)
    return RedirectResponse(link(request, "/login"), 303)


def _password_first(request: Request, _error: Exception) -> Response:
    return RedirectResponse(link(request, "/password"), 303)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    usual = _USUAL.get(error.status_code) if error.detail == HTTPStatus(error.status_code).phrase else None
    told = error.say if isinstance(error, PageError) else usual or error.detail
    return _page(request, error.status_code, told, dict(error.headers or {}))


def _not_understood(request: Request, _error: Exception) -> Response:
    return _page(request, 400, lambda told: told.bad_address)


def _explained(request: Request, error: Exception) -> Response:
    status = 400 if isinstance(error, ConfigError) else 409 if isinstance(error, StoreError) else 502
    return _page(request, status, str(error))


def _page(request: Request, status: int, told: Say | str, headers: dict[str, str] | None = None) -> Response:
    """Tell why; what is not chosen among our words is a text of the node, which is in English, as is what scripts get."""
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": told if isinstance(told, str) else told(ERRORS.en)}, status, headers=headers)
    words = ERRORS[language_of(request)]
    recorded, said = (told, "") if isinstance(told, str) else ("", told(words))
    return render(request, "error.html", status=status, headers=headers, title=words.titles.of(status), told=said, recorded=recorded)


_USUAL: Final[Mapping[int, Say]] = {
    404: lambda told: told.no_page,
    405: lambda told: told.not_this_way,
}
