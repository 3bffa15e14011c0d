from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from baa_node.atna import Courier, Lookup, TlsLine, Translator, UdpLine
from baa_node.atna.syslog import Line, line
from baa_node.db import Database, audit
from baa_node.db.audit import AuditKind
from baa_node.dicom.tls import ClientTls
from baa_node.errors import SpoolError
from baa_node.spool import Spool
from tests.atna.conftest import PLANTED, Trail
from tests.db import made
from tests.parts.atna import faults, parsed
from tests.parts.certificates import Authorities, Identity
from tests.parts.programs import free_port
from tests.parts.rsyslog import Rsyslog


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def identities(authorities: Authorities) -> dict[str, Identity]:
    return {kind: authorities.issue(kind) for kind in ("good", "stranger")}


@pytest.fixture
def repository(tmp_path: Path, authorities: Authorities, identities: dict[str, Identity]) -> Iterator[Rsyslog]:
    with Rsyslog(tmp_path / "rsyslog", authorities, identities["good"]) as running:
        yield running


def tls(repository: Rsyslog, authorities: Authorities, shown: Identity | None) -> TlsLine:
    own = (shown.certificate, shown.key) if shown else (None, None)
    context = ClientTls(ca=authorities.ca, certificate=own[0], key=own[1]).context
    return TlsLine("127.0.0.1", repository.tls_port, context=context, timeout_s=5)


Make = Callable[..., Courier]


@pytest.fixture
def courier(trail: Trail, translator: Translator) -> Iterator[Make]:
    """Makes couriers of the trail, whose queue is open from the first event on."""
    with trail.database.transaction() as c:
        audit.open_queue(c)
    running: list[Courier] = []

    def make(way: Line, *, most_waiting: int = 1000, settle_s: float = 0.3, database: Database | None = None) -> Courier:
        made_ = Courier(
            database or trail.database, translator, way, host="node", process="4711", most_waiting=most_waiting, settle_s=settle_s
        )
        running.append(made_)
        return made_

    yield make
    for one in running:
        one._way.close()


def shown(trail: Trail, *numbers: int) -> None:
    """Somebody looks at studies with these numbers."""
    for number in numbers:
        trail.note(AuditKind.STUDY_SHOWN, actor="console:ann", subject=f"2.{number}", study=f"2.{number}")


def studies_in(messages: list[bytes]) -> list[str]:
    """Study Instance UIDs of messages, each checked on the way."""
    trees = [parsed(one) for one in messages]
    assert [faults(one) for one in trees] == [[] for _ in trees]
    return [one.attrib["ParticipantObjectID"] for tree in trees for one in tree.findall("ParticipantObjectIdentification")][::2]


def waiting(trail: Trail) -> int:
    with trail.database.reading() as c:
        return audit.waiting(c)


class Away:
    """A line that leads nowhere, until it is told otherwise; keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.away = self.broken = False

    def open(self) -> None:
        if self.away:
            raise ConnectionRefusedError("nobody there")

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def check(self) -> None:
        if self.broken:
            raise ConnectionResetError("gone in the meantime")

    def close(self) -> None:
        pass


def test_rsyslog_gets_every_message_by_tls_in_order(
    trail: Trail, courier: Make, repository: Rsyslog, authorities: Authorities, identities: dict[str, Identity]
) -> None:
    trail.arrive()
    shown(trail, *range(30))
    assert courier(tls(repository, authorities, identities["good"])).step() == 31
    messages = repository.wait_for(31)
    assert studies_in(messages) == [made.STUDY, *(f"2.{number}" for number in range(30))]
    assert PLANTED.encode() in messages[0]
    assert waiting(trail) == 0


def test_rsyslog_gets_every_message_by_udp(trail: Trail, courier: Make, repository: Rsyslog) -> None:
    shown(trail, 1, 2, 3)
    assert courier(UdpLine("127.0.0.1", repository.udp_port)).step() == 3
    assert studies_in(repository.wait_for(3)) == ["2.1", "2.2", "2.3"]


def test_a_repository_that_went_away_gets_everything_afterwards(
    trail: Trail, courier: Make, repository: Rsyslog, authorities: Authorities, identities: dict[str, Identity]
) -> None:
    carrier = courier(tls(repository, authorities, identities["good"]))
    shown(trail, 1)
    assert carrier.attempt() == 1
    repository.stop()
    shown(trail, 2, 3)
    assert carrier.attempt() == 0
    assert (waiting(trail), carrier.pause_s) == (2, 1.0)
    assert carrier.attempt() == 0
    assert carrier.pause_s == 2.0
    repository.start()
    assert carrier.attempt() == 2
    assert carrier.pause_s == 0
    assert studies_in(repository.wait_for(3)) == ["2.1", "2.2", "2.3"]


def test_what_a_repository_had_not_read_when_it_was_killed_is_sent_again(
    trail: Trail, courier: Make, repository: Rsyslog, authorities: Authorities, identities: dict[str, Identity]
) -> None:
    carrier = courier(tls(repository, authorities, identities["good"]))
    shown(trail, 1)
    carrier.step()
    repository.wait_for(1)
    os.kill(repository.service.pid, signal.SIGSTOP)
    shown(trail, 2)
    check, carrier._way.check = carrier._way.check, lambda: (repository.kill(), check())  # type: ignore[method-assign]
    assert carrier.attempt() == 0  # its system took all octets, it never read them
    carrier._way.check = check  # type: ignore[method-assign]
    assert waiting(trail) == 1
    repository.start()
    assert carrier.attempt() == 1
    assert studies_in(repository.wait_for(2)) == ["2.1", "2.2"]


@pytest.mark.parametrize("shows", ["stranger", None])
def test_without_a_certificate_that_the_repository_trusts_nothing_counts_as_told(
    trail: Trail, courier: Make, repository: Rsyslog, authorities: Authorities, identities: dict[str, Identity], shows: str | None
) -> None:
    shown(trail, 1)
    assert courier(tls(repository, authorities, identities[shows] if shows else None)).attempt() == 0
    assert waiting(trail) == 1
    assert repository.received() == []


def test_a_repository_whose_certificate_nobody_trusts_is_told_nothing(
    trail: Trail, courier: Make, tmp_path: Path, authorities: Authorities, identities: dict[str, Identity], caplog: pytest.LogCaptureFixture
) -> None:
    with Rsyslog(tmp_path / "false", authorities, identities["stranger"]) as false:
        shown(trail, 1)
        assert courier(tls(false, authorities, identities["good"])).attempt() == 0
        assert "certificate verify failed" in caplog.text
        assert false.received() == []


def test_udp_to_a_host_where_nobody_listens_keeps_what_is_waiting(trail: Trail, courier: Make) -> None:
    shown(trail, 1)
    assert courier(UdpLine("127.0.0.1", free_port())).attempt() == 0
    assert waiting(trail) == 1


def test_a_line_that_breaks_after_sending_sends_again_in_order(trail: Trail, courier: Make) -> None:
    way = Away()
    carrier = courier(way, settle_s=0)
    shown(trail, 1, 2)
    way.broken = True
    assert carrier.attempt() == 0
    way.broken = False
    shown(trail, 3)
    assert carrier.attempt() == 3
    assert studies_in(way.sent) == ["2.1", "2.2", "2.1", "2.2", "2.3"]


def test_a_restart_goes_on_where_it_was(trail: Trail, courier: Make) -> None:
    first, second = Away(), Away()
    shown(trail, 1)
    courier(first, settle_s=0).step()
    shown(trail, 2)
    again = Database.open(trail.database.url)
    courier(second, settle_s=0, database=again).step()
    again.close()
    assert studies_in(first.sent + second.sent) == ["2.1", "2.2"]


def test_pauses_grow_to_a_limit_and_trouble_is_told_once(trail: Trail, courier: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    way = Away()
    way.away = True
    carrier = courier(way)
    trail.arrive()
    pauses = []
    for _ in range(8):
        carrier.attempt()
        pauses.append(carrier.pause_s)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    way.away = False
    assert carrier.attempt() == 1
    said = [record.getMessage() for record in caplog.records if record.name == "baa_node.atna"]
    assert said == ["the audit repository cannot be told, events are waiting: nobody there", "the audit repository is told again"]
    assert PLANTED not in caplog.text


def test_beyond_the_bound_the_oldest_are_given_up_and_that_is_told(trail: Trail, courier: Make, caplog: pytest.LogCaptureFixture) -> None:
    way = Away()
    way.away = True
    carrier = courier(way, most_waiting=5, settle_s=0)
    shown(trail, *range(1, 6))
    carrier.attempt()
    assert waiting(trail) == 5  # within the bound nothing is lost
    shown(trail, 6, 7)
    carrier.attempt()
    assert "events 1 to 3 will not be told" in caplog.text
    carrier.attempt()
    assert waiting(trail) == 5  # what tells of it gives up nothing more
    way.away = False
    assert carrier.attempt() == 5
    kinds = [event.kind for event in trail.events()]
    assert kinds[-1] == AuditKind.AUDIT_UNTOLD
    assert trail.events()[-1].detail == {"first": 1, "last": 3}
    last = parsed(way.sent[-1])
    assert [one.attrib["csd-code"] for one in last.iter("EventTypeCode")] == ["110133"]


def test_events_without_a_message_need_no_repository(trail: Trail, courier: Make) -> None:
    way = Away()
    way.away = way.broken = True
    trail.note(AuditKind.READING_DONE)
    assert courier(way).step() == 1
    assert waiting(trail) == 0


def test_a_spool_that_is_away_keeps_the_message_waiting(trail: Trail, courier: Make) -> None:
    class AwaySpool:
        def holds(self, path: str) -> bool:
            raise SpoolError("not mounted")

    trail.arrive()
    way = Away()
    carrier = courier(way, settle_s=0)
    lookup: Lookup = carrier._translator._lookup
    there: Spool = lookup.spool
    lookup.spool = AwaySpool()  # type: ignore[assignment]
    assert carrier.attempt() == 0
    lookup.spool = there
    assert carrier.attempt() == 1
    assert PLANTED.encode() in way.sent[0]


def test_what_was_told_before_the_spool_went_away_is_not_told_again(trail: Trail, courier: Make) -> None:
    class AwaySpool:
        def holds(self, path: str) -> bool:
            raise SpoolError("not mounted")

    shown(trail, 1, 2)
    trail.arrive()
    way = Away()
    carrier = courier(way, settle_s=0)
    lookup: Lookup = carrier._translator._lookup
    there: Spool = lookup.spool
    lookup.spool = AwaySpool()  # type: ignore[assignment]
    for _ in range(3):
        assert carrier.attempt() == 0
    assert waiting(trail) == 1
    lookup.spool = there
    assert carrier.attempt() == 1
    assert studies_in(way.sent) == ["2.1", "2.2", made.STUDY]


def test_a_connection_that_breaks_again_and_again_repeats_less_each_time_and_everything_arrives(trail: Trail, courier: Make) -> None:
    class Brittle(Away):
        """Breaks with the eighth message of each connection."""

        taken = 0

        def send(self, message: bytes) -> None:
            self.taken += 1
            if self.taken == 8:
                raise ConnectionResetError("gone")
            super().send(message)

        def close(self) -> None:
            self.taken = 0

    shown(trail, *range(100))
    way = Brittle()
    carrier = courier(way, settle_s=0)
    attempts = 0
    while waiting(trail):
        carrier.attempt()
        attempts += 1
        assert attempts < 100, "no progress"
    numbers = [int(study.removeprefix("2.")) for study in studies_in(way.sent)]
    assert [*dict.fromkeys(numbers)] == [*range(100)], "in their order, none left out"
    assert len(numbers) < 250


def test_one_event_that_makes_no_message_does_not_keep_back_the_others(
    trail: Trail, courier: Make, caplog: pytest.LogCaptureFixture
) -> None:
    way = Away()
    trail.note(AuditKind.DELIVERY_DONE, subject="1.1", detail={"peer": "pacs", "revision": "no number"})
    shown(trail, 1)
    assert courier(way, settle_s=0).step() == 2
    assert studies_in(way.sent) == ["2.1"]
    assert "audit event 1 makes no message: ValueError" in caplog.text


def test_the_thread_tells_and_ends_with_what_was_last(trail: Trail, courier: Make) -> None:
    way = Away()
    carrier = courier(way, settle_s=0)
    carrier.start()
    shown(trail, 1, 2)
    carrier.stop()
    assert studies_in(way.sent) == ["2.1", "2.2"]


def test_where_no_repository_was_told_before_it_hears_of_what_follows(trail: Trail, courier: Make) -> None:
    with trail.database.transaction() as c:
        audit.close_queue(c)
    shown(trail, 1)
    way = Away()
    carrier = courier(way, settle_s=0)
    assert carrier.step() == 0
    shown(trail, 2)
    assert carrier.step() == 1
    assert studies_in(way.sent) == ["2.2"]


@pytest.mark.parametrize(("host", "shown_as"), [("node 7", b"node?7"), ("", b"-"), ("x" * 300, b"x" * 255), ("Größe", b"Gr??e")])
def test_a_header_has_words_of_ascii_only(host: str, shown_as: bytes) -> None:
    message = line(b"<AuditMessage/>", at=made.NOW, host=host, process="1")
    assert message.split(b" ")[2] == shown_as
    assert ET.tostring(parsed(message)) == b"<AuditMessage />"
