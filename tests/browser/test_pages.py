"""Every page of a node with a full record: at a desk and on a phone, in light and in dark, for those who see little."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from baa_node.db import Database
from baa_node.doctor import Finding
from baa_node.web import build_app
from tests.browser.eyes import BETWEEN, PHONE, WIDE, begin_at_the_top, complaints_of, findings, focused, keep, reachable, sideways, unlike
from tests.parts.hands import hand_cr, part10
from tests.web.record import LONG, STUDIES, fill
from tests.web.test_log_in import every_route
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
        found = [Finding(check="spool", ok=True, finding="is whole"), Finding(check="peers", ok=False, finding=f"{LONG} does not answer")]
        object.__setattr__(visit.console, "examine", lambda: found)
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
    "another line": ("/peers/new?kind=hl7", None),
    "another archive": ("/peers/new?kind=stow", None),
    "doctor": ("/doctor", _press("form[action$='/doctor'] button", ".tag.bad")),
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
        wrong += unlike(page, scheme)
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
        for name in visited(page, shown):
            wrong += look(page, axe, name, size)
    assert not wrong, "\n".join(wrong)
    assert [one for one in complaints if "/nothing" not in one] == [], "something of ours was blocked or broken"


def visited(page: Page, shown: Shown) -> Iterator[str]:
    """Open every page, one after the other, as far as it is to be looked at; its name."""
    for name, (path, then) in PAGES.items():
        page.goto(shown.url(path))
        if then is not None:
            then(page, shown)
            page.wait_for_load_state("load")
        yield name


ELSEWHERE: Final = {
    *("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/events", "/studies/{uid}/picture/{sop}.png"),  # no pages
    "/studies/{uid}/report/{sop}",  # by a link of its study
    "/login",  # by a stranger
}


def test_every_page_is_looked_at(shown: Shown) -> None:
    paths = {route.path for route in every_route(build_app(shown.visit.console).routes) if "GET" in route.methods}
    opened = [path.partition("?")[0] for path, _ in PAGES.values()]
    unseen = {path for path in paths if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), one) for one in opened)}
    assert unseen == ELSEWHERE


def test_every_page_is_used_by_keyboard(chromium: Browser, shown: Shown) -> None:
    """The tab key reaches all that can be clicked or filled in, in the order in which it stands, and shows where it is."""
    wrong: list[str] = []
    with window(chromium, shown, WIDE) as context:
        page = context.new_page()
        for name in visited(page, shown):
            wrong += [f"{name}: {one}" for one in by_keyboard(page)]
    assert not wrong, "\n".join(wrong)


def by_keyboard(page: Page) -> list[str]:
    """What is wrong for somebody who has no mouse."""
    begin_at_the_top(page)
    wanted, outlined = reachable(page), {}
    for _ in range(5 * len(wanted)):
        page.keyboard.press("Tab")
        if (where := focused(page)) is None:
            break
        outlined[where.number] = outlined.get(where.number, False) or where.outlined
    outlined.pop(BETWEEN, None)
    wrong = [f"does not show that it is in focus: {wanted[number]}" for number, drawn in outlined.items() if not drawn]
    if missed := [one for number, one in enumerate(wanted) if number not in outlined]:
        wrong.append(f"not reached: {missed}")
    if list(outlined) != sorted(outlined):
        wrong.append(f"in another order than they stand: {list(outlined)}")
    return wrong


def test_the_first_tab_leads_past_the_menu(chromium: Browser, shown: Shown) -> None:
    with window(chromium, shown, WIDE) as context:
        page = context.new_page()
        page.goto(shown.url("/studies"))
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("main :focus")).to_have_count(1)


def test_a_file_is_dropped_on_the_rule_tester(chromium: Browser, shown: Shown) -> None:
    with window(chromium, shown, WIDE) as context:
        page = context.new_page()
        page.goto(shown.url("/routes/test"))
        box = page.locator("#file").bounding_box()
        assert box is not None
        over = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        devtools = context.new_cdp_session(page)
        for kind in ("dragEnter", "dragOver", "drop"):
            data = {"items": [], "files": [str(shown.hand)], "dragOperationsMask": 1}
            devtools.send("Input.dispatchDragEvent", {"type": kind, "data": data, **over})
        page.locator("main form button").click()
        expect(page.get_by_role("list").filter(has_text="bone age")).to_be_visible()


@pytest.mark.parametrize("language", ["de", "fr", "pt"])
def test_no_page_is_wider_than_its_window_at_any_width(chromium: Browser, shown: Shown, language: str) -> None:
    """Long words and tables of many columns, between a phone and a desk."""
    wrong: list[str] = []
    with window(chromium, shown, WIDE) as context:
        page = context.new_page()
        page.goto(shown.url(f"/language?to={language}&back=/"))
        for path in dict.fromkeys(path for path, _ in PAGES.values() if not path.startswith("/language")):
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
        page.evaluate("() => { document.querySelector('h1').style.width = '3000px'; document.body.style.background = '#ccc'; }")
        page.evaluate("() => { host.tabIndex = -1; port.style.outline = 'none'; }")
        wrong = "\n".join([*look(page, axe, "spoilt", WIDE), *by_keyboard(page)])
    for told in ("label: <input", "color-contrast: ", "pixels beyond", "not light", 'not reached: [\'<input id="host"', "does not show"):
        assert told in wrong, told
