"""Examples below the help of a command; `tests/cli/test_help.py` holds them to the command line."""

from __future__ import annotations

from typing import Final

AS_THEY_STAND: Final = "\b"
"""Before lines that help shows unwrapped."""


def examples(*calls: str) -> str:
    """Return the epilog of a command: one call a line, each without the name of the program before it."""
    return "\n".join((AS_THEY_STAND, "Examples:", *(f"  baa-node {call}" for call in calls)))
