"""Scalars as TensorBoard reads them, written without TensorFlow: the record framing and the two messages are small.

Formats: ``tensorflow/core/util/event.proto`` and ``framework/summary.proto``; framing of ``TFRecord``: length, its checksum, the
message, its checksum, with CRC-32C (Castagnoli) rotated and shifted.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CASTAGNOLI: Final = 0x82F63B78


def _table() -> tuple[int, ...]:
    entries = []
    for entry in range(256):
        for _ in range(8):
            entry = (entry >> 1) ^ (_CASTAGNOLI if entry & 1 else 0)
        entries.append(entry)
    return tuple(entries)


_TABLE: Final = _table()


def append_event(folder: Path, step: int, now: float, scalars: Mapping[str, float]) -> None:
    """Append one value of every scalar at ``step`` to the event file of this process.

    A resumed run is another process with another file; TensorBoard shows them as one curve.

    Parameters
    ----------
    folder
        Made if need be.
    now
        Seconds since 1970.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = next(folder.glob(f"events.out.tfevents.*.{os.getpid()}"), folder / f"events.out.tfevents.{int(now)}.{os.getpid()}")
    values = b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, value)) for tag, value in scalars.items())
    with path.open("ab") as file:
        if not file.tell():
            file.write(_record(_double(1, now) + _bytes(3, b"brain.Event:2")))
        file.write(_record(_double(1, now) + _integer(2, step) + _bytes(5, values)))


def _record(message: bytes) -> bytes:
    length = struct.pack("<Q", len(message))
    return length + _checksum(length) + message + _checksum(message)


def _checksum(content: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    coded = bytearray()
    while value > 0x7F:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*coded, value])


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)
