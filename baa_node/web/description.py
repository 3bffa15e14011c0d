"""What the OpenAPI description says of pages: the answers that they share, and the fields of their forms."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

_TOLD: Final = {
    "application/json": {"schema": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}},
    "text/html": {"schema": {"type": "string"}},
}
_STATUSES: Final = (400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 502)

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    303: {"description": "Where to go on; to the log-in, too"},
    **{status: {"description": HTTPStatus(status).phrase, "content": _TOLD} for status in _STATUSES},
}
"""Answers that any page may give besides its own; an error is told as HTML to those who ask for it."""


def form(*fields: str, files: Sequence[str] = ()) -> dict[str, Any]:
    """Describe a form with the token ``csrf``, these fields and these files, for ``openapi_extra``."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in ("csrf", *fields)}
    properties |= {name: {"type": "string", "format": "binary"} for name in files}
    media_type = "multipart/form-data" if files else "application/x-www-form-urlencoded"
    schema = {"type": "object", "properties": properties, "required": ["csrf"], "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI description of the application, without the answer 422 that it never gives: it says 400."""
    description = app.openapi()
    for path in description["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        description.get("components", {}).get("schemas", {}).pop(name, None)
    return description
