"""What happened, when, by whom: append-only and hash-chained, so that a later change of any row can be named.

Each row's SHA-256 covers the SHA-256 of the row before it, a line feed, and the row's canonical JSON (keys sorted, no
spaces, UTF-8): ``actor, at, detail, kind, outcome, study, subject``. The head (number and hash of the last row) is kept
apart, so that cutting off the end is seen too. The database refuses to change or delete rows, until somebody removes its triggers.
Whoever can write the whole database can forge all of it: the node logs the head at each start and stop, which `verify` takes as
``noted``; a repository of audit messages (`baa_node.atna`) is another witness.

Functions of ``peers`` and ``studies`` that change something append their event in the same transaction.
"""

from __future__ import annotations

from baa_node.db.audit.chain import Fault, Finding, verify
from baa_node.db.audit.queue import (
    KeptPatient,
    close_queue,
    keep_patient,
    kept_patient,
    next_events,
    note_told,
    open_queue,
    told_until,
    waiting,
)
from baa_node.db.audit.trail import GENESIS, AuditEvent, AuditKind, AuditRecord, Scalar, append, export, head_of, list_events

__all__ = [
    "GENESIS",
    "AuditEvent",
    "AuditKind",
    "AuditRecord",
    "Fault",
    "Finding",
    "KeptPatient",
    "Scalar",
    "append",
    "close_queue",
    "export",
    "head_of",
    "keep_patient",
    "kept_patient",
    "list_events",
    "next_events",
    "note_told",
    "open_queue",
    "told_until",
    "verify",
    "waiting",
]
