"""The first start of a console makes the first user: ``admin``, with a password that serves once."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from baa_node.db import accounts
from baa_node.db.accounts import Role, User
from baa_node.errors import ConfigError, StoreError
from baa_node.faults import cannot_write
from baa_node.web.parts import Console
from baa_node.web.passwords import hash_password, one_time_password

FILE: Final = "console-password"
NAME: Final = "admin"

_log = logging.getLogger(__name__)


def admit_first_user(console: Console) -> None:
    """Make ``admin`` where there is no user yet, and say in the log in which file its password is.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    with console.database.reading() as c:
        if accounts.list_users(c):
            return
    path, password, now = console.data_dir / FILE, one_time_password(), console.now()
    _write(path, password)
    user = User(name=NAME, role=Role.ADMIN, password=hash_password(password), must_change=True, created_at=now, changed_at=now)
    try:
        with console.database.transaction() as c:
            accounts.add_user(c, user, actor="node")
    except StoreError:  # another host was first: its file holds
        path.unlink()
        with console.database.reading() as c:
            accounts.get_user(c, NAME)
        return
    _log.warning("console has its first user, %s: log in with the password in %s and choose another one", NAME, path)


def forget_first_password(console: Console, name: str) -> None:
    """Remove the file once its password serves no more."""
    if name == NAME:
        (console.data_dir / FILE).unlink(missing_ok=True)


def _write(path: Path, password: str) -> None:
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(f"{password}\n")
    except OSError as error:
        raise ConfigError(cannot_write(error, where=path, otherwise=f"the first password cannot be written to {path}")) from error
