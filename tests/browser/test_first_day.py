"""The first quarter of an hour of somebody who has never seen the node, from its first password to a report in a PACS.

Each test is a step and needs those before it: they share one node, one PACS and one browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.eyes import WIDE, complaints_of, keep
from tests.parts.dcmtk import dcmsend
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc

OWN_PASSWORD = "four words of mine"
HAND = Path(__file__).resolve().parents[2] / "sample_dicom" / "03_dx_girl_08y_delayed.dcm"


@dataclass
class Day:
    """A node that was just installed, a PACS, and a window of a browser."""

    node: Node
    orthanc: Orthanc
    page: Page
    complaints: list[str]

    def open(self, path: str) -> None:
        self.page.goto(f"{self.node.console_url}{path}")


@pytest.fixture(scope="module")
def day(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("first_day")
    node = Node(folder / "node")
    with Orthanc(folder / "orthanc", node_port=node.port) as orthanc, node.start(), chromium.new_context(viewport=WIDE) as context:
        context.set_default_timeout(20_000)
        yield Day(node, orthanc, context.new_page(), complaints_of(context))


def test_the_first_password_is_in_the_file_that_the_page_names_and_serves_once(day: Day) -> None:
    """By keyboard alone."""
    day.open("/")
    named = day.page.locator("code").inner_text()
    password = (day.node.data / named).read_text().strip()
    keys = day.page.keyboard
    expect(day.page.get_by_label("User name")).to_be_focused()
    for text in ("admin", password):
        keys.type(text)
        keys.press("Tab")
    keys.press("Enter")
    expect(day.page.get_by_role("heading", level=1)).to_have_text("Choose a password")
    expect(day.page.get_by_label("Present password")).to_be_focused()
    for text in (password, OWN_PASSWORD, OWN_PASSWORD):
        keys.type(text)
        keys.press("Tab")
    keys.press("Enter")
    expect(day.page.get_by_role("status").first).to_have_text("Your password is set.")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press the tab key until something has the focus; AssertionError where it does not get it."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the tab key does not lead to {wanted}")


def test_a_peer_is_added_by_keyboard_alone(day: Day) -> None:
    page, keys = day.page, day.page.keyboard
    tab_to(page, page.get_by_role("link", name="Peers", exact=True).first)
    keys.press("Enter")
    page.wait_for_url("**/peers")
    tab_to(page, page.get_by_role("link", name="Add a peer"))
    keys.press("Enter")
    page.wait_for_url("**/peers/new")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    for text in ("pacs", day.orthanc.ae_title, day.orthanc.host):
        keys.type(text)
        keys.press("Tab")
    keys.press("Control+A")
    keys.type(str(day.orthanc.port))
    keys.press("Enter")
    expect(page.get_by_text("The peer was added.")).to_be_visible()


def test_the_peer_answers_an_echo(day: Day) -> None:
    tab_to(day.page, day.page.get_by_role("button", name="Test pacs"))
    day.page.keyboard.press("Enter")
    expect(day.page.get_by_role("status")).to_contain_text("pacs answers: ")


def test_a_caller_that_was_turned_away_is_admitted_with_one_click(day: Day) -> None:
    assert dcmsend(day.node.port, HAND, calling="XRAY_ROOM_1") == 0
    day.open("/peers")
    day.page.get_by_role("button", name="Admit").click()
    expect(day.page.get_by_role("status")).to_be_visible()
    expect(day.page.get_by_role("button", name="Admit")).to_have_count(0)
    expect(day.page.get_by_role("cell", name="XRAY_ROOM_1").first).to_be_visible()


def test_a_study_is_seen_on_the_dashboard_while_it_comes(day: Day) -> None:
    day.open("/")
    board = day.page.locator("#board")
    expect(board).to_contain_text("Nothing has come in today.")
    day.page.evaluate("window.unchanged = true")
    done = dcmsend(day.node.port, HAND, calling=day.orthanc.ae_title)
    assert done == 1
    expect(board.get_by_role("link", name=re.compile("Delivered"))).to_be_visible(timeout=60_000)
    expect(day.page.locator("#live")).to_have_text("live")
    assert day.page.evaluate("window.unchanged"), "the page was loaded anew"
    keep(day.page, "first-day-dashboard")


def test_the_study_shows_its_picture_its_report_and_its_journal(day: Day) -> None:
    page = day.page
    page.get_by_role("link", name=re.compile("Delivered")).click()
    page.locator("tbody a").first.click()
    picture = page.locator("img.picture")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") == 1600
    keep(page, "first-day-study")
    expect(page.get_by_role("region", name="Journal")).to_contain_text("Delivery done")
    page.get_by_role("link", name="Structured Report as a page").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text("Bone age")
    assert len(day.orthanc.find()) >= 2, "the PACS holds a report and a picture"


def test_the_model_says_how_far_it_is_off(day: Day) -> None:
    day.open("/models")
    expect(day.page.get_by_role("table", name="Networks")).to_be_visible()
    expect(day.page.get_by_role("region", name="Model card")).to_contain_text("MAE")


def test_a_file_is_tried_out(day: Day) -> None:
    day.open("/try-out")
    page = day.page
    page.get_by_label("Radiograph").set_input_files(HAND)
    page.get_by_role("button", name="Read").click()
    expect(page.get_by_text("Try-out.")).to_be_visible(timeout=60_000)
    for image in page.locator(".hands figure > img").all():
        assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    expect(page.locator("figcaption").nth(1)).to_contain_text("Synthetic hand")
    keep(page, "first-day-try-out")


def test_the_audit_trail_is_searched_and_taken_along(day: Day) -> None:
    page = day.page
    day.open("/audit")
    page.get_by_label("Event").select_option("PEER_ADDED")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").filter(has_text="console:admin")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON lines").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert any('"PEER_ADDED"' in line for line in lines)


def test_after_logging_out_no_page_is_shown(day: Day) -> None:
    day.page.get_by_role("button", name="Log out").click()
    day.page.wait_for_url("**/login")
    day.open("/studies")
    expect(day.page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_the_browser_had_nothing_to_complain_of(day: Day) -> None:
    assert day.complaints == []
