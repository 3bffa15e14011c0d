"""A full disk: the sender is told to keep its copy, and nothing that was promised is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from tests.parts.dcmtk import storescu
from tests.parts.images import copy_in_new_study, plain_cr
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import program, run
from tests.parts.report import bone_age_months
from tests.parts.sender import encoded_dataset, store_bytes

OUT_OF_RESOURCES = 0xA700


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB in memory."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = run(program("mount"), "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder)
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stdout.strip()}")
    yield folder
    run(program("umount"), "-l", folder)


@pytest.mark.parametrize("everything", [False, True], ids=["spool", "spool and databases"])
def test_a_full_disk_is_answered_and_got_over(small_disk: Path, hand: Path, tmp_path: Path, everything: bool) -> None:
    node = Node(tmp_path / "node", SPOOL__PATH=small_disk / "spool", SPOOL__RESERVE_MB=0)
    if everything:
        node.data = small_disk / "data"
    earlier, refused = (copy_in_new_study(hand, tmp_path / f"{name}.dcm") for name in ("earlier", "refused"))
    with Orthanc(tmp_path / "orthanc", node_port=node.port) as orthanc:
        node.add_peer("pacs", orthanc.ae_title, orthanc.port)
        with node.start():
            assert storescu(node.port, earlier).returncode == 0
            orthanc.capture_in(_study(earlier))
            ballast = _fill(small_disk)
            data, ds = encoded_dataset(refused)
            assert store_bytes(node.port, data, sop_class=ds.SOPClassUID, sop_instance=ds.SOPInstanceUID) == OUT_OF_RESOURCES
            assert node.running.alive
            ballast.unlink()
            assert storescu(node.port, refused).returncode == 0
            assert bone_age_months(orthanc.report_in(_study(refused))) is not None
            assert node.running.alive
        assert node.cli("audit", "verify").returncode == 0


def test_a_file_that_cannot_be_written_whole_is_answered(tmp_path: Path) -> None:
    node = Node(tmp_path / "node")
    node.add_peer("pacs", Orthanc.ae_title, 1)
    big = plain_cr(tmp_path / "big.dcm", rows=4000, columns=3000)  # 24 MB
    small = plain_cr(tmp_path / "small.dcm")
    with node.start(wrap=(program("prlimit"), f"--fsize={16 << 20}")):
        data, ds = encoded_dataset(big)
        assert store_bytes(node.port, data, sop_instance=ds.SOPInstanceUID) == OUT_OF_RESOURCES
        assert storescu(node.port, small).returncode == 0
    leftovers = [path for path in node.data.rglob("*") if path.is_file() and path.stat().st_size >= 16 << 20]
    assert leftovers == []


def _study(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID)


def _fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            return ballast
    return ballast
