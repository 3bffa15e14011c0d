from __future__ import annotations

import errno
import fcntl
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from baa_node.errors import SpoolError
from baa_node.spool import FolderSpool
from baa_node.spool.past_cache import LEAST_BYTES


def test_written_bytes_are_read_back(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    path = spool.write("instances", "1.2.3", b"abc")
    assert spool.read(path) == b"abc"
    assert path.endswith("/1.2.3")


def test_a_name_cannot_leave_the_spool(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    path = spool.write("instances", "../../etc/passwd", b"abc")
    assert (tmp_path / "spool" / path).resolve().is_relative_to(tmp_path / "spool")


def test_a_young_spool_flushes_no_more_than_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    spool = FolderSpool(tmp_path / "spool")
    spool.write("instances", "first", b"abc")
    monkeypatch.setattr(os, "fsync", flushed.append)
    for number in range(50):
        spool.write("instances", f"1.2.{number}", b"abc")
    assert len(flushed) == 2 * 50
    assert len(spool.listed("instances")) == 51


def test_a_folder_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    path = spool.write("instances", "1.2.3", b"abc")
    shutil.rmtree((tmp_path / "spool" / path).parent)
    assert spool.read(spool.write("instances", "1.2.3", b"abc")) == b"abc"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(SpoolError, match="cannot write"):
            spool.write("instances", "1.2.3", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path for path in (tmp_path / "spool").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("size", [LEAST_BYTES - 1, LEAST_BYTES, LEAST_BYTES + 1, LEAST_BYTES + 4095, LEAST_BYTES + 4097, 3 * LEAST_BYTES])
def test_large_files_are_read_back_whatever_their_length(tmp_path: Path, size: int) -> None:
    spool, content = FolderSpool(tmp_path / "spool"), random.Random(size).randbytes(size)
    assert spool.read(spool.write("instances", "1.2.3", content[:351], content[351:352], b"", content[352:])) == content


def test_large_files_leave_memory_to_others(tmp_path: Path) -> None:
    if not _can_do_without_cache(tmp_path):
        pytest.skip("this file system writes nothing past the page cache, or does not tell")
    spool = FolderSpool(tmp_path / "spool")
    small, large = (tmp_path / "spool" / spool.write("instances", str(size), bytes(size)) for size in (LEAST_BYTES // 2, LEAST_BYTES))
    assert _is_cached(small)
    assert not _is_cached(large)


@pytest.mark.parametrize("refusal", ["when asked", "when written to"])
def test_a_file_system_that_wants_the_page_cache_gets_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    refused: list[int] = []
    ask, write = fcntl.fcntl, os.write

    def choosy_ask(descriptor: int, command: int, flags: int = 0) -> int:
        if refusal == "when asked" and command == fcntl.F_SETFL and flags & os.O_DIRECT:
            refused.append(flags)
            raise OSError(errno.EINVAL, "invalid")
        return ask(descriptor, command, flags)

    def choosy_write(descriptor: int, content: bytes) -> int:
        if refusal == "when written to" and ask(descriptor, fcntl.F_GETFL) & os.O_DIRECT:
            refused.append(len(content))
            raise OSError(errno.EINVAL, "invalid")
        return write(descriptor, content)

    monkeypatch.setattr(fcntl, "fcntl", choosy_ask)
    monkeypatch.setattr(os, "write", choosy_write)
    spool, content = FolderSpool(tmp_path / "spool"), os.urandom(LEAST_BYTES + 100)
    assert spool.read(spool.write("instances", "1.2.3", content)) == content
    assert refused or not _can_do_without_cache(tmp_path)


def test_a_disk_that_fills_under_a_large_file_keeps_nothing_of_it(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LEAST_BYTES // 2 + 1000, before[1]))
    try:
        with pytest.raises(SpoolError, match="cannot write"):
            spool.write("instances", "1.2.3", bytes(LEAST_BYTES))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path for path in (tmp_path / "spool").rglob("*") if path.is_file()] == []


def test_the_reserve_is_kept(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool", min_free_bytes=1 << 60)
    assert "MiB are kept in reserve" in spool.shortage()
    with pytest.raises(SpoolError, match="reserve"):
        spool.write("instances", "1.2.3", b"abc")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="instances/ab/gone"):
        FolderSpool(tmp_path).read("instances/ab/gone")


def test_an_unusable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="file"):
        FolderSpool(tmp_path / "file")


def test_a_writer_killed_in_the_middle_leaves_no_file_under_the_name(tmp_path: Path) -> None:
    program = f"""
import os, signal, baa_node.spool as s
from pathlib import Path
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
spool = s.FolderSpool(Path({str(tmp_path)!r}))
(spool.root / s.place("instances", "1.2.3")).parent.mkdir(parents=True)
spool.write("instances", "1.2.3", b"abc")
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert list(tmp_path.rglob("1.2.3")) == []
    assert FolderSpool(tmp_path).sweep(older_than_s=3600) == 0
    assert FolderSpool(tmp_path).sweep(older_than_s=0) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def _can_do_without_cache(folder: Path) -> bool:
    """Whether a file can be written to past the page cache here, and be asked whether it is in it."""
    path = folder / "probe"
    path.write_bytes(bytes(4096))
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_DIRECT))
        _is_cached(path)
    except OSError:
        return False
    return True


def _is_cached(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.preadv(descriptor, [bytearray(4096)], 0, os.RWF_NOWAIT) > 0
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
