"""What a STOW-RS request is made of, well and badly, and what a server in this process answers to one."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pydicom

from tests.parts.fhir import Reply, Request

DICOM_JSON = "application/dicom+json"
BOUNDARY = "0f3cf5c0"
CONTENT_TYPE = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'


def multipart(files: Sequence[bytes], *, media_type: str = "application/dicom") -> bytes:
    """Body of a request with these files."""
    return b"".join(f"--{BOUNDARY}\r\nContent-Type: {media_type}\r\n\r\n".encode() + file + b"\r\n" for file in files) + (
        f"--{BOUNDARY}--\r\n".encode()
    )


def in_pieces(body: bytes, size: int) -> Iterator[bytes]:
    """Body in chunks of so many bytes."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def part_of(request: Request) -> bytes:
    """Take the one file of a request apart by its boundary."""
    boundary = re.search(r'^multipart/related; type="application/dicom"; boundary=(\w+)$', request.headers["Content-Type"])
    assert boundary is not None
    head, _, rest = request.body.partition(b"\r\n\r\n")
    assert head == f"--{boundary[1]}\r\nContent-Type: application/dicom".encode()
    content, end = rest.split(f"\r\n--{boundary[1]}".encode())
    assert end == b"--\r\n"
    return content


def uid_of(request: Request) -> str:
    """SOP Instance UID of the one file of a request."""
    return str(pydicom.dcmread(io.BytesIO(part_of(request)), specific_tags=["SOPInstanceUID"]).SOPInstanceUID)


def said(status: int, uid: str, reason: int | None = None, **more: Any) -> Reply:
    """Answer that an instance was stored, or, with a failure reason (PS3.18 I.2.2), that it was not."""
    item: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid]}}
    if reason is not None:
        item["00081197"] = {"vr": "US", "Value": [reason]}
    body = {"00081199" if reason is None else "00081198": {"vr": "SQ", "Value": [item]}}
    return Reply(status, json.dumps(body).encode(), DICOM_JSON, **more)


def stores(request: Request) -> Reply:
    """Take whatever is sent."""
    return said(200, uid_of(request)) if request.method == "POST" else Reply(204)
