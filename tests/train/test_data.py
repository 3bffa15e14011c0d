from __future__ import annotations

import contextlib
import dataclasses
import resource
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from baa_node.core.preprocess import PAD, prepare
from baa_node.core.radiograph import Sex
from train.data import DataError, Examples, cached, check_labelled, joined, load_phantoms, load_split, read_images, read_labels

SPEC = dataclasses.replace(PAD, size=20)
HEADER = "image_id,bone_age_months,sex,split\n"
ROWS = "11,100,F,train\n12,120,M,val\n13,90,M,train\n"


def coded(grey: int) -> bytes:
    return bytes(cv2.imencode(".png", np.full((20, 20), grey, np.uint8))[1])


@contextlib.contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes; the error is the operating system's own."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def data_set(folder: Path, rows: str = ROWS, members: Mapping[str, bytes] | None = None) -> Path:
    (folder / "rsna_train").mkdir()
    (folder / "rsna_train.csv").write_text(HEADER + rows)
    with zipfile.ZipFile(folder / "rsna_train" / "part-00.zip", "w") as archive:
        for name, content in (members or {f"{number}.jpg": coded(number) for number in (11, 12, 13)}).items():
            archive.writestr(name, content)
    return folder


def test_a_split_is_read_in_the_order_of_its_labels(tmp_path: Path) -> None:
    found = load_split(data_set(tmp_path), "train", SPEC, cache=tmp_path / "cache")
    assert found.ids == ("11", "13")
    assert found.months.tolist() == [100, 90]
    assert found.male.tolist() == [0, 1]
    assert [int(image.mean()) for image in found.images] == [11, 13]
    np.testing.assert_array_equal(found.images[0], prepare(np.full((20, 20), 11, np.uint8), SPEC).image)


def test_the_second_time_comes_from_the_cache_and_another_preparation_does_not(tmp_path: Path) -> None:
    folder, cache = data_set(tmp_path), tmp_path / "cache"
    first = load_split(folder, "train", SPEC, cache=cache)
    (stored,) = cache.glob("train-*.npy")
    changed = np.load(stored)
    changed[:] = 77
    np.save(stored, changed)
    assert load_split(folder, "train", SPEC, cache=cache).images.max() == 77
    again = load_split(folder, "train", dataclasses.replace(SPEC, clip=3.0), cache=cache)
    np.testing.assert_array_equal(again.images, first.images)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("14,241,F,train\n", "bone_age_months 241 of image 14"),
        ("14,-1,F,train\n", "image 14"),
        ("14,old,F,train\n", "image 14 is no number"),
        ("14,nan,F,train\n", "image 14"),
        ("14,100,O,train\n", "sex or split of image 14"),
        ("14,100,F,test\n", "sex or split of image 14"),
        (",100,F,train\n", "line 5: no image_id"),
        ("13,100,F,train\n", "image 13 stands twice"),
    ],
)
def test_a_bad_row_is_named_with_its_file(tmp_path: Path, row: str, named: str) -> None:
    with pytest.raises(DataError, match=rf"rsna_train\.csv.*{named}"):
        read_labels(data_set(tmp_path, ROWS + row) / "rsna_train.csv")


def test_a_degraded_copy_keeps_labels_and_order_and_is_another_each_time(tmp_path: Path) -> None:
    grey = np.tile(np.linspace(0, 255, 40, dtype=np.uint8), (40, 1))
    content = bytes(cv2.imencode(".png", grey)[1])
    folder = data_set(tmp_path, members={f"{name}.jpg": content for name in (11, 12, 13)})
    plain, first, second, again = (load_split(folder, "train", SPEC, cache=tmp_path / f"cache{n}", copy=n % 3) for n in (0, 1, 2, 4))
    assert first.ids == ("11~1", "13~1")
    np.testing.assert_array_equal(first.months, plain.months)
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.images, plain.images)
    assert not np.array_equal(first.images, second.images)
    assert not np.array_equal(first.images[0], first.images[1])


def test_a_recoded_split_keeps_labels_and_names_and_is_another_for_each_image(tmp_path: Path) -> None:
    rough = np.random.default_rng(3).integers(0, 256, (64, 64)).astype(np.uint8)
    content = bytes(cv2.imencode(".png", rough)[1])
    folder = data_set(tmp_path, members={f"{name}.jpg": content for name in (11, 12, 13)})
    plain, recoded, again = (load_split(folder, "train", SPEC, cache=tmp_path / f"cache{n}", recode=n > 0) for n in range(3))
    assert recoded.ids == plain.ids
    np.testing.assert_array_equal(recoded.months, plain.months)
    np.testing.assert_array_equal(recoded.images, again.images)
    assert not np.array_equal(recoded.images[0], plain.images[0])
    assert not np.array_equal(recoded.images[0], recoded.images[1])


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rsna_train\.csv is missing"):
        read_labels(tmp_path / "rsna_train.csv")


def test_a_labelled_image_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"image 14 .*part-00\.zip"):
        load_split(data_set(tmp_path, ROWS + "14,100,F,train\n"), "train", SPEC, cache=tmp_path / "cache")


def test_an_image_without_label_is_named_with_its_archive(tmp_path: Path) -> None:
    folder = data_set(tmp_path, "11,100,F,train\n12,120,M,val\n")
    with pytest.raises(DataError, match=r"part-00\.zip: 13\.jpg has no label"):
        check_labelled(sorted((folder / "rsna_train").glob("*.zip")), read_labels(folder / "rsna_train.csv"))


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    folder = data_set(tmp_path)
    (folder / "rsna_train" / "part-01.zip").write_bytes(b"PK not really")
    with pytest.raises(DataError, match=r"part-01\.zip"):
        load_split(folder, "val", SPEC, cache=tmp_path / "cache")


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    folder = data_set(tmp_path)
    part = folder / "rsna_train" / "part-00.zip"
    damaged = bytearray(part.read_bytes())
    damaged[60] ^= 0xFF
    part.write_bytes(damaged)
    with pytest.raises(DataError, match=r"part-00\.zip: 11\.jpg is damaged"):
        list(read_images([part], ["11"]))


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_a_member_that_is_no_image_is_named_and_leaves_no_cache(tmp_path: Path, content: bytes) -> None:
    folder = data_set(tmp_path, members={"11.jpg": coded(1), "12.jpg": coded(1), "13.jpg": content})
    with pytest.raises(DataError, match=r"part-00\.zip: 13\.jpg is no image"):
        load_split(folder, "train", SPEC, cache=tmp_path / "cache")
    with pytest.raises(DataError, match=r"13\.jpg"):
        load_split(folder, "train", SPEC, cache=tmp_path / "cache")


def test_a_folder_without_archives_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.zip file"):
        load_split(tmp_path, "train", SPEC, cache=tmp_path)


def test_the_real_labels_are_read_whole(shared_data: Path) -> None:
    labels = read_labels(shared_data / "rsna_train.csv")
    assert [sum(label.split == split for label in labels) for split in ("train", "val")] == [11349, 1262]
    assert sum(label.sex is Sex.MALE for label in labels) == 6833


def test_a_disk_that_is_full_is_told_with_the_file_and_leaves_none(tmp_path: Path) -> None:
    folder, cache = data_set(tmp_path), tmp_path / "cache"
    with file_limit(600), pytest.raises(DataError, match=r"train-2-\w+\.npy cannot be written to cache: File too large"):
        load_split(folder, "train", SPEC, cache=cache)
    assert list(cache.iterdir()) == []
    assert len(load_split(folder, "train", SPEC, cache=cache)) == 2


def test_an_interruption_leaves_no_half_file(tmp_path: Path) -> None:
    def interrupted() -> Iterator[NDArray[np.uint8]]:
        yield np.zeros((20, 20), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path / "some.npy", interrupted(), 2, SPEC)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_or_foreign_cache_is_named(tmp_path: Path) -> None:
    stored = tmp_path / "some.npy"
    stored.write_bytes(b"not an array")
    with pytest.raises(DataError, match=r"some\.npy .*damaged.*delete it"):
        cached(stored, [], 1, SPEC)
    np.save(stored, np.zeros((1, 20, 20, 1), np.float32))
    with pytest.raises(DataError, match=r"some\.npy .*float32"):
        cached(stored, [], 1, SPEC)


def test_fewer_images_than_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 images came where 2"):
        cached(tmp_path / "some.npy", [np.zeros((20, 20), np.uint8)], 2, SPEC)


def test_drawn_hands_come_with_both_sexes_and_known_ages(tmp_path: Path) -> None:
    found = load_phantoms(4, SPEC, cache=tmp_path, seed=3)
    assert found.male.tolist() == [0, 1, 0, 1]
    assert found.images.shape == (4, 20, 20, 1)
    assert ((found.months >= 12) & (found.months <= 216)).all()
    assert set(found.ids).isdisjoint(load_phantoms(4, SPEC, cache=tmp_path, seed=4).ids)


def test_joined_examples_keep_their_order() -> None:
    one = Examples(images=np.zeros((1, 2, 2, 1), np.uint8), months=np.ones(1, np.float32), male=np.zeros(1, np.float32), ids=("a",))
    two = Examples(images=np.ones((2, 2, 2, 1), np.uint8), months=np.zeros(2, np.float32), male=np.ones(2, np.float32), ids=("b", "c"))
    both = joined([one, two])
    assert both.ids == ("a", "b", "c")
    assert both.months.tolist() == [1, 0, 0]
    assert both.images.shape == (3, 2, 2, 1)
