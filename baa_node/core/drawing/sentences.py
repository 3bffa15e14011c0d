"""What picture and printed page both say of a result; the sentences are those of the report."""

from __future__ import annotations

from dataclasses import dataclass

from baa_node.core.assessment import Assessment, Determination, Refusal
from baa_node.core.radiograph import Sex
from baa_node.core.words import Language
from baa_node.core.words.advice import advice_on
from baa_node.core.words.picture import PictureWords, plain
from baa_node.core.words.sentences import hand_in_words, sentences


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """What a result says in whole sentences, in one language.

    Attributes
    ----------
    cautions
        Most important first.
    reference
        Names the reference and the convention; empty where nothing was compared.
    calibration
        Which calibration of the site was applied; empty where none was.
    reasons
        Of a refusal, each with its code; empty for an assessment.
    advice
        What to do about a refusal; empty for an assessment.
    """

    conclusion: str
    cautions: tuple[str, ...]
    reference: str
    calibration: str
    reasons: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]
    disclaimer: str


def sentences_of(result: Assessment | Refusal, language: Language) -> Sentences:
    """Sentences of a result in a language."""
    said = sentences(result, language)
    if isinstance(result, Assessment):
        return Sentences(
            conclusion=said.conclusion,
            cautions=said.cautions,
            reference=said.reference,
            calibration=said.calibration,
            reasons=(),
            advice=(),
            disclaimer=said.disclaimer,
        )
    return Sentences(
        conclusion=said.reasons[0],
        cautions=(*filter(None, (result.detail,)), *said.cautions),
        reference="",
        calibration="",
        reasons=tuple((sentence, reason.code) for sentence, reason in zip(said.reasons, result.reasons, strict=True)),
        advice=(said.by_hand, *advice_on(result.reasons, language)),
        disclaimer=said.disclaimer,
    )


def verdict_in_words(result: Assessment, words: PictureWords) -> str:
    """Bone age against the reference in a word or two."""
    return {
        Determination.DELAYED: words.delayed,
        Determination.NORMAL: words.normal.format(limit=plain(result.policy.normal_limit_sd, words)),
        Determination.ADVANCED: words.advanced,
        Determination.INDETERMINATE: words.not_compared,
    }[result.determination]


def sex_used_in_words(result: Assessment, words: PictureWords) -> str:
    """Sex that went into the estimate."""
    if result.estimate.sex_used is None or result.sex is None:
        return words.not_used
    return words.female if result.sex is Sex.FEMALE else words.male


def side_in_words(result: Assessment, words: PictureWords) -> str:
    """Which hand the header names; empty where it names none."""
    return "" if result.laterality is None else hand_in_words(result.laterality, words.texts.language)
