from __future__ import annotations

import ssl

from baa_node.dicom.notices import MOST, Notices, Reason
from baa_node.dicom.scp import Caller
from baa_node.errors import StoreError
from tests.dicom.conftest import Recorder


def reasons(node: Recorder) -> list[tuple[str, str]]:
    return [(caller.address, reason) for caller, reason in node.turned_away]


def test_each_address_and_reason_is_noted_once_in_a_while(node: Recorder) -> None:
    notices = Notices(node)
    for _ in range(50):
        notices.stranger("10.0.0.1", Reason.TLS)
        notices.stranger("10.0.0.2", Reason.TLS)
        notices.stranger("10.0.0.1", Reason.TLS_FAILED, "no cipher suite in common")
    assert reasons(node) == [("10.0.0.1", "tls"), ("10.0.0.2", "tls"), ("10.0.0.1", "tls_failed: no cipher suite in common")]


def test_strangers_do_not_fill_the_memory(node: Recorder) -> None:
    notices = Notices(node)
    for number in range(MOST + 10):
        notices.stranger(f"10.0.{number // 256}.{number % 256}", Reason.NO_TLS)
    assert len(notices._noted) == MOST


def test_a_port_scanner_is_no_mistake(node: Recorder) -> None:
    notices = Notices(node)
    for error in (ConnectionResetError(), TimeoutError(), ssl.SSLEOFError()):
        notices.handshake("10.0.0.1", error)
    assert reasons(node) == []


def test_a_record_that_cannot_be_written_ends_nothing(node: Recorder) -> None:
    def away(caller: Caller, reason: str) -> None:
        raise StoreError("the database is away")

    node.turn_away = away  # type: ignore[method-assign]
    Notices(node).stranger("10.0.0.1", Reason.TLS)
