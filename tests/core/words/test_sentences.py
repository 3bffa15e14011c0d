from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.assessment import AssessmentPolicy, Determination, ZConvention, assess
from baa_node.core.cautions import Caution, Concern
from baa_node.core.priors.history import Earlier, Examination, judge
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.sentences import age_in_words, hand_in_words, sentences, texts_of, z_in_words
from baa_node.core.words.texts import CautionTexts, ReasonTexts, Texts
from tests.parts.looks import spoilt_hand
from tests.parts.results import ESTIMATE, RADIOGRAPH, REFUSAL, WITHOUT_SEX, assessment, results

LANGUAGES = list(Language)
OTHERS = LANGUAGES[1:]
RESULTS = results()
SAME_IN = {  # what a language rightly writes as English does
    Language.GERMAN: {"age", "age_of_whole_years", "below_zero", "determinations.normal"},
    Language.SPANISH: {"determinations.normal"},
    Language.FRENCH: {"determinations.normal"},
    Language.PORTUGUESE: {"determinations.normal"},
}
EXAMPLES = {
    Language.ENGLISH: (
        "Bone age 9 years 2 months (110.0 mo, 90 % prediction interval 95.1 to 124.9 mo); "
        "chronological age 10 years 0 months (120.0 mo), male; z-score -1.0: within 2 SD of the reference.",
        "Brush Foundation study, children of Ohio 1931-1942, in Greulich and Pyle 1959; boys, 10 years 0 months: "
        "mean 125.7 mo, SD 9.79 mo; z = (bone age - chronological age) / SD; normal: within 2 SD",
    ),
    Language.GERMAN: (
        "Skelettalter 9 Jahre 2 Monate (110,0 Monate, 90-%-Prädiktionsintervall 95,1 bis 124,9 Monate); "
        "chronologisches Alter 10 Jahre 0 Monate (120,0 Monate), männlich; z-Score -1,0: innerhalb von 2 SD um die Referenz.",
        "Brush-Foundation-Studie, Kinder aus Ohio 1931-1942, in Greulich und Pyle 1959; Jungen, 10 Jahre 0 Monate: "
        "Mittelwert 125,7 Monate, Standardabweichung (SD) 9,79 Monate; z = (Skelettalter - chronologisches Alter) / SD; "
        "normal: innerhalb von 2 SD",
    ),
    Language.SPANISH: (
        "Edad ósea 9 años y 2 meses (110,0 meses, intervalo de predicción del 90 %: 95,1 a 124,9 meses); "
        "edad cronológica 10 años (120,0 meses), sexo masculino; puntuación z -1,0: dentro de 2 DE de la referencia.",
        "Estudio de la Brush Foundation, niños de Ohio 1931-1942, en Greulich y Pyle 1959; niños, 10 años: "
        "media 125,7 meses, desviación estándar (DE) 9,79 meses; z = (edad ósea - edad cronológica) / DE; normal: dentro de 2 DE",
    ),
    Language.FRENCH: (
        "Âge osseux 9 ans et 2 mois (110,0 mois, intervalle de prédiction à 90 % : 95,1 à 124,9 mois) ; "
        "âge chronologique 10 ans (120,0 mois), sexe masculin ; z-score -1,0 : dans l'intervalle de ±2 DS autour de la référence.",
        "Étude de la Brush Foundation, enfants de l'Ohio 1931-1942, dans Greulich et Pyle 1959 ; garçons, 10 ans : "
        "moyenne 125,7 mois, déviation standard (DS) 9,79 mois ; z = (âge osseux - âge chronologique) / DS ; "
        "normal : dans l'intervalle de ±2 DS",
    ),
    Language.PORTUGUESE: (
        "Idade óssea 9 anos e 2 meses (110,0 meses, intervalo de predição de 90 %: 95,1 a 124,9 meses); "
        "idade cronológica 10 anos (120,0 meses), sexo masculino; z-score -1,0: dentro de 2 DP da referência.",
        "Estudo da Brush Foundation, crianças de Ohio 1931-1942, em Greulich e Pyle 1959; meninos, 10 anos: "
        "média 125,7 meses, desvio padrão (DP) 9,79 meses; z = (idade óssea - idade cronológica) / DP; normal: dentro de 2 DP",
    ),
}


def leaves(texts: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of every text of a language."""
    for field in fields(texts):
        value = getattr(texts, field.name)
        if is_dataclass(value):
            yield from leaves(value, f"{path}{field.name}.")
        elif isinstance(value, tuple):
            yield from ((f"{path}{field.name}.{number}", text) for number, text in enumerate(value))
        elif not isinstance(value, Language):
            yield f"{path}{field.name}", value


def placeholders(text: str) -> set[tuple[str, str]]:
    """Name and format of everything that a text calls for."""
    return {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None}


def test_each_language_has_its_own_module() -> None:
    assert [texts_of(language).language for language in LANGUAGES] == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_and_english_is_ascii(language: Language) -> None:
    texts = dict(leaves(texts_of(language)))
    assert len(texts) > 60
    assert all(text.strip() == text and text for text in texts.values())
    assert all(text.isprintable() for text in texts.values())
    if language is Language.ENGLISH:
        assert all(text.isascii() for text in texts.values())


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_calls_for_the_same(language: Language) -> None:
    english, other = dict(leaves(texts_of(Language.ENGLISH))), dict(leaves(texts_of(language)))
    untranslated = {name for name in english if english[name] == other[name] and name not in SAME_IN[language]}
    assert untranslated == set()
    differing = {name for name in english if placeholders(english[name]) != placeholders(other[name])}
    assert differing <= {"age_of_whole_years"}


def test_every_concern_and_every_reason_has_a_text() -> None:
    assert {field.name for field in fields(CautionTexts)} == {concern.value for concern in Concern}
    assert {field.name for field in fields(ReasonTexts)} == {reason.name.lower() for reason in Reason}
    determinations = {one.name.lower() for one in Determination}
    for one in ("determinations", "verdicts"):
        assert {field.name for field in fields(getattr(texts_of(Language.ENGLISH), one))} == determinations


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_normal_result(language: Language) -> None:
    said = sentences(assessment(), language)
    assert (said.conclusion, said.reference) == EXAMPLES[language]
    assert (said.cautions, said.reasons, said.by_hand) == ((), (), "")


def every_caution() -> list[Caution]:
    """Each concern as the rules give it, with its values."""
    policies = [AssessmentPolicy(convention=convention) for convention in ZConvention]
    found = [
        *(assessment(122.0, policy=policy, sex=Sex.FEMALE, birth_date=date(2008, 5, 27)) for policy in policies),
        *(assessment(birth_date=day) for day in (None, date(2021, 1, 1), date(2002, 1, 1))),
        assessment(examined_on=None),
        assessment(sex=None),
        assessment(20.0),
        assessment(230.0),
        assessment(lossy=True, negative=True, laterality=Laterality.RIGHT, pixels=RADIOGRAPH.pixels[:250, :250] // 20),
        assess(RADIOGRAPH, replace(WITHOUT_SEX, spread_months=12.3)),
        *(assessment(pixels=spoilt_hand(change)) for change in ("noise, 4 %", "JPEG quality 20", "a third of the resolution")),
    ]
    return [caution for result in found for caution in result.cautions if isinstance(caution, Caution)] + cautions_of_the_past()


def cautions_of_the_past() -> list[Caution]:
    now = Examination(patient_id="1", issuer="", birth_date=RADIOGRAPH.birth_date, examined_on=date(2020, 1, 1), study_instance_uid="1.2")
    usual = Earlier(examined_on=date(2019, 1, 1), bone_age_months=98.0, chronological_age_months=108.0)
    pasts = [
        *(replace(usual, bone_age_months=months) for months in (20.0, 200.0)),
        replace(usual, sex=Sex.FEMALE, laterality=Laterality.RIGHT, birth_date=date(2011, 1, 1)),
    ]
    return [caution for past in pasts for caution in judge(assessment(), now, [past], complete=False).cautions]


def test_the_examples_hold_every_caution() -> None:
    assert {caution.about for caution in every_caution()} == set(Concern)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_caution_can_be_said_with_all_its_values(language: Language) -> None:
    said = sentences(replace(assessment(), cautions=tuple(every_caution())), language).cautions
    assert all(sentence.endswith(".") and "{" not in sentence for sentence in said)
    for caution, sentence in zip(every_caution(), said, strict=True):
        asked = {name for name, _ in placeholders(getattr(texts_of(language).cautions, caution.about.value))}
        assert asked == set(caution.values)
        assert len(sentence) <= 200


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (Language.ENGLISH, "The networks differ more than usual (SD 12.3 mo); the interval may be too narrow."),
        (
            Language.GERMAN,
            "Die neuronalen Netze weichen stärker als üblich voneinander ab (SD 12,3 Monate); "
            "das Prädiktionsintervall ist möglicherweise zu schmal.",
        ),
    ],
)
def test_numbers_in_cautions_have_the_decimal_mark_of_the_language(language: Language, sentence: str) -> None:
    result = assess(RADIOGRAPH, replace(ESTIMATE, spread_months=12.3))
    assert sentences(result, language).cautions == (sentence,)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", RESULTS)
def test_no_decimal_point_stands_where_the_language_has_a_comma(language: Language, kind: str) -> None:
    said = sentences(RESULTS[kind], language)
    assert re.findall(r"\d\.\d", " ".join((said.conclusion, said.reference, *said.cautions))) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_says_its_reasons_and_what_to_do(language: Language, reason: Reason) -> None:
    said = sentences(replace(REFUSAL, reasons=(reason, Reason.INTERNAL)), language)
    assert len(said.reasons) == 2
    assert all(sentence in said.conclusion and sentence.endswith(".") for sentence in said.reasons)
    assert said.by_hand
    assert (said.verdict, said.reference) == ("", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_earlier_version_wrote_is_repeated(language: Language) -> None:
    assert sentences(REFUSAL, language).cautions == REFUSAL.cautions


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_conclusion_names_the_unknown_and_the_missing_comparison(language: Language) -> None:
    texts = texts_of(language)
    said = sentences(assessment(sex=None, birth_date=None), language)
    assert f"{texts.chronological_age_unknown}, {texts.sexes.unknown}" in said.conclusion
    assert said.verdict == texts.verdicts.indeterminate
    assert said.reference == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_site_s_limit_and_convention_are_named(language: Language) -> None:
    policy = AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN, normal_limit_sd=2.5)
    said = sentences(assessment(90.0, policy=policy), language)
    limit = "2.5" if language is Language.ENGLISH else "2,5"
    assert limit in said.verdict
    assert limit in said.reference
    assert texts_of(language).formulas.reference_mean in said.reference


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (110.0, "9 years 2 months"),
        (119.6, "10 years 0 months"),
        (13.0, "1 year 1 month"),
        (11.4, "11 months"),
        (0.0, "0 months"),
        (-0.3, "0 months"),
        (-14.0, "minus 1 year 2 months"),
    ],
)
def test_age_in_words(months: float, words: str) -> None:
    assert age_in_words(months) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.GERMAN, ["1 Jahr 1 Monat", "2 Jahre 0 Monate", "7 Monate"]),
        (Language.SPANISH, ["1 año y 1 mes", "2 años", "7 meses"]),
        (Language.FRENCH, ["1 an et 1 mois", "2 ans", "7 mois"]),
        (Language.PORTUGUESE, ["1 ano e 1 mês", "2 anos", "7 meses"]),
    ],
)
def test_age_in_other_words(language: Language, words: list[str]) -> None:
    assert [age_in_words(months, language) for months in (13.0, 24.0, 7.0)] == words


@given(months=st.floats(0, 250), language=st.sampled_from(Language))
def test_age_in_words_is_within_half_a_month(months: float, language: Language) -> None:
    texts = texts_of(language)
    total = 0
    for number, noun in re.findall(r"(\d+) (\w+)", age_in_words(months, language)):
        total += int(number) * (12 if noun in texts.year else 1)
    assert abs(total - months) <= 0.5


@given(
    z_score=st.floats(-5, 5).map(lambda value: round(value, 2)),
    limit=st.sampled_from([1.5, 2.0, 2.5]),
    language=st.sampled_from(Language),
)
def test_printed_z_score_never_contradicts_the_verdict(z_score: float, limit: float, language: Language) -> None:
    words = z_in_words(z_score, AssessmentPolicy(normal_limit_sd=limit), language)
    printed = float(words.replace(",", "."))
    assert (printed > limit, printed < -limit) == (z_score > limit, z_score < -limit)
    assert texts_of(language).decimal_mark in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hand_is_named(language: Language) -> None:
    assert len({hand_in_words(side, language) for side in (*Laterality, None)}) == 3


def test_texts_are_held_by_their_type() -> None:
    assert all(isinstance(texts_of(language), Texts) for language in Language)
