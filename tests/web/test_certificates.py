from __future__ import annotations

import hashlib
import ssl
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from baa_node.certificates import Certificates
from baa_node.config import Config
from baa_node.dicom.certificate import read_pem
from baa_node.sections import BridgesSection, ConsoleSection, NodeSection
from tests.parts.certificates import Authorities
from tests.web.visit import Visit


@pytest.fixture
def authorities(tmp_path: Path) -> Authorities:
    folder = tmp_path / "given"
    folder.mkdir()
    return Authorities(folder)


def send(visit: Visit, path: str, **files: bytes) -> httpx.Response:
    named = {name: (f"{name}.pem", content) for name, content in files.items()}
    return visit.client.post(path, data={"csrf": visit.token()}, files=named)


def test_what_the_settings_name_is_shown_with_fingerprints_and_days(admin: Visit, authorities: Authorities, tmp_path: Path) -> None:
    own = authorities.issue("good")
    files = {"tls_certificate": str(own.certificate), "tls_key": str(own.key)}
    config = Config(
        data_dir=tmp_path,
        node=NodeSection(**files, tls_ca=str(authorities.ca)),
        bridges=BridgesSection(tls_ca=str(tmp_path / "none.pem")),
        console=ConsoleSection(tls_certificate=str(own.key), tls_key=str(own.key)),
    )
    object.__setattr__(admin.console, "certificates", Certificates(config, admin.console.database))
    page = admin.get("/certificates").text
    der = ssl.PEM_cert_to_DER_cert(own.certificate.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    assert hashlib.sha256(der).hexdigest() in page
    end = read_pem(own.certificate)[0].not_after
    assert f"{(end - admin.console.now()).days} days left" in page
    assert "none.pem cannot be read: No such file" in page
    assert "holds no certificate in PEM form" in page
    assert "PRIVATE KEY" not in page
    object.__setattr__(admin.console, "now", lambda: end - timedelta(days=3))
    admin.log_in("ann")
    assert '<span class="tag warn">3 days left</span>' in admin.get("/certificates").text


def test_an_authority_is_trusted_and_no_longer(admin: Visit, authorities: Authorities) -> None:
    (ca,) = read_pem(authorities.ca)
    answer = send(admin, "/certificates/trust", file=authorities.ca.read_bytes())
    assert answer.headers["location"] == "/certificates?said=certificate-trusted"
    assert ca.sha256 in admin.get("/certificates").text
    event = admin.events()[-1]
    assert (event.kind, event.actor, event.subject, event.detail["sha256"]) == ("CERTIFICATE_ADDED", "console:ann", ca.subject, ca.sha256)
    assert admin.post("/certificates/distrust", sha256=ca.sha256).status_code == 303
    assert ca.sha256 not in admin.get("/certificates").text
    assert admin.events()[-1].kind == "CERTIFICATE_REMOVED"


def test_the_node_is_given_another_certificate_and_its_key_is_shown_nowhere(admin: Visit, authorities: Authorities) -> None:
    own = authorities.issue("good")
    answer = send(admin, "/certificates/own", file=own.certificate.read_bytes(), key=own.key.read_bytes())
    assert answer.status_code == 303, answer.text
    page = admin.get("/certificates").text
    assert read_pem(own.certificate)[0].sha256 in page
    secret = own.key.read_text().splitlines()[2]
    assert secret not in page
    assert all(secret not in str(event) for event in admin.events())
    assert admin.events()[-1].detail["sha256_to"] == read_pem(own.certificate)[0].sha256
    assert admin.post("/certificates/own/remove").status_code == 303
    assert admin.post("/certificates/own/remove").status_code == 400


def test_a_mistake_is_explained_and_nothing_is_kept(admin: Visit, authorities: Authorities) -> None:
    own, other = authorities.issue("good"), authorities.issue("stranger")
    chain, key = own.certificate.read_bytes(), own.key.read_bytes()
    cases: list[tuple[str, dict[str, bytes], str]] = [
        ("trust", {}, "is empty: choose another"),
        ("trust", {"file": b"hello"}, "no certificate in PEM form"),
        ("trust", {"file": chain + key}, "holds a private key"),
        ("trust", {"file": authorities.issue("expired").certificate.read_bytes()}, "has expired on 2021-01-01"),
        ("own", {"file": chain}, "no private key in this file"),
        ("own", {"file": chain, "key": other.key.read_bytes()}, "is not that of"),
        ("own", {"file": chain, "key": b"#" * (100 << 10)}, "more than the 64 KiB that a private key may have"),
    ]
    for path, files, told in cases:
        answer = send(admin, f"/certificates/{path}", **(files or {"nothing": b""}))
        assert answer.status_code == 400, told
        assert told.replace("'", "&#39;") in answer.text
    assert send(admin, "/certificates/trust", file=b"#" * (1 << 20)).status_code == 413
    assert admin.console.certificates.held() == []
    assert not [kind for kind in admin.kinds() if kind.startswith("CERTIFICATE")]


def test_only_an_admin_changes_anything_and_only_by_our_own_forms(admin: Visit, authorities: Authorities) -> None:
    content = authorities.ca.read_bytes()
    forged = admin.client.post("/certificates/trust", data={"csrf": "x"}, files={"file": ("ca.pem", content)})
    assert forged.status_code == 403
    admin.log_in("vic")
    assert admin.get("/certificates").status_code == 200
    assert "/certificates/trust" not in admin.get("/certificates").text
    assert send(admin, "/certificates/trust", file=content).status_code == 403
    for path in ("look", "distrust", "own/remove"):
        assert admin.post(f"/certificates/{path}").status_code == 403
    assert admin.console.certificates.held() == []


def test_a_look_at_a_peer_says_why_it_shows_nothing(admin: Visit) -> None:
    fields = {"ae_title": "PACS", "host": "127.0.0.1", "port": "1", "destination": "on", "wants_sr": "on", "tls": "on"}
    assert admin.post("/peers/new", name="pacs", **fields).status_code == 303
    assert "not called yet" in admin.get("/certificates").text
    page = admin.post("/certificates/look").text
    assert "not seen" in page
