from __future__ import annotations

import base64
import contextlib
import http.client
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian

from baa_node.core.assessment import Assessment
from baa_node.core.radiograph import Sex
from baa_node.core.reading import ReadingPolicy
from baa_node.errors import InstanceError
from baa_node.web import pictures, trial
from tests.parts.hands import constant_ensemble, hand_cr, part10
from tests.web.visit import Visit
from train.phantom import reference

TODAY = date(2025, 1, 2)


def png(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def drawn(tmp_path: Path) -> np.ndarray:
    """A drawn hand in 8 bits."""
    ds = hand_cr(tmp_path)
    return np.clip(ds.pixel_array / 16, 0, 255).astype(np.uint8)


def test_a_dicom_file_is_read_and_leaves_no_trace(admin: Visit, tmp_path: Path) -> None:
    content = part10(hand_cr(tmp_path, PatientName="Doe^Jane"))
    before = {path for path in tmp_path.rglob("*") if path.is_file()}, admin.kinds()
    answer = admin.upload("hand.dcm", content)
    assert answer.status_code == 200
    assert "9 y 10 m" in answer.text
    assert "Try-out." in answer.text
    assert "Synthetic hand of 10 y 0 m, female" in answer.text
    assert "/static/reference/F_120.webp" in answer.text
    assert "Doe" not in answer.text
    assert ({path for path in tmp_path.rglob("*") if path.is_file()}, admin.kinds()) == before
    colours = [base64.b64decode(found) for found in re.findall(r"data:image/jpeg;base64,([^\"]+)", answer.text)]
    assert len(colours) == 3
    coloured, _, plain = (cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR).astype(int) for one in colours)
    assert np.ptp(plain, axis=2).max() < 10
    assert np.ptp(coloured, axis=2).max() > 30


def test_a_picture_is_read_with_the_sex_given(admin: Visit, drawn: np.ndarray) -> None:
    for kind in ("PNG", "JPEG"):
        answer = admin.upload(f"hand.{kind.lower()}", png(drawn, kind), sex="M", birth_date="2015-01-01")
        assert answer.status_code == 200
        assert "9 y 10 m" in answer.text
        assert ", male" in answer.text
        assert "Chronological age" in answer.text
    deep = png(drawn.astype(np.uint16) * 200)
    assert "9 y 10 m" in admin.upload("hand.png", deep, sex="F").text


def test_what_is_no_hand_is_refused_with_its_reason(admin: Visit) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 300)).astype(np.uint8)
    answer = admin.upload("noise.png", png(noise), sex="F")
    assert "Not read" in answer.text
    assert "BAA105" in answer.text


@pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom, about what it finds in such files
def test_bad_files_are_explained(admin: Visit, tmp_path: Path, drawn: np.ndarray) -> None:
    colour = np.dstack([drawn, drawn // 2, drawn // 3])
    whole = part10(hand_cr(tmp_path))
    for content, told in (
        (b"", "Choose a file first"),
        (b"GIF89a....", "neither a DICOM file nor a PNG"),
        (png(drawn)[:200], "neither a DICOM file nor a PNG"),
        (png(colour), "in colour"),
        (bomb(), "million pixels"),
    ):
        answer = admin.upload("file", content, sex="F")
        assert answer.status_code == 400, told
        assert told in answer.text
    for content in (whole[:400], bytes(128) + b"DICM" + bytes(range(200))):
        assert "Not read" in admin.upload("file", content).text
    assert "written as 2014-01-02" in admin.upload("hand.png", png(drawn), sex="F", birth_date="yesterday").text


def bomb() -> bytes:
    """A small file that announces a large picture."""
    return png(np.zeros((8000, 8000), np.uint8))


def test_a_data_set_that_swells_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    content = part10(ds)
    whole = trial.read_upload(content, constant_ensemble(), ReadingPolicy(), sex=None, birth_date=None, today=TODAY)
    assert isinstance(whole.result, Assessment)
    monkeypatch.setattr(trial, "MAX_INFLATED_BYTES", 1 << 10)
    with pytest.raises(InstanceError, match="swells"):
        trial.read_upload(content, constant_ensemble(), ReadingPolicy(), sex=None, birth_date=None, today=TODAY)


def test_huge_uploads_are_refused_before_they_have_come(admin: Visit) -> None:
    boundary = "multipart/form-data; boundary=x"
    cookie = f"baa_session={admin.client.cookies['baa_session']}"
    connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/try-out")
        for name, value in {"Content-Type": boundary, "Content-Length": str(10 << 30), "Cookie": cookie, "Accept": "text/html"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, b"2 MiB" in answer.read()) == (413, True)

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(200):
            yield zlib.crc32(b"x").to_bytes(4, "big") * (1 << 16)

    with contextlib.suppress(httpx.TransportError):  # it may hang up before everything was sent
        assert admin.client.post("/try-out", content=endless(), headers={"Content-Type": boundary}).status_code == 413
    assert admin.post("/peers/new", name="x" * 100_000).status_code == 413


def test_attention_reaching_beyond_the_frame_is_cut_to_it(tmp_path: Path) -> None:
    estimate = constant_ensemble().estimate(hand_cr(tmp_path).pixel_array.astype(np.uint8), Sex.FEMALE)
    frame = np.full((300, 200), 100, np.uint8)
    inside = pictures.coloured(frame, replace(estimate, crop=(-50, -100, 400, 400)))
    assert inside.shape == (300, 200, 3)
    half = pictures.coloured(frame, replace(estimate, crop=(150, 0, 150, 200)))
    assert (half[:140] == 100).all()
    assert (half[160:] != 100).any(axis=2).all()


def test_reference_hands_are_small_complete_and_made_by_their_command() -> None:
    for sex in Sex:
        for age in reference.AGES_MONTHS:
            name, months = pictures.reference_hand(age, sex)
            assert (name, months) == (f"{sex.value}_{age:03d}.webp", age)
            assert (pictures.REFERENCE / name).stat().st_size <= reference.LARGEST_BYTES
    assert pictures.reference_hand(3, Sex.MALE) == ("M_012.webp", 12)
    assert pictures.reference_hand(500, Sex.FEMALE) == ("F_216.webp", 216)
    stored = np.asarray(Image.open(pictures.REFERENCE / "F_120.webp").convert("L"), float)
    again = reference.draw_reference(120, Sex.FEMALE)
    assert np.abs(stored - again).mean() < 4
