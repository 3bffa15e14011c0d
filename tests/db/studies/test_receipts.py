"""The ladder of receipts: sent, committed, found; and back when a peer does not commit itself to everything."""

from __future__ import annotations

import pytest

from baa_node.db import Connection, audit, studies
from baa_node.db.studies import Delivery, State
from tests.db import made

OBJECTS = ("2.25.1", "2.25.3")
AGAIN = made.later(100)


@pytest.fixture
def delivered(reported: Connection) -> Connection:
    """Delivered to one peer, a higher receipt to be looked for at once."""
    seen = delivery(reported)
    studies.record_attempt(
        reported, seen, state="delivered", status=0, error=None, next_attempt_at=None, now=made.later(10), stored=OBJECTS, confirm=True
    )
    return reported


def delivery(c: Connection) -> Delivery:
    return next(one for one in studies.list_deliveries(c, made.IMAGE, 1) if one.peer == "pacs")


def kinds(c: Connection) -> list[str]:
    return [str(event.kind) for event in audit.list_events(c)]


def ask(c: Connection, transaction: str = "2.25.77") -> bool:
    return studies.ask_commitment(c, delivery(c), transaction, confirm_at=AGAIN, now=made.later(11))


def test_a_delivery_begins_on_the_lowest_rung_and_is_due(delivered: Connection) -> None:
    one = delivery(delivered)
    assert (one.receipt, one.receipt_at, one.stored, one.confirms) == ("sent", made.later(10), OBJECTS, 0)
    assert studies.due_confirmations(delivered, now=made.later(9)) == []
    assert studies.due_confirmations(delivered, now=made.later(10)) == [one]


def test_nothing_is_looked_for_where_nobody_wants_it(reported: Connection) -> None:
    studies.record_attempt(
        reported, delivery(reported), state="delivered", status=0, error=None, next_attempt_at=None, now=made.later(10), stored=OBJECTS
    )
    assert studies.due_confirmations(reported, now=made.later(10**6)) == []


def test_whoever_was_asked_is_not_asked_again_before_its_time(delivered: Connection) -> None:
    assert ask(delivered)
    assert delivery(delivered).receipt_note == "asked for commitment, not answered yet"
    assert studies.due_confirmations(delivered, now=made.later(99)) == []
    assert len(studies.due_confirmations(delivered, now=AGAIN)) == 1
    assert ask(delivered, "2.25.78")
    assert delivery(delivered).receipt_note == "asked for commitment 2 times, not answered yet"


def test_two_processes_do_not_ask_at_once(delivered: Connection) -> None:
    seen = delivery(delivered)
    assert studies.ask_commitment(delivered, seen, "2.25.77", confirm_at=AGAIN, now=made.later(11))
    assert not studies.ask_commitment(delivered, seen, "2.25.78", confirm_at=AGAIN, now=made.later(11))
    assert not studies.note_commitment(delivered, "2.25.78", OBJECTS, {}, now=made.later(12))


def test_commitment_to_everything_is_the_second_rung_and_the_third_is_due(delivered: Connection) -> None:
    ask(delivered)
    assert studies.note_commitment(delivered, "2.25.77", OBJECTS, {}, now=made.later(20))
    one = delivery(delivered)
    assert (one.receipt, one.receipt_at, one.receipt_note, one.confirm_at) == ("committed", made.later(20), None, made.later(20))
    studies.note_found(delivered, one, now=made.later(21))
    last = delivery(delivered)
    assert (last.receipt, last.receipt_at, last.confirm_at) == ("found", made.later(21), None)
    assert kinds(delivered)[-3:] == ["COMMITMENT_ASKED", "COMMITMENT_GIVEN", "DELIVERY_FOUND"]


def test_a_late_answer_to_an_earlier_request_counts(delivered: Connection) -> None:
    ask(delivered)
    ask(delivered, "2.25.78")
    assert studies.note_commitment(delivered, "2.25.77", OBJECTS, {}, now=made.later(120))
    assert delivery(delivered).receipt == "committed"


@pytest.mark.parametrize("receipt", ["committed", "found"])
def test_a_second_answer_takes_no_rung_away(delivered: Connection, receipt: str) -> None:
    ask(delivered)
    ask(delivered, "2.25.78")
    studies.note_commitment(delivered, "2.25.77", OBJECTS, {}, now=made.later(120))
    if receipt == "found":
        studies.note_found(delivered, delivery(delivered), now=made.later(121))
    before = delivery(delivered)
    assert studies.note_commitment(delivered, "2.25.78", OBJECTS, {}, now=made.later(180))
    assert delivery(delivered) == before
    assert before.receipt == receipt
    assert kinds(delivered).count("COMMITMENT_GIVEN") == 1


@pytest.mark.parametrize(
    ("committed", "failed", "reasons"),
    [(("2.25.1",), {"2.25.3": 0x0112}, "0x0112"), (("2.25.1",), {}, "not named"), (OBJECTS, {"2.25.3": 0x0213}, "0x0213")],
)
def test_what_is_not_committed_is_sent_again(
    delivered: Connection, committed: tuple[str, ...], failed: dict[str, int], reasons: str
) -> None:
    ask(delivered)
    assert studies.note_commitment(delivered, "2.25.77", committed, failed, now=made.later(20))
    one = delivery(delivered)
    assert (one.state, one.stored, one.receipt, one.confirm_at) == ("pending", ("2.25.1",), None, None)
    assert one.next_attempt_at == made.later(20 + 30)
    assert reasons in str(one.receipt_note)
    assert studies.get_reading(delivered, made.IMAGE, 1).state is State.REPORTED
    event = audit.list_events(delivered)[-1]
    assert (event.kind, event.outcome, event.detail["missing"]) == ("COMMITMENT_FAILED", 8, 1)


def test_the_same_answer_again_changes_nothing(delivered: Connection) -> None:
    ask(delivered)
    studies.note_commitment(delivered, "2.25.77", OBJECTS, {}, now=made.later(20))
    before = delivery(delivered)
    assert studies.note_commitment(delivered, "2.25.77", (), {"2.25.1": 0x0112}, now=made.later(21))
    assert delivery(delivered) == before


def test_an_unknown_transaction_is_told(delivered: Connection) -> None:
    assert not studies.note_commitment(delivered, "2.25.99", OBJECTS, {}, now=made.later(20))


def test_a_request_that_was_not_made_is_taken_back(delivered: Connection) -> None:
    before = delivery(delivered)
    ask(delivered)
    studies.withdraw_commitment(delivered, before, "2.25.77")
    assert delivery(delivered) == before
    assert not studies.note_commitment(delivered, "2.25.77", OBJECTS, {}, now=made.later(20))


def test_why_there_is_no_higher_receipt_is_kept(delivered: Connection) -> None:
    studies.note_unconfirmed(delivered, delivery(delivered), "PACS offers no query", confirm_at=None)
    one = delivery(delivered)
    assert (one.receipt, one.receipt_note, one.confirms, one.confirm_at) == ("sent", "PACS offers no query", 1, None)
