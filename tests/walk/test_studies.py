"""What the PACS holds at the end when studies come in pieces, mixed, twice, from two sides, late, or are read again."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid

from baa_node.bundle import default_bundle
from tests.parts.dcmtk import storescu
from tests.parts.images import copy_in_new_study, copy_with, plain_cr
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually, free_port
from tests.parts.report import bone_age_months, evidence, picture_sources

QUIET_S = 1.0
"""As ``tests.parts.node`` sets it; a refusal comes after that."""


class Held:
    """What the PACS holds for one study: images by UID, reports and pictures by the image they are of."""

    def __init__(self, orthanc: Orthanc, study: str) -> None:
        self.reports = orthanc.reports(study)
        self.captures = orthanc.captures(study)

    @property
    def numbers(self) -> dict[str, bool]:
        """Whether each image that has a report has a bone age."""
        return {uid: bone_age_months(report) is not None for report in self.reports for _, uid in evidence(report)}

    def is_complete_for(self, images: set[str]) -> bool:
        told = Counter(uid for report in self.reports for _, uid in evidence(report))
        shown = Counter(uid for capture in self.captures for uid in picture_sources(capture))
        return told == shown == Counter(images)


def uid_of(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)


def study_of(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID)


def of_study(hand: Path, folder: Path, study: str, *names: str, **elements: object) -> list[Path]:
    """Copies of the hand in one study, each a series of its own."""
    return [copy_with(hand, folder / f"{name}.dcm", StudyInstanceUID=study, SeriesInstanceUID=generate_uid(), **elements) for name in names]


def holds(orthanc: Orthanc, study: str, images: list[Path]) -> Held:
    """Wait until the study has a report and a picture of each of these images, then see that nothing else comes."""
    wanted = {uid_of(image) for image in images}
    eventually(lambda: Held(orthanc, study).is_complete_for(wanted), what=f"results of {len(wanted)} images", timeout_s=60, every_s=0.3)
    time.sleep(QUIET_S + 1)
    held = Held(orthanc, study)
    assert held.is_complete_for(wanted)
    return held


def test_a_study_split_over_associations(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    study = generate_uid()
    images = of_study(hand, tmp_path, study, "a", "b", "c")
    for image in images:
        assert storescu(node.port, image).returncode == 0
    assert all(holds(orthanc, study, images).numbers.values())


def test_two_studies_interleaved_on_one_association(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    one, other = generate_uid(), generate_uid()
    ours, theirs = of_study(hand, tmp_path, one, "a1", "a2"), of_study(hand, tmp_path, other, "b1", "b2")
    assert storescu(node.port, ours[0], theirs[0], ours[1], theirs[1]).returncode == 0
    holds(orthanc, one, ours)
    holds(orthanc, other, theirs)


def test_the_same_study_from_two_senders(hand: Path, tmp_path: Path) -> None:
    node = Node(tmp_path / "node")
    study = generate_uid()
    shared, first_alone, second_alone = of_study(hand, tmp_path, study, "shared", "first", "second")
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with Orthanc(tmp_path / "one", node_port=node.port) as one, Orthanc(tmp_path / "two", node_port=node.port) as two:
        node.add_peer("one", "ONE", one.port)
        node.add_peer("two", "TWO", two.port)
        for name, title in (("one", "ONE"), ("two", "TWO")):  # each store calls itself as its peer entry says
            assert node.cli("peers", "edit", name, "--ae-title", title).returncode == 0
        with node.start():
            assert storescu(node.port, shared, first_alone, calling="ONE").returncode == 0
            assert storescu(node.port, shared, second_alone, calling="TWO").returncode == 0
            holds(one, study, [shared, first_alone])
            holds(two, study, [second_alone])  # what came from the first alone went back there alone


def test_both_hands_of_a_study_are_read(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    study = generate_uid()
    (left,) = of_study(hand, tmp_path, study, "left", ImageLaterality="L")
    (right,) = of_study(hand, tmp_path, study, "right", ImageLaterality="R")
    assert storescu(node.port, left, right).returncode == 0
    assert holds(orthanc, study, [left, right]).numbers == {uid_of(left): True, uid_of(right): True}


def test_an_oblique_view_beside_a_frontal_one_is_dropped(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    study = generate_uid()
    (frontal,) = of_study(hand, tmp_path, study, "frontal", ViewPosition="PA")
    (oblique,) = of_study(hand, tmp_path, study, "oblique", ViewPosition="LLO")
    assert storescu(node.port, oblique, frontal).returncode == 0
    assert holds(orthanc, study, [frontal]).numbers == {uid_of(frontal): True}
    dismissed = [event["subject"] for event in node.json("studies", "show", study)["events"] if event["kind"] == "REPORT_DISMISSED"]
    assert dismissed == [uid_of(oblique)]


def test_an_oblique_view_alone_is_refused_once_the_study_is_quiet(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    study = generate_uid()
    (oblique,) = of_study(hand, tmp_path, study, "oblique", ViewPosition="LLO")
    assert storescu(node.port, oblique).returncode == 0
    assert holds(orthanc, study, [oblique]).numbers == {uid_of(oblique): False}


def test_a_late_image_is_read_after_a_refusal_was_sent(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    study = generate_uid()
    phantom = plain_cr(tmp_path / "phantom.dcm")
    (no_hand,) = of_study(phantom, tmp_path, study, "no_hand")
    assert storescu(node.port, no_hand).returncode == 0
    assert holds(orthanc, study, [no_hand]).numbers == {uid_of(no_hand): False}
    (late,) = of_study(hand, tmp_path, study, "late")
    assert storescu(node.port, late).returncode == 0
    assert holds(orthanc, study, [no_hand, late]).numbers == {uid_of(no_hand): False, uid_of(late): True}


def test_an_ordered_second_reading_amends_the_first(node: Node, orthanc: Orthanc, hand: Path, tmp_path: Path) -> None:
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = study_of(image)
    assert storescu(node.port, image).returncode == 0
    (first,) = holds(orthanc, study, [image]).reports
    assert node.cli("studies", "retry", study, "--read-again", "--reason", "asked by the ward").returncode == 0
    reports = eventually(lambda: (found := orthanc.reports(study)) and len(found) == 2 and found, what="the amended report", timeout_s=30)
    (second,) = [report for report in reports if report.SOPInstanceUID != first.SOPInstanceUID]
    named = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert bone_age_months(second) == bone_age_months(first)
    eventually(lambda: len(orthanc.captures(study)) == 2, what="the picture beside it", timeout_s=30)


ROUTE = ("--route-to", "silent", "--route-to", "closed", "--route-to", "pacs")


def lags_s(node: Node, orthanc: Orthanc, images: list[Path]) -> list[float]:
    """Seconds from each report to its arrival at the PACS, as the node has them on record."""
    wanted = len(orthanc.find()) + 2 * len(images)
    assert storescu(node.port, *images).returncode == 0
    eventually(lambda: len(orthanc.find()) == wanted, what="all results at the living one", timeout_s=60, every_s=0.1)
    eventually(lambda: all(to(node, image, "pacs")["delivered_at"] for image in images), what="that to be on record")
    moments = ((to(node, image, "pacs")[name] for name in ("opened_at", "delivered_at")) for image in images)
    return [(delivered - opened).total_seconds() for opened, delivered in (map(datetime.fromisoformat, pair) for pair in moments)]


def to(node: Node, image: Path, peer: str) -> dict[str, Any]:
    """Give the delivery of an image's results to one peer."""
    deliveries: list[dict[str, Any]] = node.json("studies", "show", study_of(image))["deliveries"]
    return next(one for one in deliveries if one["peer"] == peer)


@pytest.mark.timeout(600)
def test_a_dead_destination_delays_no_other(hand: Path, tmp_path: Path) -> None:
    """Measured beside the same node and PACS without dead ones: a silent one holds an association for 30 s."""
    node = Node(tmp_path / "node")
    alone, beside = ([copy_in_new_study(hand, tmp_path / f"{name}{number}.dcm") for number in range(6)] for name in ("alone", "beside"))
    with Orthanc(tmp_path / "orthanc", node_port=node.port) as orthanc, socket.create_server(("127.0.0.1", 0)) as silent:
        node.add_peer("sender", "ORTHANC", free_port())
        node.add_peer("pacs", "ORTHANC", orthanc.port, "--no-source", "--destination")
        node.add_peer("silent", "SILENT", silent.getsockname()[1], "--no-source", "--destination")  # accepts and says nothing
        node.add_peer("closed", "CLOSED", free_port(), "--no-source", "--destination")
        assert node.cli("peers", "edit", "sender", "--route-to", "pacs").returncode == 0
        with node.start():
            before = lags_s(node, orthanc, alone)
            assert node.cli("peers", "edit", "sender", *ROUTE).returncode == 0
            after = lags_s(node, orthanc, beside)
            assert max(after) < max(before) + 15  # whoever waits for a silent one waits for 30 s
            assert {to(node, image, peer)["state"] for image in beside for peer in ("silent", "closed")} == {"pending"}


def next_version(bundle: Path, folder: Path) -> Path:
    """The same networks under another version: another bundle, as far as anybody can tell."""
    shutil.copytree(bundle, folder)
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**manifest, "version": "99.0.0"}))
    names = [line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(sums))
    return folder


@pytest.mark.timeout(300)
def test_a_study_sent_again_after_months_gives_the_same_results_and_an_amended_report_with_a_new_bundle(hand: Path, tmp_path: Path) -> None:
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study = study_of(image)
    node = Node(tmp_path / "node")
    with Orthanc(tmp_path / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", "ORTHANC", orthanc.port)
        with node.start():
            assert storescu(node.port, image).returncode == 0
            (first,) = holds(orthanc, study, [image]).reports
            assert storescu(node.port, image).returncode == 0  # the same bundle: what it says is known
            assert [report.SOPInstanceUID for report in holds(orthanc, study, [image]).reports] == [first.SOPInstanceUID]
        shutil.rmtree(node.data)  # and where nothing at all is known any more, the results are the same objects
        node.add_peer("pacs", "ORTHANC", orthanc.port)
        with node.start():
            assert storescu(node.port, image).returncode == 0
            eventually(lambda: delivered(node, study), what="the delivery", timeout_s=60)
            (same,) = holds(orthanc, study, [image]).reports
        assert same.SOPInstanceUID == first.SOPInstanceUID
        node.env["BAA_NODE_INFERENCE__BUNDLE"] = str(next_version(default_bundle(), tmp_path / "bundle"))
        with node.start():
            assert storescu(node.port, image).returncode == 0
            reports = eventually(lambda: len(orthanc.reports(study)) == 2 and orthanc.reports(study), what="another report", timeout_s=60)
        (second,) = [report for report in reports if report.SOPInstanceUID != first.SOPInstanceUID]
        named = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
        assert named.ReferencedSOPInstanceUID == first.SOPInstanceUID


def delivered(node: Node, study: str) -> bool:
    return [one["state"] for one in node.json("studies", "show", study)["deliveries"]] == ["delivered"]
