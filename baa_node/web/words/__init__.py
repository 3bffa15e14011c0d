"""The console in the language of whoever reads it: chosen by a cookie, else by the browser, else that of the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from baa_node.core.words import Language
from baa_node.web.words import de, en, es, fr, pt
from baa_node.web.words.texts import Words

WORDS: Final[Mapping[Language, Words]] = {one.WORDS.language: one.WORDS for one in (en, de, es, fr, pt)}

LONGEST_HEADER: Final = 512


def preferred(accept_language: str, otherwise: Language) -> Language:
    """Language of ours that an ``Accept-Language`` header likes best (RFC 9110 12.5.4); the first of equals."""
    best, best_weight = otherwise, 0.0
    for entry in accept_language[:LONGEST_HEADER].split(","):
        tag, _, parameter = entry.strip().partition(";")
        name, weight = tag.strip().partition("-")[0].lower(), _weight(parameter)
        if name in set(Language) and weight > best_weight:
            best, best_weight = Language(name), weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name.strip() == "q" and 0 <= weight <= 1 else 0.0
