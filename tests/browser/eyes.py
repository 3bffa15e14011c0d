"""What is looked at on a page that a browser has drawn: its size, what it complains of, what keeps people out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize

WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
_OFFENDING = ("serious", "critical")


def complaints_of(context: BrowserContext) -> list[str]:
    """Collect what the browser complains of on any page: blocked content, broken script, what it could not load."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(f"{message.location['url']}: {message.text}")

    context.on("console", hear)
    context.on("weberror", lambda error: heard.append(str(error.error)))
    return heard


def sideways(page: Page) -> int:
    """How many pixels of the page lie beyond the right border of the window."""
    beyond: int = page.evaluate("() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    return beyond


def findings(page: Page, axe: str, rules: list[str]) -> list[str]:
    """Rules of axe-core that the page breaks seriously, each with the element that breaks it; no ``rules`` are all of them."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    chosen = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    asked = {"resultTypes": ["violations"], **chosen}
    found: list[dict[str, Any]] = page.evaluate("asked => axe.run(document, asked).then(found => found.violations)", asked)
    return [
        f"{one['id']}: {node['html']}: {node['failureSummary']}" for one in found if one["impact"] in _OFFENDING for node in one["nodes"]
    ]


def keep(page: Page, name: str) -> None:
    """Write the page as PNG into the folder that ``CONSOLE_PICTURES`` names, if it does: for people to look at."""
    if folder := os.environ.get("CONSOLE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
