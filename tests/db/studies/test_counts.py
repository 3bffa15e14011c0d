from __future__ import annotations

from baa_node.db import Connection, peers, studies
from baa_node.db.studies import State, counts
from tests.db import made


def test_nothing_is_counted_as_nothing(c: Connection) -> None:
    assert counts.count_readings(c) == dict.fromkeys(State, 0)
    assert counts.count_deliveries(c) == {"pending": 0, "delivered": 0, "failed": 0}


def test_each_state_is_counted(reported: Connection) -> None:
    studies.record_arrival(reported, made.instance("1.2.3"), now=made.NOW)
    found = counts.count_readings(reported)
    assert (found["RECEIVED"], found["REPORTED"], sum(found.values())) == (1, 1, 2)
    assert counts.count_deliveries(reported) == {"pending": 2, "delivered": 0, "failed": 0}
    assert counts.count_readings(reported, [State.READ, State.RECEIVED]) == {"READ": 0, "RECEIVED": 1}
    assert counts.count_deliveries(reported, ["pending"]) == {"pending": 2}


def test_todays_images_are_counted(reported: Connection) -> None:
    yesterday = made.instance("1.2.3", received_at=made.later(-86400))
    studies.record_arrival(reported, yesterday, now=yesterday.received_at)
    assert counts.count_since(reported, made.later(-60)) == {"REPORTED": 1}
    assert counts.count_since(reported, made.later(-90000)) == {"REPORTED": 1, "RECEIVED": 1}
    assert counts.count_since(reported, made.later(60)) == {}


def test_todays_images_are_counted_by_their_latest_reading(reported: Connection) -> None:
    studies.order_reading(reported, made.IMAGE, actor="cli:ann", reason="", now=made.later(9))
    studies.record_arrival(reported, made.instance("1.2.3", received_at=made.later(-86400)), now=made.NOW)
    assert counts.count_since(reported, made.later(-60)) == {"RECEIVED": 1}
    assert counts.count_since(reported, made.later(-90000)) == {"RECEIVED": 2}
    assert counts.count_since(reported, made.later(60)) == {}


def test_the_queue_says_since_when_the_oldest_waits(reported: Connection) -> None:
    assert counts.queue(reported) == counts.Queue(to_read=0, read_since=None, to_deliver=2, deliver_since=made.later(2))
    studies.record_arrival(reported, made.instance("1.2.3"), now=made.later(5))
    assert counts.queue(reported).to_read == 1


def test_the_traffic_with_a_peer_tells_its_trouble(reported: Connection) -> None:
    pending, delivered = (studies.list_deliveries(reported, made.IMAGE, 1)[number] for number in (1, 0))
    studies.record_attempt(
        reported, pending, state="pending", status=None, error="refused", next_attempt_at=made.later(9), now=made.later(4)
    )
    studies.record_attempt(reported, delivered, state="delivered", status=0, error=None, next_attempt_at=None, now=made.later(5))
    for name in ("pacs", "archive", "nobody"):
        peers.add_peer(reported, made.peer(name), actor="test", now=made.NOW)
    assert counts.traffic(reported) == {
        "pacs": counts.PeerTraffic(received_at=made.NOW, waiting=1, trouble="refused"),
        "archive": counts.PeerTraffic(delivered_at=made.later(5)),
        "nobody": counts.PeerTraffic(),
    }


def test_a_delivery_that_was_given_up_is_traffic_with_trouble(reported: Connection) -> None:
    peers.add_peer(reported, made.peer(), actor="test", now=made.NOW)
    (pending,) = (one for one in studies.list_deliveries(reported, made.IMAGE, 1) if one.peer == "pacs")
    studies.record_attempt(reported, pending, state="failed", status=0xA700, error="full", next_attempt_at=None, now=made.later(4))
    assert counts.traffic(reported)["pacs"] == counts.PeerTraffic(received_at=made.NOW, given_up=1, trouble="full")
