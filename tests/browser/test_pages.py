"""Every page of a node with a full record: at a desk and on a phone, in light and in dark, for those who see little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from baa_node.db import Database
from tests.browser.eyes import PHONE, WIDE, complaints_of, findings, keep, sideways
from tests.parts.hands import hand_cr, part10
from tests.web.record import STUDIES, fill
from tests.web.visit import PASSWORD, Clock, Visit, console_in, serve

Rules = tuple[tuple[Literal["light", "dark"], list[str]], ...]
BROAD: Final[Rules] = (("light", []), ("dark", ["color-contrast"]))
NARROW: Final[Rules] = (("dark", ["color-contrast", "target-size", "scrollable-region-focusable", "meta-viewport"]),)


@dataclass
class Shown:
    """A console with something on every page, and files to upload."""

    visit: Visit
    folder: Path
    hand: Path
    knee: Path

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.visit.port}{path}"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("pages")
    clock = Clock()
    with ExitStack() as running:
        database = Database.open(f"sqlite:///{folder / 'node.db'}")
        running.callback(database.close)
        visit = Visit(console_in(folder, database, clock), 0)
        server = serve(visit.console)
        running.callback(server.stop)
        visit = Visit(visit.console, server.port)
        running.callback(visit.close)
        visit.add_user("ann", "admin")
        visit.add_user("new", "viewer", must_change=True)
        visit.add_user("old", "viewer")
        hand, knee = folder / "hand.dcm", folder / "knee.dcm"
        hand.write_bytes(part10(hand_cr(folder)))
        knee.write_bytes(part10(hand_cr(folder, BodyPartExamined="KNEE")))
        fill(visit, folder)
        visit.log_in("ann")
        yield Shown(visit, folder, hand, knee)


def _upload(file: Callable[[Shown], Path]) -> Callable[[Page, Shown], None]:
    def upload(page: Page, shown: Shown) -> None:
        page.locator("#file").set_input_files(file(shown))
        page.locator("main form button").click()
        page.locator("main a.button, section[aria-labelledby=answer]").first.wait_for()

    return upload


def _press(selector: str, then: str) -> Callable[[Page, Shown], None]:
    def press(page: Page, shown: Shown) -> None:
        page.locator(selector).first.click()
        page.locator(then).first.wait_for()

    return press


PAGES: Final[dict[str, tuple[str, Callable[[Page, Shown], None] | None]]] = {
    "dashboard": ("/", None),
    "studies": ("/studies", None),
    "study": (f"/studies/{STUDIES['read']}", None),
    "refused study": (f"/studies/{STUDIES['refused']}", None),
    "report": (f"/studies/{STUDIES['read']}", _press("a[href*='/report/']", "dl.facts")),
    "peers, one of them tried": ("/peers", _press("form[action$='/peers/pacs/echo'] button", ".notice.bad")),
    "certificates": ("/certificates", None),
    "certificates looked at": ("/certificates", _press("form[action$='/certificates/look'] button", ".tag.bad")),
    "another peer": ("/peers/new", None),
    "peer": ("/peers/pacs", _press("summary", "button.danger")),
    "another bridge": ("/peers/new?kind=fhir", None),
    "routes": ("/routes", None),
    "another route": ("/routes/new", None),
    "route": ("/routes/adults/edit", None),
    "rule test": ("/routes/test", _upload(lambda shown: shown.hand)),
    "audit checked": ("/audit", _press("form[action$='/verify'] button", ".notice.good")),
    "models": ("/models", None),
    "users, one with another password": ("/users", _press("form[action$='/users/old/password'] button", "code.once")),
    "try-out": ("/try-out", None),
    "trial": ("/try-out", _upload(lambda shown: shown.hand)),
    "trial refused": ("/try-out", _upload(lambda shown: shown.knee)),
    "password": ("/password", None),
    "error": ("/nothing", None),
    "Portuguese": ("/language?to=pt&back=/peers", None),
    "French": ("/language?to=fr&back=/try-out", _upload(lambda shown: shown.hand)),
    "German": (f"/language?to=de&back=/studies/{STUDIES['refused']}", None),
}


@contextmanager
def window(chromium: Browser, shown: Shown, size: ViewportSize, *, logged_in: bool = True) -> Iterator[BrowserContext]:
    with chromium.new_context(viewport=size, is_mobile=size is PHONE, has_touch=size is PHONE, reduced_motion="reduce") as context:
        if logged_in:
            context.add_cookies([{"name": "baa_session", "value": shown.visit.client.cookies["baa_session"], "url": shown.url("/")}])
        yield context


def look(page: Page, axe: str, name: str, size: ViewportSize) -> list[str]:
    """What is wrong with a page: all of it at a desk in light; of dark the colours, of a phone what a narrow window changes."""
    wrong = [f"{beyond} pixels beyond the window"] if (beyond := sideways(page)) else []
    for scheme, rules in NARROW if size is PHONE else BROAD:
        page.emulate_media(color_scheme=scheme)
        keep(page, f"{name} {scheme} {size['width']}".replace(" ", "-"))
        wrong += findings(page, axe, rules)
    return [f"{name}, {size['width']}: {one}" for one in wrong]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_nothing_keeps_people_out_and_no_page_is_wider_than_its_window(
    chromium: Browser, axe: str, shown: Shown, size: ViewportSize
) -> None:
    wrong: list[str] = []
    with window(chromium, shown, size) as context:
        complaints = complaints_of(context)
        page = context.new_page()
        for name, (path, then) in PAGES.items():
            page.goto(shown.url(path))
            if then is not None:
                then(page, shown)
                page.wait_for_load_state("load")
            wrong += look(page, axe, name, size)
    assert not wrong, "\n".join(wrong)
    assert [one for one in complaints if "/nothing" not in one] == [], "something of ours was blocked or broken"


@pytest.mark.parametrize("language", ["de", "fr", "pt"])
def test_no_page_is_wider_than_its_window_at_any_width(chromium: Browser, shown: Shown, language: str) -> None:
    """Long words and tables of many columns, between a phone and a desk."""
    wrong: list[str] = []
    with window(chromium, shown, WIDE) as context:
        page = context.new_page()
        page.goto(shown.url(f"/language?to={language}&back=/"))
        for path in ("/", "/studies", "/peers", "/certificates", "/routes", "/audit", "/users", "/models", f"/studies/{STUDIES['read']}"):
            page.goto(shown.url(path))
            for width in range(320, 1300, 30):
                page.set_viewport_size({"width": width, "height": 900})
                if beyond := sideways(page):
                    wrong.append(f"{path}, {width}: {beyond} pixels beyond the window")
    assert not wrong, "\n".join(wrong)


def test_the_log_in_keeps_nobody_out(chromium: Browser, axe: str, shown: Shown) -> None:
    with window(chromium, shown, PHONE, logged_in=False) as context:
        page = context.new_page()
        page.goto(shown.url("/"))
        assert look(page, axe, "log-in", PHONE) == []
        page.locator("#name").fill("new")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        page.wait_for_url("**/password")
        assert look(page, axe, "first password", PHONE) == []


def test_the_rules_find_what_they_are_for(chromium: Browser, axe: str, shown: Shown) -> None:
    with window(chromium, shown, WIDE) as context:
        page = context.new_page()
        page.goto(shown.url("/peers/new"))
        page.evaluate("() => { document.querySelector('label[for=host]').remove(); document.body.style.color = '#ccc'; }")
        page.evaluate("() => { document.querySelector('h1').style.width = '3000px'; }")
        wrong = "\n".join(look(page, axe, "spoilt", WIDE))
    for told in ("label: <input", "color-contrast: ", "pixels beyond"):
        assert told in wrong
