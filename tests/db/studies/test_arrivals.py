from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from baa_node.db import Connection, Database, audit, studies
from baa_node.db.studies import Arrival, State
from baa_node.errors import StoreError
from tests.db import made


def test_a_new_image_waits_to_be_read(c: Connection) -> None:
    assert studies.arrival_of(c, made.IMAGE, made.digest("image")) is Arrival.NEW
    assert studies.record_arrival(c, made.instance(), now=made.NOW) is Arrival.NEW
    assert studies.get_instance(c, made.IMAGE) == made.instance()
    assert studies.pending_readings(c) == [(made.IMAGE, 1)]
    reading = studies.get_reading(c, made.IMAGE, 1)
    assert (reading.state, reading.ordered_by, reading.ordered_at, reading.outcome) == (State.RECEIVED, "pacs", made.NOW, None)


def test_the_same_bytes_again_change_nothing(received: Connection) -> None:
    again = made.instance(path="elsewhere", peer="other", received_at=made.later(9))
    assert studies.arrival_of(received, made.IMAGE, again.sha256) is Arrival.DUPLICATE
    assert studies.record_arrival(received, again, now=made.later(9)) is Arrival.DUPLICATE
    assert studies.get_instance(received, made.IMAGE) == made.instance()
    assert studies.pending_readings(received) == [(made.IMAGE, 1)]
    assert studies.study_last_arrival(received, made.STUDY) == made.NOW


def test_other_bytes_under_a_known_uid_are_set_aside(received: Connection) -> None:
    other = made.instance(sha256=made.digest("forged"), path="quarantine/x", received_at=made.later(9))
    assert studies.arrival_of(received, made.IMAGE, other.sha256) is Arrival.CONFLICT
    for _ in range(2):
        assert studies.record_arrival(received, other, now=made.later(9)) is Arrival.CONFLICT
    assert studies.get_instance(received, made.IMAGE) == made.instance()
    assert studies.show_study(received, made.STUDY).conflicts == (other,)
    assert studies.pending_readings(received) == [(made.IMAGE, 1)]


def test_each_arrival_is_an_event(received: Connection) -> None:
    studies.record_arrival(received, made.instance(), now=made.later(1))
    studies.record_arrival(received, made.instance(sha256=made.digest("forged")), now=made.later(2))
    events = audit.list_events(received, study=made.STUDY, subject=made.IMAGE)
    assert [(event.kind, event.outcome) for event in events] == [
        ("INSTANCE_RECEIVED", 0),
        ("INSTANCE_DUPLICATE", 0),
        ("INSTANCE_CONFLICT", 8),
    ]
    assert {event.actor for event in events} == {"pacs"}
    assert events[2].detail["sha256"] == made.digest("forged")


def test_the_same_image_over_many_associations_at_once_is_new_once(database: Database) -> None:
    def receive(number: int) -> Arrival:
        content = "forged" if number == 7 else "image"
        with database.transaction() as c:
            return studies.record_arrival(c, made.instance(sha256=made.digest(content)), now=made.NOW)

    with database.transaction() as c:
        studies.record_arrival(c, made.instance("1.2.3"), now=made.NOW)
    with ThreadPoolExecutor(8) as pool:
        arrivals = Counter(pool.map(receive, range(8)))
    assert arrivals[Arrival.NEW] == 1
    assert sum(arrivals.values()) == 8
    assert arrivals[Arrival.CONFLICT] in {1, 7}
    with database.reading() as c:
        assert len(studies.pending_readings(c)) == 2
        assert audit.verify(c) == []


def test_the_last_new_image_tells_how_quiet_a_study_is(received: Connection) -> None:
    studies.record_arrival(received, made.instance("1.2.3", received_at=made.later(4)), now=made.later(4))
    studies.record_arrival(received, made.instance("1.2.4", study_instance_uid="1.9", received_at=made.later(8)), now=made.later(8))
    assert studies.study_last_arrival(received, made.STUDY) == made.later(4)
    assert studies.study_last_arrival(received, "1.9") == made.later(8)


def test_what_was_never_received_is_told(c: Connection) -> None:
    with pytest.raises(StoreError, match=r"no instance 1\.2\.3"):
        studies.get_instance(c, "1.2.3")
    with pytest.raises(StoreError, match=r"nothing of study 1\.2"):
        studies.study_last_arrival(c, "1.2")


def test_what_no_database_holds_is_replaced(c: Connection) -> None:
    studies.record_arrival(c, made.instance(accession_number="A\0B\udc80C"), now=made.NOW)
    assert studies.get_instance(c, made.IMAGE).accession_number == "A?B?C"
    assert audit.verify(c) == []


def test_odd_texts_of_odd_senders_are_stored_as_they_are(c: Connection) -> None:
    odd = made.instance(accession_number="Größe '; -- \\ 株式 " + "9" * 80, series_instance_uid="")
    studies.record_arrival(c, odd, now=made.NOW)
    assert studies.get_instance(c, made.IMAGE) == odd
    assert audit.verify(c) == []
