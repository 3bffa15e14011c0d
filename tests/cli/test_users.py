from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\nanother long one\n"))


@pytest.mark.usefixtures("typed")
def test_users_are_added_listed_changed_and_removed(command: Command) -> None:
    assert command.ok("users", "list").lines == ["no users yet: the first start of the console makes one"]
    command.ok("users", "add", "ann", "--role", "admin", "--password-stdin")
    (listed,) = command.json("users", "list")
    assert (listed["name"], listed["role"], listed["must_change"]) == ("ann", "admin", False)
    command.ok("users", "password", "ann", "--password-stdin", "--once")
    assert command.json("users", "list")[0]["must_change"] is True
    assert "last admin" in command.fails("users", "remove", "ann")
    assert "last admin" in command.fails("users", "role", "ann", "viewer")
    assert command("users", "role", "ann", "king").code == 2
    kinds = [event["kind"] for event in command.json("audit", "list")]
    assert kinds == ["USER_ADDED", "USER_CHANGED"]


def test_mistakes_are_told_in_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "10 to 256 characters" in command.fails("users", "add", "ann", "--password-stdin")
    assert "--password-stdin" in command.fails("users", "add", "ann")
    assert "no user is called bob" in command.fails("users", "remove", "bob")
    assert command("users", "add", "ann", "--role", "king").code == 2
