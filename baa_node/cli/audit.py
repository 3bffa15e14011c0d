"""``baa-node audit``: what happened, when, by whom, and whether the record of it is whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.context import emit, open_database
from baa_node.cli.tables import columns
from baa_node.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from baa_node.db.audit import AuditKind, AuditRecord

app = typer.Typer(help="What happened, when, by whom, and whether the record of it is whole.", no_args_is_help=True)

DAYS_AND_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
"""How a time may be written; without a zone it is local time."""


@app.command("list")
def list_(
    subject: Annotated[str | None, typer.Option(help="SOP Instance UID, peer name or AE title.")] = None,
    study: Annotated[str | None, typer.Option(help="Study Instance UID.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of event, such as READING_DONE.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=DAYS_AND_TIMES, help="Only what happened from then on.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
) -> None:
    """Show events, oldest first."""
    from baa_node.db import audit

    wanted = _kind(kind) if kind else None
    with open_database() as database, database.reading() as c:
        start = since.astimezone() if since else None
        records = audit.list_events(c, subject=subject, study=study, kind=wanted, since=start, limit=limit)
    emit([event_value(record) for record in records], event_lines(records))


@app.command()
def verify() -> None:
    """Check every event against the chain; exit 1 when one was edited, deleted, inserted or moved."""
    from baa_node.db import audit

    with open_database() as database, database.reading() as c:
        findings = audit.verify(c)
        events, head = audit.head_of(c)
    found = [{"fault": finding.fault.value, "seq": finding.seq, "text": finding.text} for finding in findings]
    whole = [f"{events} events, none changed; the last one's hash is {head}"]
    emit({"ok": not findings, "events": events, "head": head, "findings": found}, [finding.text for finding in findings] or whole)
    if findings:
        raise StoreError(f"the audit trail was changed: {len(findings)} finding{'s' if len(findings) > 1 else ''}")


@app.command()
def export(file: Annotated[Path | None, typer.Argument(help="File to write. [default: standard output]")] = None) -> None:
    """Write every event as one line of JSON, hashes included, so that others can keep and check them."""
    from baa_node.db import audit

    with open_database() as database, database.reading() as c:
        if file is None:
            for line in audit.export(c):
                typer.echo(line)
            return
        try:
            with file.open("w", encoding="utf-8") as out:
                out.writelines(f"{line}\n" for line in audit.export(c))
        except OSError as error:
            raise ConfigError(f"{file} cannot be written: {error.strerror}") from error


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
