from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from baa_node.core.frame.raster import coded
from train.robustness import COLUMNS, READINGS, replace_section, rows, section
from train.stress import CHANGES, PLAIN, recoded, rotated

FRAME = np.random.default_rng(7).integers(20, 200, (60, 50), np.uint8)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != PLAIN])
def test_every_change_changes_the_picture_and_leaves_it_grey(name: str) -> None:
    changed = CHANGES[name](FRAME, np.random.default_rng(1))
    assert changed.dtype == np.uint8
    assert changed.ndim == 2
    assert not np.array_equal(changed, FRAME)


def test_a_rotation_keeps_all_of_the_frame() -> None:
    turned = rotated(np.full((60, 40), 200, np.uint8), 90)
    assert turned.shape == (40, 60)
    assert (turned[2:-2, 2:-2] == 200).all()
    assert rotated(np.full((60, 40), 200, np.uint8), 30).sum() == pytest.approx(60 * 40 * 200, rel=0.02)


def test_recoding_leaves_the_picture_and_few_of_the_old_marks() -> None:
    rough = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (299, 299)).astype(np.uint8), (0, 0), 1)
    marked = coded(rough, 80)
    shown = [recoded(marked, np.random.default_rng(seed)).astype(int) for seed in range(40)]
    again = [np.abs(coded(one.astype(np.uint8), 80) - one).mean() for one in shown]
    assert np.abs(coded(marked, 80).astype(int) - marked).mean() < 0.1
    assert np.mean(np.array(again) > 0.5) > 0.8  # coding them on the old grid changes them: it is not their own
    assert max(np.abs(one - marked).mean() for one in shown) < 4


def written(folder: Path) -> Path:
    lines = [
        ",".join(COLUMNS),
        *(f"{image},100,none,{months}" for image, months in (("a", "101.00"), ("b", "99.00"), ("c", ""))),
        *(f"{image},100,inverted,{months}" for image, months in (("a", "131.00"), ("b", ""), ("c", "50.00"))),
    ]
    (folder / READINGS).write_text("\n".join(lines) + "\n")
    return folder / READINGS


def test_a_row_counts_what_was_read_both_times(tmp_path: Path) -> None:
    plain, inverted = rows(written(tmp_path))
    assert (plain.change, plain.images, plain.median, plain.mae, plain.refused) == ("none", 2, 0, 1, 0)
    assert (inverted.images, inverted.median, inverted.most, inverted.mae) == (2, 30, 30, 31)
    assert (inverted.beyond, inverted.refused) == (1, 0.5)


def test_the_section_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    written(tmp_path)
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\nwords\n\n## Robustness\n\nold\n\n## a network\n\nits table\n")
    replace_section(results, tmp_path)
    replace_section(results, tmp_path)
    text = results.read_text()
    assert text.count("## Robustness") == 1
    assert "old" not in text
    assert text.endswith("## a network\n\nits table\n")
    assert "| inverted | 30.00 |" in text


def test_a_change_that_is_always_refused_has_no_months(tmp_path: Path) -> None:
    written(tmp_path).write_text(",".join(COLUMNS) + "\na,100,none,101.00\na,100,inverted,\n")
    assert "| inverted | – | – | – | – | – | 100.0% |" in section(tmp_path)


def test_without_readings_there_is_no_section(tmp_path: Path) -> None:
    assert section(tmp_path) == ""
