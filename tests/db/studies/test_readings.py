from __future__ import annotations

from functools import partial

import pytest

from baa_node.db import Connection, audit, studies
from baa_node.db.studies import State
from baa_node.errors import StoreError
from tests.db import made


def read(c: Connection, uid: str = made.IMAGE, revision: int = 1, seconds: float = 1) -> None:
    studies.record_outcome(c, uid, revision, state=State.READ, outcome=made.READ, now=made.later(seconds))


def refuse(c: Connection, uid: str = made.IMAGE, revision: int = 1, seconds: float = 1) -> None:
    studies.record_outcome(c, uid, revision, state=State.REFUSED, outcome=made.REFUSED, now=made.later(seconds))


def kinds(c: Connection) -> list[str]:
    return [event.kind for event in audit.list_events(c)]


def test_an_outcome_comes_back_as_it_went_in(received: Connection) -> None:
    assert studies.get_outcome(received, made.IMAGE, 1) is None
    read(received)
    assert studies.get_outcome(received, made.IMAGE, 1) == made.READ
    assert studies.get_outcome(received, made.IMAGE, 2) is None
    assert studies.get_reading(received, made.IMAGE, 1).state is State.READ


@pytest.mark.parametrize("state", State)
def test_a_reading_is_pending_until_it_has_results_or_needs_none(received: Connection, state: State) -> None:
    studies.set_state(received, made.IMAGE, 1, state, now=made.later(1))
    pending = state in {State.RECEIVED, State.READ, State.REFUSED}
    assert studies.pending_readings(received) == ([(made.IMAGE, 1)] if pending else [])


def test_a_reading_is_told_without_its_pictures(received: Connection) -> None:
    outcome = {**made.READ, "saliency": [[0.5]], "conclusion": "text"}
    studies.record_outcome(received, made.IMAGE, 1, state=State.READ, outcome=outcome, now=made.later(1))
    event = audit.list_events(received)[-1]
    assert (event.kind, event.subject, event.study, event.outcome) == ("READING_DONE", made.IMAGE, made.STUDY, 0)
    assert event.detail["bone_age_months"] == 131.5
    assert event.detail["bundle"] == '{"name": "hands", "version": "1"}'
    assert "saliency" not in event.detail


def test_a_refusal_is_told_with_its_reasons(received: Connection) -> None:
    refuse(received)
    event = audit.list_events(received)[-1]
    assert (event.kind, event.outcome, event.detail["reasons"]) == ("READING_REFUSED", 4, '["BAA101"]')


def test_the_first_outcome_stands(received: Connection) -> None:
    record = partial(studies.record_outcome, received, made.IMAGE, 1, now=made.later(3))
    assert record(state=State.READ, outcome=made.READ)
    studies.set_state(received, made.IMAGE, 1, State.REPORTED, now=made.later(2))
    assert not record(state=State.READ, outcome=made.READ)
    assert not record(state=State.READ, outcome={**made.READ, "bone_age_months": 131.6})
    assert not record(state=State.REFUSED, outcome=made.REFUSED)
    assert studies.get_reading(received, made.IMAGE, 1).state is State.REPORTED
    assert studies.get_outcome(received, made.IMAGE, 1) == made.READ
    assert kinds(received) == ["INSTANCE_RECEIVED", "READING_DONE"]


def test_only_outcomes_that_json_can_hold(received: Connection) -> None:
    with pytest.raises(ValueError, match="JSON"):
        studies.record_outcome(received, made.IMAGE, 1, state=State.READ, outcome={"bone_age_months": float("nan")}, now=made.NOW)
    with pytest.raises(ValueError, match="READ or REFUSED"):
        studies.record_outcome(received, made.IMAGE, 1, state=State.DELIVERED, outcome=made.READ, now=made.NOW)


def test_a_reading_that_does_not_exist_is_told(received: Connection) -> None:
    for change in (
        lambda: read(received, revision=2),
        lambda: studies.set_state(received, "1.2.3", 1, State.READ, now=made.NOW),
        lambda: studies.get_reading(received, "1.2.3", 1),
    ):
        with pytest.raises(StoreError, match=r"no reading \d of instance"):
            change()
    with pytest.raises(StoreError, match="no instance"):
        studies.order_reading(received, "1.2.3", actor="cli:ann", reason="", now=made.NOW)


def test_an_ordered_reading_is_the_next_revision(received: Connection) -> None:
    read(received)
    assert studies.order_reading(received, made.IMAGE, actor="cli:ann", reason="new bundle", now=made.later(5)) == 2
    assert studies.order_reading(received, made.IMAGE, actor="cli:ann", reason="again", now=made.later(6)) == 3
    assert studies.pending_readings(received) == [(made.IMAGE, 1), (made.IMAGE, 2), (made.IMAGE, 3)]
    assert studies.get_outcome(received, made.IMAGE, 1) == made.READ
    assert studies.get_reading(received, made.IMAGE, 2).reason == "new bundle"
    event = audit.list_events(received)[-1]
    assert (event.kind, event.actor, event.study) == ("REREAD_ORDERED", "cli:ann", made.STUDY)
    assert event.detail == {"revision": 3, "reason": "again"}


BY_BUNDLE = {**made.READ, "bundle": {"name": "b", "version": "1", "sha256": "old"}}


@pytest.mark.parametrize(
    ("outcome", "state", "bundle", "revision"),
    [
        (BY_BUNDLE, State.DELIVERED, "new", 2),
        (BY_BUNDLE, State.UNDELIVERABLE, "new", 2),
        (BY_BUNDLE, State.DELIVERED, "old", None),
        (BY_BUNDLE, State.REPORTED, "new", None),  # on its way
        (made.READ, State.DELIVERED, "new", None),  # nobody knows by what
    ],
)
def test_what_another_bundle_read_is_outdated(
    received: Connection, outcome: dict[str, object], state: State, bundle: str, revision: int | None
) -> None:
    studies.record_outcome(received, made.IMAGE, 1, state=State.READ, outcome=outcome, now=made.NOW)
    studies.set_state(received, made.IMAGE, 1, state, now=made.NOW)
    for expected in (revision, None):  # ordered once, however often it is sent
        assert studies.order_if_outdated(received, made.IMAGE, bundle=bundle, actor="pacs", now=made.later(5)) == expected


@pytest.mark.parametrize(
    ("sex", "before", "now", "revision"),
    [
        ("F", None, {"F": "c1", "M": "c1"}, 2),
        ("F", "c1", {"F": "c2"}, 2),
        ("M", "c1", {}, 2),
        ("F", "c1", {"F": "c1"}, None),
        ("M", None, {"F": "c1"}, None),  # no line for boys
        (None, None, {"F": "c1", "M": "c1"}, None),
    ],
)
def test_what_another_calibration_corrected_is_outdated(
    received: Connection, sex: str | None, before: str | None, now: dict[str, str], revision: int | None
) -> None:
    outcome = {**BY_BUNDLE, "sex": sex, **({"calibration": {"sha256": before}} if before else {})}
    studies.record_outcome(received, made.IMAGE, 1, state=State.READ, outcome=outcome, now=made.NOW)
    studies.set_state(received, made.IMAGE, 1, State.DELIVERED, now=made.NOW)
    for expected in (revision, None):
        found = studies.order_if_outdated(received, made.IMAGE, bundle="old", calibrations=now, actor="pacs", now=made.later(5))
        assert found == expected


def test_what_waits_longest_is_handed_over_first(received: Connection) -> None:
    studies.record_arrival(received, made.instance("1.2.3"), now=made.later(-5))
    assert studies.pending_readings(received) == [("1.2.3", 1), (made.IMAGE, 1)]


@pytest.mark.parametrize("state", [State.READ, State.REPORTED, State.DELIVERED, State.UNDELIVERABLE])
def test_a_number_makes_a_study_read_wherever_it_is_on_its_way(received: Connection, state: State) -> None:
    studies.record_arrival(received, made.instance("1.2.3"), now=made.NOW)
    refuse(received, "1.2.3")
    assert not studies.study_has_reading(received, made.STUDY)
    read(received)
    studies.set_state(received, made.IMAGE, 1, state, now=made.later(2))
    assert studies.study_has_reading(received, made.STUDY)
    assert not studies.study_has_reading(received, "1.9")


@pytest.mark.parametrize("state", [State.REPORTED, State.DELIVERED, State.DISMISSED])
def test_a_refusal_makes_no_study_read(received: Connection, state: State) -> None:
    refuse(received)
    studies.set_state(received, made.IMAGE, 1, state, now=made.later(2))
    assert not studies.study_has_reading(received, made.STUDY)


def test_a_number_set_aside_does_not_count(received: Connection) -> None:
    read(received)
    studies.set_state(received, made.IMAGE, 1, State.QUARANTINED, now=made.later(2))
    assert not studies.study_has_reading(received, made.STUDY)


def test_dismissal_and_quarantine_are_events_once(received: Connection) -> None:
    refuse(received)
    for state in (State.DISMISSED, State.DISMISSED, State.QUARANTINED):
        studies.set_state(received, made.IMAGE, 1, state, now=made.later(2))
    assert kinds(received)[2:] == ["REPORT_DISMISSED", "READING_QUARANTINED"]
