"""Forms are read with a limit, refused as early as the sender says how much there is, and never touch the disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

MOST_FIELDS = 50
MOST_FILES = 2


async def read_form(request: Request, limit: int) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Read the fields of a form, and its files with their names.

    Raises
    ------
    HTTPException
        413 where there are more than ``limit`` bytes, 415 where they are packed, 400 where it is no form.
    """
    if is_packed(request):
        raise HTTPException(415, "What is packed is not unpacked here.", headers={"Connection": "close"})
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
        raise HTTPException(400, "This is no form.")
    parser = MultiPartParser(request.headers, stream, max_files=MOST_FILES, max_fields=MOST_FIELDS)
    parser.spool_max_size = limit + 1  # more than can come: the file stays in memory
    try:
        return await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(400, "This form is damaged.") from error


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > limit:
            raise _too_large(limit)
        yield chunk


def _too_large(limit: int) -> HTTPException:
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return HTTPException(413, f"This is more than the {size} that are taken here.", headers={"Connection": "close"})
