from __future__ import annotations

import pytest

from baa_node.db import Connection, audit, studies
from baa_node.errors import StoreError
from tests.db import made


def test_results_are_listed_by_kind_and_preference(reported: Connection) -> None:
    found = studies.list_results(reported, made.IMAGE, 1)
    assert [(one.kind, one.rank, one.sop_instance_uid) for one in found] == [
        ("capture", 0, "2.25.3"),
        ("sr", 0, "2.25.1"),
        ("sr", 1, "2.25.2"),
    ]
    assert found[1] == made.result("2.25.1")
    assert studies.list_results(reported, made.IMAGE, 2) == []


def test_the_same_results_again_change_nothing(reported: Connection) -> None:
    before = audit.head_of(reported)
    studies.record_results(reported, [made.result("2.25.1", created_at=made.later(60))])
    assert audit.head_of(reported) == before
    assert studies.list_results(reported, made.IMAGE, 1)[1].created_at == made.NOW


def test_other_bytes_under_a_result_uid_are_a_fault(reported: Connection) -> None:
    with pytest.raises(StoreError, match=r"2\.25\.1 is stored with other content"):
        studies.record_results(reported, [made.result("2.25.1", sha256=made.digest("other"))])


def test_a_result_of_no_reading_is_refused(reported: Connection) -> None:
    with pytest.raises(StoreError, match="no reading 7"):
        studies.record_results(reported, [made.result("2.25.9", revision=7)])


def test_each_stored_object_is_an_event_of_its_study(reported: Connection) -> None:
    events = audit.list_events(reported, kind=audit.AuditKind.REPORT_STORED, study=made.STUDY)
    assert [event.subject for event in events] == ["2.25.1", "2.25.2", "2.25.3"]
    assert events[2].detail["kind"] == "capture"


def test_the_node_knows_its_own(reported: Connection) -> None:
    assert studies.is_own_result(reported, "2.25.3")
    assert not studies.is_own_result(reported, made.IMAGE)
