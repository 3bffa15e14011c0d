"""``baa-node certificates``: what the node shows and trusts over TLS, and what its peers show."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.context import emit, load, open_database, when_bare
from baa_node.cli.examples import examples
from baa_node.cli.names import peer_names
from baa_node.cli.operator import operator
from baa_node.cli.tables import columns
from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from baa_node.certificates import Certificates
    from baa_node.dicom.certificate import Certificate

app = typer.Typer(
    help="What the node shows and trusts over TLS, and what its peers show. A running node sees changes at its next connection."
)


@app.command("list", epilog=examples("certificates list"))
def list_() -> None:
    """Show every certificate that the settings name or that was given, with the days left."""
    with _certificates() as certificates:
        held = certificates.held()
    now = datetime.now(UTC)
    value = [
        {**dataclasses.asdict(file), "certificates": [_value(one, now) for one in file.certificates], "listens": certificates.listens}
        for file in held
    ]
    rows = [(file.purpose, file.origin, *_cells(one, now)) for file in held for one in file.certificates]
    lines = [*columns(("FOR", "FROM", "SUBJECT", "ISSUER", "VALID", "", "SHA-256"), rows)] if rows else []
    troubles = [f"{file.purpose}, {file.origin}: {file.trouble}" for file in held if file.trouble]
    emit(value, [*lines, *troubles] or ["none: nobody is trusted over TLS, and nothing is shown"])


when_bare(app, list_)


OnePeer = Annotated[str | None, typer.Argument(help="One peer. [default: every one that is called over TLS]", autocompletion=peer_names)]


@app.command(epilog=examples("certificates look", "certificates look pacs"))
def look(name: OnePeer = None) -> None:
    """Call peers that speak TLS and show the certificate of each, and why it is not trusted; exit 1 where one is not."""
    from baa_node.db import peers

    with _certificates() as certificates:
        with certificates.database.reading() as c:
            known = peers.list_peers(c) if name is None else [peers.get_peer(c, name)]
        found = certificates.look(known)
    now = datetime.now(UTC)
    value = [
        {
            "peer": peer.name,
            "trusted": not seen.trouble,
            "trouble": seen.trouble,
            **(_value(seen.certificate, now) if seen.certificate else {}),
        }
        for peer, seen in found
    ]
    rows = [
        (peer.name, "no" if seen.trouble else "yes", *(_cells(seen.certificate, now) if seen.certificate else ("",) * 5))
        for peer, seen in found
    ]
    lines = [*columns(("PEER", "TRUSTED", "SUBJECT", "ISSUER", "VALID", "", "SHA-256"), rows)] if rows else ["no peer is called over TLS"]
    emit(value, [*lines, *(seen.trouble for _, seen in found if seen.trouble)])
    if any(seen.trouble for _, seen in found):
        raise typer.Exit(1)


@app.command(epilog=examples("certificates trust authority.pem"))
def trust(file: Annotated[Path, typer.Argument(help="Certificate of an authority, or of a peer that signed its own (PEM).")]) -> None:
    """Trust an authority besides those of the settings."""
    now = datetime.now(UTC)
    with _certificates() as certificates:
        found = certificates.trust(_read(file), actor=operator(), now=now)
    emit([_value(one, now) for one in found], [f"trusted from now on: {one.subject}, {one.sha256}" for one in found])


@app.command(epilog=examples("certificates distrust 3f9a"))
def distrust(sha256: Annotated[str, typer.Argument(help="Its fingerprint, or as many digits as tell it from others.")]) -> None:
    """Trust an authority that was given no longer."""
    now = datetime.now(UTC)
    with _certificates() as certificates:
        gone = certificates.distrust(sha256, actor=operator(), now=now)
    emit(_value(gone, now), [f"trusted no longer: {gone.subject}, {gone.sha256}"])


@app.command(epilog=examples("certificates own node.pem node.key"))
def own(
    certificate: Annotated[Path, typer.Argument(help="Certificate of the node, followed by those that prove it (PEM).")],
    key: Annotated[Path | None, typer.Argument(help="Private key (PEM, no password). [default: in the same file]")] = None,
) -> None:
    """Show another certificate than that of the settings."""
    now = datetime.now(UTC)
    with _certificates() as certificates:
        taken = certificates.take_own(_read(certificate), _read(key) if key else b"", actor=operator(), now=now)
    emit(_value(taken, now), [f"shown from now on: {taken.subject}, {taken.sha256}"])


@app.command(epilog=examples("certificates disown"))
def disown() -> None:
    """Show the certificate of the settings again."""
    now = datetime.now(UTC)
    with _certificates() as certificates:
        back = certificates.drop_own(actor=operator(), now=now)
    emit(
        _value(back, now) if back else None, [f"shown from now on: {back.subject}, {back.sha256}" if back else "none is shown from now on"]
    )


@contextmanager
def _certificates() -> Iterator[Certificates]:
    from baa_node.certificates import Certificates

    with open_database() as database:
        yield Certificates(load(), database)


def _read(file: Path) -> bytes:
    """Read no more than what can be refused as too much."""
    from baa_node.dicom.given import MOST_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error


def _value(one: Certificate, now: datetime) -> dict[str, Any]:
    times = {"not_before": one.not_before.isoformat(), "not_after": one.not_after.isoformat()}
    return {**dataclasses.asdict(one), **times, "days_left": one.days_left(now)}


def _cells(one: Certificate, now: datetime) -> tuple[str, str, str, str, str]:
    left = one.days_left(now)
    valid = f"{one.not_before:%Y-%m-%d} to {one.not_after:%Y-%m-%d}"
    return one.subject, one.issuer, valid, "expired" if left < 0 else f"{left} days left", one.sha256
