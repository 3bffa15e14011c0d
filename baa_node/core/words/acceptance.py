"""Figures and sentences of a site acceptance: the page has them in the language asked for, the terminal in English."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from baa_node.core.acceptance.agreement import BANDS, RESAMPLES, Figure, Score
from baa_node.core.acceptance.calibration_fit import LEAST_IMAGES
from baa_node.core.acceptance.verdict import FEW, Acceptance, Criterion, Group, Judgement, Part, Refused, Replay
from baa_node.core.calibration import Line
from baa_node.core.radiograph import Sex
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.acceptance_labels import HEADS
from baa_node.core.words.acceptance_method import METHOD_WORDS
from baa_node.core.words.sentences import figure, reason_in_words, texts_of

Cell: TypeAlias = tuple[str, str]
"""A figure and its interval."""

SHARES: Final = frozenset({Criterion.MIN_WITHIN_12, Criterion.MIN_WITHIN_24, Criterion.MIN_COVERAGE, Criterion.MAX_REFUSED})
"""Criteria whose figures are shares of 0 to 1."""


@dataclass(frozen=True)
class Numbers:
    """Writes figures as a language does: its decimal mark, a true minus, a dash for what there is none of."""

    language: Language

    def plain(self, value: float, spec: str) -> str:
        """Write a number by a format specification."""
        return f"{figure(value, self.language):{spec}}".replace("-", "−") if math.isfinite(value) else "–"

    def span(self, low: str, high: str) -> str:
        """Write an interval."""
        return METHOD_WORDS[self.language].span.format(low=low, high=high)

    def interval(self, found: Figure, spec: str) -> str:
        """Interval in the shape of one number; a dash where there is none."""
        if not (math.isfinite(found.low) and math.isfinite(found.high)):
            return "–"
        return self.span(self.plain(found.low, spec), self.plain(found.high, spec))

    def shares(self, found: Figure) -> str:
        """Interval of a share, per cent."""
        return f"{self.span(self.plain(found.low * 100, '.0f'), self.plain(found.high * 100, '.0f'))} %"

    def percent(self, share: float) -> str:
        """Share of 0 to 1."""
        return f"{self.plain(share * 100, '.0f')} %"

    def signed(self, months: float, places: int = 1) -> str:
        """Write a number with its sign."""
        return self.plain(months, f"+.{places}f")


def heads_of(language: Language) -> list[str]:
    """Heads of the number of images, of `cells_of_score`, and of the coverage."""
    return list(vars(HEADS[language]).values())


def cells_of_score(score: Score, language: Language) -> list[Cell]:
    """Figures of a score with their intervals."""
    numbers = Numbers(language)

    def signed(found: Figure) -> Cell:
        return numbers.signed(found.value), numbers.interval(found, "+.1f")

    def unsigned(found: Figure) -> Cell:
        return numbers.plain(found.value, ".1f"), numbers.interval(found, ".1f")

    def share(found: Figure) -> Cell:
        return numbers.percent(found.value), numbers.shares(found)

    columns: Sequence[tuple[Callable[[Figure], Cell], Figure]] = (
        (unsigned, score.mae),
        (signed, score.bias),
        (unsigned, score.rmse),
        (signed, score.lower_limit),
        (signed, score.upper_limit),
        (share, score.within_12),
        (share, score.within_24),
    )
    return [cell(found) for cell, found in columns]


def cells_of(group: Group, language: Language) -> list[Cell]:
    """Figures of a group; the last is the coverage of the node's interval."""
    numbers = Numbers(language)
    coverage = (numbers.percent(group.coverage.value), numbers.shares(group.coverage))
    return [*cells_of_score(group.score, language), coverage]


def counted(number: int, noun: tuple[str, str]) -> str:
    """Write a number and its noun, of which singular and plural are given."""
    return f"{number} {noun[number != 1]}"


def sex_in_words(sex: Sex | None, language: Language) -> str:
    """Name the children of a sex."""
    texts = texts_of(language)
    return {Sex.FEMALE: texts.groups.female, Sex.MALE: texts.groups.male, None: texts.sexes.unknown}[sex]


def part_in_words(part: Part, language: Language) -> str:
    """Name a part of the sample."""
    named = [sex_in_words(sex, language) for sex in part.sexes if not part.of_any_sex]
    named += [_band_in_words(*part.band, language)] if part.band else []
    return ", ".join(named) or METHOD_WORDS[language].all


def _band_in_words(low: int, high: int, language: Language) -> str:
    """Ages in years, as people say them: ``5 to 9 years`` reaches to the last day of the ninth."""
    words = METHOD_WORDS[language]
    if not low:
        return words.under.format(high=high // 12)
    shape = words.above if high == BANDS[-1][1] else words.years
    return shape.format(low=low // 12, high=high // 12 - 1)


def asked_in_words(judgement: Judgement, language: Language) -> str:
    """Say what a site asked."""
    words = METHOD_WORDS[language]
    limit = judgement.limit * 100 if judgement.criterion in SHARES else judgement.limit
    asked = str(getattr(words.criteria, judgement.criterion.value)).format(limit=Numbers(language).plain(limit, "g"))
    return words.certain.format(asked=asked) if judgement.certain else asked


def found_in_words(judgement: Judgement, language: Language) -> str:
    """Say what was found of what was asked, with its interval where there is one."""
    numbers, found, per_cent = Numbers(language), judgement.figure, ""
    if judgement.criterion is Criterion.MIN_IMAGES:
        return numbers.plain(found.value, ".0f")
    if judgement.criterion in SHARES:
        found, per_cent = Figure(value=found.value * 100, low=found.low * 100, high=found.high * 100), " %"
    told = f"{numbers.plain(found.value, '.1f')}{per_cent}"
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return told
    return f"{told} ({numbers.interval(found, '.1f')}{per_cent})"


def refused_in_words(refused: Refused, language: Language) -> str:
    """Why an image got no number; what was found in it besides is told in English alone."""
    if language is Language.ENGLISH:
        return refused.text
    return " ".join(reason_in_words(reason, language) for reason in Reason if reason.code in refused.codes)


def told_line(line: Line, language: Language) -> str:
    """Tell a fitted line and what it is good for."""
    numbers = Numbers(language)
    low, high = line.range_months
    return METHOD_WORDS[language].line.format(
        slope=numbers.plain(line.slope.value, ".3f"),
        slope_span=numbers.interval(line.slope, ".3f"),
        intercept=numbers.signed(line.intercept_months.value),
        intercept_span=numbers.interval(line.intercept_months, "+.1f"),
        low=numbers.plain(low, ".0f"),
        high=numbers.plain(high, ".0f"),
        before=numbers.plain(line.mae_before.value, ".2f"),
        after=numbers.plain(line.mae_after.value, ".2f"),
        gain=numbers.signed(line.gain.value, 2),
        gain_span=numbers.interval(line.gain, "+.2f"),
    )


def method(replay: Replay, acceptance: Acceptance, language: Language) -> list[str]:
    """Paragraphs that say what was done, with what and when."""
    words, bundle, device = METHOD_WORDS[language], replay.bundle, replay.device
    replayed = words.replayed.format(
        folder=replay.folder,
        table=replay.table,
        sha256=replay.table_sha256,
        rows=counted(replay.rows, words.row),
        files=counted(replay.files, words.file),
        images=counted(len(acceptance.cases), words.image),
        refused=len(acceptance.refused),
    )
    read_with = words.read_with.format(
        bundle=f"{bundle.name} {bundle.version}",
        sha256=bundle.sha256,
        provider=replay.provider.removesuffix("ExecutionProvider"),
        software=f"{device.model} {device.version}",
        at=replay.written_at.isoformat(timespec="seconds"),
    )
    return [
        replayed,
        f"{read_with} {_in_force(replay, language)}",
        words.differences.format(coverage=Numbers(language).plain(replay.coverage * 100, "g")),
        words.intervals.format(resamples=RESAMPLES, few=FEW, least=LEAST_IMAGES),
    ]


def _in_force(replay: Replay, language: Language) -> str:
    words, calibration = METHOD_WORDS[language], replay.calibration
    if calibration is None:
        return words.none_in_force
    sexes = f" {words.conjunction} ".join(sex_in_words(sex, language) for sex in calibration.lines)
    return words.was_in_force.format(version=calibration.version, day=calibration.created[:10], sexes=sexes, seal=calibration.seal)
