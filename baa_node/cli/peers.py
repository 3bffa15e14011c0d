"""``baa-node peers``: who may send, where results go, and who was turned away."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.context import emit, load, open_database, options, when_bare
from baa_node.cli.examples import examples
from baa_node.cli.names import peer_names
from baa_node.cli.operator import operator
from baa_node.cli.peer_file import parse, value_of
from baa_node.cli.tables import columns
from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from baa_node.db.peers import Peer, RefusedCaller

app = typer.Typer(help="Who may send, where results go, and who was turned away. A running node sees changes at once.")

Name = Annotated[str, typer.Argument(help="What people call the peer.")]
Known = Annotated[str, typer.Argument(help="What people call the peer.", autocompletion=peer_names)]
AeTitle = Annotated[str | None, typer.Option(help="Application entity title, 1 to 16 characters.")]
Host = Annotated[str | None, typer.Option(help="Host name or address.")]
Port = Annotated[int | None, typer.Option(help="Port on which it takes results.")]
Source = Annotated[bool | None, typer.Option("--source/--no-source", help="It may send images. [default: of kind dicom]")]
Destination = Annotated[bool, typer.Option(help="It takes results.")]
Tls = Annotated[bool, typer.Option(help="Results go to it over TLS.")]
Kind = Annotated[str | None, typer.Option(help="dicom, hl7, fhir or stow. [default: dicom]")]
Url = Annotated[str | None, typer.Option(help="mllp://host:port, mllps://host:port or https://host/path, for all kinds but dicom.")]
User = Annotated[str | None, typer.Option(help="User of HTTP basic authentication; without one the secret is a bearer token.")]
Secret = Annotated[str | None, typer.Option(help="Where the password or token is found: env:NAME or file:/path.")]
Wants = Annotated[list[str] | None, typer.Option(help="sr, picture or pdf; may be repeated. [default: all]")]
Refusals = Annotated[str | None, typer.Option(help="What it gets when no bone age is given: both, sr, picture or none. [default: both]")]
Query = Annotated[bool, typer.Option(help="It may be asked for a patient's earlier reports (C-FIND and C-GET).")]
RouteTo = Annotated[list[str] | None, typer.Option(help="Name of a destination for what it sends; may be repeated. [default: itself]")]


@app.command("list", epilog=examples("peers list", "--json peers list"))
def list_() -> None:
    """Show every peer, and the callers turned away with the command that would admit each."""
    from baa_node.db import peers
    from baa_node.db.admission import why_refused

    own = load().node.ae_title
    with open_database() as database, database.reading() as c:
        known, refused = peers.list_peers(c), peers.list_refused_callers(c)
        routes = {peer.name: [one.name for one in peers.destinations_of(c, peer)] for peer in known if peer.source}
    why = [why_refused(one, known, own=own) for one in refused]
    value = {
        "peers": [{**value_of(peer), "results_go_to": routes.get(peer.name, [])} for peer in known],
        "refused_callers": [
            {**dataclasses.asdict(one), "why": told, "admit": _admitting(one, known)} for one, told in zip(refused, why, strict=True)
        ],
    }
    emit(_with_times(value), [*_peer_lines(known, routes), *_refused_lines(refused, why, known)])


when_bare(app, list_)


@app.command(
    epilog=examples(
        "peers add pacs --ae-title MYPACS --host 10.0.0.5 --port 104",
        "peers add cr1 --ae-title CR1 --host 10.0.0.8 --port 104 --source --no-destination --route-to pacs",
        "peers add his --kind hl7 --url mllp://10.0.0.9:2575",
    )
)
def add(
    context: typer.Context,
    name: Name,
    ae_title: AeTitle = None,
    host: Host = None,
    port: Port = None,
    source: Source = None,
    destination: Destination = True,
    tls: Tls = False,
    query: Query = False,
    route_to: RouteTo = None,
    kind: Kind = None,
    url: Url = None,
    user: User = None,
    secret: Secret = None,
    wants: Wants = None,
    refusals: Refusals = None,
) -> None:
    """Admit a peer. One of kind dicom needs --ae-title, --host and --port, a destination of the other kinds --url."""
    from baa_node.db import peers

    asked = _asked(ae_title=ae_title, host=host, port=port, kind=kind, url=url, user=user, secret=secret, refusals=refusals, wants=wants)
    if kind in {None, "dicom"} and (missing := next((key for key in ("ae_title", "host", "port") if key not in asked), None)):
        raise typer.BadParameter("is missing", ctx=context, param_hint=f"--{missing.replace('_', '-')}")
    sends = kind in {None, "dicom"} if source is None else source
    peer = peers.Peer(name=name, source=sends, destination=destination, tls=tls, query=query, route_to=tuple(route_to or ()), **asked)
    with open_database() as database, database.transaction() as c:
        peers.add_peer(c, peer, actor=operator(), now=datetime.now(UTC))
    emit(value_of(peer), [f"peer {name} added: {_described(peer)}"])


def _asked(**options: Any) -> dict[str, Any]:
    """Leave out what was not named on the command line."""
    return {key: tuple(value) if key == "wants" else value for key, value in options.items() if value is not None}


@app.command(epilog=examples("peers edit pacs --port 11112", "peers edit pacs --wants sr --refusals sr"))
def edit(
    name: Known,
    ae_title: AeTitle = None,
    host: Host = None,
    port: Port = None,
    source: Annotated[bool | None, typer.Option("--source/--no-source", help="It may send images.")] = None,
    destination: Annotated[bool | None, typer.Option("--destination/--no-destination", help="It takes results.")] = None,
    tls: Annotated[bool | None, typer.Option("--tls/--no-tls", help="Results go to it over TLS.")] = None,
    query: Annotated[bool | None, typer.Option("--query/--no-query", help="It may be asked for a patient's earlier reports.")] = None,
    route_to: RouteTo = None,
    no_route: Annotated[bool, typer.Option("--no-route", help="Forget the route: results go back to it.")] = False,
    url: Url = None,
    user: User = None,
    secret: Secret = None,
    wants: Wants = None,
    refusals: Refusals = None,
) -> None:
    """Change a peer; what is not named stays as it is."""
    from baa_node.db import peers

    if route_to and no_route:
        raise typer.BadParameter("--route-to and --no-route exclude each other")
    changes = _asked(ae_title=ae_title, host=host, port=port, source=source, destination=destination, tls=tls, query=query)
    changes |= _asked(url=url, user=user, secret=secret, wants=wants, refusals=refusals)
    if route_to or no_route:
        changes["route_to"] = tuple(route_to or ())
    with open_database() as database, database.transaction() as c:
        peer = dataclasses.replace(peers.get_peer(c, name), **changes)
        peers.edit_peer(c, name, peer, actor=operator(), now=datetime.now(UTC))
    emit(value_of(peer), [f"peer {name} is now {_described(peer)}"])


@app.command(epilog=examples("peers remove pacs"))
def remove(name: Known) -> None:
    """Turn a peer away from now on."""
    from baa_node.db import peers

    with open_database() as database, database.transaction() as c:
        peers.remove_peer(c, name, actor=operator(), now=datetime.now(UTC))
    emit({"name": name, "removed": True}, [f"peer {name} removed"])


@app.command(epilog=examples("peers echo pacs"))
def echo(name: Known) -> None:
    """Ask a peer for a sign of life (C-ECHO)."""
    from baa_node.db import peers
    from baa_node.dicom import scu
    from baa_node.wiring.lines import endpoint_of

    with open_database() as database, database.reading() as c:
        peer = peers.get_peer(c, name)
    if peer.kind != "dicom":
        raise ConfigError(f"peer {name} is of kind {peer.kind}; try `baa-node peers test {name}`")
    endpoint = endpoint_of(load(), peer)
    scu.echo(endpoint)
    emit({"name": name, "ok": True}, [f"{name} answers: {endpoint}"])


@app.command(epilog=examples("peers test pacs"))
def test(name: Known) -> None:
    """Try a peer in its way: C-ECHO and whether it takes our results, a connection (MLLP), /metadata (FHIR), a query (DICOMweb)."""
    from baa_node.bridges import bridge_to
    from baa_node.db import peers
    from baa_node.wiring.bridges import wires_of
    from baa_node.wiring.lines import endpoint_of

    config = load()
    with open_database() as database, database.reading() as c:
        peer = peers.get_peer(c, name)
    said = bridge_to(peer, wires_of(config), endpoint=lambda one: endpoint_of(config, one)).probe()
    emit({"name": name, "ok": True, "answer": said}, [f"{name} answers: {said}"])


@app.command(epilog=examples("peers export peers.json"))
def export(file: Annotated[Path | None, typer.Argument(help="File to write. [default: standard output]")] = None) -> None:
    """Write every peer as JSON, in the form that ``import`` reads."""
    from baa_node.db import peers

    with open_database() as database, database.reading() as c:
        text = json.dumps([value_of(peer) for peer in peers.list_peers(c)], indent=2, ensure_ascii=False)
    if file is None:
        typer.echo(text)
        return
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    emit({"file": str(file)}, [])


@app.command("import", epilog=examples("peers import peers.json"))
def import_(file: Annotated[Path, typer.Argument(help="JSON as ``export`` writes it; - for standard input.")]) -> None:
    """Add the peers of a file and change those of the same name; all of them or none."""
    from baa_node.db import peers

    some = parse(file)
    with open_database() as database, database.transaction() as c:
        peers.import_peers(c, some, actor=operator(), now=datetime.now(UTC))
    emit([value_of(peer) for peer in some], [f"{len(some)} peers imported"])


def _with_times(value: dict[str, Any]) -> dict[str, Any]:
    for caller in value["refused_callers"]:
        caller["first_at"], caller["last_at"] = caller["first_at"].isoformat(), caller["last_at"].isoformat()
    return value


def _described(peer: Peer) -> str:
    parts = [f"{peer.ae_title} at {peer.address}" if peer.kind == "dicom" else f"{peer.kind} {peer.address}".strip()]
    parts += ["may send"] if peer.source else []
    parts += ["takes results"] if peer.destination else []
    parts += ["over TLS"] if peer.tls else []
    parts += ["may be asked for earlier reports"] if peer.query else []
    parts += [f"results go to {' and '.join(peer.route_to)}"] if peer.route_to else []
    parts += [f"wants {_wishes(peer)}"] if _wishes(peer) != "all" else []
    return ", ".join(parts)


def _peer_lines(known: Sequence[Peer], routes: dict[str, list[str]]) -> Iterator[str]:
    if not known:
        yield "no peers yet: every caller is turned away"
        return
    head = ("NAME", "AE TITLE", "ADDRESS", "SENDS", "TAKES RESULTS", "TLS", "ITS RESULTS GO TO", "KIND", "WANTS", "ASKED")
    yield from columns(head, [(*_cells(peer), _route(peer, routes), *_specials(peer)) for peer in known])


def _cells(peer: Peer) -> tuple[str, ...]:
    marks = ("yes" if flag else "no" for flag in (peer.source, peer.destination, peer.tls or peer.url.startswith(("https:", "mllps:"))))
    return (peer.name, peer.ae_title, peer.address, *marks)


def _specials(peer: Peer) -> tuple[str, ...]:
    """Kind, wishes and whether it is asked, left out where they are those of every DICOM peer."""
    wishes = _wishes(peer)
    return ("" if peer.kind == "dicom" else peer.kind, "" if wishes == "all" else wishes, "yes" if peer.query else "")


def _wishes(peer: Peer) -> str:
    from baa_node.db.peers import WANTS

    wants = "all" if peer.wants == WANTS else "+".join(peer.wants)
    return wants if peer.refusals == "both" else f"{wants}, refusals {peer.refusals}"


def _route(peer: Peer, routes: dict[str, list[str]]) -> str:
    if not peer.source:
        return ""
    return ", ".join(routes[peer.name]) or "NOWHERE: there is no destination"


def _refused_lines(refused: Sequence[RefusedCaller], why: Sequence[str], known: Sequence[Peer]) -> Iterator[str]:
    if refused:
        yield ""
        yield "turned away:"
    for caller, told in zip(refused, why, strict=True):
        times = "once" if caller.count == 1 else f"{caller.count} times"
        last = caller.last_at.isoformat(sep=" ", timespec="seconds")
        yield f"  {caller.calling_ae or '(blank)'} from {caller.address}, {times}, last {last}: {told}"
        command = _admitting(caller, known)
        if command is not None:
            yield f"    {command}"


def _admitting(caller: RefusedCaller, known: Sequence[Peer]) -> str | None:
    """Give the command that would admit a caller; None when a peer entry would not help or no entry can hold the title."""
    from baa_node.db.admission import admitting

    entry = admitting(caller, known)
    if entry is None:
        return None
    if any(peer.name == entry.name for peer in known):
        return _command("edit", entry.name, "--source")
    back = [] if entry.destination else ["--no-destination"]
    route = [word for name in entry.route_to for word in ("--route-to", name)]
    return _command("add", entry.name, "--ae-title", entry.ae_title, "--host", entry.host, "--port", str(entry.port), *back, *route)


def _command(*words: str) -> str:
    common: list[str] = []
    if options.data_dir is not None:
        common += ["--data-dir", str(options.data_dir)]
    if options.config is not None:
        common += ["--config", str(options.config)]
    return shlex.join(["baa-node", *common, "peers", *words])
