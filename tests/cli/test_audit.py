from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from baa_node.db import audit
from baa_node.db.audit import AuditEvent, AuditKind
from tests.cli.command import Command
from tests.db import made


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
        c.execute(text(statement))
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


def test_an_export_is_json_lines(cli: Command, tmp_path: Path) -> None:
    lines = cli.ok("audit", "export").lines
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4, 5]
    cli.ok("audit", "export", str(tmp_path / "audit.jsonl"))
    assert (tmp_path / "audit.jsonl").read_text().splitlines() == lines
    assert "cannot be written" in cli.fails("audit", "export", str(tmp_path / "nowhere" / "audit.jsonl"))
