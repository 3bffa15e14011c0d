"""The texts that every language must have, by name: a language that lacks one does not pass the type checker.

Texts are format strings. Numbers take the decimal mark of the language by themselves; what a text may call for is
written beside it, and a test holds all languages to the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from baa_node.core.words import Language


@dataclass(frozen=True, kw_only=True)
class SexWords:
    """Sex as an adjective or noun that stands after the chronological age."""

    female: str
    male: str
    unknown: str


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Children of one sex: which half of the reference table was used."""

    female: str
    male: str


@dataclass(frozen=True, kw_only=True)
class Hands:
    """The hand that was read, for the tracking identifier."""

    left: str
    right: str
    unknown: str


@dataclass(frozen=True, kw_only=True)
class Determinations:
    """Bone age against the reference in one word, as said of a bone age."""

    delayed: str
    normal: str
    advanced: str
    indeterminate: str


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """The last clause of the conclusion: ``{z}`` (signed), ``{limit:g}`` SD; nothing for indeterminate."""

    delayed: str
    normal: str
    advanced: str
    indeterminate: str


@dataclass(frozen=True, kw_only=True)
class Formulas:
    """How z was computed, by the convention."""

    chronological_age: str
    reference_mean: str


@dataclass(frozen=True, kw_only=True)
class CautionTexts:
    """A sentence for each concern (``core/cautions``): its values by their names."""

    borderline_by_mean: str
    borderline_by_age: str
    members_differ: str
    no_birth_date: str
    no_examination_date: str
    born_after_examination: str
    sex_unknown: str
    age_outside_reference: str
    few_so_young: str
    few_so_mature: str
    sex_not_used: str
    by_sex: str
    right_hand: str
    negative: str
    coarse: str
    faint: str
    noisy: str
    blocky: str
    unsharp: str
    lossy: str
    bone_age_fell: str
    bone_age_rose_too_fast: str
    other_sex_before: str
    other_birth_date_before: str
    other_hand_before: str
    earlier_may_be_missing: str


@dataclass(frozen=True, kw_only=True)
class HistoryTexts:
    """What came before; ``{since}`` and ``{source}`` are written as they are.

    Attributes
    ----------
    velocity
        ``{rate:.1f}``, ``{low:.1f}`` and ``{high:.1f}`` years per year, ``{coverage:g}`` percent.
    earlier, earlier_at_unknown_age
        ``{bone_age:.1f}`` months, the first at ``{age:.1f}`` months.
    """

    velocity: str
    earlier: str
    earlier_at_unknown_age: str


@dataclass(frozen=True, kw_only=True)
class ReasonTexts:
    """A sentence for each reason of a refusal (``core/codes``)."""

    no_hand: str
    several_hands: str
    hand_cut_off: str
    not_frontal: str
    poor_quality: str
    obscured: str
    sex_unknown: str
    age_outside_use: str
    estimate_outside_range: str
    members_disagree: str
    unlike_training: str
    undecodable: str
    attributes: str
    unsupported: str
    internal: str
    time_limit: str


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Everything that a report says in one language.

    Attributes
    ----------
    year, month
        Singular and plural.
    age, age_of_whole_years
        ``{years}`` and ``{months}``, each a number with its noun; the second where no months are left over.
    below_zero
        An ``{age}`` before birth, which only a bone age can be.
    conclusion
        ``{bone_age}`` in words, ``{months:.1f}``, ``{coverage:g}`` percent, ``{low:.1f}``, ``{high:.1f}``,
        ``{chronological_age}`` (the clause below), ``{sex}``, ``{verdict}``.
    chronological_age
        ``{age}`` in words and ``{months:.1f}``.
    reference
        ``{source}``, ``{group}``, ``{age}`` in words, ``{mean:.1f}``, ``{sd:.2f}``, ``{formula}``, ``{limit:g}``.
    source
        Name of the reference table (``core/reference``).
    calibrated
        ``{version:g}`` and ``{seal}`` of the calibration; ``{months:.1f}``, ``{low:.1f}`` and ``{high:.1f}`` before it.
    tracking_identifier
        ``{hand}``.
    refusal
        ``{reasons}``: sentences, a space between them.
    """

    language: Language
    decimal_mark: str
    year: tuple[str, str]
    month: tuple[str, str]
    age: str
    age_of_whole_years: str
    below_zero: str
    sexes: SexWords
    groups: Groups
    hands: Hands
    determinations: Determinations
    conclusion: str
    chronological_age: str
    chronological_age_unknown: str
    verdicts: Verdicts
    reference: str
    source: str
    formulas: Formulas
    calibrated: str
    tracking_identifier: str
    cautions: CautionTexts
    history: HistoryTexts
    refusal: str
    reasons: ReasonTexts
    by_hand: str
    replaces: str
    disclaimer: str
