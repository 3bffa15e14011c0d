from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from baa_node.core.objects.findings import read_report
from tests.parts.hands import hand_cr
from tests.parts.images import plain_cr

EXECUTABLE = Path(sys.executable).with_name("baa-node")
CONTRACT = {
    "file",
    "sop_instance_uid",
    "status",
    "bone_age_months",
    "interval_months",
    "members",
    "sex",
    "chronological_age_months",
    "z_score",
    "reasons",
    "bundle",
    "provider",
}


def baa_node(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([EXECUTABLE, "--data-dir", folder / "data", *arguments], capture_output=True, text=True, timeout=120, check=False)


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder with a hand, one seen from the side and a text file."""
    folder = tmp_path / "images"
    (folder / "deeper").mkdir(parents=True)
    hand_cr(tmp_path).save_as(folder / "a_hand.dcm", enforce_file_format=True)
    hand_cr(tmp_path, ViewPosition="LL").save_as(folder / "deeper" / "b_lateral.dcm", enforce_file_format=True)
    (folder / "c_notes.txt").write_text("not a radiograph")
    return folder


def test_a_folder_gives_one_object_a_file_and_tells_of_the_failed_one(tmp_path: Path, images: Path) -> None:
    done = baa_node(tmp_path, "assess", "--json", images)
    found = records(done)
    assert done.returncode == 1
    assert [record["status"] for record in found] == ["assessed", "failed", "refused"]
    assert set(found[0]) >= CONTRACT
    assert set(found[2]) >= CONTRACT
    assert found[2]["reasons"] == ["BAA104"]
    assert "c_notes.txt" in found[1]["error"]


def test_no_failed_file_is_success_and_a_refusal_is_no_failure(tmp_path: Path, images: Path) -> None:
    done = baa_node(tmp_path, "assess", images / "a_hand.dcm", images / "deeper")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert "refused, BAA104" in done.stdout


def test_a_hand_of_unknown_sex_is_read_without_it_and_says_so_unless_the_sex_is_given_by_hand(tmp_path: Path) -> None:
    hand_cr(tmp_path, PatientSex="").save_as(tmp_path / "unknown.dcm", enforce_file_format=True)
    (known,) = records(baa_node(tmp_path, "--json", "assess", "--sex", "M", tmp_path / "unknown.dcm"))
    (unknown,) = records(baa_node(tmp_path, "--json", "assess", tmp_path / "unknown.dcm"))
    assert (known["status"], known["sex"]) == ("assessed", "M")
    assert (unknown["status"], unknown["sex"], unknown["z_score"]) == ("assessed", None, None)
    assert known["members"].keys().isdisjoint(unknown["members"])
    width = {name: found["interval_months"][1] - found["interval_months"][0] for name, found in (("known", known), ("unknown", unknown))}
    assert width["unknown"] > width["known"]
    assert any("do not use the patient's sex" in caution for caution in unknown["cautions"])


def test_results_are_written_as_objects(tmp_path: Path, images: Path) -> None:
    done = baa_node(tmp_path, "assess", "--sr-dir", tmp_path / "out", images / "a_hand.dcm")
    assert done.returncode == 0, done.stderr
    written = {path.suffixes[-2]: pydicom.dcmread(path) for path in (tmp_path / "out").iterdir()}
    assert {kind: ds.Modality for kind, ds in written.items()} == {".sr": "SR", ".sc": "CR"}


def test_a_negative_that_says_it_is_a_positive_is_read_and_shown_as_one(tmp_path: Path) -> None:
    hand = hand_cr(tmp_path)
    hand.save_as(tmp_path / "positive.dcm", enforce_file_format=True)
    hand.PixelData = (4095 - np.frombuffer(hand.PixelData, "<u2")).tobytes()
    hand.save_as(tmp_path / "negative.dcm", enforce_file_format=True)
    found, shown = {}, {}
    for sense in ("positive", "negative"):
        done = baa_node(tmp_path, "--json", "assess", "--sr-dir", tmp_path / sense, tmp_path / f"{sense}.dcm")
        (found[sense],) = records(done)
        shown[sense] = pydicom.dcmread(next((tmp_path / sense).glob("*.sc.dcm"))).pixel_array.mean()
    assert found["negative"]["bone_age_months"] == pytest.approx(found["positive"]["bone_age_months"], abs=0.5)
    (said,) = set(found["negative"]["cautions"]) - set(found["positive"]["cautions"])
    assert "bright and dark exchanged" in said
    assert shown["negative"] == pytest.approx(shown["positive"], abs=5)  # the picture of a negative as it came is brighter by 50 and more


def test_results_and_cautions_are_in_the_language_asked_for_else_in_the_node_s(tmp_path: Path) -> None:
    hand_cr(tmp_path, PatientBirthDate="").save_as(tmp_path / "hand.dcm", enforce_file_format=True)
    (tmp_path / "german.toml").write_text('[report]\nlanguage = "de"\n')
    german, french = (
        records(
            baa_node(
                tmp_path,
                "--config",
                tmp_path / "german.toml",
                "--json",
                "assess",
                *language,
                "--sr-dir",
                tmp_path / "out",
                tmp_path / "hand.dcm",
            )
        )[0]
        for language in ((), ("--language", "fr"))
    )
    assert german["cautions"][0].startswith("Kein Geburtsdatum")
    assert french["cautions"][0].startswith("Date de naissance absente")
    assert german["bone_age_months"] == french["bone_age_months"]
    assert "Âge osseux" in read_report(pydicom.dcmread(next((tmp_path / "out").glob("*.sr.dcm"))))["conclusion"]
    assert baa_node(tmp_path, "assess", "--language", "xx", tmp_path / "hand.dcm").returncode == 2


def test_a_page_is_written_where_the_configuration_wants_pages(tmp_path: Path, images: Path) -> None:
    (tmp_path / "pages.toml").write_text("[report]\npdf = true\n")
    done = baa_node(tmp_path, "--config", tmp_path / "pages.toml", "assess", "--sr-dir", tmp_path / "out", images / "a_hand.dcm")
    assert done.returncode == 0, done.stderr
    (page,) = (pydicom.dcmread(path) for path in (tmp_path / "out").glob("*.pdf.dcm"))
    assert page.EncapsulatedDocument.startswith(b"%PDF-")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = baa_node(tmp_path, "assess", tmp_path / "nothing.dcm")
    assert done.returncode == 1
    assert "nothing.dcm cannot be read: No such file" in done.stdout


def test_wrong_usage_is_exit_2(tmp_path: Path, images: Path) -> None:
    assert baa_node(tmp_path, "assess", "--sex", "X", images).returncode == 2
    assert baa_node(tmp_path, "assess").returncode == 2
    assert baa_node(tmp_path, "no-such-command").returncode == 2


def test_a_broken_configuration_is_one_line(tmp_path: Path, images: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[node]\nprot = 1\n")
    done = baa_node(tmp_path, "--config", tmp_path / "wrong.toml", "assess", images)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "did you mean 'port'" in done.stderr


def test_an_image_without_a_hand_gets_no_number(tmp_path: Path) -> None:
    (found,) = records(baa_node(tmp_path, "--json", "assess", plain_cr(tmp_path / "ellipse.dcm")))
    assert found["status"] == "refused"
    assert found["bone_age_months"] is None


def test_no_name_is_printed(tmp_path: Path) -> None:
    ds = hand_cr(tmp_path, PatientName="Planted^Name", PatientID="PLANTED-ID")
    with pytest.warns(UserWarning, match="PLANTED"):  # what the library says of a malformed value quotes it
        ds.add_new("PatientBirthDate", "DA", "PLANTED-DAY")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.save_as(tmp_path / "h.dcm", enforce_file_format=True)
    done = baa_node(tmp_path, "--json", "assess", tmp_path / "h.dcm")
    assert "lanted" not in (done.stdout + done.stderr).lower()
