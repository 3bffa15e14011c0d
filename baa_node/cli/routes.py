"""``baa-node routes``: which images are read, by what, and who gets the result; and what would become of a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.context import emit, load, open_database, when_bare
from baa_node.cli.examples import examples
from baa_node.cli.names import route_names
from baa_node.cli.operator import operator
from baa_node.cli.tables import columns
from baa_node.errors import InstanceError

if TYPE_CHECKING:
    from baa_node.core.routes.routing import Route
    from baa_node.db import Connection
    from baa_node.outlook import Outlook

app = typer.Typer(
    help="Which images are read, and who gets the result. The first route that matches decides; without routes everything is read and "
    "goes where the sender's entry says. A running node follows a change from the next image on."
)

Name = Annotated[str, typer.Argument(help="What people call the route.")]
Known = Annotated[str, typer.Argument(help="What people call the route.", autocompletion=route_names)]
CallingAe = Annotated[list[str] | None, typer.Option(help="Only images of this calling AE title; may be repeated. [default: any]")]
CalledAe = Annotated[
    list[str] | None, typer.Option(help="Only images sent to this AE title, by which the node may then be called; may be repeated.")
]
When = Annotated[
    list[str] | None,
    typer.Option(
        help='Condition on an attribute; may be repeated, and all must hold: "Modality equals DX", "BodyPartExamined one-of HAND | WRIST", '
        '"StudyDescription contains bone age", "PatientSex missing", "ProcedureCodeSequence.CodeValue equals 37362-1".'
    ),
]
LeaveAlone = Annotated[bool | None, typer.Option("--leave-alone/--read", help="Keep and show such images, but do not read them.")]
Bundle = Annotated[str | None, typer.Option(help="Name of an installed bundle that reads; empty for the configured one.")]
To = Annotated[list[str] | None, typer.Option(help="Name of a peer that gets the result; may be repeated. [default: the sender's]")]
Kind = Annotated[list[str] | None, typer.Option(help="sr, picture or pdf; may be repeated. [default: all]")]


@app.command("list", epilog=examples("routes list"))
def list_() -> None:
    """Show every route in the order in which they are asked."""
    from baa_node.db import routes

    with open_database() as database, database.reading() as c:
        known = routes.list_routes(c)
    if known:
        head = ("", "NAME", "CALLING AE", "CALLED AE", "WHEN", "THEN")
        lines = list(columns(head, [(str(number), *_cells(route)) for number, route in enumerate(known, start=1)]))
    else:
        lines = ["no routes: everything is read and goes where the sender's entry says"]
    emit([_value(route, number) for number, route in enumerate(known, start=1)], lines)


when_bare(app, list_)


@app.command(
    epilog=examples(
        'routes add knees --when "BodyPartExamined one-of KNEE | ANKLE" --leave-alone --at 1',
        "routes add ward --calling-ae CR7 --to pacs --kind sr",
    )
)
def add(
    name: Name,
    calling_ae: CallingAe = None,
    called_ae: CalledAe = None,
    when: When = None,
    leave_alone: LeaveAlone = None,
    bundle: Bundle = None,
    to: To = None,
    kind: Kind = None,
    at: Annotated[int | None, typer.Option(min=1, help="Position, 1 is asked first. [default: last]")] = None,
) -> None:
    """Add a route."""
    from baa_node.core.routes.routing import Route
    from baa_node.db import routes

    route = Route(name=name, **_asked(calling_ae, called_ae, when, leave_alone, bundle, to, kind))
    with open_database() as database, database.transaction() as c:
        routes.add_route(c, route, actor=operator(), now=datetime.now(UTC), position=at, bundles=_installed())
        value = _value(route, _position(c, name))
    emit(value, [f"route {name} added at {value['position']}: {_summary(route)}"])


@app.command(epilog=examples("routes edit ward --kind sr --kind picture", "routes edit ward --any calling-ae"))
def edit(
    name: Known,
    calling_ae: CallingAe = None,
    called_ae: CalledAe = None,
    when: When = None,
    leave_alone: LeaveAlone = None,
    bundle: Bundle = None,
    to: To = None,
    kind: Kind = None,
    any_: Annotated[
        list[str] | None, typer.Option("--any", help="Forget calling-ae, called-ae, when, to or kind; may be repeated.")
    ] = None,
) -> None:
    """Change a route; what is not named stays as it is, what is named replaces all that was there."""
    from baa_node.db import routes

    changes = _forgotten(any_ or ()) | _asked(calling_ae, called_ae, when, leave_alone, bundle, to, kind)
    with open_database() as database, database.transaction() as c:
        route = dataclasses.replace(routes.get_route(c, name), **changes)
        routes.edit_route(c, name, route, actor=operator(), now=datetime.now(UTC), bundles=_installed())
        value = _value(route, _position(c, name))
    emit(value, [f"route {name} is now: {_summary(route)}"])


@app.command(epilog=examples("routes move ward 1"))
def move(name: Known, position: Annotated[int, typer.Argument(min=1, help="1 is asked first.")]) -> None:
    """Put a route at another position."""
    from baa_node.db import routes

    with open_database() as database, database.transaction() as c:
        at = routes.move_route(c, name, position, actor=operator(), now=datetime.now(UTC))
    emit({"name": name, "position": at}, [f"route {name} is now at {at}"])


@app.command(epilog=examples("routes remove ward"))
def remove(name: Known) -> None:
    """Take a route out; what it decided before stands."""
    from baa_node.db import routes

    with open_database() as database, database.transaction() as c:
        routes.remove_route(c, name, actor=operator(), now=datetime.now(UTC))
    emit({"name": name, "removed": True}, [f"route {name} removed"])


@app.command("test", epilog=examples("routes test hand.dcm --calling-ae PACS"))
def what_if(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="DICOM file; nothing of it is kept.")],
    calling_ae: Annotated[str | None, typer.Option(help="AE title of the sender. [default: that of the only source]")] = None,
    called_ae: Annotated[str | None, typer.Option(help="AE title that it calls. [default: that of the node]")] = None,
) -> None:
    """Say step by step what would become of a file that a peer sends, and why."""
    from baa_node.logs import set_up_log
    from baa_node.outlook import RuleTester, terms_of, to_json
    from baa_node.wiring.bundles import Ensembles

    config = load()
    set_up_log(config.log.level, as_json=config.log.json)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InstanceError(f"{file} cannot be read: {error.strerror}") from error
    with open_database() as database:
        if calling_ae is None:
            with database.reading() as c:
                calling_ae = _only_source(context, c)
        tester = RuleTester(database=database, terms=terms_of(config), ensemble=Ensembles(config))
        outlook = tester.test(content, calling_ae=calling_ae, called_ae=config.node.ae_title if called_ae is None else called_ae)
    emit(to_json(outlook), _outlook_lines(outlook))


def _asked(
    calling_ae: Sequence[str] | None,
    called_ae: Sequence[str] | None,
    when: Sequence[str] | None,
    leave_alone: bool | None,
    bundle: str | None,
    to: Sequence[str] | None,
    kind: Sequence[str] | None,
) -> dict[str, Any]:
    """Take what was named on the command line."""
    from baa_node.core.routes.conditions import parse_condition

    lists = {"calling_ae": calling_ae, "called_ae": called_ae, "destinations": to, "kinds": kind}
    asked: dict[str, Any] = {key: tuple(value) for key, value in lists.items() if value}
    asked |= {"conditions": tuple(parse_condition(text) for text in when)} if when else {}
    asked |= {} if bundle is None else {"bundle": bundle}
    return asked if leave_alone is None else asked | {"read": not leave_alone}


_FORGETTABLE = {"calling-ae": "calling_ae", "called-ae": "called_ae", "when": "conditions", "to": "destinations", "kind": "kinds"}


def _forgotten(names: Sequence[str]) -> dict[str, Any]:
    from baa_node.core.routes.report_kinds import REPORT_KINDS

    for name in names:
        if name not in _FORGETTABLE:
            raise typer.BadParameter(f"{', '.join(_FORGETTABLE)}", param_hint="--any")
    return {_FORGETTABLE[name]: REPORT_KINDS if name == "kind" else () for name in names}


def _installed() -> list[str]:
    from baa_node.wiring.bundles import installed_bundles

    return list(installed_bundles(load()))


def _only_source(context: typer.Context, c: Connection) -> str:
    from baa_node.db import peers

    titles = [peer.ae_title for peer in peers.list_peers(c) if peer.source and peer.ae_title]
    if len(titles) != 1:
        told = f"say who would send it: {', '.join(titles)}" if titles else "say who would send it; no peer may send yet"
        raise typer.BadParameter(told, ctx=context, param_hint="--calling-ae")
    return titles[0]


def _position(c: Connection, name: str) -> int:
    from baa_node.db import routes

    return [route.name for route in routes.list_routes(c)].index(name) + 1


def _value(route: Route, position: int) -> dict[str, Any]:
    return {"position": position, **dataclasses.asdict(route), "conditions": [str(condition) for condition in route.conditions]}


def _cells(route: Route) -> tuple[str, ...]:
    conditions = "; ".join(map(str, route.conditions))
    return (route.name, ", ".join(route.calling_ae) or "any", ", ".join(route.called_ae) or "any", conditions or "always", _outcome(route))


def _outcome(route: Route) -> str:
    if not route.read:
        return "leave alone"
    by = f" by {route.bundle}" if route.bundle else ""
    return f"read{by}, {'+'.join(route.kinds)} to {', '.join(route.destinations) or 'the destinations of the sender'}"


def _summary(route: Route) -> str:
    _, calling, called, conditions, outcome = _cells(route)
    return f"from {calling} to {called}, {conditions if conditions == 'always' else f'when {conditions}'}: {outcome}"


def _outlook_lines(outlook: Outlook) -> list[str]:
    """Tell each step; those behind the end are put in brackets."""
    lines, over = [], False
    for step in outlook.steps:
        lines.append(f"{step.topic:<12} {f'({step.told})' if over else step.told}")
        lines += [f"{'':<12}   {detail}" for detail in step.details]
        over = over or not step.goes_on
    return lines
