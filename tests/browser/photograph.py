"""Take the README's pictures of the console anew: ``python -m tests.browser.photograph``.

A node and an Orthanc on free ports, one drawn hand of ``sample_dicom/`` on its way through both, and what somebody at a desk sees of it.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.browser.eyes import WIDE
from tests.parts.dcmtk import dcmsend
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import program

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURES: Final = ROOT / "deploy" / "pictures"
HAND: Final = ROOT / "sample_dicom" / "03_dx_girl_08y_delayed.dcm"
PASSWORD: Final = "four words of mine"
BELOW: Final = 24
"""Pixels under the last thing that a picture shows."""

QUALITY: Final = 76


def main() -> None:
    """Write ``console.jpg`` and ``study.jpg``."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        node = Node(folder / "node")
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox", "--no-proxy-server"])
        with Orthanc(folder / "orthanc", node_port=node.port) as orthanc, node.start():
            node.add_peer("pacs", orthanc.ae_title, orthanc.port)
            page = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce").new_page()
            log_in(page, node)
            dcmsend(node.port, HAND, calling=orthanc.ae_title)
            take_study(page, node)
            take_trial(page, node)
        browser.close()


def log_in(page: Page, node: Node) -> None:
    """Choose a password in the place of the first one."""
    page.goto(node.console_url)
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill((node.data / "console-password").read_text().strip())
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Present password").wait_for()
    first, *others = page.locator("main input[type=password]").all()
    first.fill((node.data / "console-password").read_text().strip())
    for field in others:
        field.fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.get_by_role("status").first).to_be_visible()


def take_study(page: Page, node: Node) -> None:
    """The study when its results have come and the PACS has committed itself to them, down to the deliveries."""
    page.goto(f"{node.console_url}/studies")
    wait_for(page, page.locator("tbody a"))
    page.locator("tbody a").first.click()
    page.wait_for_url("**/studies/*")
    wait_for(page, page.get_by_role("cell", name=re.compile("committed")))
    page.locator("img.picture").scroll_into_view_if_needed()
    expect(page.locator("img.picture")).to_have_js_property("complete", True)
    keep_until(page, ".image article", "study.jpg")


def wait_for(page: Page, shown: Locator) -> None:
    """Load the page again until it shows something; AssertionError when it does not within a minute."""
    for _ in range(60):
        if shown.count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"{page.url} does not show {shown}")


def take_trial(page: Page, node: Node) -> None:
    """The answer to a file that is tried out."""
    page.goto(f"{node.console_url}/try-out")
    page.get_by_label("Radiograph").set_input_files(HAND)
    page.get_by_role("button", name="Read").click()
    expect(page.locator(".hands figure > img").nth(2)).to_have_js_property("complete", True)
    keep_until(page, "main > p:last-child", "console.jpg")


def keep_until(page: Page, last: str, name: str) -> None:
    """Write the page from its top to the end of an element."""
    page.evaluate("window.scrollTo(0, 0)")
    box = page.locator(last).first.bounding_box()
    assert box is not None
    drawn = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    drawn.crop((0, 0, drawn.width, round(box["y"] + box["height"]) + BELOW)).save(
        PICTURES / name, quality=QUALITY, subsampling=0, optimize=True, progressive=True
    )


if __name__ == "__main__":
    main()
