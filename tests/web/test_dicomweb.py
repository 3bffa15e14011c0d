"""Images by STOW-RS into a real intake, from DICOM's own client library and from clients that do not behave."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import generate_uid

from baa_node.config import Config, load_config
from baa_node.db import Database, audit, peers, studies
from baa_node.db.peers import Peer
from baa_node.dicom import scp
from baa_node.intake import Intake
from baa_node.roles.console import stow_of
from baa_node.sections import ConsoleSection, DicomwebSection
from baa_node.spool import FolderSpool
from baa_node.web import ConsoleServer
from baa_node.web.instances import Reception
from tests.parts.dicomweb import CONTENT_TYPE, in_pieces, multipart
from tests.parts.hands import hand_cr, part10
from tests.web.visit import Clock, console_in, serve

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUP_LENGTH = b"\x02\x00\x00\x00UL\x04\x00\x40\x00\x00\x00"
BEARER = {"Authorization": "Bearer s3cret"}


@dataclass
class Bench:
    config: Config
    database: Database
    spool: FolderSpool
    server: ConsoleServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/dicom-web"

    def post(self, body: Any, *, path: str = "/studies", **headers: str) -> httpx.Response:
        shown = {"Content-Type": CONTENT_TYPE, **BEARER, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return httpx.post(self.url + path, content=body, headers={name: value for name, value in shown.items() if value}, timeout=30)

    def received(self) -> list[str]:
        with self.database.reading() as c:
            return [event.subject for event in audit.list_events(c) if event.kind == "INSTANCE_RECEIVED"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    yield from started(tmp_path, monkeypatch)


def started(folder: Path, monkeypatch: pytest.MonkeyPatch, *, spool: FolderSpool | None = None, **limits: Any) -> Iterator[Bench]:
    monkeypatch.setitem(os.environ, "BAA_TEST_TOKEN", "s3cret")
    web = DicomwebSection(enabled=True, tokens=("other=file:/nowhere", "web=env:BAA_TEST_TOKEN"), max_request_mb=4, max_requests=2)
    config = replace(load_config(folder, None, {}), console=ConsoleSection(port=0), dicomweb=web)
    config = replace(config, node=replace(config.node, max_instance_mb=1, **limits))
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    with database.transaction() as c:
        peers.add_peer(c, Peer(name="web", kind="stow", source=True, destination=False), actor="test", now=NOW)
    spool = spool or FolderSpool(folder / "spool")
    intake = Intake(database, spool, ae_title="BAA_NODE")
    server = serve(console_in(folder, database, Clock()), also=stow_of(config, intake))
    yield Bench(config, database, spool, server)
    server.stop()
    database.close()


def reasons(answer: httpx.Response) -> list[int]:
    return [item["00081197"]["Value"][0] for tag in ("00081198", "0008119A") for item in answer.json().get(tag, {}).get("Value", [])]


def stored(answer: httpx.Response) -> list[str]:
    return [item["00081155"]["Value"][0] for item in answer.json().get("00081199", {}).get("Value", [])]


def test_dicoms_own_client_is_served(bench: Bench, tmp_path: Path) -> None:
    images = [hand_cr(tmp_path, seed=seed, SOPInstanceUID=generate_uid()) for seed in (1, 2)]
    answer = DICOMwebClient(bench.url, headers=BEARER, chunk_size=100_000).store_instances(images)
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [ds.SOPInstanceUID for ds in images]
    assert bench.received() == [ds.SOPInstanceUID for ds in images]
    with bench.database.reading() as c:
        instance = studies.get_instance(c, images[0].SOPInstanceUID)
    assert (instance.peer, instance.calling_ae) == ("web", "STOW-RS")
    kept = pydicom.dcmread(Path(tmp_path / "spool" / instance.path))
    assert kept.PixelData == images[0].PixelData
    assert (kept.SOPInstanceUID, kept.file_meta.TransferSyntaxUID) == (images[0].SOPInstanceUID, images[0].file_meta.TransferSyntaxUID)


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_how_a_request_is_cut_does_not_matter(bench: Bench, tmp_path: Path, size: int) -> None:
    ds = hand_cr(tmp_path)
    ds.PixelData, ds.Rows, ds.Columns = ds.PixelData[:2000], 10, 100
    answer = bench.post(in_pieces(multipart([part10(ds)]), size))
    assert (answer.status_code, stored(answer)) == (200, [ds.SOPInstanceUID])


def test_the_same_again_is_stored_once(bench: Bench, tmp_path: Path) -> None:
    body = multipart([part10(hand_cr(tmp_path))])
    assert [bench.post(body).status_code for _ in range(2)] == [200, 200]
    assert len(bench.received()) == 1


def test_the_same_uid_with_other_content_is_a_conflict(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    assert bench.post(multipart([part10(ds)])).status_code == 200
    ds.PatientComments = "other"
    answer = bench.post(multipart([part10(ds)]))
    assert (answer.status_code, reasons(answer)) == (409, [0x0111])


def test_each_instance_has_its_own_reason(bench: Bench, tmp_path: Path) -> None:
    good, ct, big, odd = (hand_cr(tmp_path, SOPInstanceUID=generate_uid()) for _ in range(4))
    ct.SOPClassUID = ct.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    big.PixelData = bytes(2 << 20)
    odd.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"  # MPEG2
    odd.PixelData = pydicom.encaps.encapsulate([b"\0\0"])
    lying = hand_cr(tmp_path, SOPInstanceUID=generate_uid())
    named = str(lying.SOPInstanceUID).encode()
    content = part10(lying).replace(named, named[:-1] + (b"1" if named[-1:] != b"1" else b"2"), 1)  # in the file meta information alone
    answer = bench.post(multipart([part10(good), part10(ct), b"no DICOM", part10(odd), content]))
    assert (answer.status_code, stored(answer)) == (202, [good.SOPInstanceUID])
    assert sorted(reasons(answer)) == sorted([0x0122, 0xC000, 0xC122, 0xA900])
    answer = bench.post(multipart([part10(big)]))
    assert (answer.status_code, reasons(answer)) == (409, [0xA700])


@given(st.binary(max_size=200), st.sampled_from([b"", bytes(128) + b"DICM", bytes(128) + b"DICM" + GROUP_LENGTH]))
def test_no_bytes_are_more_than_this_node_can_refuse(content: bytes, beginning: bytes) -> None:
    reception = Reception(handler=None, sop_classes=frozenset(), max_instance_bytes=1 << 20)  # type: ignore[arg-type]
    caller = scp.Caller(calling_ae="", called_ae="", address="", tls=False, peer="web")
    assert reception.store(beginning + content, caller, None).status in {scp.CANNOT_UNDERSTAND, scp.SOP_CLASS_NOT_SUPPORTED}


def test_a_request_for_a_study_takes_nothing_of_another(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    answer = bench.post(multipart([part10(ds)]), path="/studies/1.2.3")
    assert (answer.status_code, reasons(answer), bench.received()) == (409, [0xA900], [])
    assert bench.post(multipart([part10(ds)]), path=f"/studies/{ds.StudyInstanceUID}").status_code == 200


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("", "no_bearer_token"),
        ("Bearer wrong", "wrong_bearer_token"),
        ("Basic czNjcmV0", "wrong_bearer_token"),
    ],
)
def test_strangers_are_turned_away_and_noted(bench: Bench, tmp_path: Path, shown: str, reason: str) -> None:
    answer = bench.post(multipart([part10(hand_cr(tmp_path))]), Authorization=shown)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert bench.received() == []
    with bench.database.reading() as c:
        (caller,) = peers.list_refused_callers(c)
    assert (caller.calling_ae, caller.address, caller.reason) == ("STOW-RS", "127.0.0.1", reason)


def test_a_peer_that_is_no_source_any_more_cannot_send(bench: Bench, tmp_path: Path) -> None:
    with bench.database.transaction() as c:
        peers.remove_peer(c, "web", actor="test", now=NOW)
    answer = bench.post(multipart([part10(hand_cr(tmp_path))]))
    assert (answer.status_code, reasons(answer)) == (409, [0x0124])


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content_Type": "application/dicom"}, b"x", 415),
        ({"Content_Type": 'multipart/related; type="application/dicom+json"; boundary=x'}, b"x", 415),
        ({"Content_Type": ""}, b"x", 415),
        ({"Content_Encoding": "gzip"}, b"x", 415),
        ({"Content_Type": 'multipart/related; type="application/dicom"'}, b"x", 400),
        ({"Accept": "text/html"}, multipart([b"x"]), 406),
        ({}, b"", 400),
        ({}, b"nonsense", 400),
        ({}, multipart([]), 400),
        ({}, multipart([b"x"])[:-8], 400),
        ({}, multipart([b"x"], media_type="image/png"), 409),
        ({}, multipart([bytes(5 << 20)]), 413),
    ],
)
def test_a_request_that_is_none_is_answered_as_such(bench: Bench, headers: dict[str, str], body: bytes, status: int) -> None:
    assert bench.post(body, **headers).status_code == status
    assert bench.received() == []


def test_a_full_disk_is_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for bench in started(tmp_path, monkeypatch, spool=FolderSpool(tmp_path / "spool", min_free_bytes=1 << 60)):
        answer = bench.post(multipart([part10(hand_cr(tmp_path))]))
        assert (answer.status_code, reasons(answer)) == (503, [0xA700])


def half_a_request(bench: Bench, body: bytes) -> socket.socket:
    """Open a connection that stays in the middle of its request."""
    head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\nAuthorization: Bearer s3cret\r\n"
    connection = socket.create_connection(("127.0.0.1", bench.server.port))
    connection.sendall(f"{head}Content-Length: {2 * len(body)}\r\n\r\n".encode() + body)
    return connection


def test_what_came_whole_before_the_connection_broke_is_kept(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    half_a_request(bench, multipart([part10(ds)])[:-10] + b"\r\n").close()
    deadline = time.monotonic() + 5
    while not bench.received() and time.monotonic() < deadline:
        time.sleep(0.05)
    body = multipart([part10(ds)])
    assert bench.post(body).status_code == 200
    assert len(bench.received()) == 1


def test_those_who_dawdle_do_not_lock_the_others_out_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baa_node.web.dicomweb.Gate.silence_s", 1.0)
    for bench in started(tmp_path, monkeypatch):
        body = multipart([part10(hand_cr(tmp_path))])
        held = [half_a_request(bench, body[:1000]) for _ in range(2)]
        time.sleep(0.3)
        answer = bench.post(body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert all(b"408" in connection.recv(100) for connection in held)
        assert bench.post(body).status_code == 200
        for connection in held:
            connection.close()


def test_it_is_off_unless_switched_on(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    server = serve(console_in(tmp_path, database, Clock()))
    assert httpx.post(f"http://127.0.0.1:{server.port}/dicom-web/studies", content=b"").status_code == 404
    server.stop()
    database.close()
