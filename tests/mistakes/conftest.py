from __future__ import annotations

from pathlib import Path

import pytest

from tests.mistakes.site import Site, make_record
from tests.parts.certificates import Authorities


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_record(tmp_path_factory.mktemp("record") / "baa_node.db")


@pytest.fixture
def site(
    tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Site:
    return Site(tmp_path, record, monkeypatch, capsys, caplog)


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("authorities"))
