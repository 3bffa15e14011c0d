"""A C-STORE request put together by hand is the one that pynetdicom puts together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import P_DATA

from baa_node.dicom.elements import store_request
from baa_node.dicom.messages import StoreMessage
from tests.dicom.wire import CR_IMAGE, store_command

UIDS = st.lists(st.integers(0, 10**12).map(str), min_size=2, max_size=5).map(".".join)
COMMAND = store_command("1.2.3.45")[12:]


def command_of(message_id: int, sop_class: str, sop_instance: str, priority: int) -> bytes:
    """Command set as pynetdicom writes it."""
    primitive = C_STORE()
    primitive.MessageID, primitive.Priority = message_id, priority
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = sop_class, sop_instance
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    message.command_set.CommandDataSetType = 1
    ((_, fragment),) = next(message.encode_msg(1, 0)).presentation_data_value_list
    return bytes(fragment[1:])


def carrying(*values: bytes) -> P_DATA:
    data = P_DATA()
    data.presentation_data_value_list.extend((3, memoryview(value)) for value in values)
    return data


def put_together(message: DIMSEMessage, primitives: list[P_DATA]) -> tuple[object, ...]:
    whole = [message.decode_msg(one, None) for one in primitives]
    request = message.message_to_primitive()
    assert isinstance(request, C_STORE)
    values = {name: getattr(request, name) for name in ("MessageID", "Priority", "AffectedSOPClassUID", "AffectedSOPInstanceUID")}
    return whole, values, request.DataSet.getvalue(), message.context_id, request._context_id, request.is_valid_request


def mine() -> DIMSEMessage:
    message = DIMSEMessage()
    message.__class__ = StoreMessage
    return message


@given(
    message_id=st.integers(0, 65535),
    sop_class=UIDS,
    sop_instance=UIDS,
    priority=st.integers(0, 2),
    fragments=st.lists(st.binary(max_size=30), min_size=1, max_size=4),
    together=st.booleans(),
)
def test_a_request_is_what_it_is_to_pynetdicom(
    message_id: int, sop_class: str, sop_instance: str, priority: int, fragments: list[bytes], together: bool
) -> None:
    command = b"\x03" + command_of(message_id, sop_class, sop_instance, priority)
    values = [b"\0" + one for one in fragments[:-1]] + [b"\2" + fragments[-1]]
    primitives = [carrying(command), *([carrying(*values)] if together else map(carrying, values))]
    message = mine()
    assert put_together(message, primitives) == put_together(DIMSEMessage(), primitives)
    assert isinstance(message, StoreMessage)


def test_command_and_data_in_one_pdu_are_left_to_pynetdicom() -> None:
    primitives = [carrying(b"\x03" + COMMAND, b"\2data")]
    message = mine()
    assert put_together(message, primitives) == put_together(DIMSEMessage(), primitives)
    assert isinstance(message, C_STORE_RQ)


def test_a_command_set_in_pieces_is_left_to_pynetdicom() -> None:
    primitives = [carrying(b"\1" + COMMAND[:20]), carrying(b"\3" + COMMAND[20:]), carrying(b"\2data")]
    message = mine()
    assert put_together(message, primitives) == put_together(DIMSEMessage(), primitives)
    assert isinstance(message, C_STORE_RQ)


def test_a_command_set_in_the_middle_of_a_data_set_is_refused() -> None:
    message = mine()
    message.decode_msg(carrying(b"\3" + COMMAND), None)
    with pytest.raises(ValueError, match="command set within a data set"):
        message.decode_msg(carrying(b"\3" + COMMAND), None)


def test_the_usual_request_is_read_by_hand() -> None:
    command = store_request(COMMAND)
    assert command is not None
    assert (command.sop_class_uid, command.sop_instance_uid, command.message_id, command.priority) == (CR_IMAGE, "1.2.3.45", 1, 0)


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        COMMAND[:-1],
        COMMAND + b"\0",
        COMMAND + b"\0\0\x30\x10\4\0\0\0MOVE",
        COMMAND.replace(b"\0\0\0\1\2\0\0\0\1\0", b"\0\0\0\1\2\0\0\0\x30\0"),  # C-ECHO
        COMMAND.replace(b"\0\0\0\7\2\0\0\0\0\0", b"\0\0\0\7\2\0\0\0\3\0"),  # no such priority
        store_command("1.2.3.45", with_data_set=False)[12:],
        store_command("1.2.3.0456")[12:],
        store_command("1.2." + "3" * 61)[12:],
        store_command("one")[12:],
    ],
)
def test_what_is_not_plain_is_left_to_pynetdicom(encoded: bytes) -> None:
    assert encoded != COMMAND
    assert store_request(encoded) is None
