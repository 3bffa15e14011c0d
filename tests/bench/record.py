"""A long record at once: studies as the node itself records them, multiplied by bulk SQL in SQLite, with one whole audit chain.

The functions of `baa_node.db` write each story once. Its rows, with whatever names a study exchanged, then stand for a share of
all studies, so every table has its true proportions, and `audit verify` finds nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import select

from baa_node.core.record import to_json
from baa_node.core.watch.traits import INPUTS, OUTPUTS
from baa_node.db import Connection, Database, audit, peers, studies
from baa_node.db.audit.trail import canonical, chain_hash
from baa_node.db.studies import State
from baa_node.db.tables import installation
from tests.db import made
from tests.parts.results import assessment, results

SITES: Final = 200
IMAGES_A_PATIENT: Final = 3
YEARLY: Final = 10_000_000
"""Studies a year of a national service: so close together they come."""

AT: Final = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
IMAGE, SECOND, STUDY = "9.1.1", "9.1.2", "9.1"
OBJECTS: Final = ("9.2.1", "9.2.2", "9.2.3")
TRANSACTION, ACCESSION, PATIENT, SITE = "9.3", "ACCESSION-9", "k" * 64, "SITE-9"
EXAMINED: Final = date(2001, 2, 2)
_CELL, _ROW, _NULL = "\x1f", "\x1e", "\x1d"
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, kw_only=True)
class Story:
    """What became of a study.

    Attributes
    ----------
    tables
        Columns by table.
    rows
        Cells of all rows as one text, without the audit events.
    owners
        Table of each row.
    events
        Canonical text and cells of each event, without its place in the chain.
    """

    share: float
    tables: dict[str, list[str]]
    rows: str
    owners: list[str]
    events: str


def outcome() -> dict[str, Any]:
    """What a reading of the shipped bundle gives, as long as it is in truth: its heat maps have ten places a side."""
    read = assessment()
    heat = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    traits = {**dict.fromkeys(INPUTS, 123.45), **dict.fromkeys(OUTPUTS, 1.2345)}
    return {**to_json(dataclasses.replace(read, estimate=dataclasses.replace(read.estimate, saliency=heat))), "traits": traits}


def delivered(c: Connection) -> None:
    """One image, read, reported, taken, committed, found."""
    _arrive(c, IMAGE)
    numbers = {"patient_key": PATIENT, "examined_on": EXAMINED}
    studies.record_outcome(c, IMAGE, 1, state=State.READ, outcome=outcome(), now=AT, **numbers)
    _report(c)
    (seen,) = studies.list_deliveries(c, IMAGE, 1)
    attempt = {"status": 0, "error": None, "next_attempt_at": None, "now": AT}
    studies.record_attempt(c, seen, state="delivered", stored=OBJECTS[::2], confirm=True, **attempt)
    (seen,) = studies.list_deliveries(c, IMAGE, 1)
    studies.ask_commitment(c, seen, TRANSACTION, confirm_at=AT, now=AT)
    studies.note_commitment(c, TRANSACTION, OBJECTS[::2], {}, now=AT)
    (seen,) = studies.list_deliveries(c, IMAGE, 1)
    studies.note_found(c, seen, now=AT)


def with_refusal(c: Connection) -> None:
    """As above, and another image of the study that was no hand."""
    delivered(c)
    _arrive(c, SECOND)
    studies.record_outcome(c, SECOND, 1, state=State.REFUSED, outcome=REFUSED, now=AT)
    studies.set_state(c, SECOND, 1, State.DISMISSED, now=AT)


def left_alone(c: Connection) -> None:
    """An image that no worker reads, set aside at once."""
    _arrive(c, IMAGE)
    studies.set_state(c, IMAGE, 1, State.LEFT_ALONE, now=AT)


def undeliverable(c: Connection) -> None:
    """A report that nobody took."""
    _arrive(c, IMAGE)
    studies.record_outcome(c, IMAGE, 1, state=State.READ, outcome=outcome(), now=AT)
    _report(c)
    (seen,) = studies.list_deliveries(c, IMAGE, 1)
    studies.record_attempt(c, seen, state="failed", status=None, error="no answer", next_attempt_at=None, now=AT)


STORIES: Final[tuple[tuple[float, Callable[[Connection], None]], ...]] = (
    (0.90, delivered),
    (0.07, with_refusal),
    (0.028, left_alone),
    (0.002, undeliverable),
)

REFUSED: Final = to_json(results()["failed"])


def _arrive(c: Connection, uid: str) -> None:
    image = made.instance(
        uid,
        study_instance_uid=STUDY,
        series_instance_uid=f"{STUDY}.0",
        accession_number=ACCESSION,
        path=f"instances/ab/{uid}.0123456789ab",
        peer=SITE,
        calling_ae=SITE,
        received_at=AT,
    )
    studies.record_arrival(c, image, now=AT, address="10.0.0.1")


def _report(c: Connection) -> None:
    kinds = (("sr", 0), ("sr", 1), ("capture", 0))
    objects = [
        made.result(
            uid, source_uid=IMAGE, kind=kind, rank=rank, path=f"results/ab/{uid}.0123456789ab", created_at=AT, series_instance_uid=uid
        )
        for uid, (kind, rank) in zip(OBJECTS, kinds, strict=True)
    ]
    studies.record_results(c, objects)
    studies.record_earlier(c, IMAGE, 1, [])
    studies.open_deliveries(c, IMAGE, 1, [SITE], now=AT)
    studies.set_state(c, IMAGE, 1, State.REPORTED, now=AT)


def site_named(number: int) -> str:
    """Name of a sending and receiving peer."""
    return f"site-{number % SITES:03d}"


def study_named(number: int) -> dict[str, str]:
    """What stands for the names of a story in the study of this number; UIDs in an order of their own, as in life."""
    digits = str(int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:15], "big")).zfill(37)
    root = f"2.25.{digits}"
    return {
        IMAGE: f"{root}1",
        SECOND: f"{root}2",
        **{uid: f"{root}{place}" for place, uid in enumerate(OBJECTS, start=3)},
        TRANSACTION: f"{root}6",
        STUDY: f"{root}0",
        ACCESSION: f"ACC-{number:09d}",
        SITE: site_named(number * 7919),
    }


def patient_of(number: int) -> str:
    """Patient ID of the study of this number; some studies in a row are of one patient."""
    return f"P-{number // IMAGES_A_PATIENT}"


def fill(file: Path, count: int, *, until: datetime) -> None:
    """Make an SQLite database that holds so many studies, the last one received at ``until``."""
    database = Database.open(f"sqlite:///{file}")
    told = [_story(file.with_suffix(f".{number}"), share, write) for number, (share, write) in enumerate(STORIES)]
    with database.transaction() as c:
        for number in range(SITES):
            peers.add_peer(c, made.peer(site_named(number), ae_title=f"SITE{number:03d}"), actor="bench", now=AT)
        head = audit.head_of(c)
        salt = bytes.fromhex(c.execute(select(installation.c.patient_salt)).scalar_one())
    database.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-2000000"):
            connection.execute(f"PRAGMA {pragma}")
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'").fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _multiply(connection, told, count, until, head, salt)
        for _, sql in indexes:
            connection.execute(sql)
        connection.execute("PRAGMA journal_mode=WAL")


def _story(file: Path, share: float, write: Callable[[Connection], None]) -> Story:
    database = Database.open(f"sqlite:///{file}")
    with database.transaction() as c:
        write(c)
    with database.reading() as c:
        events = [
            (canonical({**vars(one), "at": one.at.isoformat(timespec="microseconds"), "detail": _text(one.detail)}))
            for one in audit.list_events(c)
        ]
    database.close()
    tables: dict[str, list[str]] = {}
    rows, owners, told = [], [], []
    with closing(sqlite3.connect(file)) as connection:
        for table in ("instances", "readings", "results", "deliveries", "commitments", "audit_events"):
            cursor = connection.execute(f"SELECT * FROM {table} ORDER BY 1")
            tables[table] = [column[0] for column in cursor.description]
            for row in cursor:
                cells = _CELL.join(_NULL if cell is None else str(cell) for cell in row)
                if table == "audit_events":
                    told.append(f"{events[len(told)]}{_CELL}{cells}")
                else:
                    rows.append(cells)
                    owners.append(table)
    file.unlink()
    return Story(share=share, tables=tables, rows=_ROW.join(rows), owners=owners, events=_ROW.join(told))


def _text(detail: dict[str, Any]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _multiply(connection: sqlite3.Connection, told: list[Story], count: int, until: datetime, head: tuple[int, str], salt: bytes) -> None:
    chance = random.Random(7)
    step = timedelta(days=365.25) / YEARLY
    chosen = chance.choices(told, [one.share for one in told], k=count)
    numbers, last = itertools.count(head[0] + 1), head[1]
    waiting: dict[str, list[list[str | int | None]]] = {}
    connection.execute("BEGIN")
    for number, story in enumerate(chosen):
        at = until - step * (count - 1 - number)
        for table, row in _rows(story, number, at, salt):
            waiting.setdefault(table, []).append(row)
        for text, row in _events(story, number, at):
            previous, last = last, chain_hash(last, text)
            waiting.setdefault("audit_events", []).append([next(numbers), *row[1:-2], previous, last])
        if number % _AT_ONCE == _AT_ONCE - 1 or number == count - 1:
            _write(connection, waiting)
    connection.execute("UPDATE audit_head SET seq = ?, sha256 = ?", (next(numbers) - 1, last))
    connection.execute("COMMIT")


def _rows(story: Story, number: int, at: datetime, salt: bytes) -> Iterator[tuple[str, list[str | int | None]]]:
    key = hmac.new(salt, json.dumps(["", patient_of(number)]).encode(), hashlib.sha256).hexdigest()  # as `studies.patient_key` does
    for table, row in zip(story.owners, _named(story.rows.replace(PATIENT, key), number, at).split(_ROW), strict=True):
        yield table, [None if cell == _NULL else cell for cell in row.split(_CELL)]


def _events(story: Story, number: int, at: datetime) -> Iterator[tuple[str, list[str | int | None]]]:
    for row in _named(story.events, number, at).split(_ROW):
        text, *cells = row.split(_CELL)
        yield text, [None if cell == _NULL else cell for cell in cells]


def _named(text: str, number: int, at: datetime) -> str:
    for name, stands in study_named(number).items():
        text = text.replace(name, stands)
    second = at.strftime("%Y-%m-%d %H:%M:%S")
    text = text.replace(AT.strftime("%Y-%m-%d %H:%M:%S"), second).replace(AT.strftime("%Y-%m-%dT%H:%M:%S"), second.replace(" ", "T"))
    return text.replace(EXAMINED.isoformat(), second[:10])


def _write(connection: sqlite3.Connection, waiting: dict[str, list[list[str | int | None]]]) -> None:
    for table, rows in waiting.items():
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        rows.clear()
