from __future__ import annotations

import pytest

pytest.importorskip("keras", reason="needs the train extra (Keras and TensorFlow)")

from train.speed import main

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")  # Keras


def test_a_line_a_network_with_its_speed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vgg6", "vgg6_sex", "--size", "64", "--batch", "2", "--steps", "2"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["architecture", "size", "precision", "images/s", "two", "cores"]
    assert [line.split()[:3] for line in lines] == [["vgg6", "64", "float32"], ["vgg6_sex", "64", "float32"]]
    assert all(float(line.split()[3]) > 0 for line in lines)


def test_an_unknown_network_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vgg7"]) == 1
    assert "architecture 'vgg7' is unknown; did you mean 'vgg" in capsys.readouterr().err
