"""Sentences of a result in one language: made when a report or a picture is written, never kept in a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.cautions import Caution, Term
from baa_node.core.comparison import AssessmentPolicy, Determination, ZConvention
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reasons import Reason
from baa_node.core.words import Language, de, en, es, fr, pt
from baa_node.core.words.texts import Texts

_TEXTS: Final[Mapping[Language, Texts]] = {one.TEXTS.language: one.TEXTS for one in (en, de, es, fr, pt)}


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """What is said of one result in one language.

    Attributes
    ----------
    conclusion
        The whole result in one sentence, or that there is none and why.
    verdict
        The clause of the conclusion that compares with the reference; empty for a refusal.
    reasons
        A sentence for each reason of a refusal, none for an assessment.
    cautions
        In the order of the result; a sentence that an earlier version wrote into the record stays in English.
    reference
        Table, sex, age, mean and SD, and how z was computed; empty where there is no z-score.
    calibration
        Which calibration of the site was applied, and to what; empty where none was.
    by_hand
        That people have to look at a refused image themselves; empty for an assessment.
    """

    conclusion: str
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    cautions: tuple[str, ...]
    reference: str = ""
    calibration: str = ""
    by_hand: str = ""
    disclaimer: str


def sentences(result: Assessment | Refusal, language: Language = Language.ENGLISH) -> Sentences:
    """Put a result into words."""
    texts = texts_of(language)
    cautions = tuple(caution_in_words(caution, language) for caution in result.cautions)
    if isinstance(result, Refusal):
        reasons = tuple(reason_in_words(reason, language) for reason in result.reasons)
        return Sentences(
            conclusion=texts.refusal.format(reasons=" ".join(reasons)),
            reasons=reasons,
            cautions=cautions,
            by_hand=texts.by_hand,
            disclaimer=texts.disclaimer,
        )
    return Sentences(
        conclusion=_conclusion(result, texts),
        verdict=verdict_of(result, language),
        cautions=cautions,
        reference=reference_of(result, language),
        calibration=calibration_of(result, language),
        disclaimer=texts.disclaimer,
    )


def texts_of(language: Language) -> Texts:
    """Every text of a language."""
    return _TEXTS[language]


def _conclusion(result: Assessment, texts: Texts) -> str:
    estimate, age, language = result.estimate, result.chronological_age_months, texts.language
    low, high = estimate.interval_months
    chronological_age = texts.chronological_age_unknown
    if age is not None:
        chronological_age = texts.chronological_age.format(age=age_in_words(age, language), **_figures(texts, months=age))
    return texts.conclusion.format(
        bone_age=age_in_words(estimate.bone_age_months, language),
        **_figures(texts, months=estimate.bone_age_months, low=low, high=high, coverage=estimate.coverage * 100),
        chronological_age=chronological_age,
        sex=texts.sexes.unknown if result.sex is None else term_in_words(result.sex, language),
        verdict=verdict_of(result, language),
    )


def verdict_of(result: Assessment, language: Language) -> str:
    """Z-score and what it means: a clause without a full stop."""
    texts = texts_of(language)
    z_score = "" if result.z_score is None else z_in_words(result.z_score, result.policy, language)
    return _named(texts.verdicts, result.determination.name).format(z=z_score, **_figures(texts, limit=result.policy.normal_limit_sd))


def reference_of(result: Assessment, language: Language) -> str:
    """Table, sex and age with their mean and SD, and the formula of z; empty where there is no z-score."""
    mean, sd, age = result.reference_mean_months, result.reference_sd_months, result.chronological_age_months
    if mean is None or sd is None or age is None or result.sex is None:
        return ""
    texts = texts_of(language)
    by_age = result.policy.convention is ZConvention.CHRONOLOGICAL_AGE
    return texts.reference.format(
        source=texts.source,
        group=texts.groups.female if result.sex is Sex.FEMALE else texts.groups.male,
        age=age_in_words(age, language),
        formula=texts.formulas.chronological_age if by_age else texts.formulas.reference_mean,
        **_figures(texts, mean=mean, sd=sd, limit=result.policy.normal_limit_sd),
    )


def calibration_of(result: Assessment, language: Language) -> str:
    """Which calibration of the site was applied, and what the networks gave; empty where none was."""
    correction, texts = result.estimate.correction, texts_of(language)
    if correction is None:
        return ""
    low, high = correction.raw_interval_months
    figures = _figures(texts, version=correction.version, months=correction.raw_months, low=low, high=high)
    return texts.calibrated.format(seal=correction.sha256[:12], **figures)


def caution_in_words(caution: Caution | str, language: Language) -> str:
    """One warning; a text is returned as it is."""
    if isinstance(caution, str):
        return caution
    values = {
        name: figure(value, language) if isinstance(value, int | float) else term_in_words(value, language)
        for name, value in caution.values.items()
    }
    return _named(texts_of(language).cautions, caution.about.value).format(**values)


def reason_in_words(reason: Reason, language: Language) -> str:
    """One reason of a refusal as a sentence."""
    return _named(texts_of(language).reasons, reason.name)


def hand_in_words(side: Laterality | None, language: Language) -> str:
    """Name the hand that was read, as far as the header says which."""
    hands = texts_of(language).hands
    return hands.unknown if side is None else _named(hands, side.name)


def term_in_words(term: Term, language: Language) -> str:
    """Name a determination, a sex or a side; write a day."""
    if isinstance(term, date):
        return term.isoformat()
    if isinstance(term, Laterality):
        return hand_in_words(term, language)
    texts = texts_of(language)
    return _named(texts.determinations if isinstance(term, Determination) else texts.sexes, term.name)


def age_in_words(months: float, language: Language = Language.ENGLISH) -> str:
    """Age rounded to whole months, as people say it: ``9 years 2 months``."""
    texts = texts_of(language)
    whole = round(abs(months))
    years, rest = divmod(whole, 12)
    words = _counted(rest, texts.month)
    if years:
        template = texts.age if rest else texts.age_of_whole_years
        words = template.format(years=_counted(years, texts.year), months=words)
    return texts.below_zero.format(age=words) if months < 0 and whole else words


def z_in_words(z_score: float, policy: AssessmentPolicy, language: Language = Language.ENGLISH) -> str:
    """One decimal and a sign; two decimals where one would print the limit itself."""
    decimals = 2 if abs(float(f"{z_score:+.1f}")) == policy.normal_limit_sd else 1
    return f"{figure(z_score, language):+.{decimals}f}"


class Figure(float):
    """A number that is printed with the decimal mark of its language."""

    mark = "."

    def __format__(self, spec: str) -> str:
        return float.__format__(self, spec).replace(".", self.mark)


def figure(value: float, language: Language) -> Figure:
    """Prepare a number for a format string of a language; the coded values of a report do not pass here."""
    number = Figure(value)
    number.mark = texts_of(language).decimal_mark
    return number


def _figures(texts: Texts, **values: float) -> dict[str, Figure]:
    return {name: figure(value, texts.language) for name, value in values.items()}


def _named(texts: object, name: str) -> str:
    """Text of a field; a test holds the fields to the members that name them."""
    return str(getattr(texts, name.lower()))


def _counted(number: int, noun: tuple[str, str]) -> str:
    return f"{number} {noun[0] if number == 1 else noun[1]}"
