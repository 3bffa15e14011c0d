"""``baa-node audit``: what happened, when, by whom, and whether the record of it is whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.context import emit, open_database, say
from baa_node.cli.examples import examples
from baa_node.cli.operator import operator
from baa_node.cli.tables import columns
from baa_node.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from baa_node.db.audit import AuditKind, AuditRecord

app = typer.Typer(help="What happened, when, by whom, and whether the record of it is whole.", no_args_is_help=True)

DAYS_AND_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
"""How a time may be written; without a zone it is local time."""


@app.command("list", epilog=examples("audit list --about A1234", "audit list --kind READING_DONE --since 2026-11-01"))
def list_(
    subject: Annotated[str | None, typer.Option(help="SOP Instance UID, peer name or AE title.")] = None,
    study: Annotated[str | None, typer.Option(help="Study Instance UID.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of event, such as READING_DONE.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=DAYS_AND_TIMES, help="Only what happened from then on.")] = None,
    about: Annotated[str | None, typer.Option(help="Accession number, or any UID or name: everything about it.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the newest. [default: 100; with --about all]")] = None,
) -> None:
    """Show events, oldest first; who looked is an event, too."""
    from baa_node.db import audit

    wanted = _kind(kind) if kind else None
    with open_database() as database, database.reading() as c:
        start = since.astimezone() if since else None
        most = limit or (None if about else 100)
        records = audit.list_events(c, subject=subject, study=study, kind=wanted, since=start, limit=most, about=about)
    _note_use("AUDIT_READ")
    emit([event_value(record) for record in records], event_lines(records))


@app.command(epilog=examples("audit verify", "audit verify --head 1204:9f3c0b"))
def verify(
    head: Annotated[
        str | None, typer.Option(help="NUMBER:HASH that was noted before (the log has it at each start and stop): tells a cut end, too.")
    ] = None,
) -> None:
    """Check every event against the chain; exit 1 when one was edited, deleted, inserted or moved.

    The end cut off together with the database's own note of it shows only against a head noted elsewhere: --head 1204:9f3c...
    """
    from baa_node.db import audit

    noted = _noted(head) if head else None
    with open_database() as database, database.reading() as c:
        findings = audit.verify(c, noted=noted)
        events, head = audit.head_of(c)
    found = [{"fault": finding.fault.value, "seq": finding.seq, "text": finding.text} for finding in findings]
    whole = [f"{events} events, none changed; the last one's hash is {head}"]
    emit({"ok": not findings, "events": events, "head": head, "findings": found}, [finding.text for finding in findings] or whole)
    if findings:
        raise StoreError(f"the audit trail was changed: {len(findings)} finding{'s' if len(findings) > 1 else ''}")


@app.command(epilog=examples("audit export audit.jsonl"))
def export(file: Annotated[Path | None, typer.Argument(help="File to write. [default: standard output]")] = None) -> None:
    """Write every event as one line of JSON, hashes included, so that others can keep and check them; who took them is the last."""
    from baa_node.db import audit

    _note_use("AUDIT_EXPORTED")
    with open_database() as database, database.reading() as c:
        if file is None:
            for line in audit.export(c):
                say(line)
            return
        try:
            with file.open("w", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in audit.export(c))
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {error.strerror}") from error
    emit({"file": str(file)}, [])


def _noted(head: str) -> tuple[int, str]:
    number, colon, sha256 = head.partition(":")
    if not colon or not number.isdecimal() or len(sha256) != 64:
        raise ConfigError(f"--head {head}: write the number of an event, a colon, and its hash of 64 digits")
    return int(number), sha256


def _note_use(kind: str) -> None:
    """Record who looked; a trail that was damaged is shown all the same."""
    from baa_node.db import audit
    from baa_node.db.audit import AuditEvent, AuditKind

    try:
        with open_database() as database, database.transaction() as c:
            audit.append(c, AuditEvent(kind=AuditKind(kind), actor=operator(), subject="audit trail"), now=datetime.now(UTC))
    except StoreError as error:
        typer.echo(f"baa-node: not on record: {error}", err=True)


def _kind(name: str) -> AuditKind:
    from baa_node.db.audit import AuditKind

    try:
        return AuditKind(name.upper())
    except ValueError:
        raise ConfigError(f"no event is called {name}; there are {', '.join(AuditKind)}") from None


def event_value(record: AuditRecord) -> dict[str, Any]:
    """Give an event as JSON types."""
    return {**dataclasses.asdict(record), "at": record.at.isoformat()}


def event_lines(records: list[AuditRecord]) -> Iterator[str]:
    """Give events as columns for people; nothing when there are none."""
    if not records:
        return
    rows = [
        (
            str(record.seq),
            record.at.isoformat(sep=" ", timespec="milliseconds"),
            record.kind,
            str(record.outcome),
            record.actor,
            record.subject,
            " ".join(f"{key}={value}" for key, value in record.detail.items()),
        )
        for record in records
    ]
    yield from columns(("NO", "TIME", "EVENT", "OUTCOME", "ACTOR", "SUBJECT", "DETAIL"), rows)
