"""Routes on record: an ordered list, each change an event, and where the results of an image go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import Decision, Route
from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.peers import destinations_of, list_peers
from baa_node.db.prepared import Prepared
from baa_node.db.tables import audit_head, routes
from baa_node.errors import StoreError

_IN_ORDER: Final = Prepared(select(routes).order_by(routes.c.position, routes.c.name))


def add_route(
    c: Connection, route: Route, *, actor: str, now: datetime, position: int | None = None, bundles: Collection[str] = ()
) -> None:
    """Put a route into the list, at the end unless a position (from 1) is given; recorded as ``ROUTE_ADDED``.

    Parameters
    ----------
    bundles
        Names of those that are installed.

    Raises
    ------
    StoreError
        The name is taken, a destination is none, or the bundle is not installed.
    """
    _take_turn(c)
    _check(c, route, bundles)
    if c.execute(select(routes.c.name).where(routes.c.name == route.name)).first():
        raise StoreError(f"route {route.name} exists already")
    last = (c.execute(select(func.max(routes.c.position))).scalar() or 0) + 1
    c.execute(insert(routes).values(_values(route) | {"position": last}))
    at = _place(c, route.name, last if position is None else position)
    _record(c, AuditKind.ROUTE_ADDED, route.name, {**_flat(route), "position": at}, actor=actor, now=now)


def edit_route(c: Connection, name: str, route: Route, *, actor: str, now: datetime, bundles: Collection[str] = ()) -> None:
    """Replace everything but name and position; recorded as ``ROUTE_CHANGED`` with old and new values, unless nothing changes.

    Raises
    ------
    StoreError
        As ``add_route``; or another name.
    """
    _take_turn(c)
    before = get_route(c, name)
    if route.name != name:
        raise StoreError(f"the name of route {name} cannot change: add {route.name} and remove {name}")
    if route == before:
        return
    _check(c, route, bundles)
    c.execute(update(routes).where(routes.c.name == name).values(_values(route)))
    old, new = _flat(before), _flat(route)
    changed = [key for key in new if old[key] != new[key]]
    detail = {f"{key}_{side}": value[key] for key in changed for side, value in (("from", old), ("to", new))}
    _record(c, AuditKind.ROUTE_CHANGED, name, detail, actor=actor, now=now)


def move_route(c: Connection, name: str, position: int, *, actor: str, now: datetime) -> int:
    """Put a route at a position (from 1; beyond the last is the last) and give it; recorded as ``ROUTE_CHANGED``.

    Raises
    ------
    StoreError
        No such route.
    """
    _take_turn(c)
    get_route(c, name)
    before = _names(c).index(name) + 1
    at = _place(c, name, position)
    if at != before:
        _record(c, AuditKind.ROUTE_CHANGED, name, {"position_from": before, "position_to": at}, actor=actor, now=now)
    return at


def remove_route(c: Connection, name: str, *, actor: str, now: datetime) -> None:
    """Take a route out of the list; recorded as ``ROUTE_REMOVED`` with what it was. What it decided before stands.

    Raises
    ------
    StoreError
        No such route.
    """
    _take_turn(c)
    before, position = get_route(c, name), _names(c).index(name) + 1
    c.execute(delete(routes).where(routes.c.name == name))
    _record(c, AuditKind.ROUTE_REMOVED, name, {**_flat(before), "position": position}, actor=actor, now=now)


def get_route(c: Connection, name: str) -> Route:
    """Look a route up by its name.

    Raises
    ------
    StoreError
        No such route; the text names those there are.
    """
    row = c.execute(select(routes).where(routes.c.name == name)).mappings().first()
    if row is None:
        raise StoreError(f"no route is called {name} (there are: {', '.join(_names(c)[:20]) or 'none'})")
    return _route(row)


def list_routes(c: Connection) -> list[Route]:
    """List every route in the order in which they are asked."""
    return [_route(row) for row in _IN_ORDER.rows(c)]


def called_titles(c: Connection) -> frozenset[str]:
    """Give the AE titles, beside the node's own, by which routes let the node be called."""
    return frozenset(title for titles in c.execute(select(routes.c.called_ae)).scalars() for title in titles)


def destinations_for(c: Connection, decision: Decision, sender: str) -> list[str]:
    """Name the peers that get what becomes of an image: those of its route, else those of its sender's entry.

    A destination whose entry is gone is named all the same, so that its delivery fails where people see it.
    """
    if decision.destinations:
        return list(decision.destinations)
    peer = next((one for one in list_peers(c) if one.name == sender), None)
    return [one.name for one in destinations_of(c, peer)] if peer else []


def _take_turn(c: Connection) -> None:
    """Wait for whoever else is changing something: two who add at once must not get one position."""
    c.execute(select(audit_head.c.id).where(audit_head.c.id == 1).with_for_update())


def _check(c: Connection, route: Route, bundles: Collection[str]) -> None:
    there = {peer.name for peer in list_peers(c) if peer.destination}
    for name in route.destinations:
        if name not in there:
            raise StoreError(f"route {route.name} cannot send to {name}: no destination has that name")
    if route.bundle and route.bundle not in bundles:
        raise StoreError(
            f"route {route.name}: no bundle called {route.bundle} is installed (there are: {', '.join(sorted(bundles)) or 'none'})"
        )


def _names(c: Connection) -> list[str]:
    return list(c.execute(select(routes.c.name).order_by(routes.c.position, routes.c.name)).scalars())


def _place(c: Connection, name: str, position: int) -> int:
    """Put one route at a position, numbering all anew, and give that position."""
    order = [other for other in _names(c) if other != name]
    at = max(0, min(position - 1, len(order)))
    order.insert(at, name)
    for number, other in enumerate(order, start=1):
        c.execute(update(routes).where(routes.c.name == other, routes.c.position != number).values(position=number))
    return at + 1


def _record(c: Connection, kind: AuditKind, name: str, detail: dict[str, Scalar], *, actor: str, now: datetime) -> None:
    audit.append(c, AuditEvent(kind=kind, actor=actor, subject=name, detail=detail), now=now)


def _values(route: Route) -> dict[str, Any]:
    lists = {key: list(getattr(route, key)) for key in ("calling_ae", "called_ae", "destinations", "kinds")}
    return {**asdict(route), **lists, "conditions": [str(condition) for condition in route.conditions]}


def _flat(route: Route) -> dict[str, Scalar]:
    """Give it as the trail tells it; conditions one after the other with semicolons between them."""
    values = _values(route)
    del values["name"]
    joined = {key: ",".join(values[key]) for key in ("calling_ae", "called_ae", "destinations", "kinds")}
    return {**values, **joined, "conditions": "; ".join(values["conditions"])}


def _route(row: RowMapping | dict[str, Any]) -> Route:
    lists = {key: tuple(row[key]) for key in ("calling_ae", "called_ae", "destinations", "kinds")}
    conditions = tuple(parse_condition(text) for text in row["conditions"])
    return Route(name=row["name"], read=row["read"], bundle=row["bundle"], conditions=conditions, **lists)
