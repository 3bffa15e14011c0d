"""As what a result is made: report, picture, page. Which of these, apart from how they are made, so that asking loads no maker of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

Kind = Literal["sr", "capture", "pdf"]
KINDS: Final[tuple[Kind, ...]] = ("sr", "capture", "pdf")


def kinds_made(*, refused: bool, pdf: bool, refusals: Sequence[Kind]) -> tuple[Kind, ...]:
    """Say as what a result is made at all, whoever wants it; ``pdf`` and ``refusals`` as of a `results.ResultMaker`."""
    return tuple(kind for kind in (refusals if refused else KINDS) if pdf or kind != "pdf")
