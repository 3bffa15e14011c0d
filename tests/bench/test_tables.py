from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.tables import BEGIN, END, between_marks, grid

README = Path(__file__).parents[2] / "README.md"


def test_what_stood_between_the_marks_is_replaced() -> None:
    once = between_marks(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new\n")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert between_marks(once, "new") == once


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{END}", f"{BEGIN}{BEGIN}{END}"])
def test_without_its_marks_a_text_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match="are needed"):
        between_marks(text, "new")


def test_the_readme_has_them() -> None:
    written = between_marks(README.read_text(encoding="utf-8"), "\n".join(grid(("what",), [("value",)])))
    assert "| what |\n| --- |\n| value |" in written
