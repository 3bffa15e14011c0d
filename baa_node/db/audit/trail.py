"""Events go in at the end of the chain, and come out as they stand."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, insert, select, union, update

from baa_node.db.engine import storable
from baa_node.db.prepared import Prepared
from baa_node.db.tables import audit_events, audit_head, conflicts, instances
from baa_node.errors import StoreError

GENESIS: Final = "0" * 64
"""What stands for the hash of the row before the first one."""

_PAGE: Final = 1000

# Built once: every arrival waits for these.
_HEAD: Final = select(audit_head.c.seq, audit_head.c.sha256).where(audit_head.c.id == 1)
_LOCKED_HEAD: Final = Prepared(_HEAD.with_for_update())
_APPEND: Final = Prepared(insert(audit_events))
_MOVE_HEAD: Final = Prepared(update(audit_head).where(audit_head.c.id == 1))

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))

Scalar: TypeAlias = str | int | float | bool | None


class AuditKind(enum.StrEnum):
    """Everything that is worth an event; scripts may rely on the names."""

    NODE_STARTED = "NODE_STARTED"
    NODE_STOPPED = "NODE_STOPPED"
    NODE_DIED = "NODE_DIED"  # did not stop in order; noticed at the next start
    SETTING_CHANGED = "SETTING_CHANGED"  # of the configuration; noticed at the start
    ASSOCIATION_REFUSED = "ASSOCIATION_REFUSED"
    TLS_REFUSED = "TLS_REFUSED"  # a caller without a certificate that we trust, or without TLS
    INSTANCE_RECEIVED = "INSTANCE_RECEIVED"
    INSTANCE_LEFT_ALONE = "INSTANCE_LEFT_ALONE"  # kept and not read, as a route says
    INSTANCE_DUPLICATE = "INSTANCE_DUPLICATE"  # the same bytes again: acknowledged and ignored
    INSTANCE_CONFLICT = "INSTANCE_CONFLICT"  # the same UID with other bytes: quarantined
    INSTANCE_REJECTED = "INSTANCE_REJECTED"  # answered with a failure status, nothing was kept
    READING_DONE = "READING_DONE"
    READING_REFUSED = "READING_REFUSED"
    READING_QUARANTINED = "READING_QUARANTINED"
    REREAD_ORDERED = "REREAD_ORDERED"
    REPORT_STORED = "REPORT_STORED"  # in the spool, not yet at a destination
    REPORT_DISMISSED = "REPORT_DISMISSED"  # a refusal not sent: another image of the study was read
    DELIVERY_BEGUN = "DELIVERY_BEGUN"  # only where an audit repository is told (PS3.15 A.5.3.3)
    DELIVERY_ATTEMPT = "DELIVERY_ATTEMPT"  # did not succeed, another one follows
    DELIVERY_DONE = "DELIVERY_DONE"
    DELIVERY_FAILED = "DELIVERY_FAILED"  # given up
    DELIVERY_REOPENED = "DELIVERY_REOPENED"
    COMMITMENT_ASKED = "COMMITMENT_ASKED"  # storage commitment, PS3.4 annex J
    COMMITMENT_GIVEN = "COMMITMENT_GIVEN"
    COMMITMENT_FAILED = "COMMITMENT_FAILED"  # for some objects at least: these are sent again
    DELIVERY_FOUND = "DELIVERY_FOUND"  # the peer's own query shows what it was sent
    FILES_REMOVED = "FILES_REMOVED"  # by age or disk pressure, after everything was delivered
    PEER_QUERIED = "PEER_QUERIED"  # asked for a patient's earlier reports (PS3.15 A.5.3.10)
    PEER_ADDED = "PEER_ADDED"
    PEER_CHANGED = "PEER_CHANGED"
    PEER_REMOVED = "PEER_REMOVED"
    ROUTE_ADDED = "ROUTE_ADDED"
    ROUTE_CHANGED = "ROUTE_CHANGED"
    ROUTE_REMOVED = "ROUTE_REMOVED"
    CERTIFICATE_ADDED = "CERTIFICATE_ADDED"  # an authority is trusted
    CERTIFICATE_CHANGED = "CERTIFICATE_CHANGED"  # the node shows another one
    CERTIFICATE_REMOVED = "CERTIFICATE_REMOVED"
    PROVIDER_CHANGED = "PROVIDER_CHANGED"  # a GPU was lost or came back
    BUNDLE_LOADED = "BUNDLE_LOADED"
    LOGGED_IN = "LOGGED_IN"  # to the console
    LOGIN_FAILED = "LOGIN_FAILED"
    LOGGED_OUT = "LOGGED_OUT"
    USER_ADDED = "USER_ADDED"
    USER_CHANGED = "USER_CHANGED"
    USER_REMOVED = "USER_REMOVED"
    STUDY_SHOWN = "STUDY_SHOWN"  # somebody looked at a study in the console
    AUDIT_READ = "AUDIT_READ"  # somebody looked at this trail
    AUDIT_EXPORTED = "AUDIT_EXPORTED"
    AUDIT_UNTOLD = "AUDIT_UNTOLD"  # events that the audit repository will not be told: it was away for too long
    BACKUP_MADE = "BACKUP_MADE"
    RECORD_RESTORED = "RECORD_RESTORED"  # from a backup: what came between is not on this record
    EXECUTOR_TAKEN_OVER = "EXECUTOR_TAKEN_OVER"  # a dead host's work goes on elsewhere


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One event to be recorded; no patient data beyond UIDs and accession number.

    Attributes
    ----------
    actor
        Who did it: ``node``, a peer's name, or ``cli:USER``.
    subject
        What it was done to: a UID or a name.
    outcome
        0 success, 4 minor failure, 8 serious failure, 12 major failure (DICOM PS3.15 A.5, RFC 3881 5.1.3).
    study
        Study Instance UID where there is one, so that a study's history can be listed.
    """

    kind: AuditKind
    actor: str
    subject: str
    outcome: int = 0
    detail: Mapping[str, Scalar] = field(default_factory=dict)
    study: str | None = None

    def __post_init__(self) -> None:
        if self.outcome not in {0, 4, 8, 12}:
            raise ValueError(f"audit outcome {self.outcome} is none of 0, 4, 8, 12")
        for key, value in self.detail.items():
            if not isinstance(value, Scalar):
                raise TypeError(f"audit detail {key} is a {type(value).__name__}, not a JSON scalar")


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """One stored event as it stands in the database, believed or not: ``verify`` judges it.

    Attributes
    ----------
    detail
        ``{"damaged": True}`` when the stored text is no JSON object any more.
    """

    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    study: str | None
    outcome: int
    detail: dict[str, Any]
    previous: str
    sha256: str


def append(c: Connection, event: AuditEvent, *, now: datetime) -> int:
    """Add an event at the end of the chain and return its number; concurrent writers wait for each other here.

    Raises
    ------
    StoreError
        The head of the chain is gone.
    ValueError
        A number in ``detail`` is not finite, or ``now`` has no zone.
    """
    last, previous = _lock_head(c)
    at = _instant(now)
    row = {
        "seq": last + 1,
        "at": now,
        "kind": event.kind.value,
        "actor": storable(event.actor),
        "subject": storable(event.subject),
        "study": event.study and storable(event.study),
        "outcome": event.outcome,
        "detail": storable(_json(event.detail)),
        "previous": previous,
    }
    row["sha256"] = chain_hash(previous, canonical({**row, "at": at}))
    _APPEND.count(c, row)
    _MOVE_HEAD.count(c, {"seq": last + 1, "sha256": row["sha256"]})
    return last + 1


def _lock_head(c: Connection) -> tuple[int, str]:
    row = _LOCKED_HEAD.first(c)
    if row is None:
        raise StoreError("the head of the audit chain is missing: somebody changed the database; see `baa-node audit verify`")
    return row["seq"], row["sha256"]


def head_of(c: Connection) -> tuple[int, str]:
    """Read number and hash of the last event: the pair to note elsewhere. ``(0, GENESIS)`` when nothing happened yet."""
    row = c.execute(_HEAD).first()
    return (0, GENESIS) if row is None else (row.seq, row.sha256)


def hash_at(c: Connection, seq: int) -> str | None:
    """Read the hash of the event of a number; None where there is none."""
    found: str | None = c.execute(select(audit_events.c.sha256).where(audit_events.c.seq == seq)).scalar()
    return found


def canonical(row: Mapping[str, Any]) -> str:
    """Write a row as the hash covers it. ``at`` is ISO 8601 text and ``detail`` JSON text, taken in as it stands."""
    return (
        f'{{"actor":{_json(row["actor"])},"at":{_json(row["at"])},"detail":{row["detail"]},"kind":{_json(row["kind"])},'
        f'"outcome":{_json(row["outcome"])},"study":{_json(row["study"])},"subject":{_json(row["subject"])}}}'
    )


def chain_hash(previous: str, text: str) -> str:
    """SHA-256, in hexadecimal, over the hash of the row before, a line feed, and the canonical row."""
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def list_events(
    c: Connection,
    *,
    subject: str | None = None,
    study: str | None = None,
    kind: AuditKind | None = None,
    since: datetime | None = None,
    limit: int | None = 100,
    actor: str | None = None,
    before: int | None = None,
    about: str | None = None,
) -> list[AuditRecord]:
    """List the newest ``limit`` events, or all, that match every filter given, oldest of them first.

    Parameters
    ----------
    before
        Only events with a smaller number: the page after one whose first event has this number.
    about
        UID, name or title that is an event's subject or study, or the accession number of its study. Found by indexes alone.
    """
    wanted = {"subject": subject, "study": study, "kind": kind and kind.value, "actor": actor}
    conditions = [audit_events.c[column] == value for column, value in wanted.items() if value is not None]
    if before is not None:
        conditions.append(audit_events.c.seq < before)
    if since is not None:
        conditions.append(audit_events.c.at >= since)
    if about is not None:
        conditions = [audit_events.c.seq.in_(_about(storable(about), conditions, limit))]
    query = select(audit_events).where(*conditions).order_by(audit_events.c.seq.desc()).limit(limit)
    return [record_of(row) for row in reversed(c.execute(query).mappings().all())]


def _about(text: str, conditions: Sequence[ColumnElement[bool]], limit: int | None) -> Select[int]:
    """Numbers of the latest events about something: a union, as an ``OR`` over two columns is where planners leave the indexes.

    Each part is cut to what may be asked for: a peer is the subject of millions of events.
    """
    bearing = union(
        *(
            select(one.c.study_instance_uid).where(one.c.accession_number == text, one.c.accession_number != "")
            for one in (instances, conflicts)
        )
    )
    seq = audit_events.c.seq
    about = (audit_events.c.study.in_(bearing), audit_events.c.subject == text, audit_events.c.study == text)
    parts = (select(seq).where(one, *conditions).order_by(seq.desc()).limit(limit).subquery() for one in about)
    return select(union(*(select(part.c.seq) for part in parts)).subquery().c.seq)


def export(c: Connection, *, after: int = 0) -> Iterator[str]:
    """Give every event, or those with a number above ``after``, as one line of JSON, oldest first.

    ``previous`` and ``sha256`` are in the line, so anybody can check the chain: take ``seq``, ``previous`` and
    ``sha256`` out, write the rest with sorted keys and without spaces, and hash as the module says.
    """
    for row in rows_in_order(c, after=after):
        text = canonical({**row, "at": _instant(row["at"])})
        yield f'{{"seq":{row["seq"]},"previous":{_json(row["previous"])},"sha256":{_json(row["sha256"])},{text[1:]}'


def rows_in_order(c: Connection, *, after: int = 0) -> Iterator[RowMapping]:
    """Give every row as it stands by number, a page at a time, so that a long trail needs no memory and no open cursor."""
    query = select(audit_events).order_by(audit_events.c.seq).limit(_PAGE)
    page = c.execute(query.where(audit_events.c.seq > after) if after else query).mappings().all()
    while page:
        yield from page
        page = c.execute(query.where(audit_events.c.seq > page[-1]["seq"])).mappings().all()


def row_hash(row: RowMapping) -> str:
    """Compute what a stored row's hash should be, from what stands in it now."""
    return chain_hash(row["previous"], canonical({**row, "at": _instant(row["at"])}))


def record_of(row: RowMapping) -> AuditRecord:
    """Make an event of a row of ``audit_events``."""
    try:
        detail = json.loads(row["detail"])
    except json.JSONDecodeError:
        detail = None
    return AuditRecord(**{**row, "detail": detail if isinstance(detail, dict) else {"damaged": True}})


def _instant(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("an event's time needs a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _json(value: object) -> str:
    return _ENCODER.encode(dict(value) if isinstance(value, Mapping) else value)
