"""What is run past SQLAlchemy leaves and gives what it would."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from baa_node.core.routes.routing import Decision
from baa_node.db import peers
from baa_node.db.prepared import Prepared
from baa_node.db.studies.arrivals import first_reading
from baa_node.db.tables import instances, readings
from baa_node.db.tables import peers as peers_table
from tests.db.made import NOW, instance, peer

ROUTED = Decision(route="hands", destinations=("pacs",))


def plainly(c: Connection, statement: Any, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [dict(row) for row in c.execute(statement, values or {}).mappings()]


@pytest.mark.parametrize("decision", [ROUTED, Decision()])
def test_an_insert_leaves_the_same_row(c: Connection, decision: Decision) -> None:
    c.execute(insert(instances), vars(instance()))
    values = first_reading(instance(), now=NOW, decision=decision)
    c.execute(insert(readings), values)
    expected = plainly(c, select(readings))
    c.execute(delete(readings))
    assert Prepared(insert(readings)).count(c, values) == 1
    assert plainly(c, select(readings)) == expected


def test_a_query_gives_the_same_rows(c: Connection) -> None:
    for name in ("pacs", "other"):
        peers.add_peer(c, peer(name, route_to=(name,)), actor="test", now=NOW)
    query = select(peers_table).where(peers_table.c.source, peers_table.c.port == bindparam("port")).order_by(peers_table.c.name).limit(5)
    prepared = Prepared(query)
    for port in (104, 105, 104):
        assert prepared.rows(c, {"port": port}) == plainly(c, query, {"port": port})
    first = prepared.first(c, {"port": 104})
    assert first is not None
    assert first["name"] == "other"
    assert prepared.first(c, {"port": 105}) is None


def test_times_come_back_in_utc(c: Connection) -> None:
    removed = dataclasses.replace(instance(), removed_at=NOW)
    Prepared(insert(instances)).count(c, vars(removed))
    assert Prepared(select(instances)).rows(c) == [vars(removed)]


def test_an_update_counts_its_rows_whatever_columns_it_names(c: Connection) -> None:
    c.execute(insert(instances), vars(instance()))
    change = Prepared(update(instances).where(instances.c.sop_instance_uid == bindparam("uid")))
    assert change.count(c, {"uid": instance().sop_instance_uid, "size": 7}) == 1
    assert change.count(c, {"uid": instance().sop_instance_uid, "path": "x"}) == 1
    assert change.count(c, {"uid": "1.2.3", "size": 8}) == 0
    assert plainly(c, select(instances.c.size, instances.c.path)) == [{"size": 7, "path": "x"}]
