"""Tables of Markdown, and the part of the README that ``make bench`` writes."""

from __future__ import annotations

from collections.abc import Sequence

BEGIN = "<!-- make bench writes from here -->"
END = "<!-- to here -->"


def grid(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lay out a table."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


def between_marks(text: str, written: str) -> str:
    """Put `written` between the marks of `text`.

    Raises
    ------
    ValueError
        The marks are not there once each, in their order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"exactly one {BEGIN} and one {END} after it are needed")
    return f"{before}{BEGIN}\n\n{written.strip()}\n\n{END}{after}"
