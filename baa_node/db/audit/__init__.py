"""What happened, when, by whom: append-only and hash-chained, so that a later change of any row can be named.

Each row's SHA-256 covers the SHA-256 of the row before it, a line feed, and the row's canonical JSON (keys sorted, no
spaces, UTF-8): ``actor, at, detail, kind, outcome, study, subject``. The head (number and hash of the last row) is kept
apart, so that cutting off the end is seen too. Whoever can write the whole database can forge all of it: note the head
in another place from time to time.

Functions of ``peers`` and ``studies`` that change something append their event in the same transaction.
"""

from __future__ import annotations

from baa_node.db.audit.chain import Fault, Finding, verify
from baa_node.db.audit.trail import GENESIS, AuditEvent, AuditKind, AuditRecord, Scalar, append, export, head_of, list_events

__all__ = [
    "GENESIS",
    "AuditEvent",
    "AuditKind",
    "AuditRecord",
    "Fault",
    "Finding",
    "Scalar",
    "append",
    "export",
    "head_of",
    "list_events",
    "verify",
]
