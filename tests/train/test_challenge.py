from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from baa_node.core.preprocess import PAD, prepare
from train.challenge import is_challenge, read_set
from train.data import fingerprint, load_split
from train.labels import DataError, fixed_split, read_challenge_labels, read_labels

SPEC = dataclasses.replace(PAD, size=20)
ROWS = "1,100,True\n2,101,True\n3,102,True\n4,90,False\n"


def picture(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((60, 40), grey, np.uint8))


def download(folder: Path, rows: str = ROWS) -> Path:
    (folder / "boneage-training-dataset.csv").write_text("id,boneage,male\n" + rows)
    for number in range(1, 5):
        picture(folder / "boneage-training-dataset" / f"{number}.png", 10 * number)
    return folder


def test_the_training_set_is_split_and_prepared_from_full_size_files(tmp_path: Path) -> None:
    folder, cache = download(tmp_path), tmp_path / "cache"
    parts = {split: load_split(folder, split, SPEC, cache=cache) for split in ("train", "val")}
    assert sorted(parts["train"].ids + parts["val"].ids) == ["1", "2", "3", "4"]
    assert len(parts["val"]) == 2  # one of three boys of eight, and the only girl of seven
    assert "4" in parts["val"].ids
    found = {name: image for part in parts.values() for name, image in zip(part.ids, part.images, strict=True)}
    np.testing.assert_array_equal(found["3"], prepare(np.full((60, 40), 30, np.uint8), SPEC).image)
    assert {part.months.dtype.name for part in parts.values()} == {"float32"}
    assert parts["val"].male[parts["val"].ids.index("4")] == 0


def test_the_fixed_split_is_that_of_the_small_images(shared_data: Path) -> None:
    labels = read_labels(shared_data / "rsna_train.csv")
    unsplit = [dataclasses.replace(label, split="train") for label in reversed(labels)]
    assert sorted(fixed_split(unsplit), key=lambda label: label.image_id) == sorted(labels, key=lambda label: label.image_id)


def test_the_whole_table_of_the_challenge_gives_the_same_labels(shared_data: Path, tmp_path: Path) -> None:
    table = tmp_path / "boneage-training-dataset.csv"
    with (shared_data / "rsna_train.csv").open(newline="") as given, table.open("w", newline="") as published:
        rows = csv.writer(published)
        rows.writerow(["id", "boneage", "male"])
        rows.writerows([row["image_id"], row["bone_age_months"], str(row["sex"] == "M")] for row in csv.DictReader(given))
    assert fixed_split(read_challenge_labels(table, "train")) == read_labels(shared_data / "rsna_train.csv")


def test_validation_lies_in_two_folders_and_its_columns_are_named_otherwise(tmp_path: Path) -> None:
    folder = download(tmp_path)
    (folder / "boneage-validation-dataset.csv").write_text("Image ID,male,Bone Age (months)\n21,TRUE,30\n22,FALSE,40.5\n")
    picture(folder / "boneage-validation-dataset-1" / "21.png", 21)
    picture(folder / "boneage-validation-dataset-2" / "boneage-validation-dataset-2" / "22.png", 22)
    found = load_split(folder, "validation", SPEC, cache=tmp_path / "cache")
    assert (found.ids, found.months.tolist(), found.male.tolist()) == (("21", "22"), [30, 40.5], [1, 0])


def test_the_test_set_has_sexes_in_letters_and_a_table_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "Bone age test truth.csv").write_text("Case ID,Sex,Ground truth bone age (months)\n4360,M,168.93\n4361,F,169\n")
    for number in (4360, 4361):
        picture(tmp_path / "boneage-test-dataset" / f"{number}.png", 50)
    found = load_split(tmp_path, "test", SPEC, cache=tmp_path / "cache")
    assert found.ids == ("4360", "4361")
    assert found.months.tolist() == pytest.approx([168.93, 169])
    assert found.male.tolist() == [1, 0]


def test_other_folders_are_no_download(tmp_path: Path) -> None:
    assert not is_challenge(tmp_path)
    assert is_challenge(download(tmp_path))


def test_small_and_full_size_images_do_not_share_a_cache(tmp_path: Path) -> None:
    folder, cache = download(tmp_path), tmp_path / "cache"
    ids = load_split(folder, "train", SPEC, cache=cache).ids
    (stored,) = cache.iterdir()
    assert stored.name.startswith("train-2-")
    assert stored.stem != f"train-2-{fingerprint(SPEC, ids)}"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (ROWS + "5,80,True\n", r"training-dataset\.csv: image 5 is labelled but 5\.png is missing"),
        ("1,100,True\n2,101,True\n3,102,True\n", r"boneage-training-dataset/4\.png has no label"),
        (ROWS.replace("90", "900"), r"csv line 5: bone_age_months 900 of image 4 is outside"),
        (ROWS.replace("90", ""), r"csv line 5: bone_age_months of image 4 is no number"),
        (ROWS.replace("False", "perhaps"), r"csv line 5: male of image 4 is unknown"),
        (ROWS + "4,90,False\n", r"csv: image 4 stands twice"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, rows: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        read_set(download(tmp_path, rows), "train")


def test_a_missing_column_is_told_with_the_names_that_would_do(tmp_path: Path) -> None:
    folder = download(tmp_path)
    (folder / "boneage-training-dataset.csv").write_text("id,months,male\n1,100,True\n")
    with pytest.raises(DataError, match=r"no column for bone_age_months; understood are: boneage, "):
        read_set(folder, "train")


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_missing_set_is_named(tmp_path: Path, split: str) -> None:
    with pytest.raises(DataError, match=rf"boneage-{split}-dataset"):
        read_set(download(tmp_path), split)
    with pytest.raises(DataError, match=r"no split 'other'"):
        read_set(tmp_path, "other")


@pytest.mark.parametrize("kept", [0, 8, 60, -20])
def test_a_damaged_picture_is_named_and_leaves_no_cache(tmp_path: Path, kept: int) -> None:
    folder = download(tmp_path)
    victim = folder / "boneage-training-dataset" / "4.png"
    victim.write_bytes(victim.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"boneage-training-dataset/4\.png is damaged or no image"):
        load_split(folder, "val", SPEC, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
