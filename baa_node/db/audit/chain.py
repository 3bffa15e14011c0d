"""Judging the audit chain: which rows were edited, deleted, inserted or moved.

Rows point backwards by hash. In order the check is one pass; only when something does not fit is the true order worked
out, backwards from the head.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import Connection

from baa_node.db.audit.trail import GENESIS, hash_at, head_of, row_hash, rows_in_order


class Fault(enum.StrEnum):
    """What was done to the chain."""

    EDITED = "edited"  # the row's content no longer gives its hash
    DELETED = "deleted"  # numbers are missing
    INSERTED = "inserted"  # the row is not part of the chain that ends at the head
    MOVED = "moved"  # the row stands under another row's number
    CUT = "cut"  # the trail ends before, or goes on differently from, a row whose hash was noted elsewhere
    BROKEN = "broken"  # the row follows a row that is no longer there: replaced, or removed and the rest renumbered


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault of the chain, as a sentence for people and with the number of the row it is about."""

    fault: Fault
    seq: int
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(kw_only=True)
class _Chain:
    """Rows by number as they stand, without their content: memory for millions."""

    previous: dict[int, str] = field(default_factory=dict)
    sha256: dict[int, str] = field(default_factory=dict)
    edited: list[int] = field(default_factory=list)


def verify(c: Connection, *, noted: tuple[int, str] | None = None) -> list[Finding]:
    """Check every row of the audit trail; an empty list means that it is whole up to the head.

    Parameters
    ----------
    noted
        Number and hash of a row that was the last one when somebody noted them elsewhere. Who can write the whole database can cut
        off the end, or write all of it anew, with a head that fits: only this tells it, for all rows up to that one.
    """
    if _is_whole(c):
        return list(_compare_whole(c, *noted)) if noted else []
    last, tip = head_of(c)
    chain = _load(c)
    findings = [Finding(fault=Fault.EDITED, seq=seq, text=f"row {seq} was edited: content and hash differ") for seq in chain.edited]
    if last == 0 and chain.previous:
        last = max(chain.previous)
        tip = chain.sha256[last]
        text = f"the head of the chain is missing or was reset: rows after {last} may be gone"
        findings.append(Finding(fault=Fault.BROKEN, seq=last + 1, text=text))
    if not _in_order(chain, last, tip):
        findings += _explain(chain, last, tip)
    if noted is not None:
        findings += _compare(chain.sha256.get(noted[0]), max(chain.sha256, default=0), *noted)
    return sorted(findings, key=lambda finding: finding.seq)


def _is_whole(c: Connection) -> bool:
    """Follow the chain row by row, up to the first that does not fit; a long one needs no memory."""
    expected, count = GENESIS, 0
    for count, row in enumerate(rows_in_order(c), start=1):
        if row["seq"] != count or row["previous"] != expected or row_hash(row) != row["sha256"]:
            return False
        expected = row["sha256"]
    return (count, expected) == head_of(c)


def _compare_whole(c: Connection, seq: int, sha256: str) -> Iterator[Finding]:
    return _compare(hash_at(c, seq), head_of(c)[0], seq, sha256)


def _compare(present: str | None, last: int, seq: int, sha256: str) -> Iterator[Finding]:
    if present is None:
        yield Finding(fault=Fault.CUT, seq=seq, text=f"row {seq}, which was noted, is not there: the last row is {last}")
    elif present != sha256.lower():
        text = f"row {seq} is not the one that was noted: it, or a row before it, was replaced and the hashes written anew"
        yield Finding(fault=Fault.CUT, seq=seq, text=text)


def _load(c: Connection) -> _Chain:
    chain = _Chain()
    for row in rows_in_order(c):
        chain.previous[row["seq"]] = row["previous"]
        chain.sha256[row["seq"]] = row["sha256"]
        if row_hash(row) != row["sha256"]:
            chain.edited.append(row["seq"])
    return chain


def _in_order(chain: _Chain, last: int, tip: str) -> bool:
    expected = GENESIS
    for position, (seq, previous) in enumerate(chain.previous.items(), start=1):
        if seq != position or previous != expected:
            return False
        expected = chain.sha256[seq]
    return len(chain.previous) == last and expected == tip


def _explain(chain: _Chain, last: int, tip: str) -> Iterator[Finding]:
    gaps = _gaps(chain, last)
    for first, end in gaps:
        named = f"row {first} was" if end - first == 1 else f"rows {first} to {end - 1} were"
        yield Finding(fault=Fault.DELETED, seq=first, text=f"{named} deleted")
    true_order, breaks = _walk_back(chain, last, tip)
    for seq in sorted(chain.previous.keys() - set(true_order)):
        yield Finding(fault=Fault.INSERTED, seq=seq, text=f"row {seq} was inserted: no row of the chain follows it")
    for stands, belongs in zip(true_order, sorted(true_order), strict=True):
        if stands != belongs:
            yield Finding(fault=Fault.MOVED, seq=stands, text=f"row {stands} was moved: by its hash it belongs where row {belongs} stands")
    told = {end for _, end in gaps} | {seq + 1 for seq in chain.edited}
    for seq in breaks:
        if seq not in told:
            yield Finding(fault=Fault.BROKEN, seq=seq, text=_broken(seq, last))


def _gaps(chain: _Chain, last: int) -> list[tuple[int, int]]:
    """List the runs of missing numbers as ``(first, first after)``."""
    present = [0, *(seq for seq in chain.previous if seq <= last), last + 1]
    return [(one + 1, other) for one, other in pairwise(present) if other - one > 1]


def _broken(seq: int, last: int) -> str:
    if seq > last:
        return f"the head names a row that is not there: row {last} was replaced, or the head was changed"
    return f"row {seq} does not follow row {seq - 1}: that one was replaced, or rows before {seq} were removed and the rest renumbered"


def _walk_back(chain: _Chain, last: int, tip: str) -> tuple[list[int], list[int]]:
    """Follow the hashes from the head to the beginning, taking up again before each break.

    Returns
    -------
    tuple
        Numbers of the rows that belong to the chain, in its true order; numbers of the rows whose predecessor is
        not to be found (``last + 1`` stands for the head).
    """
    by_hash = {sha256: seq for seq, sha256 in chain.sha256.items()}
    left = dict.fromkeys(reversed(list(chain.previous)))
    edited = set(chain.edited)
    order: list[int] = []
    breaks: list[int] = []
    wanted, after = tip, last + 1
    while wanted != GENESIS:
        seq = by_hash.get(wanted)
        if seq is None or seq not in left:
            if after not in edited:
                breaks.append(after)
            seq = next((candidate for candidate in left if candidate < after), None)
            if seq is None:
                break
        del left[seq]
        order.append(seq)
        wanted, after = ("" if seq in edited else chain.previous[seq]), seq
    return order[::-1], breaks
