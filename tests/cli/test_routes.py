from __future__ import annotations

import json
from pathlib import Path

import pytest

from baa_node.core.routes.routing import Decision, Route
from baa_node.db import audit, routes, studies
from tests.cli.command import Command
from tests.db import made
from tests.parts.hands import hand_cr, part10
from tests.parts.times import NOW

SAMPLES = Path(__file__).resolve().parents[2] / "sample_dicom"
KNEES = ("--when", "BodyPartExamined one-of KNEE | ANKLE", "--leave-alone")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    cli = Command(tmp_path / "data", monkeypatch, capsys)
    cli.ok("peers", "add", "pacs", "--ae-title", "PACS", "--host", "pacs.example", "--port", "104")
    return cli


def kinds(cli: Command) -> list[str]:
    database = cli.database()
    with database.reading() as c:
        found = [event.kind for event in audit.list_events(c)]
    database.close()
    return found


def test_an_empty_list_says_what_that_means(cli: Command) -> None:
    assert "no routes: everything is read" in cli.ok("routes").out
    assert cli.json("routes", "list") == []


def test_routes_are_added_changed_moved_and_removed(cli: Command) -> None:
    assert "leave alone" in cli.ok("routes", "add", "knees", *KNEES).out
    cli.ok("routes", "add", "trial", "--called-ae", "BAA_TRIAL", "--to", "pacs", "--kind", "sr", "--at", "1")
    head, first, second = cli.ok("routes", "list").lines
    assert head.split()[0] == "NAME"
    assert first.split(maxsplit=2)[:2] == ["1", "trial"]
    assert "read, sr to pacs" in first
    assert "BodyPartExamined one-of KNEE | ANKLE" in second
    assert cli.json("routes", "edit", "trial", "--any", "called-ae", "--any", "kind", "--calling-ae", "ROOM 1") == {
        "position": 1,
        "name": "trial",
        "calling_ae": ["ROOM 1"],
        "called_ae": [],
        "conditions": [],
        "read": True,
        "bundle": "",
        "destinations": ["pacs"],
        "kinds": ["sr", "picture", "pdf"],
    }
    assert cli.json("routes", "move", "knees", "1") == {"name": "knees", "position": 1}
    assert [one["name"] for one in cli.json("routes", "list")] == ["knees", "trial"]
    assert cli.json("routes", "remove", "knees") == {"name": "knees", "removed": True}
    assert kinds(cli)[1:] == ["ROUTE_ADDED", "ROUTE_ADDED", "ROUTE_CHANGED", "ROUTE_CHANGED", "ROUTE_REMOVED"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("add", "a b"), "1 to 64 letters"),
        (("add", "x", "--when", "Modalty equals DX"), "did you mean Modality?"),
        (("add", "x", "--when", "PatientID equals 12"), "tells who somebody is"),
        (("add", "x", "--to", "nowhere"), "no destination has that name"),
        (("add", "x", "--bundle", "none-1"), "no bundle called none-1 is installed"),
        (("add", "x", "--leave-alone", "--to", "pacs"), "left alone"),
        (("edit", "x", "--read"), "no route is called x"),
        (("move", "x", "1"), "no route is called x"),
        (("remove", "x"), "no route is called x"),
        (("test", "nowhere.dcm"), "nowhere.dcm cannot be read"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(cli: Command, words: tuple[str, ...], complaint: str) -> None:
    assert complaint in cli.fails("routes", *words)
    assert cli.json("routes", "list") == []


def test_wrong_usage_ends_with_2(cli: Command, tmp_path: Path) -> None:
    cli.ok("routes", "add", "x")
    cli.ok("peers", "add", "room", "--ae-title", "ROOM", "--host", "h", "--port", "1")
    file = tmp_path / "hand.dcm"
    file.write_bytes(part10(hand_cr(tmp_path)))
    for words, complaint in (
        (("edit", "x", "--any", "all"), "calling-ae"),
        (("move", "x", "0"), "position"),
        (("test", str(file)), "PACS"),
    ):
        done = cli("routes", *words)
        assert (done.code, complaint in done.err) == (2, True), words


def test_a_bundle_of_the_package_may_be_named(cli: Command) -> None:
    (bundle,) = {path.name for path in (SAMPLES.parent / "baa_node" / "bundles").iterdir() if path.is_dir()}
    assert f"read by {bundle}" in cli.ok("routes", "add", "x", "--bundle", bundle).out
    checks = {one["check"]: one for one in json.loads(cli("--json", "doctor").out)}
    assert (checks["routes"]["ok"], checks["routes"]["finding"][:2]) == (True, "1,")


def test_the_doctor_tells_of_a_bundle_that_is_gone(cli: Command) -> None:
    database = cli.database()
    with database.transaction() as c:
        routes.add_route(c, Route(name="x", bundle="gone"), actor="test", now=NOW, bundles=["gone"])
    database.close()
    done = cli("--json", "doctor")
    (check,) = [one for one in json.loads(done.out) if one["check"] == "routes"]
    assert (done.code, check["ok"]) == (1, False)
    assert "no bundle called gone is installed" in check["finding"]


def test_a_file_is_tried_step_by_step(cli: Command, tmp_path: Path) -> None:
    cli.ok("routes", "add", "trial", "--called-ae", "BAA_TRIAL", "--kind", "sr")
    cli.ok("routes", "add", "knees", *KNEES)
    before = kinds(cli)
    knee = str(SAMPLES / "13_dx_knee.dcm")
    said = cli.ok("routes", "test", knee).lines
    assert [line.split(maxsplit=1)[0] for line in said if line[0] != " "] == ["association", "reception", "route", "reading"]
    assert "1. trial: called AE title is 'BAA_NODE', which does not equal 'BAA_TRIAL'" in said[3]
    assert "left alone by route knees" in said[-1]
    told = cli.json("routes", "test", knee, "--called-ae", "BAA_TRIAL")
    assert (told["ends"], told["decision"]["route"], told["reasons"][0]) == ("delivery", "trial", "BAA101")
    assert told["deliveries"] == {"pacs": ["sr"]}
    turned = cli.ok("routes", "test", knee, "--calling-ae", "STRANGER").lines
    assert "is not known here as a source" in turned[0]
    assert turned[1].startswith("reception    (")
    assert kinds(cli) == before
    junk = tmp_path / "junk.dcm"
    junk.write_bytes(b"no such thing")
    assert "not a DICOM file" in cli.fails("routes", "test", str(junk))


def test_what_was_left_alone_is_seen_among_the_studies(cli: Command) -> None:
    database = cli.database()
    with database.transaction() as c:
        studies.record_arrival(c, made.instance(called_ae="BAA_TRIAL"), now=NOW, decision=Decision(route="knees", read=False))
    database.close()
    assert "LEFT_ALONE" in cli.ok("studies", "list", "--state", "left_alone").out
    shown = cli.ok("studies", "show", made.STUDY).out
    assert "from pacs (PACS to BAA_TRIAL)" in shown
    assert "route      knees" in shown
    assert "INSTANCE_LEFT_ALONE" in shown
    assert cli.json("studies", "show", made.STUDY)["readings"][0]["decision"]["route"] == "knees"
