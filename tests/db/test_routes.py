from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import UNROUTED, Decision, Route
from baa_node.db import Connection, Database, audit, peers, routes, studies
from baa_node.errors import StoreError
from tests.db import made

KNEES = parse_condition("BodyPartExamined one-of KNEE | ANKLE")
SMALL = parse_condition("Rows equals 12")


@pytest.fixture
def known(c: Connection) -> Connection:
    """A source that takes its own results, and an archive."""
    peers.add_peer(c, made.peer(), actor="test", now=made.NOW)
    peers.add_peer(c, made.peer("archive", source=False), actor="test", now=made.NOW)
    return c


def add(c: Connection, name: str, **values: Any) -> None:
    position, bundles = values.pop("position", None), values.pop("bundles", ())
    routes.add_route(c, Route(name=name, **values), actor="ann", now=made.NOW, position=position, bundles=bundles)


def order(c: Connection) -> list[str]:
    return [route.name for route in routes.list_routes(c)]


def last_event(c: Connection) -> audit.AuditRecord:
    return audit.list_events(c)[-1]


def test_a_route_comes_back_as_it_was(known: Connection) -> None:
    values = {
        "calling_ae": ("ROOM 1",),
        "called_ae": ("BAA_TRIAL", "BAA"),
        "conditions": (KNEES, SMALL),
        "destinations": ("archive", "pacs"),
        "kinds": ("sr",),
        "bundle": "hands-2",
    }
    add(known, "trial", **values, bundles=["hands-2"])
    assert routes.list_routes(known) == [Route(name="trial", **values)]
    assert routes.get_route(known, "trial") == Route(name="trial", **values)
    assert routes.called_titles(known) == {"BAA_TRIAL", "BAA"}


def test_routes_stand_in_their_order(known: Connection) -> None:
    for name, position in (("c", None), ("a", 1), ("b", 2), ("d", 99)):
        add(known, name, position=position)
    assert order(known) == ["a", "b", "c", "d"]
    assert routes.move_route(known, "d", 1, actor="ann", now=made.NOW) == 1
    assert order(known) == ["d", "a", "b", "c"]
    assert last_event(known).detail == {"position_from": 4, "position_to": 1}
    assert routes.move_route(known, "d", 3, actor="ann", now=made.NOW) == 3
    assert routes.move_route(known, "a", 50, actor="ann", now=made.NOW) == 4
    assert order(known) == ["b", "d", "c", "a"]
    before = last_event(known)
    routes.move_route(known, "a", 4, actor="ann", now=made.NOW)
    assert last_event(known) == before
    routes.remove_route(known, "d", actor="ann", now=made.NOW)
    assert order(known) == ["b", "c", "a"]


def test_every_change_is_on_record_from_what_to_what(known: Connection) -> None:
    add(known, "knees", conditions=(KNEES,), destinations=("pacs",))
    event = last_event(known)
    assert (event.kind, event.actor, event.subject) == ("ROUTE_ADDED", "ann", "knees")
    assert (event.detail["conditions"], event.detail["position"]) == ("BodyPartExamined one-of KNEE | ANKLE", 1)
    changed = Route(name="knees", conditions=(KNEES, SMALL), read=False)
    routes.edit_route(known, "knees", changed, actor="bob", now=made.NOW)
    event = last_event(known)
    assert (event.kind, event.actor) == ("ROUTE_CHANGED", "bob")
    assert event.detail == {
        "conditions_from": "BodyPartExamined one-of KNEE | ANKLE",
        "conditions_to": "BodyPartExamined one-of KNEE | ANKLE; Rows equals 12",
        "read_from": True,
        "read_to": False,
        "destinations_from": "pacs",
        "destinations_to": "",
    }
    routes.edit_route(known, "knees", changed, actor="bob", now=made.NOW)
    assert last_event(known) == event
    routes.remove_route(known, "knees", actor="ann", now=made.NOW)
    event = last_event(known)
    assert (event.kind, event.detail["conditions"], event.detail["position"]) == (
        "ROUTE_REMOVED",
        "BodyPartExamined one-of KNEE | ANKLE; Rows equals 12",
        1,
    )
    assert audit.verify(known) == []


def test_what_cannot_be_is_refused_and_changes_nothing(known: Connection) -> None:
    add(known, "one")
    cases = [
        (lambda: add(known, "one"), "exists already"),
        (lambda: add(known, "two", destinations=("nowhere",)), "no destination has that name"),
        (lambda: add(known, "two", bundle="hands-9", bundles=["hands-2"]), r"no bundle called hands-9 .*hands-2"),
        (lambda: routes.edit_route(known, "one", Route(name="other"), actor="ann", now=made.NOW), "cannot change"),
        (lambda: routes.edit_route(known, "one", Route(name="one", destinations=("x",)), actor="ann", now=made.NOW), "no destination"),
        (
            lambda: routes.edit_route(known, "two", Route(name="two"), actor="ann", now=made.NOW),
            r"no route is called two \(there are: one\)",
        ),
        (lambda: routes.move_route(known, "two", 1, actor="ann", now=made.NOW), "no route is called two"),
        (lambda: routes.remove_route(known, "two", actor="ann", now=made.NOW), "no route is called two"),
    ]
    for attempt, complaint in cases:
        with pytest.raises(StoreError, match=complaint):
            attempt()
    assert routes.list_routes(known) == [Route(name="one")]
    assert last_event(known).kind == "ROUTE_ADDED"


def test_a_destination_of_a_route_stays_one(known: Connection) -> None:
    add(known, "one", destinations=("archive",))
    with pytest.raises(StoreError, match="route one would route to nothing if archive is removed"):
        peers.remove_peer(known, "archive", actor="ann", now=made.NOW)
    with pytest.raises(StoreError, match="is no destination any more"):
        peers.edit_peer(known, "archive", made.peer("archive", source=False, destination=False), actor="ann", now=made.NOW)
    routes.remove_route(known, "one", actor="ann", now=made.NOW)
    peers.remove_peer(known, "archive", actor="ann", now=made.NOW)


def test_results_go_along_the_route_else_where_the_senders_entry_says(known: Connection) -> None:
    assert routes.destinations_for(known, UNROUTED, "pacs") == ["pacs"]
    assert routes.destinations_for(known, UNROUTED, "archive") == ["archive"]
    assert routes.destinations_for(known, UNROUTED, "nobody") == []
    assert routes.destinations_for(known, Decision(route="one"), "pacs") == ["pacs"]
    assert routes.destinations_for(known, Decision(route="one", destinations=("archive", "gone")), "pacs") == ["archive", "gone"]


def test_routes_added_at_once_get_different_positions(database: Database) -> None:
    def one(number: int) -> None:
        with database.transaction() as c:
            add(c, f"r{number}", position=1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(6)))
    with database.reading() as c:
        positions = [event.detail["position"] for event in audit.list_events(c)]
        assert len(set(order(c))) == 6
        routes_table = c.exec_driver_sql("SELECT position FROM routes ORDER BY position").scalars().all()
    assert positions == [1] * 6
    assert routes_table == [1, 2, 3, 4, 5, 6]


ALONE = Decision(route="knees", read=False)
TRIAL = Decision(route="trial", destinations=("archive",), kinds=("sr",), bundle="hands-2")


def test_an_image_that_is_left_alone_is_on_record_and_nobody_waits_for_it(known: Connection) -> None:
    studies.record_arrival(known, made.instance(called_ae="BAA_TRIAL"), now=made.NOW, decision=ALONE)
    (reading,) = studies.show_study(known, made.STUDY).readings
    assert (reading.state, reading.decision, reading.outcome) == (studies.State.LEFT_ALONE, ALONE, None)
    assert studies.pending_readings(known) == []
    assert [event.kind for event in audit.list_events(known)][-2:] == ["INSTANCE_RECEIVED", "INSTANCE_LEFT_ALONE"]
    received, left = audit.list_events(known)[-2:]
    assert (received.detail["called_ae"], received.detail["route"], left.detail) == ("BAA_TRIAL", "knees", {"route": "knees"})
    (summary,) = studies.list_studies(known, limit=5, state=studies.State.LEFT_ALONE)
    assert summary.states == {studies.State.LEFT_ALONE: 1}
    assert [one.sop_instance_uid for one in studies.removable(known, before=made.later(1), limit=5)] == [made.IMAGE]


def test_an_operators_order_overrules_leaving_alone_and_keeps_any_other_decision(known: Connection) -> None:
    other = made.instance("1.2.3.4", sha256=made.digest("other"))
    studies.record_arrival(known, made.instance(), now=made.NOW, decision=ALONE)
    studies.record_arrival(known, other, now=made.NOW, decision=TRIAL)
    for uid, decided in ((made.IMAGE, UNROUTED), ("1.2.3.4", TRIAL)):
        assert studies.order_reading(known, uid, actor="ann", reason="", now=made.NOW) == 2
        assert studies.get_reading(known, uid, 2).decision == studies.last_decision(known, uid) == decided
        assert (uid, 2) in studies.pending_readings(known)


def test_an_image_that_comes_once_more_is_read_if_it_was_left_alone(known: Connection) -> None:
    studies.record_arrival(known, made.instance(), now=made.NOW, decision=ALONE)
    assert studies.order_if_left_alone(known, made.IMAGE, decision=TRIAL, actor="pacs", now=made.NOW) == 2
    assert studies.get_reading(known, made.IMAGE, 2).decision == TRIAL
    assert studies.order_if_left_alone(known, made.IMAGE, decision=TRIAL, actor="pacs", now=made.NOW) is None
