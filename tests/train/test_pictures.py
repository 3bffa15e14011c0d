"""The pictures of the README are those that the command named beside them draws."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from baa_node.bundle import default_bundle, load_bundle
from train.pictures import PICTURES, SHOWN, WIDTH, Shown, draw, write_small

README = PICTURES.parents[1] / "README.md"


def test_each_is_there_small_and_shown() -> None:
    drawn, photographed = {f"{shown.name}.jpg" for shown in SHOWN}, {"console.jpg", "study.jpg"}
    assert {path.name for path in PICTURES.iterdir()} == drawn | photographed
    assert set(re.findall(r"\(deploy/pictures/([^)]+)\)", README.read_text(encoding="utf-8"))) == drawn | photographed
    for path in PICTURES.iterdir():
        assert path.stat().st_size < 150 * 1024


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
def test_each_is_what_would_be_drawn_now(shown: Shown, tmp_path: Path) -> None:
    write_small(draw(shown, load_bundle(default_bundle())), tmp_path / "now.jpg")
    now, kept = (np.asarray(Image.open(path), float) for path in (tmp_path / "now.jpg", PICTURES / f"{shown.name}.jpg"))
    assert kept.shape[1] == WIDTH
    assert np.abs(now - kept).mean() < 3
