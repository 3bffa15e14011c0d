"""``baa-node accept`` on drawn hands of known bone age, with the networks of the package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pypdf
import pytest
from pydicom.uid import generate_uid

from baa_node.core.calibration import read_calibration
from baa_node.core.radiograph import Sex
from tests.cli.command import Command
from tests.parts.hands import hand_cr

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_dicom"
DRAWN = {name: one for name, one in json.loads((SAMPLES / "expected.json").read_text()).items() if one["drawn_bone_age_months"]}
READ = ("03_dx_girl_08y_delayed.dcm", "04_cr_boy_08y_right.dcm", "09_cr_girl_15y.dcm", "11_dx_no_sex.dcm")
ADULT = "14_cr_adult.dcm"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BAA_NODE_INFERENCE__THREADS", "1")
    return Command(tmp_path / "data", monkeypatch, capsys)


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    """Folder with a few samples, of which the adult is refused."""
    folder = tmp_path / "hands"
    folder.mkdir()
    for name in (*READ, ADULT):
        (folder / name).symlink_to(SAMPLES / name)
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """What the samples were drawn at; the second reader says two months more."""
    rows = [f"{name};{DRAWN[name]['drawn_bone_age_months']};{DRAWN[name]['drawn_bone_age_months'] + 2}" for name in (*READ, ADULT)]
    path = tmp_path / "labels.csv"
    path.write_text("\ufefffile;bone_age_months;second_reader_months\n" + "\n".join(rows) + "\n")
    return path


def test_a_sample_is_compared_judged_and_set_on_paper(command: Command, hands: Path, table: Path, tmp_path: Path) -> None:
    found = command.json("accept", str(hands), str(table), "--max-mae", "10", "--min-images", "4")
    assert (found["images"], found["accepted"], found["remarks"]) == (4, True, [])
    for case in found["cases"]:
        assert case["estimate"] == pytest.approx(DRAWN[case["file"]]["bone_age_months"], abs=0.5)  # as the node reads it
        assert case["label"] == DRAWN[case["file"]]["drawn_bone_age_months"]
    off = [case["estimate"] - case["label"] for case in found["cases"]]
    assert found["groups"]["all"]["bias"]["value"] == pytest.approx(sum(off) / 4, abs=1e-3)
    assert found["groups"]["sex unknown"]["n"] == 1
    assert found["readers"]["second_and_first"]["bias"]["value"] == 2
    (refused,) = found["refused"]
    assert (refused["row"], refused["file"], refused["codes"]) == (6, ADULT, ["BAA108"])
    assert found["pdf"] == "acceptance.pdf"
    said = " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "acceptance.pdf").pages)
    assert "Criteria met" in said
    assert f"{ADULT}: BAA108" in said
    assert found["bundle"]["sha256"] in said
    assert not list((tmp_path / "data").glob("*.db"))  # nothing was recorded


def test_the_report_is_in_the_language_asked_for_else_in_the_node_s(
    command: Command, hands: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAA_NODE_REPORT__LANGUAGE", "de")
    titles = []
    for language in ((), ("--language", "fr")):
        done = command("accept", str(hands), str(table), "--max-mae", "10", *language)
        assert "4 images compared, 1 refused; criteria met" in done.lines[-1], "what is printed stays English"
        titles.append(pypdf.PdfReader(tmp_path / "acceptance.pdf").metadata.title)
    assert titles == ["Abnahme am Standort: Skelettalter", "Recette sur site : âge osseux"]
    assert command("accept", str(hands), str(table), "--language", "xx").code == 2


def test_a_limit_that_is_not_met_and_rows_that_are_lost_are_exit_1_with_everything_told(
    command: Command, hands: Path, table: Path, tmp_path: Path
) -> None:
    with table.open("a") as lines:
        lines.write("gone.dcm;100;\n09_cr_girl_15y.dcm;x;\n")
    (hands / "notes.txt").write_text("no image")
    done = command("accept", str(hands), str(table), "--max-mae", "0.01", "--pdf", str(tmp_path / "report.pdf"))
    assert done.code == 1
    assert done.err == "baa-node: not met: mean absolute error at most 0.01 months; 2 rows or images could not be used\n"
    assert "4 images compared, 1 refused; criteria NOT met" in done.lines[-1]
    assert "NOT USED: row 7, gone.dcm: there is no readable DICOM file of this name in the folder" in done.lines
    assert "NOT USED: row 8, 09_cr_girl_15y.dcm: bone age 'x' is no number" in done.lines
    assert "note: notes.txt: the file is not a DICOM file, or a damaged one" in done.lines
    assert done.lines[0].split()[:3] == ["months", "(95", "%)"]
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("none", "{table}"), "none is no folder"),
        (("{hands}", "none.csv"), "none.csv cannot be read: No such file or directory"),
        (("{hands}", "{table}", "--pdf", "deep/none/a.pdf"), "deep/none/a.pdf cannot be written: there is no folder deep/none"),
        (("{hands}", "{table}", "--calibrate", "{table}"), "is there already; a calibration is never overwritten"),
    ],
)
def test_what_would_fail_at_the_end_is_found_at_the_beginning(
    command: Command, hands: Path, table: Path, arguments: tuple[str, ...], fault: str
) -> None:
    assert fault in command.fails("accept", *(one.format(hands=hands, table=table) for one in arguments))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "the table is empty"),
        (b"file,age\na,1\n", "no column holds a bone age"),
        (b"file,bone_age_months\n\xfc,1\n", "not UTF-8 text; save it as 'CSV UTF-8'"),
        (b"file,bone_age_months\na.dcm,100\n", "no image could be compared: 0 refused by the node"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(command: Command, hands: Path, table: Path, content: bytes, fault: str) -> None:
    table.write_bytes(content)
    assert fault in command.fails("accept", str(hands), str(table))


def test_wrong_usage_is_exit_2(command: Command, hands: Path, table: Path) -> None:
    for wrong in (("--unit", "weeks"), ("--max-mae", "-1"), ("--min-within-12", "12"), ("--no-such",)):
        assert command("accept", str(hands), str(table), *wrong).code == 2


@dataclass(frozen=True)
class Boys:
    """Boys of six ages, each some times, and a site that reads them younger than they were drawn."""

    folder: Path
    table: Path


@pytest.fixture(scope="module")
def boys(tmp_path_factory: pytest.TempPathFactory) -> Boys:
    folder, source = tmp_path_factory.mktemp("boys"), tmp_path_factory.mktemp("source")
    rows = ["SOPInstanceUID,bone_age_years"]
    for age in range(48, 198, 30):
        ds = hand_cr(source, bone_age_months=age, sex=Sex.MALE)
        for number in range(11):
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            ds.save_as(folder / f"{age}_{number}.dcm", enforce_file_format=True)
            rows.append(f"{ds.SOPInstanceUID},{(0.85 * age + number % 3) / 12:.4f}")
    table = source / "labels.csv"
    table.write_text("\n".join(rows) + "\n")
    return Boys(folder, table)


def test_a_calibration_that_helps_is_sealed_and_then_in_force_and_named(command: Command, boys: Boys, tmp_path: Path) -> None:
    target = tmp_path / "calibration.json"
    found = command.json("accept", str(boys.folder), str(boys.table), "--calibrate", str(target))
    assert found["images"] == 55
    made = read_calibration(target.read_text())
    assert set(made.lines) == {Sex.MALE}
    assert made.seal == found["calibration"]["sha256"]
    assert made.bundle.sha256 == found["bundle"]["sha256"]
    assert target.stat().st_mode & 0o222 == 0
    line = found["calibration"]["sexes"]["M"]["line"]
    assert 0 < line["gain"]["low"] <= line["gain"]["value"]
    assert made.lines[Sex.MALE].slope.value < 1

    (tmp_path / "site.toml").write_text(f'[calibration]\nfile = "{target}"\n')
    one = next(boys.folder.glob("108_*.dcm"))
    (plain,) = records(command, "assess", str(one))
    (corrected,) = records(command, "--config", str(tmp_path / "site.toml"), "assess", str(one))
    assert plain["calibration"] is None
    assert corrected["calibration"]["raw_months"] == pytest.approx(plain["bone_age_months"])
    assert corrected["calibration"]["sha256"] == made.seal
    assert corrected["bone_age_months"] == pytest.approx(made.lines[Sex.MALE].apply(plain["bone_age_months"]))
    assert corrected["bone_age_months"] < plain["bone_age_months"]
    assert f"version 1 for M, sealed {made.seal[:12]}" in command("--config", str(tmp_path / "site.toml"), "doctor").out
    assert "never overwritten" in command.fails("accept", str(boys.folder), str(boys.table), "--calibrate", str(target))


def test_with_few_images_no_calibration_is_made_and_the_rest_is(command: Command, hands: Path, table: Path, tmp_path: Path) -> None:
    done = command("accept", str(hands), str(table), "--calibrate", str(tmp_path / "c.json"))
    assert done.code == 1
    assert "no calibration was made: F: 2 of the 50 images that are needed; M: 1 of the 50 images that are needed" in done.err
    assert not (tmp_path / "c.json").exists()
    assert (tmp_path / "acceptance.pdf").exists()
    assert "calibration F refused: 2 of the 50 images that are needed" in done.lines


def test_no_name_is_printed(command: Command, hands: Path, table: Path) -> None:
    ds = pydicom.dcmread(SAMPLES / READ[0])
    ds.PatientName, ds.PatientID = "Planted^Name", "PLANTED-ID"
    (hands / READ[0]).unlink()
    ds.save_as(hands / READ[0])
    done = command("accept", str(hands), str(table))
    assert "lanted" not in (done.out + done.err).lower()
    said = " ".join(page.extract_text() for page in pypdf.PdfReader("acceptance.pdf").pages)
    assert "lanted" not in said.lower()


def records(command: Command, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in command.ok("--json", *arguments).lines]
