from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from baa_node.core.words import Language
from baa_node.db import studies
from baa_node.web import sr
from tests.web.visit import Clock, Visit

EVIL = '<script>alert("x")</script>'


def test_a_study_can_be_found_by_what_the_record_holds(admin: Visit, tmp_path: Path) -> None:
    one = admin.receive(tmp_path, AccessionNumber="A-100")
    other = admin.receive(tmp_path, AccessionNumber="B%200")
    for q, found in (("A-100", {"A-100"}), ("A-1", {"A-100"}), ("B%", {"B%200"}), ("%", set()), ("_-100", set()), ("' OR 1=1 --", set())):
        assert accessions(admin, q=q) == found, q
    assert accessions(admin, q=other.study_instance_uid) == {"B%200"}
    assert accessions(admin, q=one.sop_instance_uid) == {"A-100"}
    assert accessions(admin, state="RECEIVED") == {"A-100", "B%200"}
    assert accessions(admin, state="DELIVERED") == set()
    assert accessions(admin, peer="pacs") == {"A-100", "B%200"}
    assert accessions(admin, peer="other") == set()
    today = admin.console.now().astimezone().date().isoformat()
    assert accessions(admin, day=today) == {"A-100", "B%200"}
    assert accessions(admin, day="2001-01-01") == set()
    for bad in ({"state": "NONE"}, {"day": "tomorrow"}, {"page": "0"}, {"page": "x"}, {"q": "x" * 200}):
        assert admin.get("/studies", **bad).status_code == 400, bad


def accessions(visit: Visit, **query: str) -> set[str]:
    return set(re.findall(r'data-label="Accession">([^<]+)<', visit.get("/studies", **query).text))


def test_pages_hold_every_study_once(admin: Visit, tmp_path: Path, clock: Clock) -> None:
    for number in range(27):
        clock.advance(seconds=1)
        admin.receive(tmp_path, AccessionNumber=f"N{number}")
    first, second = accessions(admin), accessions(admin, page="2")
    assert (len(first), len(second)) == (25, 2)
    assert second == {"N0", "N1"}
    assert 'rel="next"' in admin.get("/studies").text
    assert 'rel="next"' not in admin.get("/studies", page="2").text


def test_a_study_shows_picture_report_and_journal(admin: Visit, tmp_path: Path) -> None:
    image = admin.report(tmp_path)
    page = admin.get(f"/studies/{image.study_instance_uid}").text
    assert "9 y 10 m" in page
    assert "Reading done" in page
    (address,) = set(re.findall(r'src="(/studies/[^"]+\.png)"', page))
    picture = admin.get(address)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(picture.content)).size == (1600, 1200)
    (report,) = set(re.findall(r'href="(/studies/[^"]+/report/[^"]+)"', page))
    text = admin.get(report).text
    assert "<h3>Measurement Group</h3>" in text
    assert re.search(r"<dt>XR Bone age</dt><dd><span>118 months", text)
    assert admin.events()[-1].kind == "STUDY_SHOWN"
    assert admin.events()[-1].actor == "console:ann"


def test_a_result_is_told_in_the_language_of_the_site(start: Callable[..., Visit], tmp_path: Path) -> None:
    visit = start()
    object.__setattr__(visit.console, "language", Language.GERMAN)
    visit.add_user("ann", "admin")
    visit.log_in("ann")
    image = visit.report(tmp_path)
    page = visit.get(f"/studies/{image.study_instance_uid}").text
    assert re.search(r"<div><p>Skelettalter", page)
    assert '<html lang="de">' in page


def test_what_does_not_exist_is_not_found(admin: Visit, tmp_path: Path) -> None:
    image = admin.report(tmp_path)
    study = f"/studies/{image.study_instance_uid}"
    (tmp_path / "secret.png").write_bytes(b"secret")
    for path in (
        "/studies/1.2.3",
        f"{study}/picture/1.2.3.png",
        f"{study}/picture/..%2f..%2fsecret.png",
        f"{study}/report/{image.sop_instance_uid}",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/nothing",
    ):
        assert admin.get(path).status_code == 404, path


def test_hostile_values_of_tags_are_shown_harmlessly(admin: Visit, tmp_path: Path) -> None:
    image = admin.report(tmp_path, AccessionNumber=EVIL[:16], StudyID=EVIL[:16], PatientName=EVIL, Manufacturer=EVIL)
    for path in ("/studies", f"/studies/{image.study_instance_uid}", "/audit", "/"):
        text = admin.get(path).text
        assert "<script>alert" not in text, path
    assert "&lt;script&gt;" in admin.get("/studies").text
    assert "<script>" not in admin.get("/studies", q=EVIL).text
    assert "&lt;script&gt;" in admin.get("/studies", q=EVIL).text
    assert "<script>alert" not in admin.get(f"/nothing/{EVIL}").text


def test_a_report_with_hostile_values_is_shown_harmlessly(admin: Visit, tmp_path: Path) -> None:
    image = admin.report(tmp_path)
    page = admin.get(f"/studies/{image.study_instance_uid}").text
    (report,) = set(re.findall(r'href="(/studies/[^"]+/report/[^"]+)"', page))
    with admin.console.database.reading() as c:
        (stored,) = [one for one in studies.list_results(c, image.sop_instance_uid, 1) if one.sop_instance_uid in report]
    file = tmp_path / "spool" / stored.path
    content = file.read_bytes()
    known = b"Bone age left hand"
    assert known in content
    file.chmod(0o600)
    file.write_bytes(content.replace(known, b"<img src=x onx=1/>"))
    text = admin.get(report).text
    assert "<img src=x" not in text
    assert "&lt;img src=x onx=1/&gt;" in text


def test_a_tree_without_end_is_cut(tmp_path: Path) -> None:
    from pydicom import Dataset

    ds = Dataset()
    for _ in range(200):
        above = Dataset()
        above.ValueType = "CONTAINER"
        above.ContentSequence = [ds]
        ds = above
    depth, item = 0, sr.read(ds)
    while item.items:
        depth, item = depth + 1, item.items[0]
    assert depth == sr.DEEPEST


def test_reading_again_is_ordered_and_on_record(admin: Visit, tmp_path: Path) -> None:
    image = admin.report(tmp_path)
    answer = admin.post(f"/studies/{image.study_instance_uid}/reread", reason="wrong sex")
    assert answer.status_code == 303
    assert "amended reports will follow" in admin.get(answer.headers["location"]).text
    (event,) = [one for one in admin.events() if one.kind == "REREAD_ORDERED"]
    assert (event.actor, event.detail["reason"]) == ("console:ann", "wrong sex")
    with admin.console.database.reading() as c:
        assert studies.pending_readings(c) == [(image.sop_instance_uid, 2)]


def test_only_what_waits_can_be_sent_again(admin: Visit, tmp_path: Path, clock: Clock) -> None:
    image = admin.report(tmp_path)
    address = f"/studies/{image.study_instance_uid}/retry"
    refused = admin.post(address)
    assert refused.status_code == 409
    assert "Nothing of this study waits" in refused.text
    with admin.console.database.transaction() as c:
        studies.open_deliveries(c, image.sop_instance_uid, 1, ["pacs"], now=clock())
        (delivery,) = studies.list_deliveries(c, image.sop_instance_uid, 1)
        studies.record_attempt(c, delivery, state="failed", status=0xA700, error="full", next_attempt_at=None, now=clock())
    assert "Send again now" in admin.get(f"/studies/{image.study_instance_uid}").text
    assert admin.post(address).status_code == 303
    assert admin.events()[-1].kind == "DELIVERY_REOPENED"
    with admin.console.database.reading() as c:
        assert studies.list_deliveries(c, image.sop_instance_uid, 1)[0].state == "pending"


def test_every_page_holds_up_with_a_full_record_and_says_what_it_may(admin: Visit, tmp_path: Path) -> None:
    admin.report(tmp_path)
    for path in ("/", "/studies", "/peers", "/peers/new", "/audit", "/models", "/try-out", "/password"):
        answer = admin.get(path)
        assert answer.status_code == 200, path
        assert answer.text.startswith('<!doctype html>\n<html lang="en">')
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r"<script(?! src)| on\w+=| style=", answer.text), path
        assert inputs_without_label(answer.text) == [], path


def inputs_without_label(html: str) -> list[str]:
    labelled = set(re.findall(r'<label for="([^"]+)"', html))
    fields = [tag for tag in re.findall(r"<(?:input|select)[^>]*>", html) if 'type="hidden"' not in tag and 'type="checkbox"' not in tag]
    return [tag for tag in fields if not (found := re.search(r'id="([^"]+)"', tag)) or found[1] not in labelled]
