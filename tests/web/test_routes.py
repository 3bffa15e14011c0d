from __future__ import annotations

import contextlib
import http.client
from pathlib import Path
from typing import Any

import httpx
import pytest

from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import Decision, Route
from baa_node.db import peers, routes, studies
from tests.db import made
from tests.parts.hands import hand_cr, part10
from tests.web.visit import Visit

FIELDS = {
    "calling_ae": "",
    "called_ae": "BAA_TRIAL, BAA_2",
    "attribute_0": "BodyPartExamined",
    "operator_0": "one-of",
    "value_0": "HAND | WRIST",
    "attribute_1": "",
    "operator_1": "equals",
    "value_1": "",
    "outcome": "read",
    "kind_sr": "on",
    "destinations": "pacs",
    "bundle": "",
}
TRIAL = Route(
    name="trial",
    called_ae=("BAA_TRIAL", "BAA_2"),
    conditions=(parse_condition("BodyPartExamined one-of HAND | WRIST"),),
    kinds=("sr",),
    destinations=("pacs",),
)


@pytest.fixture
def admin(admin: Visit) -> Visit:
    with admin.console.database.transaction() as c:
        peers.add_peer(c, made.peer(), actor="test", now=admin.console.now())
    return admin


def known(visit: Visit) -> list[Route]:
    with visit.console.database.reading() as c:
        return routes.list_routes(c)


def put(visit: Visit, *some: Route) -> None:
    with visit.console.database.transaction() as c:
        for route in some:
            routes.add_route(c, route, actor="test", now=visit.console.now())


def upload(visit: Visit, content: bytes, **fields: Any) -> httpx.Response:
    return visit.client.post("/routes/test", data={"csrf": visit.token(), **fields}, files={"file": ("hand.dcm", content)})


def test_a_route_is_added_changed_moved_and_removed_and_each_is_on_record(admin: Visit) -> None:
    assert "every image is read" in admin.get("/routes").text
    assert admin.post("/routes/new", name="trial", **FIELDS).headers["location"] == "/routes?said=route-added"
    assert known(admin) == [TRIAL]
    page = admin.get("/routes/trial/edit").text
    assert 'value="HAND | WRIST"' in page
    assert '<option value="one-of" selected>one-of</option>' in page
    assert admin.post("/routes/trial/edit", **{**FIELDS, "attribute_1": "PatientSex", "operator_1": "missing"}).status_code == 303
    assert admin.events()[-1].detail["conditions_to"] == "BodyPartExamined one-of HAND | WRIST; PatientSex missing"
    assert admin.events()[-1].actor == "console:ann"
    admin.post("/routes/new", name="knees", **{**FIELDS, "outcome": "leave"})
    assert admin.get("/routes").text.count(">Up</button>") == 1
    assert admin.post("/routes/knees/move", position="1").headers["location"] == "/routes?said=route-moved"
    assert [(route.name, route.read) for route in known(admin)] == [("knees", False), ("trial", True)]
    assert admin.post("/routes/trial/remove").status_code == 303
    assert [route.name for route in known(admin)] == ["knees"]
    assert admin.kinds()[-5:] == ["ROUTE_ADDED", "ROUTE_CHANGED", "ROUTE_ADDED", "ROUTE_CHANGED", "ROUTE_REMOVED"]


def test_a_mistake_is_explained_and_what_was_typed_is_kept(admin: Visit) -> None:
    cases = [
        ({"name": "a/b"}, "use 1 to 64 letters"),
        ({"attribute_0": "Modalty"}, "did you mean Modality?"),
        ({"operator_0": "like"}, "choose how to compare"),
        ({"attribute_0": "", "value_0": "x"}, "No DICOM attribute"),
        ({"attribute_0": "PatientName"}, "tells who somebody is"),
        ({"destinations": "nowhere"}, "no destination has that name"),
        ({"bundle": "none"}, "no bundle called none"),
        ({"kind_sr": None}, "one or more of sr"),
        ({"called_ae": "SEVENTEEN_LETTERS"}, "1 to 16 printable"),
    ]
    for change, told in cases:
        fields = {key: value for key, value in {"name": "trial", **FIELDS, **change}.items() if value is not None}
        answer = admin.post("/routes/new", **fields)
        assert answer.status_code == 400, change
        assert told in answer.text, change
        assert 'value="HAND | WRIST"' in answer.text or "value_0" in change
    assert known(admin) == []
    for path in ("/routes/nobody/edit", "/routes/nobody/move", "/routes/nobody/remove"):
        assert admin.post(path, **FIELDS, position="1").status_code == 404
    assert admin.post("/routes/x/move", position="one").status_code == 400


def test_hostile_text_is_shown_harmlessly(admin: Visit, tmp_path: Path) -> None:
    put(admin, Route(name="x", conditions=(parse_condition("StudyDescription contains <script>alert(1)</script>"),)))
    ds = hand_cr(tmp_path, StudyDescription="<img src=x onerror=alert(2)>")
    for page in (admin.get("/routes"), admin.get("/routes/x/edit"), upload(admin, part10(ds), calling_ae="PACS", called_ae="<b>")):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "<b>" not in page.text.replace("<b>BAA_NODE</b>", "")


def test_a_viewer_reads_and_tests_and_changes_nothing(viewer: Visit, tmp_path: Path) -> None:
    put(viewer, Route(name="one", read=False))
    page = viewer.get("/routes").text
    assert "one" in page
    assert "/routes/new" not in page
    assert ">Edit<" not in page
    for path in ("/routes/new", "/routes/one/edit"):
        assert viewer.get(path).status_code == 403
        assert viewer.post(path, **FIELDS).status_code == 403
    assert viewer.post("/routes/one/remove").status_code == 403
    assert viewer.post("/routes/one/move", position="1").status_code == 403
    assert upload(viewer, part10(hand_cr(tmp_path)), calling_ae="PACS", called_ae="BAA_NODE").status_code == 200
    assert known(viewer) == [Route(name="one", read=False)]


def test_nobody_without_a_session_or_with_a_forged_form_gets_an_answer(visit: Visit, tmp_path: Path) -> None:
    assert visit.get("/routes").headers["location"] == "/login"
    assert visit.client.post("/routes/test", data={"csrf": "x"}, files={"file": ("f", b"x")}).status_code == 401
    visit.log_in("ann")
    assert visit.post("/routes/new", token="forged", name="x").status_code == 403
    assert visit.client.post("/routes/test", data={"csrf": "forged"}, files={"file": ("f", b"x")}).status_code == 403


def test_a_file_is_tried_step_by_step_and_leaves_no_trace(admin: Visit, tmp_path: Path) -> None:
    put(admin, Route(name="knees", conditions=(parse_condition("BodyPartExamined equals KNEE"),), read=False), TRIAL)
    content = part10(hand_cr(tmp_path, PatientName="Doe^Jane"))
    before = {path for path in tmp_path.rglob("*") if path.is_file()}, admin.kinds()
    answer = upload(admin, content, calling_ae="PACS", called_ae="BAA_TRIAL")
    assert answer.status_code == 200
    for told in (
        "The association of PACS to BAA_TRIAL is accepted.",
        "kept, as an image from pacs",
        "1. knees: BodyPartExamined is &#39;HAND&#39;, which does not equal &#39;KNEE&#39;",
        "2. trial: matches",
        "a bone age of 118.0 months is given",
        "pacs: sr (dicom pacs.example:104)",
    ):
        assert told in answer.text, told
    assert "Doe" not in answer.text
    assert ({path for path in tmp_path.rglob("*") if path.is_file()}, admin.kinds()) == before


def test_where_the_way_ends_is_said(admin: Visit, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    stranger = upload(admin, part10(ds), calling_ae="pacs", called_ae="BAA_NODE").text
    assert "differs from PACS of peer pacs in upper and lower case" in stranger
    assert "the way ends here" in stranger
    assert stranger.count("if it came so far") == 4
    other = upload(admin, part10(ds), calling_ae="PACS", called_ae="OTHER").text
    assert "called OTHER, and this node is BAA_NODE" in other
    ds.ViewPosition = "LL"
    refused = upload(admin, part10(ds), calling_ae="PACS", called_ae="BAA_NODE").text
    assert "BAA104" in refused
    assert "The refusal is sent once its study is quiet" in refused


def test_bad_files_are_explained(admin: Visit, tmp_path: Path) -> None:
    whole = part10(hand_cr(tmp_path))
    for content, told in (
        (b"", "Choose a file first"),
        (b"\x89PNG", "not a DICOM file"),
        (bytes(128) + b"DICM" + bytes(range(200)), "not a DICOM file"),
    ):
        answer = upload(admin, content, calling_ae="PACS", called_ae="BAA_NODE")
        assert (answer.status_code, told in answer.text) == (400, True), told
    assert "It is not taken (0xC003)" in upload(admin, whole[:400], calling_ae="PACS", called_ae="BAA_NODE").text


def test_huge_uploads_are_refused_before_they_have_come(admin: Visit) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/routes/test")
        cookie = f"baa_session={admin.client.cookies['baa_session']}"
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(10 << 30),
            "Cookie": cookie,
            "Accept": "text/html",
        }
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, b"2 MiB" in answer.read()) == (413, True)


def test_what_was_left_alone_is_seen_among_the_studies(viewer: Visit) -> None:
    alone = Decision(route="knees", read=False)
    with viewer.console.database.transaction() as c:
        studies.record_arrival(c, made.instance(called_ae="BAA_TRIAL"), now=viewer.console.now(), decision=alone)
    assert "Left alone" in viewer.get("/studies", state="LEFT_ALONE").text
    page = viewer.get(f"/studies/{made.STUDY}").text
    assert "left alone by route <b>knees</b>" in page
    assert "(PACS → BAA_TRIAL)" in page
    assert "Instance left alone" in page
