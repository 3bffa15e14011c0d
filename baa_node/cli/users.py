"""``baa-node users``: who may use the console."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from baa_node.cli.context import emit, open_database, when_bare
from baa_node.cli.examples import examples
from baa_node.cli.names import user_names
from baa_node.cli.operator import operator
from baa_node.cli.tables import columns
from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from baa_node.db.accounts import Role

app = typer.Typer(help="Who may use the console. A running node sees changes at once.")

Name = Annotated[str, typer.Argument(help="Name of the user.")]
Known = Annotated[str, typer.Argument(help="Name of the user.", autocompletion=user_names)]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Take the password from standard input instead of asking for it.")]
Once = Annotated[bool, typer.Option("--once", help="The password serves once: a new one is asked for at log-in.")]


@app.command("list", epilog=examples("users list"))
def list_() -> None:
    """Show every user."""
    from baa_node.db import accounts

    with open_database() as database, database.reading() as c:
        known = accounts.list_users(c)
    value = [{"name": one.name, "role": one.role.value, "must_change": one.must_change, "since": one.created_at} for one in known]
    rows = [(one.name, one.role.value, "must change its password" if one.must_change else "") for one in known]
    emit(value, columns(("NAME", "ROLE", ""), rows) if rows else ["no users yet: the first start of the console makes one"])


when_bare(app, list_)


@app.command(epilog=examples("users add ann --role admin --once"))
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer sees everything, admin may change it, disabled cannot log in.")] = "viewer",
    password_stdin: FromStdin = False,
    once: Once = False,
) -> None:
    """Admit a user."""
    from baa_node.db import accounts
    from baa_node.web.passwords import checked, hash_password

    wanted = _role(role, "--role")
    stored = hash_password(checked(_password(from_stdin=password_stdin), user=name))
    now = datetime.now(UTC)
    user = accounts.User(name=name, role=wanted, password=stored, must_change=once, created_at=now, changed_at=now)
    with open_database() as database, database.transaction() as c:
        accounts.add_user(c, user, actor=operator())
    emit({"name": name, "role": role}, [f"user {name} added as {role}"])


@app.command(epilog=examples("users password ann --once"))
def password(name: Known, password_stdin: FromStdin = False, once: Once = False) -> None:
    """Set a user's password and end its sessions."""
    from baa_node.db import accounts
    from baa_node.web.passwords import checked, hash_password

    stored = hash_password(checked(_password(from_stdin=password_stdin), user=name))
    with open_database() as database, database.transaction() as c:
        accounts.set_password(c, name, stored, must_change=once, actor=operator(), now=datetime.now(UTC))
    emit({"name": name, "changed": True}, [f"password of {name} set; it is logged out everywhere"])


@app.command(epilog=examples("users role ann admin", "users role ann disabled"))
def role(name: Known, role: Annotated[str, typer.Argument(help="viewer, admin or disabled.")]) -> None:
    """Let a user do more or less, or keep it from logging in."""
    from baa_node.db import accounts

    wanted = _role(role, "ROLE")
    with open_database() as database, database.transaction() as c:
        accounts.set_role(c, name, wanted, actor=operator(), now=datetime.now(UTC))
    emit({"name": name, "role": role}, [f"user {name} is now {role}"])


@app.command(epilog=examples("users remove ann"))
def remove(name: Known) -> None:
    """Remove a user and end its sessions."""
    from baa_node.db import accounts

    with open_database() as database, database.transaction() as c:
        accounts.remove_user(c, name, actor=operator(), now=datetime.now(UTC))
    emit({"name": name, "removed": True}, [f"user {name} removed"])


def _role(name: str, hint: str) -> Role:
    from baa_node.db.accounts import Role

    if name not in set(Role):
        raise typer.BadParameter(f"one of {', '.join(Role)}", param_hint=hint)
    return Role(name)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask for a password: use --password-stdin")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
