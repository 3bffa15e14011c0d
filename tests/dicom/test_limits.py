"""Every limit of the listener: whoever reaches it is counted under its name, and the log tells which limit it was."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from baa_node.config import load_config
from baa_node.dicom import limits
from baa_node.dicom.limits import REACHED, Limit
from baa_node.dicom.server import NodeServer, ServerTls
from baa_node.roles.intake import listen_settings_of
from tests.dicom.wire import COMMAND, LAST, association, association_request, connection, ends, p_data, read_pdu, store_command
from tests.parts.certificates import Authorities
from tests.parts.programs import eventually

Listen = Callable[..., NodeServer]


@dataclass(frozen=True, kw_only=True)
class Case:
    """How a limit is reached: on an association, or on bare connections, of a listener with such settings."""

    said: str
    sends: bytes = b""
    associated: bool = True
    connections: int = 1
    settings: dict[str, object] = field(default_factory=dict)


IMAGE = store_command("1.2.3") + p_data(bytes(9_000), 0)
FEW = {"max_associations": 1, "max_associations_per_address": 1}
IN_TIME = {"pdu_timeout_s": 0.3}

CASES = {
    Limit.CONNECTIONS: [Case(associated=False, connections=3, settings=FEW, said="connection from 127.0.0.1 dropped")],
    Limit.ASSOCIATIONS: [Case(sends=b"", connections=2, settings=FEW, said="association of WIRE from 127.0.0.1 rejected: too many")],
    Limit.TLS: [Case(associated=False, sends=association_request(), said="no TLS with 127.0.0.1: the other side does not speak TLS")],
    Limit.CONTEXTS: [Case(associated=False, sends=association_request(contexts=200), said="more than 128 presentation contexts")],
    Limit.PDU_LENGTH: [Case(sends=struct.pack(">BxL", 4, 0xFFFFFFFF), said="PDU of type 0x04 with 4294967295 bytes refused")],
    Limit.PDU_TIME: [
        Case(sends=p_data(bytes(100), LAST)[:50], settings=IN_TIME, said="in the middle of a PDU"),
        Case(associated=False, settings=IN_TIME, said="nothing came in time"),
    ],
    Limit.PDU_CONTENT: [
        Case(sends=p_data(b"garbage", LAST | COMMAND), said="DIMSE message cannot be decoded"),
        Case(sends=struct.pack(">BxLL", 4, 4, 0), said="PDU of type 0x04 cannot be decoded"),
    ],
    Limit.IDLE: [Case(settings={"idle_timeout_s": 0.3}, said="association of WIRE aborted: idle")],
    Limit.DATA_SET: [
        Case(sends=IMAGE + p_data(bytes(9_000), LAST), settings={"max_dataset_bytes": 10_000}, said="more than 10000 bytes is not kept"),
    ],
    Limit.RECEIVING: [Case(sends=IMAGE, settings={"max_receiving_bytes": 5_000}, said="receiving as much as they may")],
}


def named(value: Limit | Case) -> str:
    return value.said if isinstance(value, Case) else value


def test_there_is_a_case_for_every_limit() -> None:
    assert set(CASES) == set(Limit)


@pytest.mark.parametrize(("limit", "case"), [(limit, case) for limit, cases in CASES.items() for case in cases], ids=named)
@pytest.mark.filterwarnings("ignore::UserWarning")  # zeros are no data set
def test_who_reaches_a_limit_is_counted_and_told_in_the_log(
    listen: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, limit: Limit, case: Case
) -> None:
    monkeypatch.setattr(limits, "_lines", limits._Lines())  # a test before this one may have used up the line of this second
    server = listen(**case.settings, **({"tls": encrypted(tmp_path)} if limit is Limit.TLS else {}))
    before = REACHED.labels(limit)._value.get()
    with ExitStack() as stack:
        for number in range(case.connections):
            line = association if case.associated and not number else connection
            sock = stack.enter_context(line(server.port))
            sock.sendall(case.sends if not number else association_request() if case.associated else b"")
        eventually(lambda: REACHED.labels(limit)._value.get() > before, what=f"{limit} to be counted", timeout_s=5)
        eventually(lambda: case.said in caplog.text, what=f"the log to say: {case.said}", timeout_s=5)
    warned = [record for record in caplog.records if case.said in record.getMessage()]
    assert {record.levelname for record in warned} == {"WARNING"}


def encrypted(folder: Path) -> ServerTls:
    authorities = Authorities(folder)
    shown = authorities.issue("good")
    return ServerTls(certificate=shown.certificate, key=shown.key, ca=authorities.ca)


def test_of_a_storm_the_log_has_a_line_a_second_and_the_count_has_all(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "_lines", limits._Lines())
    server = listen(**FEW)
    before, began = REACHED.labels(Limit.ASSOCIATIONS)._value.get(), time.monotonic()
    with association(server.port):
        for _ in range(20):
            with connection(server.port) as sock:
                sock.sendall(association_request())
                assert read_pdu(sock)[0] == 0x03
                assert ends(sock)
            eventually(lambda: server.connections == 1, what="the place of that connection to be free", every_s=0.01)
        took = time.monotonic() - began
    assert REACHED.labels(Limit.ASSOCIATIONS)._value.get() == before + 20
    assert 1 <= caplog.text.count("too many at once") <= 1 + took


def test_limits_are_those_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {
        "MAX_ASSOCIATIONS": 7,
        "MAX_ASSOCIATIONS_PER_ADDRESS": 3,
        "MAX_INSTANCE_MB": 5,
        "MAX_RECEIVING_MB": 9,
        "PDU_TIMEOUT_S": 4.5,
        "IDLE_TIMEOUT_S": 8.5,
    }
    for key, value in asked.items():
        monkeypatch.setenv(f"BAA_NODE_NODE__{key}", str(value))
    found = listen_settings_of(load_config(tmp_path, None))
    assert (found.max_associations, found.max_associations_per_address) == (7, 3)
    assert (found.max_dataset_bytes, found.max_receiving_bytes) == (5 << 20, 9 << 20)
    assert (found.pdu_timeout_s, found.idle_timeout_s) == (4.5, 8.5)
