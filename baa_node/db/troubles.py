"""What a database says when it refuses, in the sentences of ``mistakes``."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.engine import URL

from baa_node.db.engine import shown_url
from baa_node.faults import user_name
from baa_node.mistakes import Mistake

MARKS: Final = (
    ("authentication failed", Mistake.DATABASE_PASSWORD),
    ("no password supplied", Mistake.DATABASE_PASSWORD),
    ('role "[^"]*" does not exist', Mistake.DATABASE_PASSWORD),
    ('database "[^"]*" does not exist', Mistake.DATABASE_ABSENT),
    ("locked", Mistake.DATABASE_LOCKED),
    ("readonly database", Mistake.NO_PERMISSION),
    ("unable to open database file", Mistake.NO_PERMISSION),
    ("connection (attempts )?failed", Mistake.DATABASE_DOWN),
    ("connection timeout", Mistake.DATABASE_DOWN),
    ("connection refused", Mistake.DATABASE_DOWN),
    ("failed to resolve host", Mistake.DATABASE_DOWN),
    ("terminating connection", Mistake.DATABASE_DOWN),
    ("server closed the connection", Mistake.DATABASE_DOWN),
    ("starting up", Mistake.DATABASE_DOWN),
    ("shutting down", Mistake.DATABASE_DOWN),
)
"""Patterns in what SQLite, psycopg and PostgreSQL say, the more particular ones first."""


def why(url: URL, text: str) -> str:
    """Explain what the driver said; a text without a known mark is passed on.

    Parameters
    ----------
    text
        One line of the driver, without password.
    """
    database = f"database {shown_url(url)}"
    mistake = next((mistake for mark, mistake in MARKS if re.search(mark, text, re.IGNORECASE)), None)
    if mistake is None:
        return f"{database}: {text}"
    return mistake.told(database=database, where=database, user=user_name(), reason=text)
