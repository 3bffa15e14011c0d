"""What a report says in words beside its numbers: advice, detail, cautions, history and, last, the disclaimer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from highdicom.sr import TextContentItem

from baa_node.core import codes
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.objects.content_items import (
    CONTAINS,
    text,
    text_item,
)
from baa_node.core.objects.observation_context import language_of
from baa_node.core.words import Language
from baa_node.core.words.sentences import sentences, texts_of


def comments(result: Assessment | Refusal, language: Language, history: Iterable[str], *, replaces: bool) -> Iterator[TextContentItem]:
    """Tell what to do without a number, what was found, the cautions and what came before; the disclaimer last.

    Parameters
    ----------
    history
        Lines on earlier assessments, in the same language.
    replaces
        Whether an earlier report on the same image is thereby replaced.
    """
    said = sentences(result, language)
    if said.by_hand:
        yield _comment(said.by_hand)
    if isinstance(result, Refusal) and result.detail:
        yield _english_comment(result.detail)
    for caution, sentence in zip(result.cautions, said.cautions, strict=True):
        yield _english_comment(caution) if isinstance(caution, str) else _comment(sentence)
    if said.calibration:
        yield _comment(said.calibration)
    yield from (text_item(codes.COMMENT, line, CONTAINS) for line in history)
    if replaces:
        yield _comment(texts_of(language).replaces)
    yield _comment(said.disclaimer)


@lru_cache(maxsize=64)
def _comment(words: str) -> TextContentItem:
    return text_item(codes.COMMENT, words, CONTAINS)


@lru_cache(maxsize=32)
def _english_comment(words: str) -> TextContentItem:
    """Words that are in English in every report, marked as such (TID 1204)."""
    comment = text(codes.COMMENT, words)
    comment.ContentSequence = [language_of(Language.ENGLISH)]
    return comment
