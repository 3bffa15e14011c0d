from __future__ import annotations

import copy
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from baa_node.core.acceptance.local_reads import LocalRead, parse_reads
from baa_node.core.radiograph import Sex
from baa_node.core.reading import ReadingPolicy
from baa_node.replay import ImageFile, list_images, match, replay
from tests.parts.calibrations import calibration
from tests.parts.hands import constant_ensemble, hand_cr

ENSEMBLE = constant_ensemble(118.0)


def image(name: str, uid: str = "", accession: str = "") -> ImageFile:
    return ImageFile(path=Path("hands") / name, name=name, sop_instance_uid=uid or name, accession_number=accession, sex="F")


def read(row: int = 2, *, file: str = "", uid: str = "", accession: str = "", months: float = 100.0, sex: Sex | None = None) -> LocalRead:
    return LocalRead(row=row, file=file, sop_instance_uid=uid, accession_number=accession, months=months, sex=sex)


@pytest.fixture(scope="module")
def hands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a girl, a hand of unknown sex, a side view, one that cannot be decoded, a text and a second copy of the girl."""
    folder, source = tmp_path_factory.mktemp("replay"), tmp_path_factory.mktemp("source")
    girl = hand_cr(source)
    (folder / "deeper").mkdir()

    def save(name: str, **elements: object) -> None:
        ds = copy.deepcopy(girl)
        ds.SOPInstanceUID = generate_uid()
        for keyword, value in elements.items():
            setattr(ds, keyword, value)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.save_as(folder / name, enforce_file_format=True)

    save("girl.dcm", AccessionNumber="A1")
    save("deeper/side.dcm", AccessionNumber="A1", ViewPosition="LL")
    save("unknown.dcm", AccessionNumber="A2", PatientSex="")
    save("short.dcm", AccessionNumber="A3", PixelData=b"\0" * 10)
    (folder / "deeper" / "copy.dcm").write_bytes((folder / "girl.dcm").read_bytes())
    (folder / "notes.txt").write_text("no image")
    return folder


def test_a_folder_is_listed_by_headers_and_what_is_no_image_is_told(hands: Path) -> None:
    files, remarks = list_images(hands, but=[hands / "short.dcm"])
    assert sorted(file.name for file in files) == ["deeper/copy.dcm", "deeper/side.dcm", "unknown.dcm"]
    assert [str(remark) for remark in remarks] == [
        "girl.dcm: holds the same SOPInstanceUID as deeper/copy.dcm and is left out",
        "notes.txt: the file is not a DICOM file, or a damaged one",
    ]
    assert not any(remark.lost for remark in remarks)


@pytest.mark.parametrize(
    "row",
    [
        read(file="sub/a.dcm"),
        read(file="./sub/a.dcm"),
        read(file="sub\\a.dcm"),
        read(file="a.dcm"),
        read(file="a"),
        read(uid="1.2"),
        read(accession="A1"),
    ],
)
def test_an_image_is_found_by_any_of_its_names(row: LocalRead) -> None:
    (found,), remarks = match([row], [image("sub/a.dcm", "1.2", "A1")])
    assert [file.name for file in found.files] == ["sub/a.dcm"]
    assert remarks == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (read(file="b.dcm"), "row 2, b.dcm: there is no readable DICOM file of this name in the folder"),
        (read(uid="9.9"), "row 2, 9.9: no file holds this SOPInstanceUID"),
        (read(accession="Z"), "row 2, Z: no file holds this AccessionNumber"),
        (read(file="twice.dcm"), "row 2, twice.dcm: 2 files have this name (x/twice.dcm, y/twice.dcm); give the path within the folder"),
    ],
)
def test_a_row_without_an_image_is_told(row: LocalRead, told: str) -> None:
    matches, remarks = match([row], [image("x/twice.dcm"), image("y/twice.dcm")])
    assert matches == []
    assert str(remarks[0]) == told
    assert remarks[0].lost


def test_files_without_a_row_are_told_and_are_no_loss() -> None:
    _, remarks = match([read(file="a.dcm")], [image("a.dcm"), image("b.dcm")])
    assert [(str(remark), remark.lost) for remark in remarks] == [("b.dcm: no row gives it a bone age", False)]


def test_one_image_under_two_names_counts_once_or_where_they_differ_not_at_all() -> None:
    files = [image("a.dcm", "1.2", "A1")]
    same, remarks = match([read(2, file="a.dcm"), read(3, uid="1.2")], files)
    assert [one.read.row for one in same] == [2]
    assert [(remark.row, remark.lost) for remark in remarks] == [(3, False)]
    none, remarks = match([read(2, file="a.dcm"), read(3, accession="A1", months=90)], files)
    assert none == []
    assert [(remark.row, remark.lost) for remark in remarks] == [(2, True), (3, True)]
    assert "rows 2, 3 give one image different bone ages" in remarks[0].text


def test_nothing_is_lost(hands: Path) -> None:
    reads, _ = parse_reads("file,sex,bone_age_months\ngirl.dcm,M,120\nunknown.dcm,M,110\nshort.dcm,F,90\n")
    files, _ = list_images(hands, but=[hands / "deeper" / "copy.dcm"])
    matches, _ = match(reads, files)
    done: list[int] = []
    found = replay(matches, ENSEMBLE, ReadingPolicy(), done=lambda: done.append(1))
    assert len(done) == 3
    assert [(one.file, one.sex, one.label, one.estimate) for one in found.cases] == [
        ("girl.dcm", Sex.FEMALE, 120, 118.0),
        ("unknown.dcm", Sex.MALE, 110, 118.0),
    ]
    (refused,) = found.refused
    assert (refused.row, refused.file, refused.codes) == (4, "short.dcm", ("BAA112",))
    assert refused.text.startswith("The pixel data cannot be decoded. (")
    assert [str(remark) for remark in found.remarks] == [
        "row 2, girl.dcm: the table says M and PatientSex F, by which it was read",
        "row 3, unknown.dcm: PatientSex is missing in the image; it was read with the table's M, and in the running node it would not be",
    ]


def test_of_an_accession_the_one_image_that_is_read_counts(hands: Path) -> None:
    files, _ = list_images(hands)
    (found,), _ = match([read(accession="A1", months=120)], files)
    assert len(found.files) == 2
    replayed = replay([found], ENSEMBLE, ReadingPolicy())
    assert len(replayed.cases) == 1  # the side view is refused, as the node drops such refusals
    assert replayed.refused == []


def test_an_accession_of_two_hands_is_ambiguous(hands: Path, tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        ds = pydicom.dcmread(hands / "girl.dcm")
        ds.SOPInstanceUID = generate_uid()
        ds.save_as(tmp_path / name)
    files, _ = list_images(tmp_path)
    matches, _ = match([read(accession="A1")], files)
    replayed = replay(matches, ENSEMBLE, ReadingPolicy())
    assert replayed.cases == []
    assert "2 images of this AccessionNumber were read (a.dcm, b.dcm)" in str(replayed.remarks[0])


def test_a_file_that_goes_away_meanwhile_is_told(hands: Path) -> None:
    files = [ImageFile(path=hands / "gone.dcm", name="gone.dcm", sop_instance_uid="1", accession_number="", sex="F")]
    matches, _ = match([read(file="gone.dcm")], files)
    replayed = replay(matches, ENSEMBLE, ReadingPolicy())
    assert [str(remark) for remark in replayed.remarks] == ["row 2, gone.dcm: the file cannot be read: No such file or directory"]


def test_a_calibration_in_force_is_part_of_the_reading_and_the_raw_value_is_kept(hands: Path) -> None:
    files, _ = list_images(hands)
    matches, _ = match([read(file="unknown.dcm", sex=Sex.MALE)], files)
    (found,) = replay(matches, ENSEMBLE, ReadingPolicy(calibration=calibration(ENSEMBLE.identity))).cases
    assert (found.raw, found.estimate) == (118.0, pytest.approx(0.9 * 118 + 6))
    assert found.interval[0] < found.estimate < found.interval[1]
