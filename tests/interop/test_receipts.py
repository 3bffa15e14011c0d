"""What becomes of a report after its C-STORE: commitment and query, with Orthanc and with archives that answer late, in part or never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.parts.archive import PICTURE, REPORT, Archive, Receipts
from tests.parts.dcmtk import storescu
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually, free_port


def delivery_of(node: Node, study_uid: str) -> dict[str, Any]:
    (delivery,) = node.json("studies", "show", study_uid)["deliveries"]
    return dict(delivery)


def kinds(node: Node) -> list[str]:
    return [event["kind"] for event in node.json("audit", "list")]


def test_orthanc_commits_itself_and_shows_what_it_has(round_trip: tuple[Orthanc, Node], hand: Path, tmp_path: Path) -> None:
    orthanc, node = round_trip
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = str(pydicom.dcmread(image, stop_before_pixels=True).StudyInstanceUID)
    assert storescu(node.port, image).returncode == 0
    orthanc.report_in(study)
    found = eventually(lambda: (one := delivery_of(node, study))["receipt"] == "found" and one, what="the highest receipt", timeout_s=30)
    assert len(found["stored"]) == 2
    told = [event["kind"] for event in node.json("studies", "show", study)["events"]]
    assert [kind for kind in told if kind.startswith(("COMMITMENT", "DELIVERY"))] == [
        "DELIVERY_DONE",
        "COMMITMENT_ASKED",
        "COMMITMENT_GIVEN",
        "DELIVERY_FOUND",
    ]
    assert "receipt: found by its query" in node.cli("studies", "show", study).stdout


@contextmanager
def delivered_to(tmp_path: Path, hand: Path, receipts: Receipts | None, **settings: object) -> Iterator[tuple[Archive, Node, str]]:
    """Let one image be read and its results be sent to an archive."""
    node = Node(tmp_path / "node", **{"PIPELINE__COMMITMENT_WAIT_S": 3, **settings})
    if receipts:
        receipts.node_port = node.port
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    with Archive(receipts=receipts) as archive:
        node.add_peer("sender", "ORTHANC", free_port())
        node.add_peer("archive", archive.ae_title, archive.port, "--no-source", "--destination")
        assert node.cli("peers", "edit", "sender", "--route-to", "archive").returncode == 0
        with node.start():
            assert storescu(node.port, image).returncode == 0
            yield archive, node, str(pydicom.dcmread(image, stop_before_pixels=True).StudyInstanceUID)


def reaches(node: Node, study: str, receipt: str, *, timeout_s: float = 60) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        shown = node.json("studies", "show", study)["deliveries"]
        return next((one for one in shown if one["receipt"] == receipt), None)

    return eventually(there, what=f"receipt {receipt}", timeout_s=timeout_s, every_s=0.5)


@pytest.mark.parametrize("answer", ["same", "own"])
def test_an_answer_counts_on_either_association(tmp_path: Path, hand: Path, answer: Any) -> None:
    late = 2.0 if answer == "own" else 0.1
    with delivered_to(tmp_path, hand, Receipts(answer=answer, after_s=late)) as (archive, node, study):
        reaches(node, study, "found")
        assert len(archive.asked) == 1
        assert sorted(archive.asked[0]) == sorted(archive.stores)
        assert set(archive.stores.values()) == {1}


@pytest.mark.timeout(300)
def test_an_answer_that_comes_a_minute_late_counts(tmp_path: Path, hand: Path) -> None:
    """The node is no longer waiting for it, and would ask again soon."""
    with delivered_to(tmp_path, hand, Receipts(answer="own", after_s=60), PIPELINE__COMMITMENT_WAIT_S=75) as (archive, node, study):
        eventually(lambda: archive.asked, what="the request", timeout_s=60)
        assert delivery_of(node, study)["receipt"] == "sent"
        reaches(node, study, "found", timeout_s=90)
        assert [kind for kind in kinds(node) if kind.startswith("COMMITMENT")] == ["COMMITMENT_ASKED", "COMMITMENT_GIVEN"]
        assert len(archive.asked) == 1
        assert set(archive.stores.values()) == {1}


def test_an_answer_that_comes_after_the_node_has_asked_again_counts(tmp_path: Path, hand: Path) -> None:
    with delivered_to(tmp_path, hand, Receipts(answer="own", after_s=7)) as (archive, node, study):
        reaches(node, study, "found")
        assert len(archive.asked) >= 2
        assert {tuple(sorted(objects)) for objects in archive.asked} == {tuple(sorted(archive.stores))}
        eventually(lambda: archive.answered == len(archive.asked), what="the other answers", timeout_s=20)
        assert reaches(node, study, "found")["state"] == "delivered"
        assert set(archive.stores.values()) == {1}


def test_what_is_not_committed_is_sent_again_and_nothing_else(tmp_path: Path, hand: Path) -> None:
    def first_time(number: int, objects: dict[str, str]) -> dict[str, int]:
        return {uid: 0x0112 for uid, sop_class in objects.items() if sop_class == PICTURE and number == 1}

    with delivered_to(tmp_path, hand, Receipts(answer="own", failing=first_time)) as (archive, node, study):
        reaches(node, study, "found")
        sent = {archive.classes[uid]: count for uid, count in archive.stores.items()}
        assert sent == {REPORT: 1, PICTURE: 2}
        assert len(archive.stores) == 2  # the same UID both times
        assert "COMMITMENT_FAILED" in kinds(node)


def test_an_archive_that_never_answers_is_asked_again(tmp_path: Path, hand: Path) -> None:
    with delivered_to(tmp_path, hand, Receipts(answer="never")) as (archive, node, study):
        eventually(lambda: len(archive.asked) >= 2, what="a second request", timeout_s=30)
        shown = delivery_of(node, study)
        assert (shown["state"], shown["receipt"]) == ("delivered", "sent")
        assert "asked for commitment" in shown["receipt_note"]
        assert set(archive.stores.values()) == {1}


def test_a_destination_with_neither_service_is_told_once(tmp_path: Path, hand: Path) -> None:
    with delivered_to(tmp_path, hand, None) as (archive, node, study):
        shown = eventually(
            lambda: (one := reaches(node, study, "sent"))["confirm_at"] is None and one, what="the end of the search", timeout_s=30
        )
        assert "offers no query" in shown["receipt_note"]
        assert set(archive.stores.values()) == {1}


def test_nobody_is_asked_where_the_site_does_not_want_it(tmp_path: Path, hand: Path) -> None:
    with delivered_to(tmp_path, hand, Receipts(answer="same"), PIPELINE__CONFIRM="false") as (archive, node, study):
        assert reaches(node, study, "sent")["confirm_at"] is None
        assert archive.asked == []
