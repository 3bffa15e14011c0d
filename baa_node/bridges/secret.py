"""Passwords and tokens, which stand in the environment or in a file and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

from baa_node.errors import DeliveryError


def secret_of(reference: str) -> str:
    """Read a password or token from where ``env:NAME`` or ``file:/path`` says, at each use: it may be replaced while the node runs.

    Raises
    ------
    DeliveryError
        It is not there; another try may help.
    """
    kind, _, where = reference.partition(":")
    try:
        secret = os.environ.get(where, "") if kind == "env" else Path(where).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeliveryError(f"the secret {reference} cannot be read ({type(error).__name__})") from error
    if not secret.strip():
        raise DeliveryError(f"the secret {reference} is empty")
    return secret.strip()
