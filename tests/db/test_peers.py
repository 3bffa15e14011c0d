from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from baa_node.db import Connection, Database, audit, peers
from baa_node.db.peers import Peer
from baa_node.errors import ConfigError, StoreError
from tests.db import made


def add(c: Connection, *some: Peer) -> None:
    for peer in some:
        peers.add_peer(c, peer, actor="test", now=made.NOW)


def refuse(c: Connection, calling_ae: str = "STRANGER", *, address: str = "10.0.0.9", seconds: float = 0) -> None:
    peers.note_refused_caller(
        c, calling_ae=calling_ae, called_ae="BAA_NODE", address=address, reason="unknown_caller", now=made.later(seconds)
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": ""}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"ae_title": "   "}, "1 to 16"),
        ({"ae_title": "SEVENTEEN_LETTERS"}, "1 to 16"),
        ({"ae_title": "BACK\\SLASH"}, "backslash"),
        ({"ae_title": "TAB\tTAB"}, "printable"),
        ({"ae_title": "KRÄHE"}, "ASCII"),
        ({"host": " "}, "host"),
        ({"host": "two words"}, "host"),
        ({"port": 0}, "port 0"),
        ({"port": 65536}, "port 65536"),
    ],
)
def test_a_peer_that_cannot_be_right_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        made.peer(**changes)  # type: ignore[arg-type]


def test_padding_is_trimmed_and_inner_spaces_stay() -> None:
    assert made.peer(ae_title=" CT  ROOM 1   ").ae_title == "CT  ROOM 1"
    assert made.peer(ae_title="SIXTEEN_LETTERS_ ").ae_title == "SIXTEEN_LETTERS_"


def test_a_peer_comes_back_as_it_was_added(c: Connection) -> None:
    pacs, room = made.peer(), made.peer("room", destination=False, tls=True, port=65535, route_to=("pacs",))
    add(c, pacs, room)
    assert peers.get_peer(c, "room") == room
    assert peers.list_peers(c) == [pacs, room]


def test_unknown_names_are_told_with_the_known_ones(c: Connection) -> None:
    add(c, made.peer())
    with pytest.raises(StoreError, match=r"no peer is called pax \(there are: pacs\)"):
        peers.get_peer(c, "pax")


def test_names_and_source_titles_are_unique(c: Connection) -> None:
    add(c, made.peer())
    with pytest.raises(StoreError, match="pacs exists already"):
        add(c, made.peer(ae_title="OTHER"))
    with pytest.raises(StoreError, match="PACS already admits the source pacs"):
        add(c, made.peer("second", ae_title="PACS"))
    add(c, made.peer("archive", ae_title="PACS", source=False))
    with pytest.raises(StoreError, match="already admits"):
        peers.edit_peer(c, "archive", made.peer("archive", ae_title="PACS"), actor="test", now=made.NOW)


def test_two_hosts_cannot_add_the_same_title_at_once(database: Database) -> None:
    def try_to_add(name: str) -> bool:
        try:
            with database.transaction() as c:
                add(c, made.peer(name, ae_title="SAME"))
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(try_to_add, ["a", "b", "c", "d"])) == 1


@pytest.mark.parametrize("asked", ["PACS", "PACS            ", " PACS", "  PACS  ", "PACS\0\0\0", "PACS \0"])
def test_a_source_is_found_by_its_padded_title(c: Connection, asked: str) -> None:
    add(c, made.peer())
    assert peers.source_for(c, asked) == made.peer()


@pytest.mark.parametrize("asked", ["pacs", "PACS2", "PAC", "", "    ", "PA\0CS", "PACS\udc80", "\0"])
def test_others_are_no_source(c: Connection, asked: str) -> None:
    add(c, made.peer(), made.peer("archive", source=False))
    assert peers.source_for(c, asked) is None
    assert peers.source_for(c, "ARCHIVE") is None


def test_a_change_is_seen_at_once_by_another_opening(url: str) -> None:
    node, operator = Database.open(url), Database.open(url)
    with operator.transaction() as c:
        add(c, made.peer())
    with node.reading() as c:
        assert peers.source_for(c, "PACS") is not None
    with operator.transaction() as c:
        peers.remove_peer(c, "pacs", actor="test", now=made.NOW)
    with node.reading() as c:
        assert peers.source_for(c, "PACS") is None
    node.close()
    operator.close()


def test_results_go_along_the_route_else_back_else_to_every_destination(c: Connection) -> None:
    archive = made.peer("archive", source=False)
    both = made.peer()
    routed = made.peer("routed", route_to=("archive", "pacs"))
    only_source = made.peer("room", destination=False)
    add(c, archive, both, routed, only_source)
    assert peers.destinations_of(c, routed) == [archive, both]
    assert peers.destinations_of(c, both) == [both]
    assert peers.destinations_of(c, only_source) == [archive, both, routed]


def test_a_route_leads_to_destinations_only(c: Connection) -> None:
    add(c, made.peer("room", destination=False))
    for name in ("nowhere", "room"):
        with pytest.raises(StoreError, match=f"cannot route to {name}"):
            add(c, made.peer(route_to=(name,)))
    add(c, made.peer(route_to=("pacs",)))
    with pytest.raises(StoreError, match="cannot route to pacs"):
        peers.edit_peer(c, "pacs", made.peer(route_to=("pacs",), destination=False), actor="test", now=made.NOW)


def test_what_others_route_to_stays(c: Connection) -> None:
    add(c, made.peer(), made.peer("room", route_to=("pacs",)))
    with pytest.raises(StoreError, match="room would route to nothing if pacs is removed"):
        peers.remove_peer(c, "pacs", actor="test", now=made.NOW)
    with pytest.raises(StoreError, match="room would route to nothing"):
        peers.edit_peer(c, "pacs", made.peer(destination=False), actor="test", now=made.NOW)
    peers.remove_peer(c, "room", actor="test", now=made.NOW)
    peers.remove_peer(c, "pacs", actor="test", now=made.NOW)
    assert peers.list_peers(c) == []


def test_a_name_never_changes(c: Connection) -> None:
    add(c, made.peer())
    with pytest.raises(StoreError, match="name of peer pacs cannot change"):
        peers.edit_peer(c, "pacs", made.peer("other"), actor="test", now=made.NOW)


def test_every_change_is_told_with_old_and_new(c: Connection) -> None:
    add(c, made.peer())
    peers.edit_peer(c, "pacs", made.peer(), actor="cli:ann", now=made.NOW)
    peers.edit_peer(c, "pacs", made.peer(port=11112, tls=True, query=True), actor="cli:ann", now=made.later(1))
    peers.remove_peer(c, "pacs", actor="cli:bob", now=made.later(2))
    added, changed, removed = audit.list_events(c)
    assert (added.kind, added.actor, added.subject, added.detail["ae_title"]) == ("PEER_ADDED", "test", "pacs", "PACS")
    assert (changed.kind, changed.actor, changed.at) == ("PEER_CHANGED", "cli:ann", made.later(1))
    assert changed.detail == {
        "port_from": 104,
        "port_to": 11112,
        "tls_from": False,
        "tls_to": True,
        "query_from": False,
        "query_to": True,
    }
    assert (removed.kind, removed.actor, removed.detail["port"]) == ("PEER_REMOVED", "cli:bob", 11112)


def test_refused_callers_are_counted(c: Connection) -> None:
    refuse(c)
    refuse(c, "STRANGER   ", seconds=5)
    refuse(c, "OTHER", seconds=2)
    first, second = peers.list_refused_callers(c)
    assert (first.calling_ae, first.called_ae, first.address, first.reason) == ("STRANGER", "BAA_NODE", "10.0.0.9", "unknown_caller")
    assert (first.count, first.first_at, first.last_at) == (2, made.NOW, made.later(5))
    assert (second.calling_ae, second.count) == ("OTHER", 1)
    assert [(event.kind, event.outcome) for event in audit.list_events(c)] == [("ASSOCIATION_REFUSED", 4)] * 3


def test_refusals_are_settled_by_a_source_of_that_title(c: Connection) -> None:
    refuse(c)
    add(c, made.peer("stranger", source=False))
    assert len(peers.list_refused_callers(c)) == 1
    peers.edit_peer(c, "stranger", made.peer("stranger"), actor="test", now=made.NOW)
    assert peers.list_refused_callers(c) == []


def test_hostile_titles_are_stored_harmlessly(c: Connection) -> None:
    refuse(c, "\x1b[31m\0\n" + "\x07" * 13)
    (caller,) = peers.list_refused_callers(c)
    assert caller.calling_ae.isprintable()
    assert caller.calling_ae.startswith("\\x1b[31m\\x00\\x0a")


def test_a_scanner_does_not_fill_the_disk(c: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "REFUSED_CALLERS_KEPT", 5)
    for number in range(20):
        refuse(c, f"SCAN{number}", seconds=number)
    assert [caller.calling_ae for caller in peers.list_refused_callers(c)] == [f"SCAN{number}" for number in range(19, 14, -1)]


def test_an_import_adds_and_changes_and_leaves_the_others(c: Connection) -> None:
    add(c, made.peer("kept"), made.peer("changed"))
    there = [made.peer("changed", port=4242), made.peer("room", route_to=("later",)), made.peer("later", source=False)]
    peers.import_peers(c, there, actor="cli:ann", now=made.later(1))
    assert peers.list_peers(c) == [there[0], made.peer("kept"), there[2], there[1]]
    peers.import_peers(c, there, actor="cli:ann", now=made.later(2))
    assert [event.at for event in audit.list_events(c, since=made.later(2))] == []


def test_an_import_is_all_or_nothing(database: Database) -> None:
    with pytest.raises(StoreError, match="cannot route to nowhere"), database.transaction() as c:
        peers.import_peers(c, [made.peer(), made.peer("room", route_to=("nowhere",))], actor="cli:ann", now=made.NOW)
    with database.reading() as c:
        assert peers.list_peers(c) == []
        assert audit.list_events(c) == []
