"""A request that cannot be met, told in the language of whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import HTTPException

from baa_node.web.words.errors import ERRORS, Errors


class PageError(HTTPException):
    """Answer with a status and a sentence; ``detail``, which scripts get, is in English.

    Attributes
    ----------
    say
        Chooses the sentence among those of a language, and fills it in.
    """

    def __init__(self, status: int, say: Callable[[Errors], str], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, say(ERRORS.en), dict(headers) if headers else None)
        self.say = say
