from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom.uid import generate_uid

from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import Decision, Route
from baa_node.db import Database, audit, peers, routes, studies
from baa_node.dicom import scp
from baa_node.errors import SpoolError
from baa_node.intake import Intake, content_sha256
from baa_node.spool import FolderSpool
from tests.parts.desk import reception
from tests.parts.hands import hand_cr
from tests.parts.programs import eventually
from tests.parts.times import NOW

CALLER = scp.Caller(calling_ae="PACS            ", called_ae="BAA_NODE", address="10.0.0.1", tls=False)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    with database.transaction() as connection:
        peer = peers.Peer(name="pacs", ae_title="PACS", host="127.0.0.1", port=104, source=True, destination=True, tls=False)
        peers.add_peer(connection, peer, actor="test", now=NOW)
    yield database
    database.close()


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path / "spool")


@pytest.fixture
def arrivals() -> list[int]:
    return []


@pytest.fixture
def intake(database: Database, spool: FolderSpool, arrivals: list[int]) -> Intake:
    return Intake(database, spool, ae_title="BAA_NODE", arrived=lambda: arrivals.append(1))


@pytest.fixture
def received(tmp_path: Path) -> Callable[..., scp.Received]:
    def make(**elements: object) -> scp.Received:
        return reception(hand_cr(tmp_path, **elements), caller=CALLER)

    return make


def kinds(database: Database) -> list[str]:
    with database.reading() as connection:
        return [event.kind for event in audit.list_events(connection)]


def pending(database: Database) -> list[tuple[str, int]]:
    with database.reading() as connection:
        return studies.pending_readings(connection)


def test_a_stored_instance_is_on_disk_and_on_record(
    intake: Intake, received: Callable[..., scp.Received], database: Database, spool: FolderSpool, arrivals: list[int]
) -> None:
    image = received()
    assert intake.receive(image).status == scp.STORED
    with database.reading() as connection:
        instance = studies.get_instance(connection, image.sop_instance_uid)
    assert spool.read(instance.path) == image.content
    assert pending(database) == [(image.sop_instance_uid, 1)]
    assert arrivals == [1]


def test_the_same_bytes_again_are_acknowledged_and_ignored(
    intake: Intake, received: Callable[..., scp.Received], database: Database, arrivals: list[int]
) -> None:
    image = received()
    assert [intake.receive(image).status for _ in range(3)] == [scp.STORED] * 3
    assert len(pending(database)) == 1
    assert arrivals == [1]
    assert kinds(database).count("INSTANCE_DUPLICATE") == 2


def test_other_bytes_under_a_known_uid_are_quarantined(
    intake: Intake, received: Callable[..., scp.Received], database: Database, spool: FolderSpool
) -> None:
    uids = {"SOPInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid()}
    first, second = received(**uids), received(**uids, AccessionNumber="OTHER")
    assert intake.receive(first).status == scp.STORED
    answer = intake.receive(second)
    assert answer.status == scp.DUPLICATE
    with database.reading() as connection:
        detail = studies.show_study(connection, first.study_instance_uid)
    assert spool.read(detail.instances[0].path) == first.content
    assert [spool.read(one.path) for one in detail.conflicts] == [second.content]


def test_the_node_never_takes_its_own_report_for_work(intake: Intake, received: Callable[..., scp.Received], database: Database) -> None:
    image = received()
    image.header.Manufacturer, image.header.ManufacturerModelName = "baa_node project", "baa_node"
    assert intake.receive(image).status == scp.STORED
    assert pending(database) == []


def test_a_full_spool_is_an_error_and_leaves_no_row(database: Database, tmp_path: Path, received: Callable[..., scp.Received]) -> None:
    intake = Intake(database, FolderSpool(tmp_path / "full", min_free_bytes=1 << 60), ae_title="BAA_NODE")
    with pytest.raises(SpoolError):
        intake.receive(received())
    assert pending(database) == []


def test_a_database_that_is_gone_asks_the_sender_to_keep_its_copy(
    intake: Intake, received: Callable[..., scp.Received], database: Database, tmp_path: Path
) -> None:
    database.close()
    for file in tmp_path.glob("node.db*"):
        file.unlink()
    (tmp_path / "node.db").mkdir()
    assert intake.receive(received()).status == scp.OUT_OF_RESOURCES


def test_a_file_without_a_row_is_harmless(
    intake: Intake, received: Callable[..., scp.Received], database: Database, spool: FolderSpool
) -> None:
    image = received()
    name = f"{image.sop_instance_uid}.{content_sha256(image.content)[:12]}"
    path = spool.write("instances", name, image.content)  # and then the power went out
    with database.reading() as connection:
        assert studies.pending_readings(connection) == []
        assert [*studies.expected_paths(connection)] == []
    assert intake.receive(image).status == scp.STORED
    with database.reading() as connection:
        assert studies.get_instance(connection, image.sop_instance_uid).path == path
    assert spool.listed("instances") == [path]
    assert spool.read(path) == image.content


def test_images_recorded_together_get_an_answer_each(
    intake: Intake, received: Callable[..., scp.Received], database: Database, spool: FolderSpool, arrivals: list[int]
) -> None:
    uids = {"SOPInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid()}
    first, again = received(**uids), received(**uids, AccessionNumber="OTHER")
    images = [first, first, again, *(received() for _ in range(3))]
    convoy = database.convoy
    assert convoy is not None
    with ThreadPoolExecutor(len(images)) as pool:
        with database.transaction():  # until all of them wait
            answers = [pool.submit(intake.receive, image) for image in images]
            eventually(lambda: convoy.waiting == len(images), what="all images to wait for their row", every_s=0.01)
        statuses = [answer.result().status for answer in answers]
    assert statuses[3:] == [scp.STORED] * 3
    assert statuses[:3] in ([scp.STORED, scp.STORED, scp.DUPLICATE], [scp.DUPLICATE, scp.DUPLICATE, scp.STORED])  # who came first
    assert len(pending(database)) == len(arrivals) == 4
    with database.reading() as connection:
        assert all(spool.holds(path) for path in studies.expected_paths(connection))
        assert audit.verify(connection) == []


@pytest.mark.parametrize(
    ("calling", "called", "admission"),
    [
        ("PACS", "BAA_NODE", scp.Admission.ADMITTED),
        ("  PACS  ", "BAA_NODE  ", scp.Admission.ADMITTED),
        ("pacs", "BAA_NODE", scp.Admission.UNKNOWN_CALLER),
        ("", "BAA_NODE", scp.Admission.UNKNOWN_CALLER),
        ("PACS", "OTHER", scp.Admission.WRONG_CALLED_AE),
    ],
)
def test_callers(intake: Intake, database: Database, calling: str, called: str, admission: scp.Admission) -> None:
    assert intake.admit(scp.Caller(calling_ae=calling, called_ae=called, address="10.0.0.9", tls=False)) is admission
    with database.reading() as connection:
        refused = peers.list_refused_callers(connection)
    assert [(one.calling_ae, one.address) for one in refused] == ([] if admission is scp.Admission.ADMITTED else [(calling, "10.0.0.9")])


def add_route(database: Database, name: str, **values: object) -> None:
    with database.transaction() as connection:
        routes.add_route(connection, Route(name=name, **values), actor="test", now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("called", "admission"),
    [
        ("BAA_NODE", scp.Admission.ADMITTED),
        ("BAA_TRIAL ", scp.Admission.ADMITTED),
        ("baa_trial", scp.Admission.WRONG_CALLED_AE),
        ("", scp.Admission.WRONG_CALLED_AE),
    ],
)
def test_the_node_may_be_called_by_the_titles_of_its_routes(
    intake: Intake, database: Database, called: str, admission: scp.Admission
) -> None:
    add_route(database, "trial", called_ae=("BAA_TRIAL",))
    assert intake.admit(scp.Caller(calling_ae="PACS", called_ae=called, address="10.0.0.9", tls=False)) is admission


def test_what_a_route_leaves_alone_is_kept_and_not_read_until_it_comes_under_another_rule(
    intake: Intake, received: Callable[..., scp.Received], database: Database, spool: FolderSpool, arrivals: list[int]
) -> None:
    add_route(database, "knees", conditions=(parse_condition("BodyPartExamined equals KNEE"),), read=False)
    image = received(BodyPartExamined="KNEE")
    assert [intake.receive(image).status for _ in range(2)] == [scp.STORED] * 2
    with database.reading() as connection:
        assert spool.read(studies.get_instance(connection, image.sop_instance_uid).path) == image.content
    assert pending(database) == []
    assert kinds(database)[-3:] == ["INSTANCE_RECEIVED", "INSTANCE_LEFT_ALONE", "INSTANCE_DUPLICATE"]
    with database.transaction() as connection:
        routes.remove_route(connection, "knees", actor="test", now=NOW)
    assert intake.receive(image).status == scp.STORED
    assert pending(database) == [(image.sop_instance_uid, 2)]
    assert arrivals == [1, 1]


def test_the_first_arrival_decides_and_a_changed_rule_does_not(
    intake: Intake, received: Callable[..., scp.Received], database: Database
) -> None:
    add_route(database, "one", kinds=("sr",))
    image = received()
    intake.receive(image)
    with database.transaction() as connection:
        routes.edit_route(connection, "one", Route(name="one", read=False), actor="test", now=NOW)
    assert intake.receive(image).status == scp.STORED
    with database.reading() as connection:
        assert studies.last_decision(connection, image.sop_instance_uid) == Decision(route="one", kinds=("sr",))
    assert pending(database) == [(image.sop_instance_uid, 1)]


def test_an_image_is_read_again_by_the_bundle_that_its_route_names(
    database: Database, spool: FolderSpool, received: Callable[..., scp.Received]
) -> None:
    digests = {"": "a" * 64, "trial": "b" * 64}
    intake = Intake(database, spool, ae_title="BAA_NODE", bundle=lambda name: digests[name])
    with database.transaction() as connection:
        routes.add_route(connection, Route(name="one", bundle="trial"), actor="test", now=NOW, bundles=["trial"])
    image = received()
    intake.receive(image)
    uid = image.sop_instance_uid
    with database.transaction() as connection:
        outcome = {"bone_age_months": 100.0, "bundle": {"sha256": digests["trial"]}}
        studies.record_outcome(connection, uid, 1, state=studies.State.READ, outcome=outcome, now=NOW)
        studies.set_state(connection, uid, 1, studies.State.DELIVERED, now=NOW)
    intake.receive(image)
    assert pending(database) == []
    digests["trial"] = "c" * 64  # a new version under the same name
    intake.receive(image)
    assert pending(database) == [(uid, 2)]


def test_an_image_whose_file_left_the_spool_is_kept_again(
    intake: Intake, received: Callable[..., scp.Received], database: Database, spool: FolderSpool
) -> None:
    image = received()
    intake.receive(image)
    with database.transaction() as connection:
        path = studies.get_instance(connection, image.sop_instance_uid).path
        studies.set_state(connection, image.sop_instance_uid, 1, studies.State.DELIVERED, now=NOW)
        assert studies.note_removed(connection, image.sop_instance_uid, reason="age", now=NOW)
    spool.remove(path)
    assert intake.receive(image).status == scp.STORED
    assert spool.read(path) == image.content
    with database.reading() as connection:
        assert studies.removed_at(connection, image.sop_instance_uid) is None
    assert pending(database) == []


def test_callers_without_tls_are_on_record_once_a_minute_each(intake: Intake, database: Database) -> None:
    for _ in range(5):
        intake.distrust("10.0.0.8", "the caller shows no certificate")
    intake.distrust("10.0.0.9", "the other side does not speak TLS")
    with database.reading() as connection:
        found = audit.list_events(connection, kind=audit.AuditKind.TLS_REFUSED)
    assert [(event.subject, event.outcome, event.detail["reason"]) for event in found] == [
        ("10.0.0.8", 4, "the caller shows no certificate"),
        ("10.0.0.9", 4, "the other side does not speak TLS"),
    ]


def test_a_storm_of_addresses_does_not_fill_the_trail(intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baa_node.intake.MOST_ADDRESSES", 20)
    for number in range(50):
        intake.distrust(f"10.0.1.{number}", "no TLS")
    with database.reading() as connection:
        assert len(audit.list_events(connection, kind=audit.AuditKind.TLS_REFUSED)) == 20


def test_the_address_of_a_sender_is_on_record(intake: Intake, received: Callable[..., scp.Received], database: Database) -> None:
    intake.receive(received())
    with database.reading() as connection:
        (event,) = audit.list_events(connection, kind=audit.AuditKind.INSTANCE_RECEIVED)
    assert event.detail["address"] == "10.0.0.1"
