"""What is away is waited for, what fails here is given up, and an operator sees both."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baa_node import pipeline
from baa_node.core.objects.findings import read_report
from baa_node.db import peers, studies
from baa_node.dicom.practice import PracticePacs
from baa_node.dispatch import Patience
from baa_node.errors import SpoolError, StoreError
from baa_node.sections import REFUSALS
from tests.db import made
from tests.parts.desk import endpoint
from tests.parts.hands import hand_cr
from tests.parts.times import NOW
from tests.parts.workbench import Bench, wait

PATIENT_S = 90.0
"""For an answer to an association request."""


def transient(text: str) -> StoreError:
    error = StoreError(text)
    error.retry_helps = True
    return error


def failing(times: int, error: Exception, method: Callable[..., object]) -> Callable[..., object]:
    """Let a method fail so many times before it works."""
    left = [times]

    def sometimes(*arguments: object, **named: object) -> object:
        if left[0]:
            left[0] -= 1
            raise error
        return method(*arguments, **named)

    return sometimes


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps give up after two attempts, and what waits is tried again soon."""
    options = {"retries_allowed": True, "interval_seconds": 0.01, "max_attempts": 2, "should_retry": pipeline._may_pass}
    monkeypatch.setattr(pipeline, "_patient", lambda name: {"name": name, **options})
    monkeypatch.setattr(pipeline, "FIRST_PAUSE_S", 0.2)


def test_a_pacs_that_comes_late_gets_everything_once(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.kinds().count("DELIVERY_ATTEMPT") >= 2, "two attempts in vain")
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    try:
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
        assert len(pacs.received) == 2
        assert pacs.stores == 2
    finally:
        pacs.stop()


def test_a_delivery_is_given_up_and_shown(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, patience=Patience(first_s=0.2, longest_s=0.4, give_up_after_s=0.5))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
    assert bench.kinds()[-1] == "DELIVERY_FAILED"


def test_many_destinations_that_say_nothing_keep_no_other_waiting(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    silent = 24
    names = [f"silent{number}" for number in range(silent)]
    bench.desk = replace(bench.desk, endpoint=lambda peer: replace(endpoint(peer), association_timeout_s=PATIENT_S))
    with silence() as (port, connected):
        with bench.desk.database.transaction() as c:
            for name in names:
                away = made.peer(name, host="127.0.0.1", port=port, source=False)
                peers.add_peer(c, away, actor="test", now=NOW)
            peers.edit_peer(c, "pacs", replace(peers.get_peer(c, "pacs"), route_to=("pacs", *names)), actor="test", now=NOW)
        bench.start()
        began = time.monotonic()
        for number in range(3):
            bench.send(hand_cr(tmp_path, SOPInstanceUID=f"1.2.3.{number}", StudyInstanceUID=f"1.2.4.{number}"))
        wait(lambda: len(connected) >= 3 * silent, "as many associations that nobody answers as there are deliveries")
        bench.send(hand_cr(tmp_path, SOPInstanceUID="1.2.3.9", StudyInstanceUID="1.2.4.9"))
        wait(lambda: pacs.stores == 8, "what the others get of the next image")
        assert time.monotonic() - began < PATIENT_S  # after which each would have given up once


@contextlib.contextmanager
def silence() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port that takes every connection and says nothing, and those that it took."""
    connected: list[socket.socket] = []
    with contextlib.ExitStack() as taken, socket.create_server(("127.0.0.1", 0), backlog=256) as listening:

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connected.append(taken.enter_context(listening.accept()[0]))

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield listening.getsockname()[1], connected
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_operators_retry_brings_it_after_all(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, patience=Patience(first_s=0.2, longest_s=0.4, give_up_after_s=0.5))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
    pacs = PracticePacs.start("PACS", port=bench.pacs_port)
    try:
        with bench.desk.database.transaction() as connection:
            studies.reopen_delivery(connection, ds.SOPInstanceUID, 1, "pacs", actor="test", now=datetime.now(UTC))
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    finally:
        pacs.stop()


@pytest.mark.parametrize(("waited_s", "pause_s"), [(0.1, 2.0), (2.0, 2.0), (4.0, 4.0), (8.0, 8.0), (86400.0, 3600.0)])
def test_pauses_grow_to_a_limit(waited_s: float, pause_s: float) -> None:
    assert Patience().pause_s(waited_s) == pause_s


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("step", ["read", "report", "deliver", "look_for_receipt"])
@pytest.mark.parametrize("error", [SpoolError("the share is away"), transient("the database is away")], ids=["spool", "database"])
def test_what_is_away_for_long_is_waited_for(bench: Bench, pacs: PracticePacs, tmp_path: Path, step: str, error: Exception) -> None:
    object.__setattr__(bench.desk, step, failing(7, error, getattr(bench.desk, step)))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert pacs.stores == 2
    assert "READING_REFUSED" not in bench.kinds()


@pytest.mark.usefixtures("impatient")
def test_a_refusal_waits_for_what_is_away(bench: Bench, pacs: PracticePacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "LONGEST_PAUSE_S", 0.3)
    object.__setattr__(bench.desk, "judge_refusal", failing(5, transient("away"), bench.desk.judge_refusal))
    ds = hand_cr(tmp_path, ViewPosition="LL")
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "the refusal delivered")


def test_a_report_that_cannot_be_built_becomes_a_refusal(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    object.__setattr__(bench.desk.maker, "make", failing(1, ZeroDivisionError(), bench.desk.maker.make))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "a refusal delivered")
    (report,) = [one for one in pacs.received.values() if one.Modality == "SR"]
    assert read_report(report)["reasons"] == ["BAA115"]


def test_where_not_even_a_refusal_can_be_built_the_reading_is_set_aside_and_shown(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    object.__setattr__(bench.desk.maker, "make", failing(2, ZeroDivisionError(), bench.desk.maker.make))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["QUARANTINED"], "the reading set aside")
    assert "READING_QUARANTINED" in bench.kinds()
    assert pacs.stores == 0


def test_a_fault_of_ours_that_nobody_wants_to_get_is_set_aside_and_shown(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    bench.make(refusals=REFUSALS["none"])
    object.__setattr__(bench.desk.maker, "make", failing(1, ZeroDivisionError(), bench.desk.maker.make))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["QUARANTINED"], "the reading set aside")
    assert pacs.stores == 0


def test_a_delivery_that_fails_here_is_given_up_and_shown(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    object.__setattr__(bench.desk, "deliver", failing(1, ZeroDivisionError(), bench.desk.deliver))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
    assert "DELIVERY_FAILED" in bench.kinds()
