from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pynetdicom.ae import ApplicationEntity
from pynetdicom.sop_class import Verification

from baa_node.db import peers
from tests.cli.command import Command
from tests.parts.fhir import FhirStore, Reply, WebServer
from tests.parts.mllp import MllpReceiver
from tests.parts.programs import free_port

PACS = ("--ae-title", "PACS", "--host", "pacs.example", "--port", "104")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path / "data", monkeypatch, capsys)


def refuse(cli: Command, calling_ae: str, reason: str = "unknown_caller", called_ae: str = "BAA_NODE") -> None:
    database = cli.database()
    with database.transaction() as c:
        peers.note_refused_caller(c, calling_ae=calling_ae, called_ae=called_ae, address="10.0.0.9", reason=reason, now=datetime.now(UTC))
    database.close()


def command_in(cli: Command) -> list[str]:
    """Words after ``baa-node`` of the one command that ``peers list`` offers."""
    (line,) = [line for line in cli.ok("peers", "list").lines if line.lstrip().startswith("baa-node ")]
    return shlex.split(line)[1:]


def test_an_empty_list_says_what_that_means(cli: Command) -> None:
    assert "every caller is turned away" in cli.ok("peers").out
    assert cli.json("peers") == cli.json("peers", "list") == {"peers": [], "refused_callers": []}


def test_an_added_peer_is_listed(cli: Command) -> None:
    assert "may send, takes results" in cli.ok("peers", "add", "pacs", *PACS).out
    cli.ok(
        "peers",
        "add",
        "room",
        "--ae-title",
        "ROOM 1",
        "--host",
        "::1",
        "--port",
        "11112",
        "--no-destination",
        "--tls",
        "--route-to",
        "pacs",
    )
    head, first, second = cli.ok("peers", "list").lines
    assert head.split()[:2] == ["NAME", "AE"]
    assert first.split() == ["pacs", "PACS", "pacs.example:104", "yes", "yes", "no", "pacs"]
    assert second.split() == ["room", "ROOM", "1", "::1:11112", "yes", "no", "yes", "pacs"]
    listed = cli.json("peers", "list")["peers"]
    assert listed[1] == {
        "name": "room",
        "ae_title": "ROOM 1",
        "host": "::1",
        "port": 11112,
        "source": True,
        "destination": False,
        "tls": True,
        "route_to": ["pacs"],
        "kind": "dicom",
        "url": "",
        "user": "",
        "secret": "",
        "wants": ["sr", "picture", "pdf"],
        "refusals": "both",
        "query": False,
        "results_go_to": ["pacs"],
    }


def test_a_peer_may_be_asked_for_earlier_reports(cli: Command) -> None:
    assert "may be asked for earlier reports" in cli.ok("peers", "add", "pacs", *PACS, "--query").out
    assert cli.json("peers", "list")["peers"][0]["query"] is True
    assert cli.ok("peers", "list").lines[1].split()[3:] == ["yes", "yes", "no", "pacs", "yes"]
    assert json.loads(cli.ok("peers", "export").out)[0]["query"] is True
    cli.ok("peers", "edit", "pacs", "--no-query")
    assert cli.json("peers", "list")["peers"][0]["query"] is False


def test_an_edit_changes_what_it_names(cli: Command) -> None:
    cli.ok("peers", "add", "pacs", *PACS)
    cli.ok("peers", "edit", "pacs", "--port", "4242", "--no-source")
    (peer,) = cli.json("peers", "list")["peers"]
    assert (peer["port"], peer["source"], peer["destination"], peer["ae_title"]) == (4242, False, True, "PACS")
    cli.ok("peers", "edit", "pacs", "--route-to", "pacs")
    assert cli.json("peers", "list")["peers"][0]["route_to"] == ["pacs"]
    cli.ok("peers", "edit", "pacs", "--no-route")
    assert cli.json("peers", "list")["peers"][0]["route_to"] == []


def test_a_removed_peer_is_gone(cli: Command) -> None:
    cli.ok("peers", "add", "pacs", *PACS)
    cli.ok("peers", "remove", "pacs")
    assert cli.json("peers", "list")["peers"] == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("add", "pacs", *PACS), "pacs exists already"),
        (("add", "x", "--ae-title", "SEVENTEEN_LETTERS", "--host", "h", "--port", "1"), "1 to 16"),
        (("add", "x", "--ae-title", "X", "--host", "h", "--port", "0"), "between 1 and 65535"),
        (("edit", "nobody", "--port", "1"), "no peer is called nobody (there are: pacs)"),
        (("remove", "nobody"), "no peer is called nobody"),
        (("echo", "nobody"), "no peer is called nobody"),
        (("import", "/does/not/exist"), "cannot be read"),
    ],
)
def test_failures_are_one_line(cli: Command, arguments: tuple[str, ...], complaint: str) -> None:
    cli.ok("peers", "add", "pacs", *PACS)
    assert complaint in cli.fails("peers", *arguments)


def test_wrong_usage_is_exit_2(cli: Command) -> None:
    assert cli("peers", "add", "pacs").code == 2
    assert cli("peers", "edit", "pacs", "--route-to", "a", "--no-route").code == 2


def test_who_did_it_is_in_the_audit_trail(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    cli.ok("peers", "add", "pacs", *PACS)
    assert [event["actor"] for event in cli.json("audit", "list")] == ["cli:ann"]


def test_a_refused_caller_is_admitted_by_the_command_shown(cli: Command) -> None:
    refuse(cli, "CT ROOM 1")
    assert "CT ROOM 1 from 10.0.0.9, once" in cli.ok("peers", "list").out
    cli.ok(*command_in(cli))
    (peer,) = cli.json("peers", "list")["peers"]
    assert (peer["name"], peer["ae_title"], peer["host"], peer["source"]) == ("ct-room-1", "CT ROOM 1", "10.0.0.9", True)
    assert cli.json("peers", "list")["refused_callers"] == []


def test_results_of_a_second_sender_go_to_the_first_destination(cli: Command) -> None:
    cli.ok("peers", "add", "pacs", *PACS)
    refuse(cli, "PACS-SEND")
    assert cli.json("peers", "list")["refused_callers"][0]["admit"].endswith("--no-destination")
    cli.ok(*command_in(cli))
    assert cli.json("peers", "list")["peers"][1]["results_go_to"] == ["pacs"]


def test_a_destination_that_begins_to_send_is_made_a_source(cli: Command) -> None:
    cli.ok("peers", "add", "archive", "--ae-title", "ARCHIVE", "--host", "h", "--port", "104", "--no-source")
    refuse(cli, "ARCHIVE")
    assert command_in(cli)[-4:] == ["peers", "edit", "archive", "--source"]
    cli.ok(*command_in(cli))
    assert cli.json("peers", "list")["refused_callers"] == []


def test_a_title_in_other_letters_is_pointed_out(cli: Command) -> None:
    cli.ok("peers", "add", "pacs", *PACS)
    refuse(cli, "Pacs")
    assert "Pacs at 10.0.0.9 differs from PACS of peer pacs in upper and lower case" in cli.ok("peers", "list").out
    assert "pacs-2" in command_in(cli)


@pytest.mark.parametrize(("calling_ae", "reason"), [("PACS", "wrong_called_ae"), ("\x1b[31m", "unknown_caller"), ("   ", "unknown_caller")])
def test_no_command_where_none_would_help(cli: Command, calling_ae: str, reason: str) -> None:
    refuse(cli, calling_ae, reason, called_ae="SOMEBODY")
    shown = cli.ok("peers", "list").out
    assert "turned away" in shown
    assert "peers add" not in shown
    assert "\x1b" not in shown
    assert cli.json("peers", "list")["refused_callers"][0]["admit"] is None


def test_peers_move_to_another_node(cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.ok("peers", "add", "z-pacs", *PACS)
    cli.ok("peers", "add", "a-room", "--ae-title", "ROOM", "--host", "h", "--port", "1", "--route-to", "z-pacs")
    before = cli.json("peers", "list")
    text = cli.ok("peers", "export").out
    cli.ok("peers", "export", str(tmp_path / "peers.json"))
    assert json.loads((tmp_path / "peers.json").read_text()) == json.loads(text)
    for name, source in (("second", str(tmp_path / "peers.json")), ("third", "-")):
        cli.folder = tmp_path / name
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        cli.ok("peers", "import", source)
        assert cli.json("peers", "list") == before


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "is not JSON"),
        ("{}", "does not hold a list"),
        ("[1]", "peer 1 is not an object"),
        ('[{"name": "a", "ae_title": "A", "host": "h"}]', "port is missing"),
        ('[{"name": "a", "ae_title": "A", "host": "h", "port": "104"}]', "port is not a whole number"),
        ('[{"name": "a", "ae_title": "A", "host": "h", "port": true}]', "port is not a whole number"),
        ('[{"name": "a", "ae_title": "A", "host": "h", "port": 1, "tsl": true}]', "tsl is unknown"),
        ('[{"name": "a", "ae_title": "A", "host": "h", "port": 1}, {"name": "b b", "ae_title": "B", "host": "h", "port": 1}]', "b b"),
    ],
)
def test_a_faulty_file_changes_nothing(cli: Command, tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "peers.json"
    path.write_text(text)
    assert complaint in cli.fails("peers", "import", str(path))
    assert cli.json("peers", "list")["peers"] == []


@pytest.fixture
def listener() -> Iterator[int]:
    """Port of an application entity that answers C-ECHO."""
    ae = ApplicationEntity("ANSWERS")
    ae.require_called_aet = True
    ae.add_supported_context(Verification)
    server = ae.start_server(("127.0.0.1", 0), block=False)
    yield int(server.socket.getsockname()[1])
    server.shutdown()


def test_an_echo_tells_that_a_peer_answers(cli: Command, listener: int) -> None:
    cli.ok("peers", "add", "it", "--ae-title", "ANSWERS", "--host", "127.0.0.1", "--port", str(listener))
    assert "it answers" in cli.ok("peers", "echo", "it").out
    cli.ok("peers", "edit", "it", "--ae-title", "OTHER")
    assert "OTHER" in cli.fails("peers", "echo", "it")


BRIDGES = {
    "hl7": ("mllp://ris.example:2575/RIS/HOSPITAL",),
    "fhir": ("https://ehr.example/fhir", "--secret", "env:EHR_TOKEN"),
    "stow": ("https://pacs.example/dicom-web", "--user", "baa", "--secret", "file:/etc/baa-node/pacs.password"),
}


@pytest.mark.parametrize("kind", BRIDGES)
def test_a_destination_that_is_no_dicom_application(cli: Command, kind: str) -> None:
    url, *options = BRIDGES[kind]
    said = cli.ok("peers", "add", "it", "--kind", kind, "--url", url, *options).out
    assert f"{kind} {url}, takes results" in said
    (peer,) = cli.json("peers", "list")["peers"]
    assert (peer["kind"], peer["url"], peer["source"], peer["destination"], peer["ae_title"]) == (kind, url, False, True, "")
    assert url in cli.ok("peers", "list").out


def test_the_wishes_of_a_destination(cli: Command) -> None:
    cli.ok("peers", "add", "pacs", *PACS, "--wants", "picture", "--wants", "sr", "--refusals", "none")
    assert "sr+picture, refusals none" in cli.ok("peers", "list").out
    cli.ok("peers", "edit", "pacs", "--refusals", "both", "--wants", "sr")
    (peer,) = cli.json("peers", "list")["peers"]
    assert (peer["wants"], peer["refusals"]) == (["sr"], "both")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--kind", "fax", "--url", "tel:1"), "kind 'fax' is none of"),
        (("--kind", "hl7"), "begins with mllp://"),
        (("--kind", "hl7", "--url", "https://h/"), "begins with mllp://"),
        (("--kind", "hl7", "--url", "mllp://h"), "needs a port"),
        (("--kind", "hl7", "--url", "mllp://h:1", "--source"), "--no-source"),
        (("--kind", "hl7", "--url", "mllp://h:1", "--secret", "env:A"), "MLLP knows no password"),
        (("--kind", "hl7", "--url", "mllp://h:1", "--wants", "picture"), "cannot do without sr"),
        (("--kind", "hl7", "--url", "mllp://h:1", "--tls"), "in its URL alone"),
        (("--kind", "fhir", "--url", "https://user:pw@h/fhir"), "neither user nor password"),
        (("--kind", "fhir", "--url", "https://h/fhir?token=x"), "neither user nor password"),
        (("--kind", "fhir", "--url", "https://h:99999/"), "ort"),
        (("--kind", "fhir", "--url", "https://h/fhir", "--secret", "s3cret"), "never given itself"),
        (("--kind", "fhir", "--url", "http://h/fhir", "--secret", "env:A"), "not sent over http://"),
        (("--kind", "stow", "--url", "https://h/", "--user", "baa"), "a user needs a secret"),
        (("--wants", "fax", *PACS), "one or more of sr, picture, pdf"),
        (("--refusals", "some", *PACS), "refusals 'some'"),
        (("--url", "https://h/", *PACS), "has no URL"),
    ],
)
def test_a_destination_that_cannot_be_right_is_refused(cli: Command, options: tuple[str, ...], complaint: str) -> None:
    told = cli.fails("peers", "add", "it", *options)
    assert complaint in told
    assert "s3cret" not in told
    assert cli.json("peers", "list")["peers"] == []


def test_a_source_that_sends_by_dicomweb_has_no_title(cli: Command) -> None:
    for name in ("web", "other-web"):
        cli.ok("peers", "add", name, "--kind", "stow", "--source", "--no-destination")
    refuse(cli, "   ")
    assert [peer["source"] for peer in cli.json("peers", "list")["peers"]] == [True, True]


def test_destinations_of_every_kind_move_to_another_node(cli: Command, tmp_path: Path) -> None:
    cli.ok("peers", "add", "pacs", *PACS, "--refusals", "picture")
    for kind, (url, *options) in BRIDGES.items():
        cli.ok("peers", "add", kind, "--kind", kind, "--url", url, *options)
    before = cli.json("peers", "list")
    cli.ok("peers", "export", str(tmp_path / "peers.json"))
    cli.folder = tmp_path / "second"
    cli.ok("peers", "import", str(tmp_path / "peers.json"))
    assert cli.json("peers", "list") == before
    (tmp_path / "short.json").write_text('[{"name": "a", "kind": "hl7", "url": "mllp://h:1"}]')
    cli.ok("peers", "import", str(tmp_path / "short.json"))
    assert "a" in [peer["name"] for peer in cli.json("peers", "list")["peers"]]


def test_every_kind_is_tried_in_its_own_way(cli: Command, listener: int) -> None:
    cli.ok("peers", "add", "dicom", "--ae-title", "ANSWERS", "--host", "127.0.0.1", "--port", str(listener))
    with MllpReceiver() as ris, WebServer(FhirStore()) as ehr, WebServer(lambda _: Reply(204)) as pacs:
        for kind, url in (("hl7", ris.url), ("fhir", ehr.url), ("stow", pacs.url)):
            cli.ok("peers", "add", kind, "--kind", kind, "--url", url)
        assert "takes connections" in cli.ok("peers", "test", "hl7").out
        assert "FHIR 4.0.1" in cli.ok("peers", "test", "fhir").out
        assert "answers queries" in cli.ok("peers", "test", "stow").out
        assert "does not accept Comprehensive 3D SR Storage" in cli.fails("peers", "test", "dicom")
        cli.ok("peers", "edit", "dicom", "--no-destination")
        assert cli.json("peers", "test", "dicom")["ok"] is True
    for kind in ("hl7", "fhir", "stow"):
        assert "refuses connections" in cli.fails("peers", "test", kind)
    assert "peers test hl7" in cli.fails("peers", "echo", "hl7")


def test_an_echo_tells_that_nobody_is_there(cli: Command) -> None:
    cli.ok("peers", "add", "it", "--ae-title", "NOBODY", "--host", "127.0.0.1", "--port", str(free_port()))
    assert "NOBODY" in cli.fails("peers", "echo", "it")
