"""A browser without a display, and the rules of accessibility that its pages are held to.

Both live as long as the tests of this folder: an open browser keeps an event loop running in the thread of the tests.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.parts.programs import program, run

AXE = "axe-core@4.14.1"

expect.set_options(timeout=20_000)  # a password alone takes seconds to hash where the machine is shared


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, steered by the DevTools protocol."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program("chromium"), args=["--no-sandbox", "--no-proxy-server", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Source of axe-core, as npm has it."""
    folder = tmp_path_factory.mktemp("axe")
    done = run(program("npm"), "pack", AXE, "--silent", "--pack-destination", str(folder))
    if done.returncode != 0:
        pytest.skip(f"needs {AXE}, which npm cannot fetch here: {done.stdout[-300:].strip()}")
    (packed,) = Path(folder).glob("*.tgz")
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
