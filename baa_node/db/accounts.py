"""Who may use the console, and who is logged in. Passwords come hashed, tokens of sessions are stored as SHA-256 only."""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.engine import insert_once, storable
from baa_node.db.tables import sessions, users
from baa_node.errors import ConfigError, StoreError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
TOUCH_EVERY: Final = timedelta(minutes=1)
"""A session's last use is written at most this often: showing a page need not write."""


class Role(enum.StrEnum):
    """What a user of the console may do."""

    VIEWER = "viewer"  # sees everything, changes nothing
    ADMIN = "admin"
    DISABLED = "disabled"  # cannot log in; the name stays taken


@dataclass(frozen=True, kw_only=True)
class User:
    """One user of the console.

    Attributes
    ----------
    password
        Argon2 hash in its own text form.
    must_change
        Nothing but a new password is let through.
    """

    name: str
    role: Role
    password: str
    must_change: bool
    created_at: datetime
    changed_at: datetime

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"user name {self.name!r}: use 1 to 64 letters, digits and . _ - @")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a session lasts: without use, and in all."""

    idle: timedelta
    longest: timedelta


def add_user(c: Connection, user: User, *, actor: str) -> None:
    """Admit a user, recorded as ``USER_ADDED``.

    Raises
    ------
    StoreError
        The name is taken, in whatever case.
    """
    taken = c.execute(select(users.c.name).where(func.lower(users.c.name) == user.name.lower())).scalar()
    if taken is not None or not insert_once(c, users, _values(user)):
        raise StoreError(f"user {taken or user.name} exists already")
    _record(c, AuditKind.USER_ADDED, user.name, actor=actor, now=user.created_at, detail={"role": user.role})


def set_password(c: Connection, name: str, password: str, *, must_change: bool, actor: str, now: datetime) -> None:
    """Replace a password by another hash and end every session of the user; recorded as ``USER_CHANGED``.

    Raises
    ------
    StoreError
        No such user.
    """
    before = get_user(c, name)
    c.execute(update(users).where(users.c.name == name).values(password=password, must_change=must_change, changed_at=now))
    c.execute(delete(sessions).where(sessions.c.user_name == name))
    detail: dict[str, Scalar] = {"password": "changed"}
    if before.must_change != must_change:
        detail |= {"must_change_from": before.must_change, "must_change_to": must_change}
    _record(c, AuditKind.USER_CHANGED, name, actor=actor, now=now, detail=detail)


def set_role(c: Connection, name: str, role: Role, *, actor: str, now: datetime) -> None:
    """Let a user do more or less from its next page on, recorded as ``USER_CHANGED`` unless nothing changes.

    Raises
    ------
    StoreError
        No such user, or the last admin.
    """
    before = get_user(c, name).role
    if before is role:
        return
    _check_not_last_admin(c, name)
    c.execute(update(users).where(users.c.name == name).values(role=role.value, changed_at=now))
    if role is Role.DISABLED:
        c.execute(delete(sessions).where(sessions.c.user_name == name))
    _record(c, AuditKind.USER_CHANGED, name, actor=actor, now=now, detail={"role_from": before, "role_to": role})


def remove_user(c: Connection, name: str, *, actor: str, now: datetime) -> None:
    """Remove a user and end its sessions, recorded as ``USER_REMOVED``.

    Raises
    ------
    StoreError
        No such user, or the last admin.
    """
    user = get_user(c, name)
    _check_not_last_admin(c, name)
    c.execute(delete(sessions).where(sessions.c.user_name == name))
    c.execute(delete(users).where(users.c.name == name))
    _record(c, AuditKind.USER_REMOVED, name, actor=actor, now=now, detail={"role": user.role})


def _check_not_last_admin(c: Connection, name: str) -> None:
    if [one.name for one in list_users(c) if one.role is Role.ADMIN] == [name]:
        raise StoreError(f"{name} is the last admin: add another one first")


def get_user(c: Connection, name: str) -> User:
    """Look a user up by name.

    Raises
    ------
    StoreError
        No such user.
    """
    user = find_user(c, name)
    if user is None:
        raise StoreError(f"no user is called {name}")
    return user


def find_user(c: Connection, name: str) -> User | None:
    """Look a user up by name, which a stranger may have typed."""
    row = c.execute(select(users).where(users.c.name == storable(name))).mappings().first()
    return None if row is None else _user(row)


def list_users(c: Connection) -> list[User]:
    """List every user by name."""
    return [_user(row) for row in c.execute(select(users).order_by(users.c.name)).mappings()]


def log_in(c: Connection, user: User, token: str, *, address: str, limits: Limits, now: datetime) -> None:
    """Begin a session, recorded as ``LOGGED_IN``; sessions that are over are forgotten."""
    over = (sessions.c.created_at <= now - limits.longest) | (sessions.c.seen_at <= now - limits.idle)
    c.execute(delete(sessions).where(over))
    c.execute(insert(sessions).values(token_sha256=_digest(token), user_name=user.name, created_at=now, seen_at=now))
    _record(c, AuditKind.LOGGED_IN, user.name, actor=f"console:{user.name}", now=now, detail={"address": address})


def note_failed_log_in(c: Connection, name: str, *, address: str, reason: str, now: datetime) -> None:
    """Record a log-in that failed as ``LOGIN_FAILED``. A name that nobody bears is not kept: it may be a password typed too early."""
    shown = name if find_user(c, name) else "(unknown)"
    _record(c, AuditKind.LOGIN_FAILED, shown, actor="console", now=now, detail={"address": address, "reason": reason}, outcome=4)


def session_of(c: Connection, token: str, *, limits: Limits, now: datetime) -> tuple[User, datetime] | None:
    """Find whose session a token stands for, and when it was last used; None when there is none or it is over."""
    query = select(sessions.c.created_at, sessions.c.seen_at, users).join(users, users.c.name == sessions.c.user_name)
    row = c.execute(query.where(sessions.c.token_sha256 == _digest(token))).first()
    if row is None or now - row[0] >= limits.longest or now - row[1] >= limits.idle:
        return None
    found = dict(zip(users.c.keys(), row[2:], strict=True))
    return _user(found), row[1]


def touch(c: Connection, token: str, *, now: datetime) -> None:
    """Note that a session is in use."""
    c.execute(update(sessions).where(sessions.c.token_sha256 == _digest(token)).values(seen_at=now))


def log_out(c: Connection, token: str, *, now: datetime) -> None:
    """End a session, recorded as ``LOGGED_OUT``; one that is over already is no fault."""
    name = c.execute(select(sessions.c.user_name).where(sessions.c.token_sha256 == _digest(token))).scalar()
    if name is not None:
        c.execute(delete(sessions).where(sessions.c.token_sha256 == _digest(token)))
        _record(c, AuditKind.LOGGED_OUT, name, actor=f"console:{name}", now=now, detail={})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _record(c: Connection, kind: AuditKind, name: str, *, actor: str, now: datetime, detail: dict[str, Scalar], outcome: int = 0) -> None:
    audit.append(c, AuditEvent(kind=kind, actor=actor, subject=name, detail=detail, outcome=outcome), now=now)


def _values(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role.value,
        "password": user.password,
        "must_change": user.must_change,
        "created_at": user.created_at,
        "changed_at": user.changed_at,
    }


def _user(row: RowMapping | dict[str, object]) -> User:
    return User(**{**row, "role": Role(str(row["role"]))})
