"""``baa-node studies``: what arrived, what was read, and where the results are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.assess import in_years
from baa_node.cli.audit import DAYS_AND_TIMES, event_lines, event_value
from baa_node.cli.context import emit, open_database, when_bare
from baa_node.cli.examples import examples
from baa_node.cli.operator import operator
from baa_node.cli.tables import columns
from baa_node.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from baa_node.core.priors.history import Earlier
    from baa_node.db import Connection
    from baa_node.db.studies import Delivery, Instance, Reading, State, StudyDetail, StudySummary

app = typer.Typer(help="What arrived, what was read, and where the results are.")

Study = Annotated[str, typer.Argument(help="Study Instance UID or accession number.")]


@app.command("list", epilog=examples("studies list", "studies list --since 2026-11-01 --state UNDELIVERABLE"))
def list_(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 20,
    since: Annotated[
        datetime | None, typer.Option(formats=DAYS_AND_TIMES, help="Only studies that received something from then on.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Only studies with an image in this state, such as UNDELIVERABLE.")] = None,
) -> None:
    """Show the latest studies, one line each."""
    from baa_node.db import studies

    wanted = _state(state) if state else None
    with open_database() as database, database.reading() as c:
        found = studies.list_studies(c, limit=limit, since=since.astimezone() if since else None, state=wanted)
    emit([_summary_value(study) for study in found], _summary_lines(found))


when_bare(app, lambda: list_(limit=20, since=None, state=None))


@app.command(epilog=examples("studies show A1234"))
def show(study: Study) -> None:
    """Show everything about one study."""
    from baa_node.db import studies

    with open_database() as database, database.reading() as c:
        detail = studies.show_study(c, study)
    emit(_detail_value(detail), _detail_lines(detail))


@app.command(epilog=examples("studies retry A1234", 'studies retry A1234 --read-again --reason "sex was corrected"'))
def retry(
    study: Study,
    read_again: Annotated[bool, typer.Option("--read-again", help="Read every image of it again and send amended reports.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "",
) -> None:
    """Send again what did not arrive, at once; a running node takes it up."""
    from baa_node.db import studies

    now = datetime.now(UTC)
    with open_database() as database, database.transaction() as c:
        detail = studies.show_study(c, study)
        done = _order_again(c, detail, reason, now) if read_again else _reopen(c, detail, now)
    if not done:
        raise StoreError(f"nothing of study {detail.study_instance_uid} waits for a delivery; --read-again would read it again")
    emit(done, [one["text"] for one in done])


def _order_again(c: Connection, detail: StudyDetail, reason: str, now: datetime) -> list[dict[str, Any]]:
    from baa_node.db import studies

    done = []
    for instance in detail.instances:
        uid = instance.sop_instance_uid
        revision = studies.order_reading(c, uid, actor=operator(), reason=reason, now=now)
        done.append({"sop_instance_uid": uid, "revision": revision, "text": f"{uid} will be read again as revision {revision}"})
    return done


def _reopen(c: Connection, detail: StudyDetail, now: datetime) -> list[dict[str, Any]]:
    from baa_node.db import studies

    done = []
    for delivery in detail.deliveries:
        if not _waits(delivery, now):
            continue
        uid, revision, peer = delivery.source_uid, delivery.revision, delivery.peer
        studies.reopen_delivery(c, uid, revision, peer, actor=operator(), now=now)
        text = f"{uid}, reading {revision}, will be sent to {peer} at once"
        done.append({"sop_instance_uid": uid, "revision": revision, "peer": peer, "text": text})
    return done


def _waits(delivery: Delivery, now: datetime) -> bool:
    return delivery.state == "failed" or (delivery.next_attempt_at is not None and delivery.next_attempt_at > now)


def _state(name: str) -> State:
    from baa_node.db.studies import State

    try:
        return State(name.upper())
    except ValueError:
        raise ConfigError(f"no state is called {name}; there are {', '.join(State)}") from None


def _summary_value(study: StudySummary) -> dict[str, Any]:
    value: dict[str, Any] = _plain({**dataclasses.asdict(study), "outcome": _brief(study.outcome)})
    return value


def _detail_value(detail: StudyDetail) -> dict[str, Any]:
    value = dataclasses.asdict(detail)
    for reading in value["readings"]:
        reading["outcome"] = _brief(reading["outcome"])
    return {**_plain(value), "events": [event_value(record) for record in detail.events]}


def _brief(outcome: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Leave the heat map out: nobody reads it as numbers."""
    return None if outcome is None else {key: value for key, value in outcome.items() if key != "saliency"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value  # a datetime is one


def _summary_lines(found: Sequence[StudySummary]) -> Iterator[str]:
    if not found:
        yield "no studies"
        return
    head = ("LAST IMAGE", "STUDY", "ACCESSION", "FROM", "IMAGES", "STATE", "RESULT")
    yield from columns(head, [_summary_cells(study) for study in found])


def _summary_cells(study: StudySummary) -> tuple[str, ...]:
    states = ", ".join(state if count == study.images else f"{count} {state}" for state, count in study.states.items())
    disputed = f"; {study.conflicts} in quarantine" if study.conflicts else ""
    return (
        _time(study.last_received_at),
        study.study_instance_uid,
        study.accession_number,
        ", ".join(study.peers),
        str(study.images),
        states,
        f"{_result(study.outcome)}{disputed}",
    )


def _result(outcome: Mapping[str, Any] | None) -> str:
    if outcome is None:
        return ""
    months = outcome.get("bone_age_months")
    if months is None:
        return f"not read: {', '.join(_meaning(code) for code in outcome.get('reasons', []))}"
    interval = outcome.get("interval_months")
    return in_years(months) + (f" ({in_years(interval[0])} to {in_years(interval[1])})" if interval else "")


def _meaning(code: str) -> str:
    from baa_node.core.reasons import Reason

    return next((reason.meaning for reason in Reason if reason.code == code), code)


def _detail_lines(detail: StudyDetail) -> Iterator[str]:
    yield f"study      {detail.study_instance_uid}"
    yield f"accession  {detail.accession_number or '(none)'}"
    for instance in detail.instances:
        yield ""
        yield f"image {instance.sop_instance_uid}"
        yield f"  received   {_time(instance.received_at)} from {_sender(instance)}, {instance.size} bytes"
        for reading in detail.readings:
            if reading.sop_instance_uid == instance.sop_instance_uid:
                yield from _reading_lines(reading, detail)
    for conflict in detail.conflicts:
        yield ""
        yield f"in quarantine: image {conflict.sop_instance_uid} came again with other content"
        yield f"  received   {_time(conflict.received_at)} from {conflict.peer} ({conflict.calling_ae}), kept as {conflict.path}"
    yield ""
    yield from event_lines(list(detail.events))


def _reading_lines(reading: Reading, detail: StudyDetail) -> Iterator[str]:
    key = (reading.sop_instance_uid, reading.revision)
    ordered = f", ordered by {reading.ordered_by}" if reading.revision > 1 else ""
    because = f": {reading.reason}" if reading.reason else ""
    yield f"  reading {reading.revision}  {reading.state} {_time(reading.changed_at)}{ordered}{because}"
    if reading.decision.route:
        yield f"    route      {reading.decision.route}"
    if reading.outcome is not None:
        yield f"    result     {_result(reading.outcome)}"
    for one in reading.earlier:
        yield f"    earlier    {one.examined_on.isoformat()}: {one.bone_age_months:.1f} mo by {one.source or 'unknown'}{_where(one)}"
    for result in detail.results:
        if (result.source_uid, result.revision) == key:
            yield f"    {result.kind:<9}  {result.sop_instance_uid}  {result.path}"
    for delivery in detail.deliveries:
        if (delivery.source_uid, delivery.revision) == key:
            yield f"    to {delivery.peer}: {_progress(delivery)}"


def _sender(instance: Instance) -> str:
    called = f" to {instance.called_ae}" if instance.called_ae else ""
    return f"{instance.peer} ({instance.calling_ae}{called})"


def _where(one: Earlier) -> str:
    return f", {one.sop_instance_uid}" if one.sop_instance_uid else ""


def _progress(delivery: Delivery) -> str:
    attempts = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
    status = f", status 0x{delivery.last_status:04X}" if delivery.last_status else ""
    error = f", {delivery.last_error}" if delivery.last_error else ""
    if delivery.delivered_at is not None:
        return f"delivered {_time(delivery.delivered_at)} after {attempts}{status}; {_receipt(delivery)}"
    following = f", next {_time(delivery.next_attempt_at)}" if delivery.next_attempt_at else ""
    return f"{delivery.state}, {attempts}{status}{error}{following}"


def _receipt(delivery: Delivery) -> str:
    if not delivery.stored and delivery.last_error:
        return delivery.last_error
    if delivery.receipt is None or delivery.receipt_at is None:
        return "no receipt"
    meaning = {"sent": "receipt: its answer alone", "committed": "receipt: committed", "found": "receipt: found by its query"}
    note = f" ({delivery.receipt_note})" if delivery.receipt_note else ""
    return f"{meaning[delivery.receipt]} {_time(delivery.receipt_at)}{note}"


def _time(at: datetime) -> str:
    return at.astimezone().isoformat(sep=" ", timespec="seconds")
