"""``baa-node`` in this process, on a data folder of its own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from baa_node.cli import main
from baa_node.config import load_config
from baa_node.db import Database


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Command:
    """Runs commands on one data folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["baa-node", "--data-dir", str(self.folder), *arguments])
        self._capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = self._capsys.readouterr()
        return Done(code=code, out=said.out, err=said.err)

    def ok(self, *arguments: str) -> Done:
        done = self(*arguments)
        assert done.code == 0, done.err
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok("--json", *arguments).out)

    def fails(self, *arguments: str) -> str:
        """One line on standard error and exit 1; gives the line."""
        done = self(*arguments)
        assert done.code == 1
        assert done.err.count("\n") == 1
        return done.err.removeprefix("baa-node: ").rstrip()

    def database(self) -> Database:
        """The record behind the commands, for what no command does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Database.open(load_config(self.folder, None).database_url)
