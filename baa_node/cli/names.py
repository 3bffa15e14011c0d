"""Names that the shell completes: of peers, routes and users that the record has. Pressing a key changes nothing and never fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from baa_node.db import Connection


def peer_names(context: typer.Context, incomplete: str) -> list[str]:
    """Peers whose name begins so."""

    def known(c: Connection) -> Iterable[str]:
        from baa_node.db import peers

        return (peer.name for peer in peers.list_peers(c))

    return _beginning(context, incomplete, known)


def route_names(context: typer.Context, incomplete: str) -> list[str]:
    """Routes whose name begins so."""

    def known(c: Connection) -> Iterable[str]:
        from baa_node.db import routes

        return (route.name for route in routes.list_routes(c))

    return _beginning(context, incomplete, known)


def user_names(context: typer.Context, incomplete: str) -> list[str]:
    """Users of the console whose name begins so."""

    def known(c: Connection) -> Iterable[str]:
        from baa_node.db import accounts

        return (user.name for user in accounts.list_users(c))

    return _beginning(context, incomplete, known)


def _beginning(context: typer.Context, incomplete: str, known: Callable[[Connection], Iterable[str]]) -> list[str]:
    from baa_node.config import load_config
    from baa_node.db import Database
    from baa_node.errors import BaaError

    before = context.find_root().params
    folder, file = (Path(given) if given else None for given in (before.get("data_dir"), before.get("config_file")))
    try:
        with Database.as_it_is(load_config(folder, file).database_url) as database, database.reading() as c:
            return [name for name in known(c) if name.startswith(incomplete)]
    except BaaError:  # no record yet, or one of another version
        return []
