"""The table of mistakes: its sentences, the document that lists them, and that each is really said and tried."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from baa_node.mistakes import Mistake, codes_in

ROOT = Path(__file__).resolve().parents[2]
LISTED = (ROOT / "deploy" / "mistakes.md").read_text(encoding="utf-8")


def places(mistake: Mistake) -> set[str]:
    return {name for text in (mistake.cause, mistake.cure) for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("mistake", Mistake, ids=lambda mistake: mistake.code)
def test_a_sentence_is_one(mistake: Mistake) -> None:
    told = mistake.told(**{name: 1 if name in {"seconds", "minutes"} else name.upper() for name in places(mistake)})
    assert codes_in(told) == (mistake.code,)
    assert "\n" not in told
    assert not told.rstrip(")").endswith(".")
    assert len(told) < 300
    with pytest.raises(KeyError):
        assert mistake.told() if places(mistake) else {}["nothing to fill in"]


def test_codes_are_stable_names() -> None:
    codes = [mistake.code for mistake in Mistake]
    assert len(set(codes)) == len(codes) == len(Mistake.__members__)
    assert codes == sorted(codes)


def test_the_document_lists_each_mistake_word_for_word() -> None:
    rows = re.findall(r"^\| (BAA-M\d{3}) \| (.*?) \| (.*?) \|$", LISTED, re.MULTILINE)
    assert rows == [
        (mistake.code, *(re.sub(r"\{(\w+).*?\}", r"*\1*", text) for text in (mistake.cause, mistake.cure))) for mistake in Mistake
    ]


@pytest.mark.parametrize("mistake", Mistake, ids=lambda mistake: mistake.code)
def test_each_mistake_is_said_by_the_node_and_seeded_by_a_test(mistake: Mistake) -> None:
    name = re.compile(rf"Mistake\.{mistake.name}\b")
    said = [path for path in (ROOT / "baa_node").rglob("*.py") if name.search(path.read_text(encoding="utf-8"))]
    tried = [path for path in (ROOT / "tests").rglob("*.py") if name.search(path.read_text(encoding="utf-8"))]
    assert said
    assert tried
