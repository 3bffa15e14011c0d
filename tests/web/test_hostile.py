"""What somebody may send who means harm, or whose software does."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from pydicom import Dataset

from baa_node.db import peers
from tests.parts.hands import hand_cr, part10
from tests.web.visit import Visit

EVIL = "<s>x</s>"
"""Short enough for every value representation of text (PS3.5 6.2)."""

TEXT = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"}
GATES = {"Modality", "BodyPartExamined", "ImageLaterality", "Laterality", "ViewPosition", "PhotometricInterpretation", "PatientSex"}
GATES |= {"SpecificCharacterSet"}
"""Without a true value in these an image is not read at all."""


def hostile(folder: Path, *, sparing: set[str], **elements: str) -> Dataset:
    """Return a radiograph with HTML in every element of text, those that it did not have before among them."""
    ds = hand_cr(folder, **elements)
    for keyword in (
        "StudyDescription",
        "SeriesDescription",
        "InstitutionName",
        "Manufacturer",
        "OperatorsName",
        "ImageComments",
        "PatientID",
    ):
        setattr(ds, keyword, EVIL)
    for keyword in (
        "AccessionNumber",
        "StudyID",
        "PatientName",
        "ReferringPhysicianName",
        "StationName",
        "PatientComments",
        "ViewPosition",
    ):
        setattr(ds, keyword, EVIL)
    for element in ds:
        if element.VR in TEXT and element.keyword not in sparing:
            element.value = EVIL
    return ds


@pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom, about such values
@pytest.mark.parametrize(("sparing", "told"), [(GATES, "9 y 10 m"), ({"SpecificCharacterSet"}, "Not read")], ids=["read", "refused"])
def test_html_in_every_element_is_shown_harmlessly_on_every_page(admin: Visit, tmp_path: Path, sparing: set[str], told: str) -> None:
    ds = hostile(tmp_path, sparing=sparing)
    image = admin.work_on(admin.put(ds))
    study = f"/studies/{image.study_instance_uid}"
    shown = admin.get(study).text
    assert told in shown
    pages = [
        "/",
        "/studies",
        study,
        "/audit",
        "/peers",
        "/models",
        f"/studies?q={EVIL}",
        f"/audit?q={EVIL}",
        *re.findall(r'href="([^"]+/report/[^"]+)"', shown),
    ]
    texts = {path: admin.get(path).text for path in pages} | {"upload": admin.upload(f"{EVIL}.dcm", part10(ds)).text}
    assert len(texts) == 10
    for path, text in texts.items():
        assert EVIL not in text, path
    assert "&lt;s&gt;x&lt;/s&gt;" in texts["/studies"]


def test_a_hostile_caller_is_shown_harmlessly(admin: Visit) -> None:
    now = admin.console.now()
    with admin.console.database.transaction() as c:
        peers.note_refused_caller(c, calling_ae=EVIL, called_ae=EVIL, address=EVIL, reason="unknown_caller", now=now)
    for path in ("/peers", "/audit"):
        text = admin.get(path).text
        assert EVIL not in text, path
        assert "&lt;s&gt;x&lt;/s&gt;" in text, path


def test_packed_bodies_are_not_unpacked(admin: Visit) -> None:
    packed = gzip.compress(b"name=" + b"x" * (64 << 20))
    assert len(packed) < 1 << 17
    answer = admin.client.post(
        "/peers/new", content=packed[:1000], headers={"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415


def test_a_picture_whose_text_swells_is_refused_or_read_without_it(admin: Visit) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * (64 << 20), zip=True)
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((300, 300), np.uint8)).save(buffer, "PNG", pnginfo=text)
    assert len(buffer.getvalue()) < 1 << 17
    answer = admin.upload("bomb.png", buffer.getvalue(), sex="F")
    assert answer.status_code == 400
    assert "neither a DICOM file nor a PNG" in answer.text


def test_addresses_are_names_and_no_paths(admin: Visit, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    climbing = ("../secret", "..%2fsecret", "%2e%2e%2fsecret", "..%5csecret", "%00", "....//secret", "/etc/passwd", "%2fetc%2fpasswd")
    for above in ("/peers/", "/studies/", "/static/", "/static/reference/", "/users/"):
        for path in climbing:
            answer = admin.get(above + path)
            assert answer.status_code in {400, 404}, above + path
            assert "secret\n" not in answer.text
            assert "root:" not in answer.text


def test_sql_in_any_field_finds_nothing_and_harms_nothing(admin: Visit, tmp_path: Path) -> None:
    admin.receive(tmp_path, AccessionNumber="A-1")
    for text in ("' OR '1'='1", "'; DROP TABLE instances; --", "%' --", '" OR ""="', "\\' OR 1=1 --", "A-1' AND '1'='1"):
        for path, field in (("/studies", "q"), ("/studies", "peer"), ("/audit", "q"), ("/audit", "actor")):
            answer = admin.get(path, **{field: text})
            assert answer.status_code == 200, (path, field, text)
            assert "<tbody>" not in answer.text, (path, field, text)
        assert admin.get("/studies", state=text).status_code == 400
        assert admin.post("/peers/new", name=text, ae_title="P", host="h", port="1").status_code == 400
    assert "A-1" in admin.get("/studies").text


def test_a_body_without_end_is_cut_off_before_anybody_is_asked_who_sends_it(visit: Visit) -> None:
    """A stranger's log-in, too: announced too large it is not read, unannounced it is read up to the limit."""
    form = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection("127.0.0.1", visit.port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/login")
        for name, value in {"Content-Type": form, "Content-Length": str(1 << 40)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 413

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield zlib.crc32(b"x").to_bytes(4, "big") * (1 << 12)

    with contextlib.suppress(OSError, http.client.HTTPException):  # it may hang up before everything was sent
        connection = http.client.HTTPConnection("127.0.0.1", visit.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", "/login", body=endless(), headers={"Content-Type": form}, encode_chunked=True)
            assert connection.getresponse().status == 413
