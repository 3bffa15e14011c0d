"""Users of the console, for admins: who there is, what each may do, and a way in for those who forgot their password."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from baa_node.db import Connection, accounts
from baa_node.db.accounts import Role, User
from baa_node.errors import ConfigError, StoreError
from baa_node.web.description import form as form_with
from baa_node.web.first_run import forget_first_password
from baa_node.web.page_error import PageError
from baa_node.web.passwords import hash_password, one_time_password
from baa_node.web.render import link, render
from baa_node.web.session import Admin, AdminForm, Posted, Visitor, console_of

router = APIRouter(prefix="/users")


@router.get("")
def users_page(request: Request, visitor: Admin) -> Response:
    """List users."""
    return _list(request, visitor)


@router.post("", openapi_extra=form_with("name", "role"))
def add(request: Request, form: AdminForm) -> Response:
    """Admit a user with a password that serves once, shown this one time."""
    console, name, password = console_of(request), form.fields.get("name", "").strip(), one_time_password()
    now = console.now()
    try:
        role = _role(form)
        user = User(name=name, role=role, password=hash_password(password), must_change=True, created_at=now, changed_at=now)
        with console.database.transaction() as c:
            accounts.add_user(c, user, actor=form.visitor.actor)
    except (ConfigError, StoreError) as error:
        return _list(request, form.visitor, typed=form.fields, trouble=str(error))
    return _list(request, form.visitor, once=(name, password))


@router.post("/{name}/role", openapi_extra=form_with("role"))
def change_role(request: Request, name: str, form: AdminForm) -> Response:
    """Let a user do more or less, or keep it from logging in."""
    console = console_of(request)
    try:
        role = _role(form)
        with console.database.transaction() as c:
            _user(c, name)
            accounts.set_role(c, name, role, actor=form.visitor.actor, now=console.now())
    except (ConfigError, StoreError) as error:
        return _list(request, form.visitor, trouble=str(error))
    if name == form.visitor.user.name:
        return RedirectResponse(link(request, "/"), 303)
    return RedirectResponse(link(request, "/users?said=user"), 303)


@router.post("/{name}/password", openapi_extra=form_with())
def reset_password(request: Request, name: str, form: AdminForm) -> Response:
    """Put a password that serves once in the place of one that was forgotten, and show it this one time."""
    console, password = console_of(request), one_time_password()
    if name == form.visitor.user.name:
        raise PageError(400, lambda told: told.own_password)
    stored = hash_password(password)
    with console.database.transaction() as c:
        _user(c, name)
        accounts.set_password(c, name, stored, must_change=True, actor=form.visitor.actor, now=console.now())
    forget_first_password(console, name)
    return _list(request, form.visitor, once=(name, password))


@router.post("/{name}/remove", openapi_extra=form_with())
def remove(request: Request, name: str, form: AdminForm) -> Response:
    """Remove a user."""
    console = console_of(request)
    try:
        with console.database.transaction() as c:
            _user(c, name)
            accounts.remove_user(c, name, actor=form.visitor.actor, now=console.now())
    except StoreError as error:
        return _list(request, form.visitor, trouble=str(error))
    return RedirectResponse(link(request, "/users?said=user_removed"), 303)


def _list(
    request: Request,
    visitor: Visitor,
    *,
    once: tuple[str, str] | None = None,
    typed: dict[str, str] | None = None,
    trouble: str = "",
) -> Response:
    with console_of(request).database.reading() as c:
        known = accounts.list_users(c)
    return render(
        request,
        "users.html",
        visitor=visitor,
        status=400 if trouble else 200,
        users=known,
        roles=list(Role),
        once=once,
        typed=typed or {},
        trouble=trouble,
    )


def _role(form: Posted) -> Role:
    try:
        return Role(form.fields.get("role", ""))
    except ValueError:
        raise ConfigError(f"a role is one of {', '.join(Role)}") from None


def _user(c: Connection, name: str) -> User:
    try:
        return accounts.get_user(c, name)
    except StoreError as error:
        raise HTTPException(404, str(error)) from error
