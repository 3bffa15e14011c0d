"""The Markdown of model cards, as much of it as they use: headings, lists, tables, paragraphs, **bold** and `code`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["heading", "list", "table", "text"]

_BULLET: Final = re.compile(r"[-*] (.*)")
_RULE: Final = re.compile(r"\|[\s:|-]+\|?")
_MARKS: Final = re.compile(r"\*\*|`")


@dataclass(kw_only=True)
class Block:
    """One block of a card; rows of a table are cells, the first row its head."""

    kind: Kind
    text: str = ""
    level: int = 0
    items: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def read_card(text: str) -> list[Block]:
    """Split a card into blocks of plain text, to be escaped like any other text."""
    return list(_merged(_block(line) for line in text.splitlines()))


def _block(line: str) -> Block:
    bare = _MARKS.sub("", line.strip())
    if bare.startswith("#"):
        level = len(bare) - len(bare.lstrip("#"))
        return Block(kind="heading", text=bare[level:].strip(), level=level)
    if bare.startswith("|"):
        return Block(kind="table", rows=[] if _RULE.fullmatch(bare) else [[cell.strip() for cell in bare.strip("|").split("|")]])
    if bullet := _BULLET.match(bare):
        return Block(kind="list", items=[bullet[1]])
    return Block(kind="text", text=bare)


def _merged(blocks: Iterator[Block]) -> Iterator[Block]:
    """Join lines that belong together; an empty line ends a block."""
    current: Block | None = None
    for block in blocks:
        if current is not None and _joined(current, block):
            continue
        if current is not None:
            yield current
        current = block if block.kind != "text" or block.text else None
    if current is not None:
        yield current


def _joined(current: Block, block: Block) -> bool:
    if block.kind == "text" and block.text:
        if current.kind == "list":
            current.items[-1] += f" {block.text}"
        elif current.kind == "text":
            current.text += f" {block.text}"
        else:
            return False
        return True
    if block.kind != current.kind or block.kind not in {"list", "table"}:
        return False
    current.items += block.items
    current.rows += block.rows
    return True
