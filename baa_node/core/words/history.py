"""What came before, in words."""

from __future__ import annotations

from baa_node.core.priors.history import Earlier, Velocity
from baa_node.core.words import Language
from baa_node.core.words.sentences import figure, texts_of


def velocity_in_words(velocity: Velocity, language: Language) -> str:
    """How fast bone age went on, and how far that can be trusted."""
    low, high = velocity.interval
    return texts_of(language).history.velocity.format(
        since=velocity.since.examined_on.isoformat(),
        rate=figure(velocity.years_per_year, language),
        low=figure(low, language),
        high=figure(high, language),
        coverage=figure(velocity.coverage * 100, language),
    )


def earlier_in_words(one: Earlier, language: Language) -> str:
    """One line for one earlier assessment."""
    texts = texts_of(language).history
    age = one.chronological_age_months
    return (texts.earlier_at_unknown_age if age is None else texts.earlier).format(
        since=one.examined_on.isoformat(),
        bone_age=figure(one.bone_age_months, language),
        age=figure(age or 0.0, language),
        source=one.source or "?",
    )
