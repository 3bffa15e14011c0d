"""What a long record is asked: by the command line, by each page of the console, by intake, pipeline, housekeeping and gauges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from baa_node.core.priors.history import Examination
from baa_node.db import Connection, audit, studies
from baa_node.db.audit import AuditKind
from baa_node.db.studies import State, counts
from tests.bench import record

Ask = Callable[[Connection], object]


def asked(count: int) -> dict[str, Ask]:
    """Questions by what they are, to a record of ``count`` studies."""
    names = record.study_named(count // 2)
    now = datetime.now(UTC)
    uid, study, accession = names[record.IMAGE], names[record.STUDY], names[record.ACCESSION]
    return {
        "studies list": _listed(),
        "studies list --state UNDELIVERABLE": _listed(state=State.UNDELIVERABLE),
        "studies list --state DELIVERED": _listed(state=State.DELIVERED),
        "studies list --state QUARANTINED (none)": _listed(state=State.QUARANTINED),
        "studies list --since yesterday": _listed(since=now - timedelta(days=1)),
        "studies show": lambda c: studies.show_study(c, accession),
        "intake: what an image is": lambda c: studies.arrival_of(c, uid, ""),
        "intake: whether it is a result of ours": lambda c: studies.is_own_result(c, uid),
        "pipeline: what is to be read": studies.pending_readings,
        "pipeline: what is to be delivered": lambda c: studies.due_deliveries(c, now=now),
        "pipeline: what is to be confirmed": lambda c: studies.due_confirmations(c, now=now),
        "pipeline: whether a study was read": lambda c: studies.study_has_reading(c, study),
        "priors: what came before": _earlier(count // 2),
        "gauges: queue": counts.queue,
        "gauges: what moves": lambda c: counts.count_readings(c, set(State) - counts.SETTLED),
        "gauges: what is done with (once a minute)": lambda c: (
            counts.count_readings(c, counts.SETTLED),
            counts.count_deliveries(c, ["delivered"]),
        ),
        "gauges: last outcomes (twice a minute)": lambda c: counts.latest_outcomes(c, 500),
        "dashboard: today": lambda c: counts.count_since(c, now.replace(hour=0, minute=0)),
        "dashboard: traffic of 200 peers": counts.traffic,
        "housekeeping: what may leave": lambda c: studies.removable(c, before=now, limit=200),
        "housekeeping: a page of paths": lambda c: studies.expected_after(c, uid),
        "audit list": lambda c: audit.list_events(c, limit=100),
        "audit list --about": lambda c: audit.list_events(c, about=accession, limit=100),
        "audit list --about a peer": lambda c: audit.list_events(c, about=record.site_named(7), limit=100),
        "audit list --kind USER_ADDED": lambda c: audit.list_events(c, kind=AuditKind.USER_ADDED, limit=100),
        "audit list by an actor": lambda c: audit.list_events(c, actor="bench", limit=100),
        "audit list, a common kind of a rare actor": lambda c: audit.list_events(c, kind=AuditKind.READING_DONE, actor="bench", limit=100),
    }


def pages(count: int) -> list[str]:
    """Addresses of the console, each of which is to come up at once."""
    names = record.study_named(count // 2)
    accession, study = names[record.ACCESSION], names[record.STUDY]
    searches = (
        "",
        "?state=UNDELIVERABLE",
        "?state=DELIVERED",
        "?state=DISMISSED&peer=site-007",
        f"?q={accession}",
        f"?q={accession[:-2]}",
        "?q=ACC",
        "?q=nothing",
        "?peer=site-007",
        f"?day={date.today() - timedelta(days=1)}",  # noqa: DTZ011 - the day of this machine, as the page takes it
        "?page=400",
    )
    events = ("", f"?q={accession}", "?q=site-007", "?kind=USER_ADDED", "?kind=READING_DONE", "?actor=bench", "?actor=node", "?before=1000")
    return [
        "/",
        *(f"/studies{search}" for search in searches),
        f"/studies/{study}",
        *(f"/audit{search}" for search in events),
        "/peers",
        "/routes",
        "/users",
        "/models",
        "/metrics",
        "/readyz",
        "/healthz",
    ]


def _listed(**wanted: Any) -> Ask:
    return lambda c: studies.list_studies(c, limit=20, **wanted)


def _earlier(number: int) -> Ask:
    """What came before, when the patient of the study of this number is examined again."""
    patient = record.patient_of(number)
    examined = Examination(patient_id=patient, issuer="", birth_date=None, examined_on=date(2099, 1, 1), study_instance_uid="another")
    return lambda c: studies.earlier_readings(c, examined)
