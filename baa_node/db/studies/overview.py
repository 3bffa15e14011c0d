"""Studies as people ask for them: the latest ones in a list, and everything about one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union

from baa_node.db import audit
from baa_node.db.audit import AuditRecord
from baa_node.db.engine import storable
from baa_node.db.studies.arrivals import Instance
from baa_node.db.studies.deliveries import Delivery, deliveries_of
from baa_node.db.studies.readings import Reading, State, reading_from
from baa_node.db.studies.results import ResultObject, results_of
from baa_node.db.tables import conflicts, instances, readings
from baa_node.errors import StoreError

FEW: Final = 5000
"""Images that are looked up one by one and sorted within some hundredths of a second."""

LAST_CHARACTER: Final = "\U0010ffff"
"""Behind every text that begins alike."""


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """One line about a study.

    Attributes
    ----------
    peers
        Names of the sources it came from.
    images
        Distinct instances received.
    states
        How many images stand where, by their latest reading.
    outcome
        Of the latest reading with a number, else of the latest refusal; None while nothing was read.
    conflicts
        Instances that came again with other content.
    """

    study_instance_uid: str
    accession_number: str
    peers: tuple[str, ...]
    images: int
    first_received_at: datetime
    last_received_at: datetime
    states: dict[State, int]
    outcome: dict[str, Any] | None
    conflicts: int


@dataclass(frozen=True, kw_only=True)
class StudyDetail:
    """Everything the record holds about a study, each list oldest first."""

    study_instance_uid: str
    accession_number: str
    instances: tuple[Instance, ...]
    conflicts: tuple[Instance, ...]
    readings: tuple[Reading, ...]
    results: tuple[ResultObject, ...]
    deliveries: tuple[Delivery, ...]
    events: tuple[AuditRecord, ...]


def list_studies(
    c: Connection,
    *,
    limit: int,
    since: datetime | None = None,
    state: State | None = None,
    until: datetime | None = None,
    peer: str | None = None,
    text: str = "",
    skip: int = 0,
) -> list[StudySummary]:
    """List the ``limit`` studies that received something last, latest first.

    Parameters
    ----------
    since : datetime, optional
        Only studies that received something at or after this time.
    state : State, optional
        Only studies with an image whose latest reading stands there.
    until : datetime, optional
        Only studies that received something before this time.
    peer : str, optional
        Only studies with an image from this peer.
    text
        An accession number or a UID of study or image; where none is exactly this, studies whose UID or number begins with it.
    skip
        So many are left out at the beginning: the pages before.
    """
    query = select(instances.c.study_instance_uid).order_by(instances.c.received_at.desc())
    if text:
        query = query.where(_named(c, storable(text)))
    if since is not None:
        query = query.where(instances.c.received_at >= since)
    if until is not None:
        query = query.where(instances.c.received_at < until)
    if peer is not None:
        query = query.where(instances.c.peer == peer)
    if state is not None:
        query = query.where(_stands_at(c, state))
    return _summaries(c, _first(c, query, skip + limit)[skip:])


def _named(c: Connection, text: str) -> ColumnElement[bool]:
    """Condition on an image: it bears a name, or, where none does, begins with it."""
    study, accession, uid = instances.c.study_instance_uid, instances.c.accession_number, instances.c.sop_instance_uid
    exactly = union(*(select(uid).where(column == text) for column in (study, accession, uid)))
    if c.execute(exactly.limit(1)).first():
        return uid.in_(exactly)
    begins = union(*(select(uid).where(_begins(c, column, text)) for column in (study, accession)))
    if _are_few(c, [select(uid).where(_begins(c, column, text)) for column in (study, accession)]):
        return uid.in_(begins)
    return or_(*(func.substr(column, 1, len(text)) == text for column in (study, accession)))


def _begins(c: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Compare as the index of the column does: PostgreSQL by pattern, SQLite, whose patterns know no case, by order of code points."""
    if c.dialect.name == "sqlite":
        return and_(column >= text, column < f"{text}{LAST_CHARACTER}")
    return column.startswith(text, autoescape=True)


def _are_few(c: Connection, queries: Iterable[Select[str]]) -> bool:
    """Tell whether it is better to look these up than to walk from the latest image on until enough of them were met."""
    return all(len(c.execute(query.limit(FEW + 1)).all()) <= FEW for query in queries)


def _first(c: Connection, query: Select[str], limit: int) -> list[str]:
    """Read distinct values until there are enough: along an index that is far less than grouping the whole table."""
    found: dict[str, None] = {}
    with c.execute(query, execution_options={"yield_per": 200}) as rows:
        for value in rows.scalars():
            found[value] = None
            if len(found) == limit:
                break
    return list(found)


def _stands_at(c: Connection, state: State) -> ColumnElement[bool]:
    """Condition on an image: its latest reading stands there."""
    later, uid = readings.alias(), instances.c.sop_instance_uid
    newer = select(later.c.revision).where(later.c.sop_instance_uid == readings.c.sop_instance_uid, later.c.revision > readings.c.revision)
    there = select(readings.c.sop_instance_uid).where(readings.c.state == state.value)
    if _are_few(c, [there]):
        return uid.in_(there.where(~newer.exists()))
    last = select(readings.c.state).where(readings.c.sop_instance_uid == uid).order_by(readings.c.revision.desc()).limit(1)
    return last.scalar_subquery() == state.value


def _summaries(c: Connection, order: Sequence[str]) -> list[StudySummary]:
    received: dict[str, list[Instance]] = defaultdict(list)
    for instance in _instances_of(c, order):
        received[instance.study_instance_uid].append(instance)
    latest = {reading.sop_instance_uid: reading for reading in _readings_of(c, order)}
    disputed = Counter(c.execute(select(conflicts.c.study_instance_uid).where(conflicts.c.study_instance_uid.in_(order))).scalars())
    return [_summary(received[study], latest, disputed[study]) for study in order]


def _summary(received: Sequence[Instance], latest: dict[str, Reading], disputed: int) -> StudySummary:
    current = [latest[instance.sop_instance_uid] for instance in received]
    return StudySummary(
        study_instance_uid=received[0].study_instance_uid,
        accession_number=_accession(received),
        peers=tuple(dict.fromkeys(instance.peer for instance in received)),
        images=len(received),
        first_received_at=received[0].received_at,
        last_received_at=received[-1].received_at,
        states=dict(Counter(reading.state for reading in current)),
        outcome=_outcome(current),
        conflicts=disputed,
    )


def _outcome(current: Sequence[Reading]) -> dict[str, Any] | None:
    read = sorted((reading for reading in current if reading.outcome is not None), key=lambda reading: reading.changed_at)
    numbered = [reading for reading in read if (reading.outcome or {}).get("bone_age_months") is not None]
    chosen = numbered or read
    return chosen[-1].outcome if chosen else None


def show_study(c: Connection, key: str) -> StudyDetail:
    """Collect everything about the study with this Study Instance UID or accession number.

    Raises
    ------
    StoreError
        No such study, or an accession number that several studies bear (they are named).
    """
    study = _find(c, key)
    received = tuple(_instances_of(c, [study]))
    sources = [instance.sop_instance_uid for instance in received]
    disputed = c.execute(select(conflicts).where(conflicts.c.study_instance_uid == study).order_by(conflicts.c.received_at)).mappings()
    return StudyDetail(
        study_instance_uid=study,
        accession_number=_accession(received),
        instances=received,
        conflicts=tuple(Instance(**row) for row in disputed),
        readings=tuple(_readings_of(c, [study])),
        results=tuple(results_of(c, sources)),
        deliveries=tuple(deliveries_of(c, sources)),
        events=tuple(audit.list_events(c, study=study, limit=10_000)),
    )


def _find(c: Connection, key: str) -> str:
    matches = or_(instances.c.study_instance_uid == key, instances.c.accession_number == key)
    found: list[str] = sorted(c.execute(select(instances.c.study_instance_uid).where(matches).distinct()).scalars()) if key else []
    if not found:
        raise StoreError(f"no study with UID or accession number {key!r} was received")
    if len(found) > 1:
        raise StoreError(f"several studies have accession number {key}: {', '.join(found)}")
    return found[0]


def instances_of_study(c: Connection, study: str) -> list[Instance]:
    """List the instances received of a study, oldest first; none of one that is not known."""
    return _instances_of(c, [study])


def _instances_of(c: Connection, studies: Iterable[str]) -> list[Instance]:
    query = select(instances).where(instances.c.study_instance_uid.in_(list(studies)))
    return [Instance(**row) for row in c.execute(query.order_by(instances.c.received_at, instances.c.sop_instance_uid)).mappings()]


def _readings_of(c: Connection, studies: Iterable[str]) -> list[Reading]:
    joined = readings.join(instances, readings.c.sop_instance_uid == instances.c.sop_instance_uid)
    query = select(readings).select_from(joined).where(instances.c.study_instance_uid.in_(list(studies)))
    ordered = query.order_by(instances.c.received_at, readings.c.sop_instance_uid, readings.c.revision)
    return [reading_from(row) for row in c.execute(ordered).mappings()]


def _accession(received: Sequence[Instance]) -> str:
    return next((instance.accession_number for instance in received if instance.accession_number), "")
