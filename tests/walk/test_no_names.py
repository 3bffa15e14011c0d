"""A planted name goes every way that an image can go, and a few that it should not; nothing that the node says repeats it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pydicom
import pytest

from baa_node.config import load_config
from baa_node.db import Database, audit, peers
from baa_node.db.peers import Peer
from tests.cli.command import Command
from tests.parts.dcmtk import storescu
from tests.parts.fhir import Reply, WebServer, outcome
from tests.parts.images import copy_in_new_study
from tests.parts.mllp import END, START, MllpReceiver
from tests.parts.node import Node
from tests.parts.planted import NAME, ODD, leaks, planted_files
from tests.parts.programs import eventually, free_port
from tests.parts.times import NOW

TOKEN = "bearer-of-news"


@pytest.fixture
def files(hand: Path, tmp_path: Path) -> dict[str, Path]:
    return planted_files(hand, tmp_path)


def quoting(message: object) -> bytes:
    """Reject an HL7 message with the patient's name in every field that has room."""
    control = message["MSH.F10"]  # type: ignore[index]
    head = rf"MSH|^~\&|RIS|{NAME}|BAA_NODE||20260101||ACK|1|P|2.5"
    return START + "\r".join([head, f"MSA|AE|{control}|{NAME}", f"ERR||{NAME}|207^{NAME}|E||||{NAME}", ""]).encode() + END


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node whose destinations quote the patient in all they say, and whose PACS is away."""
    settings = {"LOG__LEVEL": "debug", "LOG__JSON": "true", "DICOMWEB__ENABLED": "true", "DICOMWEB__TOKENS": "pacs=env:STOW_TOKEN"}
    node = Node(tmp_path / "node", **settings, HEALTH__PEERS_EVERY_S=1)
    node.env["STOW_TOKEN"] = TOKEN
    quoted = Reply(422, outcome("invalid", f"{NAME} is not known here"))
    conflict = Reply(409, json.dumps({"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": NAME, "Value": [NAME]}}]}}).encode())
    with MllpReceiver(quoting) as ris, WebServer(lambda request: quoted) as ehr, WebServer(lambda request: conflict) as web:
        others = (("ris", "hl7", ris.url), ("ehr", "fhir", ehr.url), ("web", "stow", web.url))
        known = {name: destination(name, kind, url) for name, kind, url in others}
        where = {"host": "127.0.0.1", "port": free_port(), "tls": False}
        pacs = Peer(name="pacs", ae_title="ORTHANC", source=True, destination=True, query=True, route_to=("pacs", *known), **where)
        with record(node) as database, database.transaction() as c:
            peers.import_peers(c, [pacs, *known.values()], actor="test", now=NOW)
        with node.start():
            yield node


def stow(node: Node, body: bytes, token: str = TOKEN) -> int:
    parts = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n--b--\r\n"
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b', "Authorization": f"Bearer {token}"}
    url = f"{node.console_url}/dicom-web/studies"
    return httpx.post(url, content=parts, headers=headers, timeout=30, trust_env=False).status_code


def destination(name: str, kind: str, url: str) -> Peer:
    return Peer(name=name, kind=kind, url=url, ae_title="", host="", port=0, source=False, destination=True, tls=False)


@contextmanager
def record(node: Node) -> Iterator[Database]:
    """Open the node's database in this process."""
    node.data.mkdir(exist_ok=True)
    database = Database.open(load_config(node.data, None, node.env).database_url)
    yield database
    database.close()


def tried(database: Database) -> bool:
    """Whether every image has a result and each destination was asked at least once."""
    with database.reading() as c:
        events = audit.list_events(c, limit=9999)
    reported = {event.study for event in events if event.kind == "REPORT_STORED"}
    asked = {event.detail["peer"] for event in events if event.kind in {"DELIVERY_ATTEMPT", "DELIVERY_FAILED"}}
    return len(reported) > len(ODD) and asked == {"pacs", "ris", "ehr", "web"}


@pytest.mark.timeout(300)
def test_nothing_that_the_node_says_names_the_patient(
    node: Node, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in files.values():
        storescu(node.port, path, options=("-xy",) if path.stem == "no_jpeg" else ())
    ds = pydicom.dcmread(files["sound"])
    ds.PatientComments = NAME
    ds.save_as(tmp_path / "other.dcm")
    assert "0x111" in storescu(node.port, tmp_path / "other.dcm").stdout  # the same UID with other content
    storescu(node.port, files["sound"], calling="STRANGER")
    again = copy_in_new_study(files["sound"], tmp_path / "by_web.dcm")
    assert stow(node, again.read_bytes()) == 200
    assert stow(node, NAME.encode() * 100) >= 400
    assert stow(node, again.read_bytes(), token=NAME) == 401
    with record(node) as database:
        eventually(lambda: tried(database), what="a result of each", timeout_s=120)
    answers = [node.http(path).text for path in ("/metrics", "/readyz", f"/studies/{NAME}", f"/readyz?patient={NAME}")]
    study = str(pydicom.dcmread(files["side_view"], stop_before_pixels=True).StudyInstanceUID)
    commands = [("audit", "export"), ("--json", "studies", "list"), ("peers", "list"), ("doctor",), ("studies", "show", study)]
    here = Command(node.data, monkeypatch, capsys)
    done = [here(*command) for command in commands]
    read = node.cli("assess", *files.values())  # with the log of a process of its own
    service = node.running
    log = service.stdout.read_text() + service.stderr.read_text()
    assert log.count("\n") > 10
    said = [log, *answers[:2], *(one.out + one.err for one in done), read.stdout + read.stderr]
    assert [leaks(one) for one in said] == [[]] * len(said)
    assert leaks(answers[2]) == leaks(answers[3]) == []


def test_the_name_was_really_there(files: dict[str, Path]) -> None:
    assert all(leaks(path.read_bytes().decode("latin-1")) for path in files.values())
