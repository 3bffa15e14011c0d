from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from baa_node.core.words import Language
from baa_node.db.studies import State
from baa_node.web.words import WORDS, preferred
from tests.parts.hands import hand_cr, part10
from tests.web.visit import Visit

ALIKE = {
    Language.GERMAN: {"B", "Name", "PDF"},
    Language.SPANISH: {"AE title", "B", "Error", "PDF", "no", "{count} h", "{count} min", "{count} s"},
    Language.FRENCH: {"AE title", "Audit", "Image", "Journal", "PDF", "Page", "Pages", "z-score", "{count} h", "{count} min", "{count} s"},
    Language.PORTUGUESE: {"AE title", "B", "PDF", "{count} h", "{count} min", "{count} s"},
}
"""Texts that are written as in English: all of them, and no others."""

SIGNS = {"de": "Probelesung", "es": "Lectura de prueba", "fr": "Lecture d&#39;essai", "pt": "Leitura de teste", "en": "Try-out reading"}


def texts(words: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for field in dataclasses.fields(words):
        value = getattr(words, field.name)
        if dataclasses.is_dataclass(value):
            yield from texts(value, f"{path}{field.name}.")
        elif path + field.name not in {"language", "name"}:
            yield path + field.name, value


def called_for(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


@pytest.mark.parametrize("language", list(Language))
def test_every_language_says_the_same_with_the_same_values(language: Language) -> None:
    english = dict(texts(WORDS[Language.ENGLISH]))
    said = dict(texts(WORDS[language]))
    assert said.keys() == english.keys()
    for name, text in said.items():
        assert text.strip() == text != "", name
        assert called_for(text) == called_for(english[name]), name
        assert re.findall(r"</?\w+>", text) == re.findall(r"</?\w+>", english[name]), name
    same = {text for name, text in said.items() if text == english[name]}
    assert language is Language.ENGLISH or same == ALIKE[language]


def test_every_state_has_a_word() -> None:
    assert {field.name for field in dataclasses.fields(WORDS[Language.ENGLISH].states)} == {state.value.lower() for state in State}


HEADERS = [
    ("", "en"),
    ("de", "de"),
    ("de-AT,de;q=0.9,en;q=0.8", "de"),
    ("nl, fr;q=0.5, es;q=0.7", "es"),
    ("PT-br", "pt"),
    ("fr;q=0, es;q=0.1", "es"),
    ("nl,*", "en"),
    ("de;q=x, fr;q=2, es;q=-1", "en"),
    ("de;" * 5000, "en"),
]


@pytest.mark.parametrize(("header", "language"), HEADERS)
def test_the_browser_is_believed(header: str, language: str) -> None:
    assert preferred(header, Language.ENGLISH) == language


def test_a_page_is_read_in_the_language_of_the_browser_or_the_one_chosen(admin: Visit) -> None:
    for language, sign in SIGNS.items():
        page = admin.client.get("/try-out", headers={"Accept-Language": language}).text
        assert f'<html lang="{language}">' in page
        assert sign in page
    chosen = admin.get("/language", to="es", back="/try-out")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/try-out")
    assert SIGNS["es"] in admin.client.get("/try-out", headers={"Accept-Language": "de"}).text
    assert "to=fr&amp;back=%2Fstudies%3Fq%3DA-1" in admin.get("/studies", q="A-1").text
    assert 'to=fr&amp;back=%2Faudit"' in admin.post("/audit/verify").text, "an answer to a form has no address to come back to"


def test_a_stranger_reads_the_log_in_in_his_language(visit: Visit) -> None:
    assert "Kennwort" in visit.client.get("/login", headers={"Accept-Language": "de"}).text
    visit.get("/language", to="fr", back="/login")
    assert "Mot de passe" in visit.get("/login").text
    assert "mot de passe est incorrect" in visit.log_in("ann", "wrong").text


def test_the_way_back_leads_nowhere_else(visit: Visit) -> None:
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "evil", "", "/a\r\nSet-Cookie: x=y", "javascript:alert(1)"):
        answer = visit.get("/language", to="de", back=back)
        assert answer.headers["location"] == "/", back
    for bad in ({"to": "xx"}, {}, {"to": "de", "back": "/" + "x" * 600}):
        assert visit.get("/language", **bad).status_code == 400
    assert visit.get("/language", to="de", back="/studies?q=A-1&page=2").headers["location"] == "/studies?q=A-1&page=2"


def test_a_forged_cookie_chooses_nothing(visit: Visit) -> None:
    for forged in ("xx", "../en", "<s>"):
        assert '<html lang="en">' in visit.client.get("/login", headers={"Cookie": f"baa_language={forged}"}).text


@pytest.mark.parametrize("language", list(Language))
def test_a_study_and_a_try_out_are_told_in_the_language_of_the_reader(admin: Visit, tmp_path: Path, language: Language) -> None:
    admin.get("/language", to=language.value)
    words = WORDS[language]
    image = admin.report(tmp_path)
    page = admin.get(f"/studies/{image.study_instance_uid}").text
    assert words.measures.age.format(years=9, months=10) in page
    assert words.states.undeliverable in page
    trial = admin.upload("hand.dcm", part10(hand_cr(tmp_path))).text
    assert words.trial.attention in trial
    assert words.trial.synthetic.format(age=words.measures.age.format(years=10, months=0), sex=words.try_out.female) in trial
    refused = admin.upload("knee.dcm", part10(hand_cr(tmp_path, BodyPartExamined="KNEE"))).text
    assert words.trial.not_read in refused
    assert escape(words.trial.as_received) in refused
    listed = admin.get("/studies").text
    assert words.studies.last_image in listed
