from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ROOT / "baa_node" / "web"


def test_templates_style_and_reference_hands_are_in_the_wheel() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["baa_node"]
    packed = {path for pattern in settings for path in (ROOT / "baa_node").glob(pattern)}
    there = {path for kind in ("templates", "static") for path in (WEB / kind).rglob("*") if path.is_file()}
    assert {"base.html", "style.css", "app.js", "F_012.webp"} <= {path.name for path in there}
    assert packed >= there


def test_one_small_style_sheet_and_no_foreign_address() -> None:
    assert len((WEB / "static" / "style.css").read_text().splitlines()) <= 300
    for file in [*WEB.glob("templates/*.html"), WEB / "static" / "style.css", WEB / "static" / "app.js"]:
        assert "//" not in file.read_text().replace("http://www.w3.org", "").replace("// ", ""), file
