"""Logging in and out, and one's own password."""

from __future__ import annotations

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from baa_node.core.words import Language
from baa_node.db import accounts
from baa_node.db.accounts import Role
from baa_node.mistakes import Mistake
from baa_node.web.description import form
from baa_node.web.first_run import FILE, NAME, forget_first_password
from baa_node.web.forms import read_form
from baa_node.web.page_error import PageError
from baa_node.web.passwords import LONGEST, SHORTEST, Flaw, flaw_of, hash_password, matches
from baa_node.web.render import language_of, link, render
from baa_node.web.session import (
    BEFORE,
    COOKIE,
    LANGUAGE,
    SMALL_FORM,
    SessionForm,
    Visitor,
    WithSession,
    console_of,
    form_token,
    is_ours,
    new_token,
    set_cookie,
)
from baa_node.web.words import WORDS
from baa_node.web.words.account import Password

log = logging.getLogger(__name__)

router = APIRouter()

A_YEAR_S: Final = 365 * 24 * 3600


@router.get("/login")
def login_page(request: Request) -> Response:
    """Form for logging in."""
    return _login_form(request)


@router.post("/login", openapi_extra=form("name", "password"))
async def log_in(request: Request) -> Response:
    """Look at name and password; a session begins, or the form comes back."""
    form, _ = await read_form(request, SMALL_FORM)
    if not is_ours(form, request.cookies.get(BEFORE, "")):
        return _login_form(request, WORDS[language_of(request)].log_in.too_old, 403)
    return await run_in_threadpool(_log_in, request, form.get("name", "").strip(), form.get("password", ""))


@router.post("/logout", openapi_extra=form())
def log_out(request: Request, form: SessionForm) -> Response:
    """End the session."""
    console = console_of(request)
    with console.database.transaction() as c:
        accounts.log_out(c, form.visitor.token, now=console.now())
    answer = RedirectResponse(link(request, "/login"), 303)
    answer.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/")
    return answer


@router.get("/language")
def choose_language(request: Request, to: Language, back: Annotated[str, Query(max_length=512)] = "/") -> Response:
    """Keep in which language somebody reads, logged in or not, and go back to the page where that was said."""
    inside = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    answer = RedirectResponse(link(request, back if inside else "/"), 303)
    path = request.scope.get("root_path") or "/"
    answer.set_cookie(
        LANGUAGE, to.value, path=path, httponly=True, samesite="strict", secure=request.url.scheme == "https", max_age=A_YEAR_S
    )
    return answer


@router.get("/password")
def password_page(request: Request, visitor: WithSession) -> Response:
    """Form for one's own password."""
    return _password_form(request, visitor)


@router.post("/password", openapi_extra=form("old", "new", "again"))
def change_password(request: Request, form: SessionForm) -> Response:
    """Set a new password: every session of the user ends, and another one begins here."""
    console, user, now = console_of(request), form.visitor.user, console_of(request).now()
    address = _address(request)
    if not console.guard.admit(user.name, address, now=now):
        raise PageError(429, lambda told: told.too_many)
    if trouble := _trouble(form.fields, form.visitor, WORDS[language_of(request)].password):
        return _password_form(request, form.visitor, trouble)
    console.guard.succeeded(user.name, address)
    stored, token = hash_password(form.fields["new"]), new_token()
    with console.database.transaction() as c:
        accounts.set_password(c, user.name, stored, must_change=False, actor=form.visitor.actor, now=now)
        accounts.log_in(c, user, token, address=address, limits=console.limits, now=now)
    forget_first_password(console, user.name)
    answer = RedirectResponse(link(request, "/?said=welcome"), 303)
    set_cookie(request, answer, COOKIE, token)
    return answer


def _log_in(request: Request, name: str, password: str) -> Response:
    words = WORDS[language_of(request)].log_in
    console, address, now = console_of(request), _address(request), console_of(request).now()
    if not console.guard.admit(name, address, now=now):
        return _login_form(request, words.too_many, 429)
    with console.database.reading() as c:
        user = accounts.find_user(c, name)
    right = matches(user.password if user else None, password)
    token = new_token()
    with console.database.transaction() as c:
        if user is None or not right or user.role is Role.DISABLED:
            reason = "no such user" if user is None else "disabled" if right else "wrong password"
            accounts.note_failed_log_in(c, name, address=address, reason=reason, now=now)
            log.warning("log-in from %s: %s", address, Mistake.LOG_IN_FAILED.told())
            return _login_form(request, words.wrong, 401)
        accounts.log_in(c, user, token, address=address, limits=console.limits, now=now)
    console.guard.succeeded(name, address)
    answer = RedirectResponse(link(request, "/"), 303)
    set_cookie(request, answer, COOKIE, token)
    return answer


def _login_form(request: Request, trouble: str = "", status: int = 200) -> Response:
    """Give the form with a token of its own; whoever has no user yet is told where the first password is."""
    console, before = console_of(request), request.cookies.get(BEFORE) or new_token()
    first, recorded = FILE if (console.data_dir / FILE).exists() else "", ""
    with console.database.reading() as c:
        users = accounts.list_users(c)
    if users and not any(user.role is accounts.Role.ADMIN for user in users):
        recorded = Mistake.NO_ADMIN.told()
    answer = render(
        request, "login.html", status=status, trouble=trouble, recorded=recorded, csrf=form_token(before), first=first, first_name=NAME
    )
    set_cookie(request, answer, BEFORE, before)
    return answer


def _password_form(request: Request, visitor: Visitor, trouble: str = "") -> Response:
    status = 400 if trouble else 200
    return render(request, "password.html", visitor=visitor, status=status, trouble=trouble, shortest=SHORTEST, longest=LONGEST)


def _trouble(fields: dict[str, str], visitor: Visitor, words: Password) -> str:
    """Say what is wrong about a new password; empty where nothing is."""
    old, new = fields.get("old", ""), fields.get("new", "")
    if not matches(visitor.user.password, old):
        return words.wrong
    if new != fields.get("again", ""):
        return words.differ
    if new == old:
        return words.same
    flaw = flaw_of(new, user=visitor.user.name)
    told = {None: "", Flaw.LENGTH: words.wrong_length, Flaw.ONLY_THE_NAME: words.only_the_name}[flaw]
    return told.format(shortest=SHORTEST, longest=LONGEST)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
