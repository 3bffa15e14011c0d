from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from baa_node.db import audit, peers
from tests.db.tamper import change
from tests.web.visit import Visit


def numbers(visit: Visit, **query: str) -> list[int]:
    return [int(found) for found in re.findall(r"<small>(\d+)</small></th>", visit.get("/audit", **query).text)]


def fill(visit: Visit, count: int) -> None:
    with visit.console.database.transaction() as c:
        for number in range(count):
            peers.note_refused_caller(
                c, calling_ae=f"=CALL{number}", called_ae="X", address="10.0.0.1", reason="unknown_caller", now=visit.console.now()
            )


def test_pages_go_back_to_the_first_event(admin: Visit) -> None:
    fill(admin, 60)
    first = numbers(admin)
    assert len(first) == 50
    second = numbers(admin, before=str(first[-1]))
    assert [*first, *second] == list(range(first[0], 0, -1))


def test_events_are_found_by_accession_kind_and_actor(admin: Visit, tmp_path: Path) -> None:
    admin.report(tmp_path, AccessionNumber="ACC-9")
    text = admin.get("/audit", q="ACC-9").text
    assert "Instance received" in text
    assert "Logged in" not in text.split("<tbody>")[1]
    assert len(numbers(admin, kind="LOGGED_IN")) == 1
    assert len(numbers(admin, actor="console:ann", kind="LOGGED_IN")) == 1
    assert len(numbers(admin, actor="console:nobody")) == 0
    assert numbers(admin, q="'; DROP TABLE audit_events; --") == []
    assert admin.get("/audit", kind="NONE").status_code == 400


def test_a_whole_trail_and_a_changed_one(admin: Visit) -> None:
    fill(admin, 3)
    assert "none changed" in admin.post("/audit/verify").text
    with admin.console.database.transaction() as c:
        change(c, "UPDATE audit_events SET actor = 'somebody' WHERE seq = 2")
    assert "row 2 was edited" in admin.post("/audit/verify").text


def test_an_export_can_be_checked_by_others_and_is_on_record(admin: Visit) -> None:
    fill(admin, 1100)
    lines = admin.post("/audit/export/jsonl").text.splitlines()
    with admin.console.database.reading() as c:
        assert lines == list(audit.export(c))
    assert json.loads(lines[-1])["kind"] == "AUDIT_EXPORTED"
    answer = admin.post("/audit/export/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["seq"]) for row in rows] == list(range(1, len(lines) + 2))
    called = next(row for row in rows if row["kind"] == "ASSOCIATION_REFUSED")
    assert called["actor"] == "'=CALL0"
    assert admin.post("/audit/export/exe").status_code == 400


def test_who_looked_is_on_record_but_not_for_whom(admin: Visit) -> None:
    admin.get("/audit", q="Doe^Jane")
    with admin.console.database.reading() as c:
        last = audit.list_events(c)[-1]
        everything = "".join(audit.export(c))
    assert (last.kind, last.actor) == ("AUDIT_READ", "console:ann")
    assert "Jane" not in everything
