"""``/readyz`` tells the truth about every part, at once, to whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from baa_node.db import Database, executors, peers
from baa_node.db.peers import Peer
from baa_node.errors import DeliveryError
from baa_node.web import PeerWatch
from baa_node.web import health as health_module
from baa_node.web.health import within
from tests.parts.watch import Moment, own_s
from tests.web.visit import Visit


def told(visit: Visit) -> dict[str, Any]:
    answer: dict[str, Any] = visit.get("/readyz").json()
    return answer


def states(visit: Visit) -> dict[str, str]:
    return {name: check["state"] for name, check in told(visit)["checks"].items()}


def test_every_part_is_looked_at(visit: Visit) -> None:
    assert states(visit) == {"spool": "ok", "database": "ok", "workers": "warning", "inference": "ok"}


def test_a_gpu_that_is_lost_is_a_warning_and_the_node_stays_ready(visit: Visit) -> None:
    visit.console.health.asked = "CUDAExecutionProvider"
    answer = visit.get("/readyz")
    assert answer.status_code == 200
    (warning,) = [one for one in answer.json()["warnings"] if "CUDA" in one]
    assert "CPUExecutionProvider" in warning
    visit.console.health.used = lambda: "CUDAExecutionProvider"
    assert states(visit)["inference"] == "ok"


def test_workers_are_alive_only_while_they_give_signs(visit: Visit) -> None:
    now = datetime.now(UTC)
    with visit.console.database.transaction() as c:
        executors.sign_on(c, "one", host="reader", now=now)
    assert states(visit)["workers"] == "ok"
    with visit.console.database.transaction() as c:
        executors.beat(c, "one", 1, now=now - timedelta(hours=1))
    assert states(visit)["workers"] == "warning"


class Hanging(Database):
    """A database whose server does not answer for a while."""

    def __init__(self, whole: Database) -> None:
        self._whole, self.answering = whole, threading.Event()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.answering.wait(30)
        with self._whole.reading() as c:
            yield c


def test_a_database_that_hangs_makes_nobody_wait(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "PATIENCE_S", 0.1)
    health = visit.console.health
    health.database = hanging = Hanging(health.database)
    before = threading.active_count()
    began = Moment()
    answers = [visit.get("/readyz") for _ in range(4)]
    assert own_s(began) < 5
    assert [answer.status_code for answer in answers] == [503] * 4
    assert "do not answer" in answers[0].json()["problems"][0]
    assert sum(one.name == "health" for one in threading.enumerate()) == 1, before
    hanging.answering.set()
    for one in threading.enumerate():
        if one.name == "health":
            one.join(5)
    assert visit.get("/readyz").status_code == 200


def test_an_answer_is_given_on_as_it_is() -> None:
    assert within(5, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


@pytest.fixture
def watch(visit: Visit) -> PeerWatch:
    """Two destinations, one of which answers, and a source that nobody asks."""
    where = {"host": "127.0.0.1", "tls": False}
    added = [
        Peer(name="pacs", ae_title="PACS", port=104, source=True, destination=True, **where),
        Peer(name="ris-of-st-mary", ae_title="RIS", port=105, source=False, destination=True, **where),
        Peer(name="modality", ae_title="CR1", port=106, source=True, destination=False, **where),
    ]
    with visit.console.database.transaction() as c:
        for peer in added:
            peers.add_peer(c, peer, actor="test", now=datetime.now(UTC))

    def probe(peer: Peer) -> str:
        if peer.name != "pacs":
            raise DeliveryError("connection refused")
        return "answers"

    watch = PeerWatch(visit.console.database, probe, every_s=3600)
    visit.console.health.peers = watch
    return watch


def test_destinations_are_counted_for_everybody_and_named_for_who_is_logged_in(visit: Visit, watch: PeerWatch) -> None:
    assert "not asked yet" in told(visit)["checks"]["peers"]["told"]
    watch.look()
    answer = visit.get("/readyz")
    assert answer.status_code == 200
    assert "1 of 2 destinations did not answer" in answer.json()["warnings"]
    assert "mary" not in answer.text
    visit.log_in("vic")
    assert "eer ris-of-st-mary does not answer: connection refused" in visit.get("/").text
    lines = visit.get("/metrics").text.splitlines()
    assert {'baa_node_peer_up{peer="pacs"} 1.0', 'baa_node_peer_up{peer="ris-of-st-mary"} 0.0'} <= set(lines)


def test_peers_are_looked_at_in_the_background_until_it_stops(visit: Visit) -> None:
    looked = threading.Event()
    watch = PeerWatch(visit.console.database, lambda peer: looked.set(), every_s=0.01)
    with visit.console.database.transaction() as c:
        peer = Peer(name="pacs", ae_title="PACS", host="h", port=104, source=True, destination=True, tls=False)
        peers.add_peer(c, peer, actor="test", now=datetime.now(UTC))
    watch.start()
    assert looked.wait(10)
    watch.stop()


def test_a_probe_that_breaks_is_told_without_its_text(visit: Visit, watch: PeerWatch) -> None:
    watch._probe = lambda peer: 1 // 0
    watch.look()
    assert {one.trouble for one in watch.answers.values()} == {"ZeroDivisionError"}
