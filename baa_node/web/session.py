"""Who is looking: sessions by a cookie, tokens against forged forms, and what each role is let through to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import Response

from baa_node.db import accounts
from baa_node.db.accounts import Role, User
from baa_node.dicom.given import MOST_BYTES
from baa_node.web.forms import MOST_FILES, read_form
from baa_node.web.page_error import PageError
from baa_node.web.parts import Console

COOKIE: Final = "baa_session"
BEFORE: Final = "baa_visit"
"""Cookie of whoever has not logged in yet: the form for logging in needs a token, too."""

LANGUAGE: Final = "baa_language"
"""Cookie of the language that somebody chose."""

SMALL_FORM: Final = 64 << 10


class LogInRequired(Exception):  # noqa: N818 - the way on, no error
    """Nobody is logged in, or the session is over."""


class PasswordRequired(Exception):  # noqa: N818 - the way on, no error
    """The password served once and has to be changed first."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who is logged in."""

    user: User
    token: str

    @property
    def actor(self) -> str:
        """Name for the audit trail."""
        return f"console:{self.user.name}"

    @property
    def is_admin(self) -> bool:
        """True for those who may change something."""
        return self.user.role is Role.ADMIN

    @property
    def csrf(self) -> str:
        """What every form of this session carries."""
        return form_token(self.token)


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A form that came from our own page, and who sent it."""

    visitor: Visitor
    fields: dict[str, str]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def file(self) -> tuple[str, bytes] | None:
        """Name and content of the file of a form that has one."""
        return self.files.get("file")

    def content(self, name: str) -> bytes:
        """Bytes of a file; none where nobody chose one."""
        return self.files.get(name, ("", b""))[1]


def console_of(request: Request) -> Console:
    """Give the console that this request came to."""
    console: Console = request.app.state.console
    return console


def form_token(cookie: str) -> str:
    """Derive the token of forms from a cookie that other sites can neither read nor set."""
    return hmac.new(cookie.encode("utf-8", "replace"), b"form", hashlib.sha256).hexdigest()


def is_ours(form: dict[str, str], cookie: str) -> bool:
    """Tell whether a form carries the token that belongs to the cookie it came with."""
    return bool(cookie) and hmac.compare_digest(form.get("csrf", "").encode("utf-8", "replace"), form_token(cookie).encode())


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read, that other sites cannot send, and that ends with the browser."""
    path = request.scope.get("root_path") or "/"
    response.set_cookie(name, value, path=path, httponly=True, samesite="strict", secure=request.url.scheme == "https")


def new_token() -> str:
    """Draw 256 bits."""
    return secrets.token_urlsafe(32)


def with_session(request: Request) -> Visitor:
    """Find out who is looking, and note that the session is in use unless a page came by itself (``?quiet``).

    Raises
    ------
    LogInRequired
        Nobody is logged in.
    """
    console, token = console_of(request), request.cookies.get(COOKIE, "")
    user, seen_at = still_there(request)
    now = console.now()
    if now - seen_at >= accounts.TOUCH_EVERY and "quiet" not in request.query_params:
        with console.database.transaction() as c:
            accounts.touch(c, token, now=now)
    return Visitor(user=user, token=token)


def still_there(request: Request) -> tuple[User, datetime]:
    """Give the user of a session that is not over and when it was last used, without counting this as use.

    Raises
    ------
    LogInRequired
        Nobody is logged in.
    """
    console, token = console_of(request), request.cookies.get(COOKIE, "")
    with console.database.reading() as c:
        found = accounts.session_of(c, token, limits=console.limits, now=console.now()) if token else None
    if found is None:
        raise LogInRequired
    return found


def signed_in(visitor: Annotated[Visitor, Depends(with_session)]) -> Visitor:
    """Let through whoever is logged in with a password of its own.

    Raises
    ------
    PasswordRequired
        It is still the one that serves once.
    """
    if visitor.user.must_change:
        raise PasswordRequired
    return visitor


def admin(visitor: Annotated[Visitor, Depends(signed_in)]) -> Visitor:
    """Let an admin through; 403 for others."""
    if not visitor.is_admin:
        raise PageError(403, lambda told: told.admins_only)
    return visitor


async def session_form(request: Request, visitor: Annotated[Visitor, Depends(with_session)]) -> Posted:
    """Read a form that anybody logged in may send."""
    return await _posted(request, visitor, SMALL_FORM)


async def admin_form(request: Request, visitor: Annotated[Visitor, Depends(admin)]) -> Posted:
    """Read a form that only an admin may send."""
    return await _posted(request, visitor, SMALL_FORM)


async def upload_form(request: Request, visitor: Annotated[Visitor, Depends(signed_in)]) -> Posted:
    """Read a form with a file, of which nothing touches the disk."""
    return await _posted(request, visitor, (console_of(request).settings.max_upload_mb << 20) + SMALL_FORM)


async def certificate_form(request: Request, visitor: Annotated[Visitor, Depends(admin)]) -> Posted:
    """Read a form with certificates, of which nothing touches the disk before it was looked at."""
    return await _posted(request, visitor, MOST_FILES * MOST_BYTES + SMALL_FORM)


async def _posted(request: Request, visitor: Visitor, limit: int) -> Posted:
    fields, files = await read_form(request, limit)
    if not is_ours(fields, visitor.token):
        raise PageError(403, lambda told: told.foreign_form)
    return Posted(visitor=visitor, fields=fields, files=files)


SignedIn = Annotated[Visitor, Depends(signed_in)]
WithSession = Annotated[Visitor, Depends(with_session)]
SessionForm = Annotated[Posted, Depends(session_form)]
Admin = Annotated[Visitor, Depends(admin)]
AdminForm = Annotated[Posted, Depends(admin_form)]
CertificateForm = Annotated[Posted, Depends(certificate_form)]
UploadForm = Annotated[Posted, Depends(upload_form)]
