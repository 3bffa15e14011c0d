"""How names become paths."""

from __future__ import annotations

import hashlib
import re
from typing import Final

BRANCHES: Final = tuple(f"{number:02x}" for number in range(256))
"""Folders among which the files of a kind are spread."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def place(kind: str, name: str) -> str:
    """Relative path of a name: its own characters where they are safe in a file name, spread by digest."""
    spread = hashlib.sha256(name.encode()).hexdigest()[:2]
    return f"{kind}/{spread}/{_UNSAFE.sub('_', name)[:180]}"
