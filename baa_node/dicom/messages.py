"""What an association receives, from fragment to request, and how much of it is kept."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE

from baa_node.dicom.elements import store_request
from baa_node.dicom.limits import Limit, reached

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.pdu_primitives import P_DATA

LONGEST_COMMAND_SET: Final = 1 << 16
"""Bytes; a C-STORE-RQ command set takes about 200 (PS3.7 9.3.1)."""

COMMAND: Final = 0x01
LAST: Final = 0x02
"""Bits of a message control header (PS3.8 E.2)."""


class Budget:
    """Bytes that all associations together may hold of what is being received."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take so many bytes; False, and nothing is taken, where they are not left."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give(self, count: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._left += count


class ForgetfulBuffer(BytesIO):
    """A buffer that forgets all it holds once it would grow beyond `limit` bytes or the common budget, and counts on."""

    def __init__(self, limit: int, budget: Budget | None = None) -> None:
        super().__init__()
        self.limit = limit
        self.received = 0
        self.overflowed = False
        self._budget, self._taken = budget, 0

    def write(self, data: Any) -> int:
        """Take `data`, or only count it."""
        self.received += len(data)
        if self.received <= self.limit and not self.overflowed and self._take(len(data)):
            return super().write(data)
        if not self.overflowed:
            self._tell()
        self.overflowed = True
        self.seek(0)
        self.truncate()
        self.release()
        return len(data)

    def release(self) -> None:
        """Give back what was taken from the budget: the data are served, or nobody waits for them any more."""
        if self._budget is not None and self._taken:
            self._budget.give(self._taken)
            self._taken = 0

    def _tell(self) -> None:
        if self.received > self.limit:
            reached(Limit.DATA_SET, "data set of more than %d bytes is not kept", self.limit)
        else:
            reached(Limit.RECEIVING, "a data set is not kept: all associations together are receiving as much as they may")

    def _take(self, count: int) -> bool:
        if self._budget is None:
            return True
        taken = self._budget.take(count)
        self._taken += count if taken else 0
        return taken


class StoreMessage(DIMSEMessage):  # type: ignore[misc]
    """A message that, when it is a C-STORE request as nearly everybody sends it, is put together by hand.

    That is a command set in a PDU of its own, and no element in it but the usual ones. Everything else is pynetdicom's: it makes
    another class of the message by itself.
    """

    request: C_STORE | None = None

    def decode_msg(self, primitive: P_DATA, assoc: Association | None = None) -> bool:
        """Add the fragments of a primitive; whether the message is complete.

        Raises
        ------
        ValueError
            A command set in the middle of a data set.
        """
        values = primitive.presentation_data_value_list
        if self.request is not None:
            return any(self._add(value) for _, value in values)
        if len(values) == 1 and self._begin(*values[0]):
            return False
        return bool(super().decode_msg(primitive, assoc))

    def message_to_primitive(self) -> Any:
        """Give the request with its data set."""
        if self.request is None:
            return super().message_to_primitive()
        self.request.DataSet = self.data_set
        return self.request

    def _begin(self, context_id: int, value: bytes | memoryview) -> bool:
        if len(value) < 1 or value[0] & (COMMAND | LAST) != COMMAND | LAST or self.encoded_command_set.tell():
            return False
        command = store_request(bytes(value[1:]))
        if command is None:
            return False
        request = C_STORE()
        request.MessageID, request.Priority = command.message_id, command.priority
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = command.sop_class_uid, command.sop_instance_uid
        request._context_id = self.context_id = context_id  # noqa: SLF001 - where pynetdicom keeps it
        self.request = request
        return True

    def _add(self, value: bytes | memoryview) -> bool:
        if value[0] & COMMAND:
            raise ValueError("command set within a data set")
        self.data_set.write(value[1:])
        return bool(value[0] & LAST)


class BoundedMessages(DIMSEServiceProvider):  # type: ignore[misc]
    """DIMSE messages of bounded size.

    A data set beyond the limit is read to its end without being kept, so that the peer gets a status for an answer;
    one that is twice as long ends the association.
    """

    def __init__(self, assoc: Association, *, max_dataset_bytes: int, budget: Budget) -> None:
        super().__init__(assoc)
        self._max_dataset_bytes = max_dataset_bytes
        self._budget = budget

    def receive_primitive(self, primitive: Any) -> None:
        """Add the fragments of a P-DATA primitive to the message that is being received (PS3.8 annex E)."""
        self.message: Any = self.message or self._empty_message()
        data_set = self.message.data_set
        try:
            super().receive_primitive(primitive)
        except Exception as error:  # noqa: BLE001 - a stranger's command set in a foreign decoder: anything may be raised
            reached(Limit.PDU_CONTENT, "DIMSE message cannot be decoded: %s", type(error).__name__)
            self.dul.hang_up()
            return
        if data_set.received > 2 * self._max_dataset_bytes:
            reached(Limit.DATA_SET, "association aborted: data set of more than %d bytes", 2 * self._max_dataset_bytes)
            self.dul.hang_up()

    def _empty_message(self) -> DIMSEMessage:
        message = DIMSEMessage()
        message.__class__ = StoreMessage  # as pynetdicom itself does; its constructor knows its own classes alone
        message.data_set = ForgetfulBuffer(self._max_dataset_bytes, self._budget)
        message.encoded_command_set = ForgetfulBuffer(LONGEST_COMMAND_SET)
        return message
