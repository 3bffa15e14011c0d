"""A bucket as spool: the same promises as a folder, and words where it cannot keep them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baa_node.errors import ConfigError, SpoolError
from baa_node.spool import Spool, open_spool
from tests.parts.s3 import S3

MISSING_BUCKET = "s3://there-is-none/spool"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with S3(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(params=["folder", "s3"])
def spool(request: pytest.FixtureRequest, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)
    return open_spool(tmp_path / "spool" if request.param == "folder" else f"{s3.url}/{tmp_path.name}")


def test_what_was_written_is_there_until_it_is_removed(spool: Spool) -> None:
    path = spool.write("instances", "1.2.3", b"abc")
    assert path == spool.write("instances", "1.2.3", memoryview(b"abcd"))  # written again after a crash
    assert spool.holds(path)
    assert spool.read(path) == b"abcd"
    for _ in range(2):
        spool.remove(path)
    assert not spool.holds(path)
    with pytest.raises(SpoolError, match=path):
        spool.read(path)


def test_an_image_of_many_megabytes_comes_back_as_it_was(spool: Spool) -> None:
    content = bytes(range(256)) * (20 << 12)  # 20 MiB
    assert spool.read(spool.write("instances", "1.2.4", content)) == content


def test_names_cannot_leave_their_place(spool: Spool) -> None:
    path = spool.write("instances", "../../etc/passwd", b"abc")
    assert path.startswith("instances/")
    assert ".." not in path.split("/")


def test_what_is_listed_is_of_one_kind(spool: Spool) -> None:
    image, result = spool.write("instances", "1.2.3", b"abc"), spool.write("results", "1.2.3", b"abc")
    assert (spool.listed("instances"), spool.listed("results"), spool.listed("nothing")) == ([image], [result], [])


def test_the_age_of_a_file_is_told_while_it_is_there(spool: Spool) -> None:
    path = spool.write("results", "1.2.3", b"abc")
    assert -2 < spool.age_s(path) < 60  # a store tells whole seconds
    spool.remove(path)
    with pytest.raises(SpoolError, match=path):
        spool.age_s(path)


def test_a_bucket_that_is_not_there_is_named_at_once(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SpoolError, match=MISSING_BUCKET):
        open_spool(MISSING_BUCKET)


def test_a_bucket_has_no_end_and_nothing_to_sweep(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)
    spool = open_spool(s3.url)
    assert (spool.free_bytes(), spool.shortage(), spool.sweep(older_than_s=0)) == (None, "", 0)


def test_a_store_that_is_away_is_a_fault_of_the_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with S3(tmp_path) as s3:
        for name, value in s3.env.items():
            monkeypatch.setenv(name, value)
        spool = open_spool(s3.url)
        path = spool.write("instances", "1", b"abc")
    for use in (lambda: spool.write("instances", "2", b"abc"), lambda: spool.read(path), lambda: spool.holds(path)):
        with pytest.raises(SpoolError, match="spool"):
            use()


def test_other_urls_and_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"ftp://host/folder.*s3://bucket/prefix"):
        open_spool("ftp://host/folder")
    monkeypatch.setitem(sys.modules, "obstore.fsspec", None)
    with pytest.raises(ConfigError, match=r"baa_node\[s3\]"):
        open_spool("s3://bucket/prefix")
