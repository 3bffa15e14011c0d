"""What a compressed frame says of itself, read without decoding: its size, components and bits, of JPEG, JPEG-LS and JPEG 2000."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from pydicom.uid import UID, JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, JPEGTransferSyntaxes

from baa_node.errors import UndecodablePixels, UnsupportedImage

MAX_TILES: Final = 4096
"""JPEG 2000 decoders allocate several kilobytes a tile before they read one; 100 megapixels in tiles of 256 need 1,526."""

_HTJ2K_PREFIX: Final = "1.2.840.10008.1.2.4.20"


@dataclass(frozen=True, kw_only=True)
class CodestreamHeader:
    """What the compressed frame says of itself; ``precision`` in bits a sample."""

    rows: int
    columns: int
    components: int
    precision: int


def read_codestream_header(frame: bytes, transfer_syntax: UID) -> CodestreamHeader:
    """Size that a JPEG, JPEG-LS or JPEG 2000 frame gives for itself, read without decoding.

    Raises
    ------
    UndecodablePixels
        No frame header, more than one, or more tiles than any radiograph has.
    UnsupportedImage
        A transfer syntax of none of these families (video, for example).
    """
    if transfer_syntax in JPEG2000TransferSyntaxes or transfer_syntax.startswith(_HTJ2K_PREFIX):
        return _jpeg_2000_header(frame)
    if transfer_syntax in JPEGTransferSyntaxes or transfer_syntax in JPEGLSTransferSyntaxes:
        return _jpeg_header(frame)
    raise UnsupportedImage(f"transfer syntax {transfer_syntax.name} is not read")


def _jpeg_2000_header(frame: bytes) -> CodestreamHeader:
    """Read the SIZ segment (ISO/IEC 15444-1 A.5.1), which must follow SOC at once; a JP2 box around it is skipped."""
    start = frame.find(b"\xff\x4f\xff\x51")
    fields = frame[start + 6 : start + 45]
    if start < 0 or len(fields) < 39:
        raise UndecodablePixels("the frame has no JPEG 2000 image size (SIZ) segment")
    _, x1, y1, x0, y0, tile_w, tile_h, _, _, components, depth, dx, dy = struct.unpack(">H8IH3B", fields)
    if not (x0 < x1 and y0 < y1 and tile_w and tile_h and dx and dy):
        raise UndecodablePixels("the JPEG 2000 image size (SIZ) segment is contradictory")
    tiles = -(-x1 // tile_w) * -(-y1 // tile_h)
    if tiles > MAX_TILES:
        raise UndecodablePixels(f"the codestream declares {tiles} tiles, more than the limit of {MAX_TILES}")
    rows, columns = -(-y1 // dy) - -(-y0 // dy), -(-x1 // dx) - -(-x0 // dx)
    return CodestreamHeader(rows=rows, columns=columns, components=components, precision=(depth & 0x7F) + 1)


_FRAME_HEADER: Final = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf\xde\xf7]", re.DOTALL)


def _jpeg_header(frame: bytes) -> CodestreamHeader:
    """Read the frame header SOFn or SOF55 (ISO/IEC 10918-1 B.2.2, 14495-1 C.2.2); a second one would evade the size check."""
    found: CodestreamHeader | None = None
    position = 2 if frame.startswith(b"\xff\xd8") else len(frame)
    while position + 4 <= len(frame) and frame[position] == 0xFF:
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if marker == 0xFF:
            position += 1
            continue
        if marker == 0xDA:
            break
        if _FRAME_HEADER.match(frame, position):
            if found is not None:
                raise UndecodablePixels("the frame has more than one JPEG frame header")
            found = _sof(frame[position + 4 : position + 2 + length])
        position += 2 + length
    if found is None or frame[position : position + 2] != b"\xff\xda":
        raise UndecodablePixels("the frame has no JPEG frame header (SOF) before a scan (SOS)")
    if _FRAME_HEADER.search(frame, position):
        raise UndecodablePixels("the frame has more than one JPEG frame header")
    return found


def _sof(segment: bytes) -> CodestreamHeader:
    if len(segment) < 6:
        raise UndecodablePixels("the JPEG frame header (SOF) is cut short")
    precision, rows, columns, components = struct.unpack(">BHHB", segment[:6])
    return CodestreamHeader(rows=rows, columns=columns, components=components, precision=precision)


def with_full_spectrum(frame: bytes) -> bytes:
    """Set the spectral selection of a sequential scan to 0..63, the only one that exists (ISO/IEC 10918-1 table B.3).

    Some CR systems write 0..0 in 12-bit frames; libjpeg refuses such a scan although its data are complete.
    """
    sequential = re.search(rb"\xff[\xc0\xc1]\x00", frame)
    scan = re.search(rb"\xff\xda\x00\x08\x01..", frame, re.DOTALL)
    if sequential is None or scan is None:
        return frame
    return frame[: scan.end()] + b"\x00\x3f\x00" + frame[scan.end() + 3 :]
