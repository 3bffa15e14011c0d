from __future__ import annotations

import string
from dataclasses import fields

import pytest

from baa_node.core.drawing import palette
from baa_node.core.drawing.canvas import printable, width_of
from baa_node.core.picture import _CHART_WIDTH, _MARGIN, WIDTH
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.advice import advice_on
from baa_node.core.words.letter import LetterWords, letter_words_of
from baa_node.core.words.picture import PictureWords, age_parts, decimal, months_of, plain, words_of
from baa_node.core.words.sentences import age_in_words

SETS = [(words_of, PictureWords), (letter_words_of, LetterWords)]
LONGEST_AGE = 19 * 12 + 11.0


def texts(words: object) -> dict[str, str]:
    found = {}
    for field in fields(words):  # type: ignore[arg-type]
        value = getattr(words, field.name)
        if isinstance(value, str):
            found[field.name] = value
    return found


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("of", "kind"), SETS)
def test_every_label_is_there_can_be_set_and_takes_what_the_english_one_takes(language: Language, of: object, kind: type) -> None:
    english = texts(of(Language.ENGLISH))  # type: ignore[operator]
    ours = texts(of(language))  # type: ignore[operator]
    assert ours.keys() == english.keys()
    for name, text in ours.items():
        assert text.strip(), name
        assert printable(text) == text, name
        assert places(text) == places(english[name]), name


def test_languages_are_not_copies_of_each_other() -> None:
    for one in Language:
        for other in set(Language) - {one}:
            ours, theirs = texts(words_of(one)), texts(words_of(other))
            assert sum(ours[name] == theirs[name] for name in ours) < len(ours) / 3


@pytest.mark.parametrize("language", Language)
def test_the_largest_answer_and_the_longest_facts_have_room(language: Language) -> None:
    words = words_of(language)
    answer = 0.0
    for number, unit in age_parts(LONGEST_AGE, words):
        answer += width_of(number, palette.NUMERAL, bold=True) + 14 + width_of(unit, palette.UNIT) + 34
    assert _MARGIN + answer < WIDTH - _CHART_WIDTH - _MARGIN
    for label, value in (
        (words.chronological_age, age_in_words(LONGEST_AGE, language)),
        (words.difference, months_of(-100.0, words, signed=True)),
        (words.sex_used, max(words.female, words.male, words.not_used, key=len)),
    ):
        assert width_of(label, palette.SMALL) + width_of(value, palette.BODY, bold=True) + 12 <= _CHART_WIDTH
    for verdict in (words.delayed, words.normal.format(limit="2.5"), words.advanced, words.not_compared):
        assert width_of(verdict, palette.LARGE, bold=True) + 78 <= _CHART_WIDTH


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", Reason)
def test_advice_is_given_once_and_can_be_set(language: Language, reason: Reason) -> None:
    advice = advice_on([reason, reason], language)
    assert len(advice) <= 1
    assert all(printable(sentence) == sentence for sentence in advice)


@pytest.mark.parametrize(
    ("months", "parts"),
    [
        (110.0, [("9", "years"), ("2", "months")]),
        (0.2, [("0", "years"), ("0", "months")]),
        (-13.0, [("−1", "year"), ("1", "month")]),
        (12.4, [("1", "year"), ("0", "months")]),
    ],
)
def test_the_parts_of_an_age(months: float, parts: list[tuple[str, str]]) -> None:
    assert age_parts(months, words_of(Language.ENGLISH)) == parts


def test_numbers_follow_the_language() -> None:
    english, german = words_of(Language.ENGLISH), words_of(Language.GERMAN)
    assert decimal(-1.25, 1, english, signed=True) == "−1.2"
    assert decimal(3, 2, german, signed=True) == "+3,00"
    assert decimal(-0.04, 1, english, signed=True) == "0.0"
    assert decimal(-0.04, 1, english) == "0.0"
    assert (plain(90, german), plain(2.5, german)) == ("90", "2,5")
