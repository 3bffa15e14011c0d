"""What is looked at on a page that a browser has drawn: its size, what it complains of, what keeps people out."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
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


def unlike(page: Page, scheme: str) -> list[str]:
    """What of the ground and the ink of a page is not light or dark as it was asked for."""
    ground, ink = (_brightness(page, name) for name in ("background-color", "color"))
    dark = scheme == "dark"
    return [] if (ground < 60, ink > 200) == (dark, dark) and abs(ground - ink) > 100 else [f"not {scheme}: ground {ground}, ink {ink}"]


def _brightness(page: Page, name: str) -> float:
    """The mean of red, green and blue of a colour of the page, 0 to 255."""
    colour: str = page.evaluate("name => getComputedStyle(document.body).getPropertyValue(name)", name)
    channels = [float(one) for one in re.findall(r"[\d.]+", colour)[:3]]
    return sum(channels) / 3


_REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(one => !one.disabled && one.checkVisibility({visibilityProperty: true})
        && (one.type !== 'radio' || one.checked))"""


def reachable(page: Page) -> list[str]:
    """The beginning of everything that can be clicked or filled in, in the order of the page; of radio buttons the one that is chosen."""
    found: list[str] = page.evaluate(f"() => ({_REACHABLE})().map(one => one.outerHTML.slice(0, 120))")
    return found


@dataclass(frozen=True)
class Focus:
    """The number of what has the focus among `reachable`, or `BETWEEN`, and whether an outline is drawn around it."""

    number: int
    outlined: bool


BETWEEN: Final = -1
"""Something that is reached besides, such as a table that is wider than its place and can be scrolled."""


def begin_at_the_top(page: Page) -> None:
    """Let the next press of the tab key lead to the first of all."""
    page.evaluate(
        "() => { const top = document.createElement('span'); top.tabIndex = -1; document.body.prepend(top); top.focus(); top.remove(); }"
    )


def focused(page: Page) -> Focus | None:
    """Say what has the focus; None where the end of the page was passed."""
    where: dict[str, Any] | None = page.evaluate(
        f"""() => {{
            const one = document.activeElement, style = getComputedStyle(one);
            if (one === document.body) return null;
            return {{number: ({_REACHABLE})().indexOf(one), outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0}};
        }}"""
    )
    return Focus(**where) if where else None


def keep(page: Page, name: str) -> None:
    """Write the page as PNG into the folder that ``CONSOLE_PICTURES`` names, if it does: for people to look at."""
    if folder := os.environ.get("CONSOLE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
