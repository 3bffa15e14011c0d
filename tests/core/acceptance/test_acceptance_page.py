from __future__ import annotations

import functools
import io
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pypdf
import pytest

from baa_node.core.acceptance.calibration_fit import Trial, fit_by_sex, make_calibration
from baa_node.core.acceptance.local_reads import Remark
from baa_node.core.acceptance.page import write_acceptance
from baa_node.core.acceptance.verdict import FEW, Case, Criteria, Group, Refused, Replay, evaluate
from baa_node.core.drawing.sheet import BOTTOM, LEFT, RIGHT, TOP, WIDTH, lines_of
from baa_node.core.radiograph import Sex
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.acceptance import heads_of, part_in_words
from baa_node.core.words.acceptance_labels import HEADS, PLOT_WORDS
from baa_node.core.words.acceptance_method import METHOD_WORDS
from baa_node.core.words.acceptance_page import PAGE_WORDS
from baa_node.core.words.sentences import reason_in_words, texts_of
from tests.parts.calibrations import calibration
from tests.parts.cases import case, many
from tests.parts.results import DEVICE, ESTIMATE, WRITTEN_AT

REPLAY = Replay(
    device=DEVICE,
    bundle=ESTIMATE.bundle,
    provider="CPUExecutionProvider",
    coverage=0.9,
    table="reads.csv",
    table_sha256="12" * 32,
    folder="hands",
    rows=130,
    files=140,
    calibration=None,
    written_at=WRITTEN_AT,
)
REFUSED = [Refused(row=200 + row, file=f"r{row}.dcm", codes=("BAA101",), text="No hand was found in the image.") for row in range(3)]


def page(cases: list[Case], criteria: Criteria | None = None, *, refused: list[Refused] | None = None, **more: Any) -> pypdf.PdfReader:
    acceptance = evaluate(cases, refused or [], criteria or Criteria())
    arguments: dict[str, Any] = {"remarks": [], "trials": None, "made": None, "replay": REPLAY, **more}
    return pypdf.PdfReader(io.BytesIO(write_acceptance(acceptance, **arguments)))


def spots_of(one: pypdf.PageObject) -> list[tuple[float, float]]:
    """Where each piece of text begins, points; turned text too."""
    found = []

    def visit(text: str, cm: list[float], at: list[float], _font: object, _size: float) -> None:
        if text.strip():
            found.append((at[4] * cm[0] + at[5] * cm[2] + cm[4], at[4] * cm[1] + at[5] * cm[3] + cm[5]))

    one.extract_text(visitor_text=visit)
    return found


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(one.extract_text().split()) for one in reader.pages)


def test_the_page_says_what_was_found_by_what_and_when() -> None:
    said = text_of(page(many(), Criteria(max_mae=9, max_bias=1), refused=REFUSED))
    overall = evaluate(many(), [], Criteria()).overall.score
    for fact in (
        "Site acceptance: bone age",
        "120 images read by the people of this site and by the node, 3 more refused",
        "Criteria not met",
        "mean absolute error at most 9 months",
        f"{overall.mae.value:.1f} mo",
        "girls (60)",
        "boys, 10 to 13 years",
        "second reader − reader",
        "Refused by the node: 3",
        "row 201, r1.dcm: BAA101. No hand was found",
        f"first 1.0.0 (SHA-256 {ESTIMATE.bundle.sha256})",
        "Table reads.csv (SHA-256 1212",
        "2026-03-04T05:06:07",
        "No calibration of the site was in force.",
        "Research use, not for diagnosis.",
        "name, date, signature",
    ):
        assert fact in said


def test_limits_of_agreement_stand_by_sex_and_age_each_with_its_interval() -> None:
    said = text_of(page(many()))
    _, _, rest = said.partition("By sex and age")
    found = [one for one in evaluate(many(), [], Criteria()).groups if one.score.n >= FEW]
    assert {"girls", "boys", "5 to 9 years", "girls, 5 to 9 years", "boys, 14 years and above"} <= {named(one) for one in found}
    for one in found:
        _, _, rest = rest.partition(f" {named(one)} {one.score.n} ")
        row = rest[:200]
        lower, upper = one.score.lower_limit, one.score.upper_limit
        assert f"{signed(lower.value)} {signed(upper.value)} " in row, named(one)
        assert f"{signed(lower.low)} to {signed(lower.high)} {signed(upper.low)} to {signed(upper.high)} " in row, named(one)


def named(group: Group) -> str:
    return part_in_words(group.part, Language.ENGLISH)


def signed(months: float) -> str:
    return f"{months:+.1f}".replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize(("limit", "words"), [(20.0, "Criteria met"), (1.0, "Criteria not met"), (None, "No criteria were set")])
def test_the_verdict_is_in_words(limit: float | None, words: str) -> None:
    assert words in text_of(page(many(), Criteria(max_mae=limit)))


def test_what_was_left_out_is_named_and_what_is_too_much_is_counted() -> None:
    remarks = [Remark(row=row, file=f"{row}.dcm", text="no file holds this AccessionNumber") for row in range(2, 102)]
    reader = page(many(), remarks=[*remarks, Remark(file="z.dcm", text="no row gives it a bone age", lost=False)])
    said = text_of(reader)
    assert "Rows and files that were left out: 100" in said
    assert "row 2, 2.dcm: no file holds this AccessionNumber" in said
    assert "40 more are in the output of --json." in said
    assert "z.dcm: no row gives it a bone age" in said
    count = len(reader.pages)
    assert count >= 3
    for number, one in enumerate(reader.pages, start=1):
        assert f"page {number} of {count}" in " ".join(one.extract_text().split())


@pytest.mark.parametrize("cases", [many(), many(12), [case(100, 90)], [case(3, 240, sex=None), case(230, 1)], many(readers=False)])
def test_everything_stays_within_the_margins(cases: list[Case]) -> None:
    long = [Remark(row=row, file="a_very_long_name_" * 12, text="words about it " * 30) for row in range(30)]
    for one in page(cases, Criteria(max_mae=5, min_within_24=0.9), refused=REFUSED, remarks=long).pages:
        spots = spots_of(one)
        assert len(spots) > 4
        for x, y in spots:
            assert LEFT - 1 <= x <= RIGHT
            assert BOTTOM - 1 <= y <= TOP


def test_the_calibration_that_is_in_force_and_the_one_that_was_made_are_named() -> None:
    in_force = calibration(ESTIMATE.bundle)
    cases = [case(0.9 * one.raw, one.raw, sex=Sex.MALE) for one in many()]
    trials = fit_by_sex((one.sex, one.label, one.raw) for one in [*cases, case(100, 100)])
    made = make_calibration(trials, ESTIMATE.bundle, software="0.1.0", created="2026-03-04T05:06:07+00:00", before=in_force)
    assert made is not None
    said = text_of(page(cases, replay=Replay(**{**vars(REPLAY), "calibration": in_force}), trials=trials, made=made))
    assert "calibration 1 in force" in said
    assert f"(SHA-256 {in_force.seal})" in said
    assert f"Calibration 2 was made and sealed (SHA-256 {made.seal})" in said
    assert "Boys, 120 images: fitted" in said
    assert "Girls, 1 image: refused: 1 of the 50 images that are needed" in said
    assert "No calibration was made." in text_of(page(many(), trials={Sex.FEMALE: trials[Sex.FEMALE]}))


def words_of(language: Language) -> dict[str, str]:
    """Every text of the page by its name, without what is filled in."""
    found: dict[str, str] = {}
    for group in (PAGE_WORDS, METHOD_WORDS, HEADS, PLOT_WORDS):
        found |= dict(flat(group[language]))
    return found


def flat(words: Any) -> Iterator[tuple[str, str]]:
    for name, value in vars(words).items():
        if isinstance(value, str):
            yield f"{type(words).__name__}.{name}", value
        elif isinstance(value, tuple):
            yield from ((f"{type(words).__name__}.{name}.{number}", one) for number, one in enumerate(value))
        else:
            yield from flat(value)


def pieces(text: str) -> list[str]:
    """What stands between the places that are filled in, as far as it is words."""
    parts = [" ".join(literal.split()).strip(" .:;,()*") for literal, *_ in string.Formatter().parse(text)]
    return [part for part in parts if re.search(r"[^\W\d]{4,}", part)]


@functools.cache
def fitted() -> tuple[list[Case], dict[Sex, Trial]]:
    """Cases of boys whom a line suits, and what came of fitting it and of one girl."""
    cases = [case(0.9 * one.raw, one.raw, sex=Sex.MALE, second=one.second) for one in many()]
    return cases, fit_by_sex((one.sex, one.label, one.raw) for one in [*cases, case(100, 100)])


@functools.cache
def sheets(language: Language) -> str:
    """A report with every part: criteria met, missed and unsure, readers, calibration, refusals and remarks."""
    cases, trials = fitted()
    made = make_calibration(trials, ESTIMATE.bundle, software="0.1.0", created="2026-03-04T05:06:07+00:00", before=None)
    limits = Criteria(max_mae=9, max_bias=1, max_limits=90, min_within_12=0.9, min_within_24=0.1, min_coverage=0.5, max_refused=0.5)
    remarks = [
        *(Remark(row=row, text="names no image") for row in range(2, 66)),
        Remark(file="z.dcm", text="no row gives it a bone age", lost=False),
    ]
    in_force = Replay(**{**vars(REPLAY), "calibration": calibration(ESTIMATE.bundle)})
    more = {"refused": REFUSED, "remarks": remarks, "trials": trials, "made": made, "replay": in_force, "language": language}
    first = text_of(page([*cases, case(240, 230, sex=None)], replace(limits, min_images=500), **more))
    middling = evaluate(cases, [], Criteria()).overall.score.mae.value
    unsure = text_of(page(cases, Criteria(max_mae=middling), **{**more, "made": None}))
    return (
        first
        + unsure
        + text_of(page(many(12), language=language))
        + text_of(page(cases, Criteria(max_mae=90, certain=True), language=language))
    )


@pytest.mark.parametrize("language", [one for one in Language if one is not Language.ENGLISH])
def test_a_report_in_another_language_has_no_english_words_left(language: Language) -> None:
    said, english, ours = sheets(language), words_of(Language.ENGLISH), words_of(language)
    assert ours.keys() == english.keys()
    for name, text in ours.items():
        assert called_for(text) == called_for(english[name]), name
    alike = {piece for text in ours.values() for piece in pieces(text)}
    for recorded in ("names no image", "no row gives it a bone age", "[calibration]", *(trial.refused for trial in fitted()[1].values())):
        said = said.replace(recorded, "") if recorded else said
    looked_for = {piece for text in english.values() for piece in pieces(text)} - alike
    assert {piece for piece in looked_for if re.search(rf"\b{re.escape(piece)}\b", said)} == set()
    assert texts_of(language).disclaimer.partition(". ")[0] in said
    assert reason_in_words(Reason.NO_HAND, language) in said


@pytest.mark.parametrize("language", list(Language))
def test_every_sentence_of_a_report_comes_where_it_belongs(language: Language) -> None:
    said = sheets(language)
    missing = {name: piece for name, text in words_of(language).items() for piece in pieces(text) if piece not in said}
    assert set(missing) <= {"MethodWords.row.0", "MethodWords.file.0"}, missing


@pytest.mark.parametrize("language", list(Language))
def test_every_language_stays_within_the_margins_and_its_columns(language: Language) -> None:
    limits = Criteria(max_limits=1, min_within_24=0.99, certain=True)
    for one in page(many(), limits, refused=REFUSED, language=language).pages:
        for x, y in spots_of(one):
            assert LEFT - 1 <= x <= RIGHT
            assert BOTTOM - 1 <= y <= TOP
    heads = heads_of(language)
    wide = (WIDTH - 138) / (len(heads) - 1)
    assert [head for head in heads if len(lines_of(head, 7.5, wide - 4)) > 1] == []
    names = [PAGE_WORDS[language].second_first, PAGE_WORDS[language].node_second, *(part_in_words(one.part, language) for one in groups())]
    assert [name for name in names if len(lines_of(name, 8.5, 118)) > 1] == []
    headline = [PAGE_WORDS[language].mae, PAGE_WORDS[language].bias, PAGE_WORDS[language].limits]
    assert [label for label in headline if len(lines_of(label, 7.5, 0.22 * WIDTH)) > 1] == []
    for signs in (PAGE_WORDS[language].for_readings, PAGE_WORDS[language].for_node):
        assert len(lines_of(f"{signs}: {PAGE_WORDS[language].sign}", 7.5, WIDTH / 2)) == 1
    for met in (PAGE_WORDS[language].met, PAGE_WORDS[language].not_met):
        assert len(lines_of(met, 9, 54, bold=True)) == 1


def groups() -> tuple[Group, ...]:
    return evaluate([case(30 * number, 100, sex=sex) for number in range(1, 8) for sex in (*Sex, None)], [], Criteria()).groups


def called_for(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


def test_equal_arguments_give_equal_bytes() -> None:
    acceptance = evaluate(many(), REFUSED, Criteria(max_mae=9))
    first, second = (write_acceptance(acceptance, REPLAY, [], None, None) for _ in range(2))
    assert first == second
