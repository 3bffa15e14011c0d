"""Every command prints JSON where it is asked to, and nothing that it prints steers the terminal."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from baa_node.cli import serve
from baa_node.cli.context import options
from baa_node.config import Config
from baa_node.daemon import Daemon
from baa_node.db import studies
from baa_node.sections import ConsoleSection, NodeSection
from tests.cli.command import Command
from tests.cli.test_help import COMMANDS
from tests.db import made
from tests.parts.certificates import Authorities

ADULT = Path(__file__).resolve().parents[2] / "sample_dicom" / "14_cr_adult.dcm"
PACS = ("--ae-title", "PACS", "--host", "127.0.0.1", "--port", "1")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path / "data", monkeypatch, capsys)


def calls(folder: Path) -> list[tuple[str, ...]]:
    """A call of every command that ends by itself, each after those that it needs."""
    authorities = Authorities(folder)
    own = authorities.issue("good")
    (folder / "hands").mkdir()
    (folder / "hands" / ADULT.name).symlink_to(ADULT)
    (folder / "labels.csv").write_text("file,bone_age_months\n14_cr_adult.dcm,200\n")
    return [
        ("config", "check"),
        ("config", "show"),
        ("peers", "add", "pacs", *PACS),
        ("peers", "edit", "pacs", "--port", "2"),
        ("peers", "list"),
        ("peers", "export"),
        ("peers", "export", str(folder / "peers.json")),
        ("peers", "remove", "pacs"),
        ("peers", "import", str(folder / "peers.json")),
        ("peers", "echo", "pacs"),
        ("peers", "test", "pacs"),
        ("certificates", "list"),
        ("certificates", "trust", str(authorities.ca)),
        ("certificates", "own", str(own.certificate), str(own.key)),
        ("certificates", "look"),
        ("certificates", "disown"),
        ("certificates", "distrust", "0" * 64),
        ("routes", "add", "knees", "--when", "BodyPartExamined equals KNEE", "--leave-alone"),
        ("routes", "edit", "knees", "--when", "BodyPartExamined equals ANKLE"),
        ("routes", "move", "knees", "1"),
        ("routes", "list"),
        ("routes", "test", str(ADULT), "--calling-ae", "PACS"),
        ("routes", "remove", "knees"),
        ("users", "add", "ann", "--role", "admin", "--password-stdin"),
        ("users", "list"),
        ("users", "role", "ann", "viewer"),
        ("users", "password", "ann", "--once"),
        ("users", "remove", "ann"),
        ("studies", "list"),
        ("studies", "show", "A-1"),
        ("studies", "retry", "A-1", "--read-again"),
        ("audit", "list"),
        ("audit", "verify"),
        ("audit", "export"),
        ("audit", "export", str(folder / "audit.jsonl")),
        ("bundle", "list"),
        ("bundle", "verify"),
        ("assess", str(ADULT)),
        ("accept", str(folder / "hands"), str(folder / "labels.csv")),
        ("doctor",),
        ("backup", str(folder / "copy")),
        ("restore", str(folder / "copy")),
    ]


def documents(said: str) -> list[Any]:
    """One document over many lines, or one a line."""
    try:
        return [json.loads(said)]
    except ValueError:
        return [json.loads(line) for line in said.splitlines()]


def test_every_command_prints_json_or_one_line_of_failure(cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    with cli.database().transaction() as c:
        studies.record_arrival(c, made.instance(accession_number="A-1", path="instances/aa/1"), now=made.NOW)
    done = set()
    folder = tmp_path / "files"
    folder.mkdir()
    for call in calls(folder):
        said = cli("--json", *call)
        done.add(max((name for name in COMMANDS if " ".join(call).startswith(name)), key=len))
        assert documents(said.out) or said.code == 1, call
        assert said.code in {0, 1}, (call, said.err)
        assert said.err.count("\n") <= 1, (call, said.err)
    assert set(COMMANDS) - done == {"serve", "demo"}


def test_a_node_that_listens_says_so_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Config(data_dir=tmp_path, node=NodeSection(host="127.0.0.1", port=0), console=ConsoleSection(port=0))
    node = Daemon(settings, ["intake"])
    node.start()
    monkeypatch.setattr(options, "as_json", True)
    serve._announce(node)
    node.stop()
    said = json.loads(capsys.readouterr().out)
    assert said == {"listening": True, "data_dir": str(tmp_path), "ae_title": "BAA_NODE", "host": "127.0.0.1", "port": said["port"]}
    assert said["port"] > 0


STEERING = "A\x1b]0;x\x07\x1b[2J\x9b2J\r\u202eB"


def test_what_a_sender_wrote_does_not_steer_the_terminal(cli: Command) -> None:
    with cli.database().transaction() as c:
        studies.record_arrival(c, made.instance(accession_number=STEERING), now=made.NOW)
    for call in (("studies", "list"), ("studies", "show", STEERING), ("audit", "list")):
        for common in ((), ("--json",)):
            said = cli.ok(*common, *call).out
            assert [mark for mark in said if not mark.isprintable() and mark != "\n"] == [], call
    assert r"A\u001b]0;x\u0007\u001b[2J\u009b2J\u000d\u202eB" in cli.ok("studies", "list").out
    assert cli.json("studies", "list")[0]["accession_number"] == STEERING


def test_a_file_whose_name_is_no_text_is_read_all_the_same(cli: Command, tmp_path: Path) -> None:
    name = os.fsdecode(b"hand\xff.dcm")
    (tmp_path / name).write_bytes(b"no image")
    assert r"hand\udcff.dcm" in cli("assess", str(tmp_path / name)).out
