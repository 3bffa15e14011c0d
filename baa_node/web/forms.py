"""Forms are read with a limit, refused as early as the sender says how much there is, and never touch the disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from baa_node.web.page_error import PageError

MOST_FIELDS = 50
MOST_FILES = 2
_CLOSE: Final = {"Connection": "close"}


async def read_form(request: Request, limit: int) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Read the fields of a form, and its files with their names.

    Raises
    ------
    PageError
        413 where there are more than ``limit`` bytes, 415 where they are packed, 400 where it is no form.
    """
    if is_packed(request):
        raise PageError(415, lambda told: told.packed, _CLOSE)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    data = await _parse(request, limit)
    fields = {name: value for name, value in data.items() if isinstance(value, str)}
    files = {name: (value.filename or "", await value.read()) for name, value in data.items() if isinstance(value, UploadFile)}
    await data.close()
    return fields, files


def is_packed(request: Request) -> bool:
    """Tell whether a body came compressed: nobody who sends a form or images does that, and a small one may swell without end."""
    return request.headers.get("content-encoding", "identity").strip().lower() != "identity"


async def _parse(request: Request, limit: int) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    stream = _limited(request, limit)
    if kind == "application/x-www-form-urlencoded":
        return await FormParser(request.headers, stream).parse()
    if kind != "multipart/form-data":
        raise PageError(400, lambda told: told.no_form)
    parser = MultiPartParser(request.headers, stream, max_files=MOST_FILES, max_fields=MOST_FIELDS)
    parser.spool_max_size = limit + 1  # more than can come: the file stays in memory
    try:
        return await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise PageError(400, lambda told: told.damaged_form) from error


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > limit:
            raise _too_large(limit)
        yield chunk


def _too_large(limit: int) -> PageError:
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return PageError(413, lambda told: told.too_large.format(size=size), _CLOSE)
