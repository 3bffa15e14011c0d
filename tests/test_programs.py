from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.parts.programs import program


def test_dcmtk_is_found_although_an_activated_environment_puts_pynetdicoms_programs_first(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path(sys.prefix) / "bin"
    assert (own / "storescu").exists()
    monkeypatch.setenv("PATH", f"{own}{os.pathsep}{os.environ['PATH']}")
    assert Path(program("storescu")).parent != own
