"""The same texts in every language: one that lacks a language, or a language that lacks one, does not pass the type checker.

``<b>`` and ``<code>`` in a text are markup; what is put in at ``{name}`` is escaped. What a text may call for, English calls for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from baa_node.core.words import Language

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Translated(Generic[T]):
    """Texts of one page, or of a group of pages, by the tag of their language."""

    en: T
    de: T
    es: T
    fr: T
    pt: T

    def __getitem__(self, language: Language) -> T:
        """Give those of a language."""
        texts: T = getattr(self, language.value)
        return texts
