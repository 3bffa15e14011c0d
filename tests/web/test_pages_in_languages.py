"""Every page in every language: nothing of it stays English but records, which say so, and words that are alike by design."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from baa_node.config import Config
from baa_node.core import codes
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.doctor import Finding
from baa_node.sections import AtnaSection, BridgesSection, ConsoleSection, NodeSection
from baa_node.web import render
from baa_node.web.description import ANSWERS
from baa_node.web.words import WORDS
from baa_node.web.words.concepts import CONCEPTS
from baa_node.web.words.errors import ERRORS
from baa_node.web.words.upload import UPLOAD
from tests.parts.certificates import Authorities
from tests.parts.hands import hand_cr, part10
from tests.web.record import STUDIES, fill
from tests.web.test_language import ALIKE
from tests.web.visit import Visit

OTHERS: Final = [language for language in Language if language is not Language.ENGLISH]
TOLD: Final = {"aria-label", "title", "alt", "placeholder", "data-label", "data-live", "data-lost"}
"""Attributes that somebody sees or hears."""

VOID: Final = {"meta", "link", "input", "img", "br", "hr"}
TEMPLATES: Final = sorted((Path(render.__file__).parent / "templates").glob("*.html"))
A_WORD: Final = re.compile(r"[^\W\d_]{2,}")

DATA: Final = re.compile(
    r"(rsna-hands|W{3,}|w{3,}|pacs\b|his\b|fhir\b|ann\b|vic\b|new\b|old\b|adults\b|hands\b|CR_ROOM_2|A-2\b|AET|PACS\b|127\.0|2001:db8|9\.\d|https?:|"
    r"constant\b|(node|bridges|console|atna)\.tls_\w+( = true)?$|(O|OU|CN)=\S|"
    r"CPUExecutionProvider|console:|test$|node$|first\b|admin\b|[0-9a-f]{32,}|\w+_\w+$|\S+ (DCM|SCT|LN|RADELEMENT|RFC5646|99BAANODE)$)"
)
"""Beginnings of what the record, the weights and the browser put on the pages, not the console."""


TECHNICAL: Final = {
    *("baa_node", "DICOM", "HL7 v2", "FHIR R4", "DICOMweb (STOW-RS)", "TLS", "AE title", "env:NAME", "file:/path", "CSV"),
    *("baa-node doctor", "deploy/mistakes.md", "SHA-256", "console:admin"),
}
"""Names that are the same in every language."""


ALIKE_CONCEPTS: Final = {
    Language.GERMAN: {"Hand", "Patient", "normal"},
    Language.SPANISH: {"normal"},
    Language.FRENCH: {"Conclusion", "Patient", "Source", "normal"},
    Language.PORTUGUESE: {"normal"},
}
"""Names of concepts that are written as in English: all of them, and no others."""

ALIKE_VALUES: Final = {Language.FRENCH: re.compile(r"\d+ pixels"), Language.PORTUGUESE: re.compile(r"\d+ pixels")}
"""Numbers with a unit whose plural is the English one."""


class Reader(HTMLParser):
    """What somebody sees or hears of a page, with the language that it is said to be in."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []

    @property
    def language(self) -> str:
        return self._open[-1][1] if self._open else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        language = given.get("lang") or self.language
        self.heard += [(text, language) for name, text in attrs if name in TOLD and text]
        if tag not in VOID:
            self._open.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.heard.append((" ".join(data.split()), self.language))


def heard(html: str) -> list[tuple[str, str]]:
    reader = Reader()
    reader.feed(html)
    return reader.heard


def words_in(html: str, language: Language) -> set[str]:
    """What is said in a language, without the numbers of images, pages and rows."""
    said = {text for text, spoken in heard(html) if spoken == language}
    return {bare for text in said if A_WORD.search(bare := re.sub(r"^\d+\. | \d+$| · baa_node$", "", text))}


@pytest.fixture
def full(admin: Visit, tmp_path: Path) -> Visit:
    fill(admin, tmp_path)
    admin.add_user("old", "viewer")
    admin.add_user("new", "viewer", must_change=True)
    found = [Finding(check="spool", ok=True, finding="is whole"), Finding(check="peers", ok=False, finding="one does not answer")]
    object.__setattr__(admin.console, "examine", lambda: found)
    name_certificates(admin, tmp_path)
    return admin


def name_certificates(visit: Visit, folder: Path) -> None:
    """Let the settings name a file for every purpose: one that is superseded, expired ones, one of later and one that is not there."""
    named = folder / "named"
    named.mkdir()
    authorities = Authorities(named)
    ca, (good, expired, later) = str(authorities.ca), (authorities.issue(kind) for kind in ("good", "expired", "not yet valid"))
    config = replace(
        visit.console.certificates.config,
        node=NodeSection(tls_certificate=str(good.certificate), tls_key=str(good.key), tls_ca=ca),
        bridges=BridgesSection(tls_ca=str(named / "none.pem")),
        console=ConsoleSection(tls_certificate=str(expired.certificate), tls_key=str(expired.key)),
        atna=AtnaSection(tls_certificate=str(later.certificate), tls_key=str(later.key), tls_ca=ca),
    )
    object.__setattr__(visit.console, "certificates", replace(visit.console.certificates, config=config))


def _without_certificates(visit: Visit) -> str:
    """The page of a node that was given nothing, and whose callers come without TLS."""
    certificates, before = visit.console.certificates, visit.console.certificates.config
    object.__setattr__(visit.console, "certificates", replace(certificates, config=Config(data_dir=before.data_dir / "empty")))
    page = visit.get("/certificates").text
    object.__setattr__(visit.console, "certificates", certificates)
    return page


def _report(visit: Visit) -> str:
    (address, *_) = re.findall(r'href="(/studies/[^"]+/report/[^"]+)"', visit.get(f"/studies/{STUDIES['read']}").text)
    return visit.get(address).text


def _got(path: str) -> Callable[[Visit], str]:
    return lambda visit: visit.get(path).text


def _posted(path: str, **fields: str) -> Callable[[Visit], str]:
    return lambda visit: visit.post(path, **fields).text


def _given(path: str) -> Callable[[Visit], str]:
    return lambda visit: visit.client.post(path, data={"csrf": visit.token()}, files={"file": ("ca.pem", b"hello")}).text


def _tested(visit: Visit) -> str:
    file = part10(hand_cr(visit.console.data_dir))
    return visit.client.post("/routes/test", data={"csrf": visit.token(), "calling_ae": "CR_ROOM_2"}, files={"file": ("a.dcm", file)}).text


def _tried(**elements: str) -> Callable[[Visit], str]:
    return lambda visit: visit.upload("a.dcm", part10(hand_cr(visit.console.data_dir, **elements))).text


def _uploaded(content: bytes, **fields: str) -> Callable[[Visit], str]:
    return lambda visit: visit.upload("a", content, **fields).text


def _picture(*size: int, colour: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB" if any(colour) else "1", size, colour if any(colour) else 0).save(buffer, "PNG")
    return buffer.getvalue()


IN_COLOUR: Final = _picture(300, 300, colour=(200, 90, 10))
VAST: Final = _picture(8000, 8000)


def _first_password(visit: Visit) -> str:
    admin, visit.client = visit.client, visit.browser()
    visit.client.headers["Accept-Language"] = admin.headers["Accept-Language"]
    visit.log_in("new")
    page, visit.client = visit.get("/password").text, admin
    return page


def _stranger(visit: Visit) -> str:
    return visit.browser().get("/login", headers={"Accept-Language": visit.client.headers["Accept-Language"]}).text


PAGES: Final[dict[str, Callable[[Visit], str]]] = {
    "log-in": _stranger,
    "dashboard": _got("/"),
    "studies": _got("/studies"),
    "study": _got(f"/studies/{STUDIES['read']}"),
    "refused study": _got(f"/studies/{STUDIES['refused']}"),
    "sent again": _got(f"/studies/{STUDIES['read']}?said=retry"),
    "report": _report,
    "peers": _got("/peers"),
    "peers, one of them tried": _posted("/peers/pacs/echo"),
    "another peer": _got("/peers/new"),
    "another bridge": _got("/peers/new?kind=fhir"),
    "another line": _got("/peers/new?kind=hl7"),
    "peer": _got("/peers/pacs"),
    "certificates": _got("/certificates"),
    "certificates looked at": _posted("/certificates/look"),
    "no certificates": _without_certificates,
    "wrong authority": _given("/certificates/trust"),
    "authority trusted": _got("/certificates?said=certificate-trusted"),
    "routes": _got("/routes"),
    "another route": _got("/routes/new"),
    "route": _got("/routes/hands/edit"),
    "wrong route": _posted("/routes/new", name=""),
    "rule test": _got("/routes/test"),
    "rule tested": _tested,
    "audit": _got("/audit"),
    "audit checked": _posted("/audit/verify"),
    "models": _got("/models"),
    "doctor": _posted("/doctor"),
    "users": _got("/users"),
    "another password": _posted("/users/old/password"),
    "try-out": _got("/try-out"),
    "trial": _tried(),
    "trial refused": _tried(BodyPartExamined="KNEE"),
    "no file to try": _uploaded(b""),
    "nothing to read": _uploaded(b"GIF89a"),
    "in colour": _uploaded(IN_COLOUR),
    "too many pixels": _uploaded(VAST),
    "no birth date": _uploaded(IN_COLOUR, birth_date="yesterday"),
    "password": _got("/password"),
    "wrong password": _posted("/password", old="x", new="y", again="z"),
    "first password": _first_password,
    "nothing there": _got("/nothing"),
    "no study": _got("/studies/1.2.3"),
    "nothing to send": _posted(f"/studies/{STUDIES['refused']}/retry"),
    "no peer": _got("/peers/none"),
}


def in_language(visit: Visit, language: Language, page: Callable[[Visit], str]) -> str:
    visit.client.headers["Accept-Language"] = language.value
    return page(visit)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_page_stays_english_but_records_that_say_so(full: Visit, name: str) -> None:
    english = in_language(full, Language.ENGLISH, PAGES[name])
    assert "<main" in english
    assert len(words_in(english, Language.ENGLISH)) > 4
    for language in OTHERS:
        html = in_language(full, language, PAGES[name])
        assert f'<html lang="{language}">' in html
        assert {spoken for _, spoken in heard(html.partition("<footer>")[0])} <= {language.value, "en"}
        left = words_in(html, language) & words_in(english, Language.ENGLISH)
        alike = ALIKE_VALUES.get(language)
        left = {one for one in left if not DATA.match(one) and not (alike and alike.fullmatch(one))}
        assert left <= ALIKE[language] | ALIKE_CONCEPTS[language] | TECHNICAL, language


def literal(template: str) -> Iterator[str]:
    """Texts and attributes for people that stand in a template itself."""
    bare = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}|\{#.*?#\}", "", template, flags=re.S), flags=re.S)
    return (text for text, spoken in heard(bare) if spoken != Language.ENGLISH)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_words_of_its_own(template: Path) -> None:
    found = {text.strip(" ·,") for text in literal(template.read_text(encoding="utf-8")) if A_WORD.search(text)}
    assert found <= TECHNICAL | {'lang=""'}, "an attribute of a macro is none for people"


def test_the_check_hears_what_is_left() -> None:
    page = '<html lang="de"><p>Gruß<b title="Hello there"> Save\nit </b></p><p lang="en">A record.</p><input placeholder="Name">'
    assert words_in(page, Language.GERMAN) == {"Gruß", "Hello there", "Save it", "Name"}
    assert list(literal("<p>{{ w.x }} Save{% if a %} it{% endif %}</p>")) == ["Save it"]


def test_every_concept_of_a_report_has_a_name_in_every_language() -> None:
    ours = {one for one in vars(codes).values() if isinstance(one, codes.Code)} - UNITS_AND_MESSAGES
    missing = {one.meaning for one in ours if (one.value, one.scheme_designator) not in CONCEPTS}
    assert missing == set()
    assert {("99BAANODE", reason.code) for reason in Reason} <= {(scheme, value) for value, scheme in CONCEPTS}
    for language in OTHERS:
        assert {named[language] for named in CONCEPTS.values() if named[language] == named.en} == ALIKE_CONCEPTS[language]


UNITS_AND_MESSAGES: Final = {
    *(codes.MONTH, codes.YEARS_PER_YEAR, codes.PERCENT, codes.NO_UNITS, codes.MILLIMETRE, codes.PIXELS),
    *(codes.BONE_AGE_METHOD, codes.STUDY_INSTANCE_UID, codes.REPORT_INSTANCE_UID),
    *(codes.PROCESSING_EQUIPMENT, codes.SPATIAL_RESAMPLING, codes.SOURCE_OF_PROCESSING),
}
"""Codes that are no items of the content tree."""


@pytest.mark.parametrize("language", OTHERS)
def test_a_report_in_another_language_than_the_page_is_told_in_both(full: Visit, language: Language) -> None:
    html = in_language(full, language, PAGES["report"])
    bone_age, months = CONCEPTS["85151-9", "LN"][language], {"de": "Monate", "es": "meses", "fr": "mois", "pt": "meses"}[language]
    assert f"<dt>{bone_age}</dt><dd><span>118 {months}</span>" in html
    said = dict(heard(html))
    (conclusion,) = [text for text in said if text.startswith("Bone age 9 years")]
    assert said[conclusion] == "en", "the sentences of the report are its own"


def test_every_reason_not_to_read_an_upload_is_said_in_every_language() -> None:
    for name, english in vars(UPLOAD.en).items():
        for language in OTHERS:
            said = getattr(UPLOAD[language], name)
            assert said != english
            assert ("{limit}" in said) == ("{limit}" in english)


def test_every_answer_of_a_page_has_a_heading() -> None:
    for language in Language:
        titles = ERRORS[language].titles
        known = [titles.of(status) for status in ANSWERS if isinstance(status, int) and 400 <= status < 500]
        assert titles.other not in known
        assert len(set(known)) == len(known)


def test_scripts_are_answered_in_english(full: Visit) -> None:
    answer = full.client.get("/studies/1.2.3", headers={"Accept": "application/json", "Accept-Language": "de"})
    assert answer.json() == {"detail": "There is no such study on record."}


def test_numbers_have_the_decimal_mark_of_the_language(full: Visit) -> None:
    assert re.search(r"<small>\d+,\d Monate</small>", in_language(full, Language.GERMAN, PAGES["trial"]))
    assert re.search(r"<small>\d+\.\d months</small>", in_language(full, Language.ENGLISH, PAGES["trial"]))
    assert re.search(r", \d+,\d Kio", in_language(full, Language.FRENCH, PAGES["study"]))


def test_the_words_of_the_page_are_those_of_the_record_for_names_that_it_has(full: Visit) -> None:
    for language in Language:
        routes = WORDS[language].routes
        assert render.of("ONE_OF", routes.operators) == routes.operators.one_of
        assert render.of("unheard_of", routes.operators) == "unheard_of"
