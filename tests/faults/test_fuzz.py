"""Data sets changed in structure and PDUs changed by bytes: no crash, no hang, and no number from junk.

Random by seed and not by search, so that a case is named by its number: ``FUZZ_SEED`` repeats a run, ``FUZZ_CASES`` makes it longer
(``make soak``).
"""

from __future__ import annotations

import io
import os
import random
import socket
import time
import warnings
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.attributes import UNREADABLE
from baa_node.core.objects.header import Device
from baa_node.core.picture import draw_picture
from baa_node.core.radiograph import from_dataset
from baa_node.core.reading import read_bone_age
from baa_node.core.report import build_capture, build_report
from baa_node.dicom.scp import Caller, StoreRefusedError, StoreRequest, read_request
from baa_node.errors import InstanceError
from tests.dicom.wire import association_request, p_data, store_command
from tests.parts.hands import constant_ensemble, hand_cr, part10
from tests.parts.node import Node
from tests.parts.programs import free_port
from tests.parts.times import NOW

SEED = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
CASES = int(os.environ.get("FUZZ_CASES") or 1000)  # of data sets, and as many of PDUs
LONGEST_S = 5.0
DEVICE = Device(name="TEST", uid="2.25.1", manufacturer="baa_node project", model="baa_node", serial="1", version="0")

NUMBERS = ("", "-1", "99999999999999999999", "NaN", "1e400", "\\" * 40)
JUNK = (*NUMBERS, "\x00", "A" * 5000, "Ω ё 漢", "../../etc/passwd", "<script>", "%s%n", "\x1b$B")


@pytest.fixture(scope="module")
def small_hand(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A drawn hand of 280 rows that is read: small, so that many are."""
    ds = hand_cr(tmp_path_factory.mktemp("hand"))
    small = cv2.resize(ds.pixel_array, (220, 280), interpolation=cv2.INTER_AREA)
    ds.Rows, ds.Columns = small.shape
    ds.PixelData = small.astype("<u2").tobytes()
    return ds


def test_the_hand_is_read_as_it_is(small_hand: Dataset) -> None:
    assert isinstance(read_bone_age(small_hand, constant_ensemble()), Assessment)


def drop(ds: Dataset, dice: random.Random) -> None:
    del ds[dice.choice(list(ds.keys()))]


def empty(ds: Dataset, dice: random.Random) -> None:
    ds[dice.choice(list(ds.keys()))].value = None


def junk(ds: Dataset, dice: random.Random) -> None:
    tag = dice.choice(list(ds.keys()))
    raw = dice.choice(JUNK).encode("utf-8", "replace")
    ds[tag] = RawDataElement(Tag(tag), _vr(tag), len(raw), raw, 0, False, True)


def noise(ds: Dataset, dice: random.Random) -> None:
    tag = dice.choice(list(ds.keys()))
    raw = dice.randbytes(dice.choice((1, 2, 3, 4, 7, 64)))
    ds[tag] = RawDataElement(Tag(tag), _vr(tag), len(raw), raw, 0, False, True)


def other_type(ds: Dataset, dice: random.Random) -> None:
    tag = dice.choice(list(ds.keys()))
    raw = dice.randbytes(8)
    ds[tag] = RawDataElement(Tag(tag), dice.choice(("US", "FD", "SQ", "PN", "UI", "OW", "AT", "IS", "UN")), len(raw), raw, 0, False, True)


def geometry(ds: Dataset, dice: random.Random) -> None:
    keyword = dice.choice(("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation"))
    setattr(ds, keyword, dice.choice((0, 1, 3, 7, 8, 12, 16, 32, 255, 65535)))


def shown_otherwise(ds: Dataset, dice: random.Random) -> None:
    ds.PhotometricInterpretation = dice.choice(("MONOCHROME1", "RGB", "PALETTE COLOR", "YBR_FULL", "", "monochrome2"))
    ds.WindowWidth, ds.WindowCenter = dice.choice((0, -5, 1e30, 1)), dice.choice((0, 1e30, -1e30))
    ds.RescaleSlope, ds.RescaleIntercept = dice.choice((0, -1, 1e-30, 1e30)), dice.choice((0, 1e30))


def pixels_cut(ds: Dataset, dice: random.Random) -> None:
    ds.PixelData = ds.PixelData[: dice.randrange(0, len(ds.PixelData), 2)] if ds.get("PixelData") else b""


def pixels_junk(ds: Dataset, dice: random.Random) -> None:
    ds.PixelData = np.random.default_rng(dice.randrange(2**32)).integers(0, 4096, 280 * 220, dtype="<u2").tobytes()


def nested(ds: Dataset, dice: random.Random) -> None:
    inner = Dataset()
    for _ in range(dice.choice((1, 5, 60))):
        outer = Dataset()
        outer.AnatomicRegionSequence = [inner]
        inner = outer
    ds.AnatomicRegionSequence = [inner, Dataset()]


def private(ds: Dataset, dice: random.Random) -> None:
    ds.add_new((0x0009 + 2 * dice.randrange(50), dice.randrange(0x1000, 0xFFFF)), "UN", dice.randbytes(20))


CHANGES: tuple[Callable[[Dataset, random.Random], None], ...] = (
    drop,
    empty,
    junk,
    noise,
    other_type,
    geometry,
    shown_otherwise,
    pixels_cut,
    pixels_junk,
    nested,
    private,
)


def _vr(tag: int) -> str:
    try:
        return str(dictionary_VR(tag)).split(" or ", maxsplit=1)[0]
    except KeyError:
        return "UN"


@pytest.mark.timeout(1200 + 2 * CASES)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [SEED])
def test_whatever_the_data_set_there_is_an_answer_and_no_number_from_junk(small_hand: Dataset, seed: int) -> None:
    ensemble, taken = constant_ensemble(), 0
    for case in range(CASES):
        dice = random.Random(f"{seed}.{case}")
        ds = deepcopy(small_hand)
        done = [dice.choice(CHANGES) for _ in range(dice.choice((1, 1, 2, 4)))]
        for change in done:
            try:
                change(ds, dice)
            except UNREADABLE:
                continue  # the change before left nothing that this one could change
        began = time.process_time()  # of this process alone: what else the machine does is no fault of ours
        told = f"case {case} of FUZZ_SEED={seed}: {', '.join(change.__name__ for change in done)}"
        try:
            taken += _read_and_report(ds, pixels_junk in done, ensemble)
        except Exception as error:
            raise AssertionError(told) from error
        assert time.process_time() - began < LONGEST_S, told
    assert taken > CASES // 3  # or the listener would hide what lies behind it


def _received(ds: Dataset) -> Dataset | None:
    """What the node would have of it: written, looked at by the listener, parsed again; None where it cannot be sent or is refused."""
    try:
        content = part10(ds)
        meta = 144 + int.from_bytes(content[140:144], "little")
        request = StoreRequest(
            caller=Caller(calling_ae="PACS", called_ae="BAA_NODE", address="10.0.0.1", tls=False),
            sop_class_uid=str(ds.file_meta.MediaStorageSOPClassUID),
            sop_instance_uid=str(ds.file_meta.MediaStorageSOPInstanceUID),
            abstract_syntax=str(ds.file_meta.MediaStorageSOPClassUID),
            transfer_syntax=ds.file_meta.TransferSyntaxUID,
            encoded=content[meta:],
            too_large=False,
        )
        received = read_request(request, max_dataset_bytes=1 << 20)
    except StoreRefusedError:
        return None
    except UNREADABLE:  # pydicom cannot write it
        return None
    return pydicom.dcmread(io.BytesIO(received.content))


def _read_and_report(ds: Dataset, is_junk: bool, ensemble: object) -> bool:
    """As the node does; whether the listener took it."""
    warnings.simplefilter("ignore")
    source = _received(ds)
    if source is None:
        return False
    found = read_bone_age(source, ensemble)  # type: ignore[arg-type]
    assert isinstance(found, (Assessment, Refusal))
    if is_junk:
        assert isinstance(found, Refusal), "a number from junk"
    try:
        pixels = from_dataset(source).pixels
    except InstanceError:
        pixels = None
    picture = draw_picture(pixels, found, version="0")
    for made in (build_report(source, found, DEVICE, written_at=NOW), build_capture(source, picture, found, DEVICE, written_at=NOW)):
        part10(made)
    return True


@pytest.mark.timeout(1200 + 2 * CASES)
@pytest.mark.parametrize("seed", [SEED])
def test_whatever_the_bytes_the_listener_goes_on(tmp_path: Path, seed: int) -> None:
    node = Node(tmp_path / "node")
    node.add_peer("pacs", "ORTHANC", free_port())
    whole = [association_request(calling=b"ORTHANC"), store_command("1.2.3"), p_data(bytes(200), 2), p_data(b"junk", 3)]
    with node.start("--roles", "intake"):
        for case in range(CASES):
            dice = random.Random(f"{seed}.{case}")
            sent = bytearray(b"".join(whole[: dice.randint(1, len(whole))]))
            for _ in range(dice.choice((1, 1, 2, 8))):
                at = dice.randrange(len(sent))
                change = dice.randrange(3)
                if change == 0:
                    sent[at] = dice.randrange(256)
                elif change == 1:
                    del sent[at : at + dice.choice((1, 4, 30))]
                else:
                    sent[at:at] = dice.randbytes(dice.choice((1, 4, 300)))
                if not sent:
                    break
            _send(node.port, bytes(sent))
            assert node.running.alive, f"case {case} of FUZZ_SEED={seed}"
        from tests.parts.dcmtk import echoscu

        assert echoscu(node.port).returncode == 0
        assert not _stacks(node.running.stderr.read_text())


def _stacks(log: str) -> list[str]:
    """Whatever ended a thread."""
    return [text[:3000] for text in log.split("Traceback")[1:]]


def _send(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.settimeout(0.02)
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass
        except OSError:
            return
