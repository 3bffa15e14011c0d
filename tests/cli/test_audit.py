from __future__ import annotations

import json
from pathlib import Path

import pytest

from baa_node.db import audit, studies
from baa_node.db.audit import AuditEvent, AuditKind
from tests.cli.command import Command
from tests.db import made
from tests.db.tamper import change


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A node with five events, a minute apart."""
    command = Command(tmp_path / "data", monkeypatch, capsys)
    database = command.database()
    with database.transaction() as c:
        for number in range(5):
            kind = AuditKind.READING_DONE if number == 3 else AuditKind.INSTANCE_RECEIVED
            event = AuditEvent(kind=kind, actor="pacs", subject=f"1.{number}", study=f"2.{number // 3}", detail={"size": number})
            audit.append(c, event, now=made.later(60 * number))
    database.close()
    return command


def tamper(cli: Command, statement: str) -> None:
    database = cli.database()
    with database.transaction() as c:
        change(c, statement)
    database.close()


def test_events_are_listed_oldest_first(cli: Command) -> None:
    lines = cli.ok("audit", "list").lines
    assert lines[0].split() == ["NO", "TIME", "EVENT", "OUTCOME", "ACTOR", "SUBJECT", "DETAIL"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4", "5"]
    assert lines[4].split()[3:] == ["READING_DONE", "0", "pacs", "1.3", "size=3"]
    listed = cli.json("audit", "list")
    assert listed[3]["kind"] == "READING_DONE"
    assert listed[3]["at"] == made.later(180).isoformat()
    assert listed[3]["detail"] == {"size": 3}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--limit", "2"), [4, 5]),
        (("--subject", "1.2"), [3]),
        (("--study", "2.1"), [4, 5]),
        (("--kind", "reading_done"), [4]),
        (("--since", "2026-03-01T09:32:00+0000"), [3, 4, 5]),
        (("--since", "2026-03-02"), []),
    ],
)
def test_filters(cli: Command, arguments: tuple[str, ...], expected: list[int]) -> None:
    assert [event["seq"] for event in cli.json("audit", "list", *arguments)] == expected


def test_an_unknown_kind_is_told_with_the_known_ones(cli: Command) -> None:
    assert "INSTANCE_RECEIVED" in cli.fails("audit", "list", "--kind", "NONSENSE")


def test_a_whole_trail_is_exit_0_and_gives_the_head(cli: Command) -> None:
    value = cli.json("audit", "verify")
    assert (value["ok"], value["events"], value["findings"]) == (True, 5, [])
    assert value["head"] in cli.ok("audit", "verify").out


def test_a_changed_trail_is_exit_1_and_named(cli: Command) -> None:
    tamper(cli, "UPDATE audit_events SET actor = 'nobody' WHERE seq = 2")
    tamper(cli, "DELETE FROM audit_events WHERE seq = 4")
    done = cli("audit", "verify")
    assert done.code == 1
    assert done.err == "baa-node: the audit trail was changed: 2 findings\n"
    assert done.lines == ["row 2 was edited: content and hash differ", "row 4 was deleted"]
    value = json.loads(cli("--json", "audit", "verify").out)
    assert value["ok"] is False
    assert [(finding["fault"], finding["seq"]) for finding in value["findings"]] == [("edited", 2), ("deleted", 4)]


def test_an_export_is_json_lines_and_on_record(cli: Command, tmp_path: Path) -> None:
    lines = cli.ok("audit", "export").lines
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert json.loads(lines[5])["kind"] == "AUDIT_EXPORTED"
    assert json.loads(lines[5])["actor"].startswith("cli:")
    cli.ok("audit", "export", str(tmp_path / "audit.jsonl"))
    assert (tmp_path / "audit.jsonl").read_text().splitlines()[:6] == lines
    assert "cannot be written" in cli.fails("audit", "export", str(tmp_path / "nowhere" / "audit.jsonl"))


def test_who_looked_is_on_record(cli: Command) -> None:
    cli.ok("audit", "list")
    last = cli.json("audit", "list")[-1]
    assert (last["kind"], last["actor"][:4]) == ("AUDIT_READ", "cli:")


def test_a_trail_without_a_head_is_shown_all_the_same(cli: Command) -> None:
    tamper(cli, "DELETE FROM audit_head")
    done = cli("audit", "list")
    assert (done.code, len(done.lines)) == (0, 6)
    assert "not on record" in done.err


def test_everything_about_one_accession_in_one_command(cli: Command) -> None:
    database = cli.database()
    with database.transaction() as c:
        studies.record_arrival(c, made.instance("1.5", accession_number="ACC-9", study_instance_uid="2.9"), now=made.later(300))
        other = made.instance("1.5", accession_number="ACC-10", study_instance_uid="2.10", sha256=made.digest("other"))
        studies.record_arrival(c, other, now=made.later(301))
        for number in range(150):
            shown = AuditEvent(kind=AuditKind.STUDY_SHOWN, actor="console:ann", subject="2.9", study="2.9")
            audit.append(c, shown, now=made.later(400 + number))
    database.close()
    found = cli.json("audit", "list", "--about", "ACC-9")
    assert [event["seq"] for event in found] == [6, *range(8, 158)]
    assert [event["kind"] for event in cli.json("audit", "list", "--about", "ACC-10")] == ["INSTANCE_CONFLICT"]
    assert [event["seq"] for event in cli.json("audit", "list", "--about", "ACC-9", "--limit", "2")] == [156, 157]
    assert cli.json("audit", "list", "--about", "nothing") == []


def test_an_end_that_was_cut_off_shows_against_a_noted_head(cli: Command) -> None:
    head = cli.json("audit", "verify")["head"]
    assert cli.json("audit", "verify", "--head", f"5:{head}")["ok"] is True
    tamper(cli, "DELETE FROM audit_events WHERE seq > 3")
    tamper(cli, "UPDATE audit_head SET seq = 3, sha256 = (SELECT sha256 FROM audit_events WHERE seq = 3)")
    assert cli.json("audit", "verify")["ok"] is True  # nothing in the database can tell
    done = cli("audit", "verify", "--head", f"5:{head}")
    assert (done.code, done.lines) == (1, ["row 5, which was noted, is not there: the last row is 3"])


@pytest.mark.parametrize("head", ["5", "five:" + "0" * 64, "5:abc"])
def test_a_head_that_is_none_is_told(cli: Command, head: str) -> None:
    assert "--head" in cli.fails("audit", "verify", "--head", head)
