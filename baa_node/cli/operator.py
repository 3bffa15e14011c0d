"""Who sits at the command line: the actor of what it changes."""

from __future__ import annotations

import getpass


def operator() -> str:
    """Give ``cli:USER`` for the audit trail; a user that the system has no name for is ``cli:unnamed``."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run under a bare number
        return "cli:unnamed"
