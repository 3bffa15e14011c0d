from __future__ import annotations

import pytest

from baa_node.db import Connection, studies
from baa_node.db.studies import State, StudySummary
from baa_node.errors import StoreError
from tests.db import made


def receive(c: Connection, uid: str, study: str, seconds: float, **changes: object) -> None:
    instance = made.instance(uid, study_instance_uid=study, received_at=made.later(seconds), **changes)
    studies.record_arrival(c, instance, now=made.later(seconds))


def uids(found: list[StudySummary]) -> list[str]:
    return [study.study_instance_uid for study in found]


def test_the_study_that_received_something_last_comes_first(c: Connection) -> None:
    receive(c, "1.1", "study a", 0)
    receive(c, "2.1", "study b", 5)
    receive(c, "3.1", "study c", 7)
    receive(c, "1.2", "study a", 9)
    assert uids(studies.list_studies(c, limit=10)) == ["study a", "study c", "study b"]
    assert uids(studies.list_studies(c, limit=2)) == ["study a", "study c"]
    assert uids(studies.list_studies(c, limit=10, since=made.later(7))) == ["study a", "study c"]


def test_a_summary_says_what_is_where(c: Connection) -> None:
    receive(c, "1.1", "study a", 0, accession_number="")
    receive(c, "1.2", "study a", 3, peer="room")
    receive(c, "1.2", "study a", 4, sha256=made.digest("forged"))
    studies.record_outcome(c, "1.2", 1, state=State.REFUSED, outcome=made.REFUSED, now=made.later(6))
    (summary,) = studies.list_studies(c, limit=10)
    assert summary.outcome == made.REFUSED
    studies.record_outcome(c, "1.1", 1, state=State.READ, outcome=made.READ, now=made.later(5))
    (summary,) = studies.list_studies(c, limit=10)
    assert summary == StudySummary(
        study_instance_uid="study a",
        accession_number="A-0001",
        peers=("pacs", "room"),
        images=2,
        first_received_at=made.NOW,
        last_received_at=made.later(3),
        states={State.READ: 1, State.REFUSED: 1},
        outcome=made.READ,
        conflicts=1,
    )


def test_a_state_is_that_of_the_latest_reading(reported: Connection) -> None:
    receive(reported, "2.1", "study b", 5)
    assert uids(studies.list_studies(reported, limit=10, state=State.REPORTED)) == [made.STUDY]
    studies.order_reading(reported, made.IMAGE, actor="cli:ann", reason="", now=made.later(9))
    assert studies.list_studies(reported, limit=10, state=State.REPORTED) == []
    assert uids(studies.list_studies(reported, limit=10, state=State.RECEIVED)) == ["study b", made.STUDY]
    assert studies.list_studies(reported, limit=10, state=State.RECEIVED)[1].images == 1


@pytest.mark.parametrize("key", [made.STUDY, "A-0001"])
def test_everything_about_a_study(reported: Connection, key: str) -> None:
    receive(reported, "2.1", "study b", 5, accession_number="B-2")
    detail = studies.show_study(reported, key)
    assert detail.study_instance_uid == made.STUDY
    assert detail.instances == (made.instance(),)
    assert [(reading.revision, reading.state) for reading in detail.readings] == [(1, State.REPORTED)]
    assert [result.sop_instance_uid for result in detail.results] == ["2.25.3", "2.25.1", "2.25.2"]
    assert [delivery.peer for delivery in detail.deliveries] == ["archive", "pacs"]
    assert [event.kind for event in detail.events] == ["INSTANCE_RECEIVED", "READING_DONE", *["REPORT_STORED"] * 3]


@pytest.mark.parametrize("key", ["nothing", "", "%"])
def test_an_unknown_study_is_told(reported: Connection, key: str) -> None:
    receive(reported, "2.1", "study b", 5, accession_number="")
    with pytest.raises(StoreError, match="no study with UID or accession number"):
        studies.show_study(reported, key)


def test_an_accession_number_of_several_studies_names_them(reported: Connection) -> None:
    receive(reported, "2.1", "1.9", 5)
    with pytest.raises(StoreError, match=rf"several studies have accession number A-0001: {made.STUDY}, 1\.9"):
        studies.show_study(reported, "A-0001")


def test_studies_are_found_by_number_uid_peer_and_day_and_in_pages(c: Connection) -> None:
    receive(c, "1.1", "study a", 0, accession_number="A-1")
    receive(c, "2.1", "study b", 5, accession_number="A-10", peer="room")
    receive(c, "3.1", "study c", 9, accession_number="50%_x")
    assert uids(studies.list_studies(c, limit=10, text="A-1")) == ["study a"]
    assert uids(studies.list_studies(c, limit=10, text="A-")) == ["study b", "study a"]
    assert uids(studies.list_studies(c, limit=10, text="2.1")) == ["study b"]
    assert uids(studies.list_studies(c, limit=10, text="study")) == ["study c", "study b", "study a"]
    assert uids(studies.list_studies(c, limit=10, text="50%")) == ["study c"]
    assert uids(studies.list_studies(c, limit=10, text="%")) == []
    assert uids(studies.list_studies(c, limit=10, text="' OR 1=1 --\0")) == []
    assert uids(studies.list_studies(c, limit=10, peer="room")) == ["study b"]
    assert uids(studies.list_studies(c, limit=10, until=made.later(5))) == ["study a"]
    assert uids(studies.list_studies(c, limit=1, skip=1)) == ["study b"]
    assert uids(studies.list_studies(c, limit=10, skip=3)) == []
