from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from baa_node.core.priors.history import Earlier
from baa_node.db import studies
from baa_node.db.studies import State
from tests.cli.command import Command
from tests.db import made

LATE = made.later(10**9)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A node with a study that was read and could not be delivered to one of two peers, and one that was refused."""
    command = Command(tmp_path / "data", monkeypatch, capsys)
    database = command.database()
    with database.transaction() as c:
        studies.record_arrival(c, made.instance(), now=made.NOW)
        studies.record_arrival(c, made.instance(sha256=made.digest("forged"), path="quarantine/x"), now=made.NOW)
        outcome = {**made.READ, "saliency": [[0.25, 0.75]]}
        studies.record_outcome(c, made.IMAGE, 1, state=State.READ, outcome=outcome, now=made.later(1))
        studies.record_results(c, [made.result("2.25.1"), made.result("2.25.3", kind="capture")])
        studies.open_deliveries(c, made.IMAGE, 1, ["pacs", "archive", "slow"], now=made.later(2))
        opened = {one.peer: one for one in studies.list_deliveries(c, made.IMAGE, 1)}
        for peer, state, status, error in (("pacs", "delivered", 0, None), ("archive", "failed", 0x0122, "not supported")):
            studies.record_attempt(c, opened[peer], state=state, status=status, error=error, next_attempt_at=None, now=made.later(3))
        studies.record_attempt(c, opened["slow"], state="pending", status=None, error="no answer", next_attempt_at=LATE, now=made.later(3))
        studies.record_arrival(
            c, made.instance("9.1", study_instance_uid="9", accession_number="", received_at=made.later(9)), now=made.later(9)
        )
        studies.record_outcome(c, "9.1", 1, state=State.REFUSED, outcome=made.REFUSED, now=made.later(10))
    database.close()
    return command


def test_no_studies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command = Command(tmp_path / "empty", monkeypatch, capsys)
    assert command.ok("studies", "list").out == "no studies\n"
    assert command.ok("studies").out == "no studies\n"
    assert command.json("studies", "list") == []


def test_one_line_a_study_the_latest_first(cli: Command) -> None:
    head, refused, read = cli.ok("studies", "list").lines
    assert head.split()[2:] == ["STUDY", "ACCESSION", "FROM", "IMAGES", "STATE", "RESULT"]
    assert "REFUSED" in refused
    assert "not read: No hand found in image" in refused
    assert f"{made.STUDY}  A-0001     pacs  1       UNDELIVERABLE" in read
    assert "11 y 0 m (9 y 10 m to 12 y 1 m); 1 in quarantine" in read


def test_summaries_as_json(cli: Command) -> None:
    refused, read = cli.json("studies", "list")
    assert (refused["study_instance_uid"], refused["states"], refused["outcome"]) == ("9", {"REFUSED": 1}, made.REFUSED)
    assert read["outcome"] == made.READ
    assert read["last_received_at"] == made.NOW.isoformat()
    assert read["conflicts"] == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--limit", "1"), ["9"]),
        (("--state", "undeliverable"), [made.STUDY]),
        (("--state", "DELIVERED"), []),
        (("--since", "2026-03-01T09:30:05+0000"), ["9"]),
    ],
)
def test_filters(cli: Command, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert [study["study_instance_uid"] for study in cli.json("studies", "list", *arguments)] == expected


def test_an_unknown_state_is_told_with_the_known_ones(cli: Command) -> None:
    assert "UNDELIVERABLE" in cli.fails("studies", "list", "--state", "NONSENSE")


@pytest.mark.parametrize("key", [made.STUDY, "A-0001"])
def test_everything_about_one_study(cli: Command, key: str) -> None:
    shown = cli.ok("studies", "show", key).out
    for part in (
        f"image {made.IMAGE}",
        "reading 1  UNDELIVERABLE",
        "11 y 0 m",
        "sr         2.25.1",
        "to pacs: delivered",
        "to archive: failed, 1 attempt, status 0x0122, not supported",
        "to slow: pending, 1 attempt, no answer, next",
        "in quarantine",
        "DELIVERY_FAILED",
    ):
        assert part in shown
    assert "0.25" not in shown
    value = cli.json("studies", "show", key)
    assert value["instances"][0]["sop_instance_uid"] == made.IMAGE
    assert value["readings"][0]["outcome"] == made.READ
    assert [one["state"] for one in value["deliveries"]] == ["failed", "delivered", "pending"]
    assert value["events"][0]["kind"] == "INSTANCE_RECEIVED"


def test_the_earlier_assessments_of_a_report_are_shown(cli: Command) -> None:
    database = cli.database()
    with database.transaction() as c:
        named = Earlier(
            examined_on=date(2025, 3, 1),
            bone_age_months=119.0,
            chronological_age_months=116.0,
            source="hands 1",
            sop_instance_uid="2.25.77",
        )
        heard = Earlier(examined_on=date(2024, 3, 1), bone_age_months=107.0, chronological_age_months=None)
        studies.record_earlier(c, made.IMAGE, 1, [heard, named])
    database.close()
    shown = cli.ok("studies", "show", "A-0001").out
    assert "    earlier    2025-03-01: 119.0 mo by hands 1, 2.25.77\n" in shown
    assert "    earlier    2024-03-01: 107.0 mo by unknown\n" in shown
    (reading,) = cli.json("studies", "show", "A-0001")["readings"]
    assert [one["examined_on"] for one in reading["earlier"]] == ["2024-03-01", "2025-03-01"]


def test_an_unknown_study_is_one_line(cli: Command) -> None:
    assert "no study" in cli.fails("studies", "show", "1.2.3")
    assert "no study" in cli.fails("studies", "retry", "1.2.3")


def test_a_retry_sends_at_once_what_did_not_arrive(cli: Command) -> None:
    done = cli.json("studies", "retry", "A-0001")
    assert [one["peer"] for one in done] == ["archive", "slow"]
    deliveries = {one["peer"]: one for one in cli.json("studies", "show", "A-0001")["deliveries"]}
    assert {peer: one["state"] for peer, one in deliveries.items()} == {"archive": "pending", "pacs": "delivered", "slow": "pending"}
    assert deliveries["slow"]["next_attempt_at"] < LATE.isoformat()
    assert cli.json("studies", "list", "--state", "REPORTED")[0]["study_instance_uid"] == made.STUDY
    assert "nothing of study" in cli.fails("studies", "retry", "A-0001")


def test_a_study_is_read_again_when_ordered(cli: Command) -> None:
    assert "--read-again" in cli.fails("studies", "retry", "9")
    (done,) = cli.json("studies", "retry", "9", "--read-again", "--reason", "better bundle")
    assert (done["sop_instance_uid"], done["revision"]) == ("9.1", 2)
    readings = cli.json("studies", "show", "9")["readings"]
    assert [(one["revision"], one["state"], one["reason"]) for one in readings] == [(1, "REFUSED", ""), (2, "RECEIVED", "better bundle")]
    shown = cli.ok("studies", "show", "9").out
    assert "ordered by cli:" in shown
    assert "better bundle" in shown
