from __future__ import annotations

import re
from pathlib import Path

from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from baa_node.db import peers
from baa_node.dicom.certificate import read_pem
from baa_node.dicom.scu import Endpoint, echo
from baa_node.dicom.tls import ClientTls, ServerTls
from tests.db import made
from tests.parts.certificates import Authorities
from tests.web.visit import Visit

WANTS = {"wants_sr": "on", "wants_picture": "on", "wants_pdf": "on"}
FIELDS = {"ae_title": "PACS", "host": "10.0.0.5", "port": "104", "source": "on", "destination": "on", "route_to": "", **WANTS}


def known(visit: Visit) -> list[peers.Peer]:
    with visit.console.database.reading() as c:
        return peers.list_peers(c)


def test_a_peer_is_added_changed_and_removed_and_each_is_on_record(admin: Visit) -> None:
    assert admin.post("/peers/new", name="pacs", **FIELDS).headers["location"] == "/peers?said=added"
    assert known(admin) == [made.peer(host="10.0.0.5")]
    assert admin.post("/peers/pacs", **{**FIELDS, "port": "11112"}).status_code == 303
    assert admin.events()[-1].detail == {"port_from": 104, "port_to": 11112}
    assert admin.events()[-1].actor == "console:ann"
    assert admin.post("/peers/pacs/remove").status_code == 303
    assert known(admin) == []
    assert admin.kinds()[-3:] == ["PEER_ADDED", "PEER_CHANGED", "PEER_REMOVED"]


def test_a_mistake_is_explained_and_what_was_typed_is_kept(admin: Visit) -> None:
    cases = [
        ({"ae_title": "SEVENTEEN_LETTERS"}, "1 to 16 printable"),
        ({"port": "70000"}, "not between 1 and 65535"),
        ({"port": "x"}, "The port is a number"),
        ({"host": "a b"}, "is not a host name"),
        ({"name": "a/b"}, "use 1 to 64 letters"),
        ({"route_to": "nowhere"}, "no destination has that name"),
    ]
    for change, told in cases:
        answer = admin.post("/peers/new", **{"name": "pacs", **FIELDS, **change})
        assert answer.status_code == 400, change
        assert told in answer.text, change
        assert 'value="10.0.0.5"' in answer.text or "host" in change
    assert known(admin) == []
    assert admin.get("/peers/nobody").status_code == 404


def test_what_a_peer_showed_in_its_last_handshake_is_told(admin: Visit, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    authorities = Authorities(folder)
    own = authorities.issue("good")
    context = ServerTls(certificate=own.certificate, key=own.key, ca=authorities.ca).context()
    client = ClientTls(ca=authorities.ca, certificate=own.certificate, key=own.key)
    pacs = AE("PACS")
    pacs.add_supported_context(Verification)
    server = pacs.start_server(("127.0.0.1", 0), block=False, ssl_context=context)
    try:
        port = server.socket.getsockname()[1]
        admin.post("/peers/new", name="pacs", tls="on", **{**FIELDS, "host": "127.0.0.1", "port": str(port)})
        assert "showed" not in admin.get("/peers").text
        echo(Endpoint(ae_title="PACS", host="127.0.0.1", port=port, calling_ae="BAA_NODE", tls=client))
    finally:
        server.shutdown()
    (shown,) = re.findall(r"showed [^<]*, ([0-9a-f]{16})…", admin.get("/peers").text)
    assert read_pem(own.certificate)[0].sha256.startswith(shown)


def test_a_peer_of_every_kind_is_added_and_changed_as_by_the_command(admin: Visit) -> None:
    kinds = {
        "hl7": {"url": "mllp://10.0.0.6:2575/RIS/CLINIC"},
        "fhir": {"url": "https://his.example/fhir", "user": "baa", "secret": "env:HIS_PASSWORD"},
        "stow": {"url": "https://pacs.example/dicom-web", "secret": "file:/etc/baa/token", "source": "on"},
    }
    for kind, fields in kinds.items():
        form = admin.get("/peers/new", kind=kind).text
        assert all(f'name="{name}"' in form for name in fields), kind
        assert 'name="ae_title"' not in form
        answer = admin.post("/peers/new", name=kind, kind=kind, destination="on", wants_sr="on", refusals="sr", **fields)
        assert answer.status_code == 303, answer.text
    texts = {kind: {key: value for key, value in fields.items() if key != "source"} for kind, fields in kinds.items()}
    expected = [
        peers.Peer(name=kind, kind=kind, source=kind == "stow", destination=True, wants=("sr",), refusals="sr", **texts[kind])
        for kind in sorted(kinds)
    ]
    assert known(admin) == expected
    assert admin.post("/peers/hl7", destination="on", wants_sr="on", refusals="none", url="mllp://10.0.0.6:2576").status_code == 303
    assert admin.events()[-1].detail["url_to"] == "mllp://10.0.0.6:2576"
    assert "hl7" in admin.get("/peers").text


def test_a_mistake_in_a_bridge_is_explained(admin: Visit) -> None:
    for kind, fields, told in (
        ("hl7", {"url": "http://10.0.0.6"}, "begins with mllp"),
        ("fhir", {"url": "https://his.example", "secret": "hunter2"}, "never given itself"),
        ("fhir", {"url": "http://his.example", "secret": "env:TOKEN"}, "not sent over http"),
        ("carrier pigeon", {"url": "https://his.example"}, "is none of dicom"),
    ):
        answer = admin.post("/peers/new", name="p", kind=kind, destination="on", wants_sr="on", **fields)
        assert (answer.status_code, told in answer.text) == (400, True), kind
    assert admin.post("/peers/new", name="p", kind="hl7", destination="on", url="mllp://h:1").status_code == 400
    assert admin.get("/peers/new", kind="pigeon").status_code == 404
    assert known(admin) == []


def test_a_caller_that_was_turned_away_is_admitted_with_one_click(admin: Visit) -> None:
    with admin.console.database.transaction() as c:
        for title, reason in (("XRAY<b>", "unknown_caller"), ("OTHER", "wrong_called_ae")):
            peers.note_refused_caller(c, calling_ae=title, called_ae="BAA_NODE", address="10.0.0.7", reason=reason, now=admin.console.now())
    page = admin.get("/peers").text
    assert "XRAY&lt;b&gt;" in page
    assert page.count(">Admit</button>") == 1
    answer = admin.post("/peers/admit", calling_ae="XRAY<b>", called_ae="BAA_NODE", address="10.0.0.7")
    assert answer.headers["location"] == "/peers?said=admitted"
    assert known(admin)[0].ae_title == "XRAY<b>"
    assert admin.kinds()[-1] == "PEER_ADDED"
    assert ">Admit</button>" not in admin.get("/peers").text
    assert admin.post("/peers/admit", calling_ae="NEVER", called_ae="BAA_NODE", address="10.0.0.7").status_code == 409


def test_an_echo_says_in_words_how_it_went(admin: Visit) -> None:
    pacs = AE("PACS")
    for sop_class in (Verification, Comprehensive3DSRStorage, SecondaryCaptureImageStorage):
        pacs.add_supported_context(sop_class)
    server = pacs.start_server(("127.0.0.1", 0), block=False)
    try:
        port = str(server.socket.getsockname()[1])
        admin.post("/peers/new", name="pacs", **{**FIELDS, "host": "127.0.0.1", "port": port})
        answer = admin.post("/peers/pacs/echo")
    finally:
        server.shutdown()
    assert 'pacs answers: <span lang="en">PACS at 127.0.0.1' in answer.text
    refused = admin.post("/peers/pacs/echo")
    assert refused.status_code == 200
    assert "pacs does not answer: " in refused.text
    assert "refuses connections, nothing listens there" in refused.text
