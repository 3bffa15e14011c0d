from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from baa_node.db import executors
from baa_node.errors import ConfigError
from baa_node.sections import ConsoleSection
from baa_node.spool import FolderSpool
from baa_node.web import ConsoleServer, build_app
from tests.parts.certificates import Authorities
from tests.web.visit import Visit


def test_a_sound_node_is_ready(visit: Visit) -> None:
    assert visit.get("/healthz").text == "ok\n"
    told = visit.get("/readyz").json()
    assert (told["ready"], told["problems"], told["provider"]) == (True, [], "CPUExecutionProvider")


def test_a_kept_connection_is_answered_at_once(visit: Visit) -> None:
    """A body held back until its header is acknowledged takes 40 ms, each time after the first few."""
    taken = [visit.get("/healthz").elapsed.total_seconds() for _ in range(30)]
    assert min(taken[-10:]) < 0.035


def test_a_full_disk_is_said(visit: Visit, tmp_path: Path) -> None:
    visit.console.health.spool = FolderSpool(tmp_path, min_free_bytes=1 << 60)
    answer = visit.get("/readyz")
    assert answer.status_code == 503
    assert "MiB free" in answer.json()["problems"][0]


def test_metrics_are_prometheus_text(visit: Visit) -> None:
    lines = visit.get("/metrics").text.splitlines()
    assert any(line.startswith("baa_node_spool_free_bytes ") for line in lines)
    assert "# TYPE baa_node_readings gauge" in lines


def test_a_taken_port_is_named(visit: Visit) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{visit.port}"):
        ConsoleServer.start(ConsoleSection(port=visit.port), build_app(visit.console))


def test_a_missing_certificate_is_named(visit: Visit) -> None:
    with pytest.raises(ConfigError, match=r"console\.tls_certificate"):
        ConsoleServer.start(ConsoleSection(port=0, tls_certificate="none.pem", tls_key="none.key"), build_app(visit.console))


def test_with_a_certificate_it_speaks_tls_and_its_cookies_are_secure(start: Callable[..., Visit], tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    authorities = Authorities(folder)
    own = authorities.issue("good")
    visit = start(tls_certificate=str(own.certificate), tls_key=str(own.key))
    trusted = ssl.create_default_context(cafile=str(authorities.ca))
    answer = httpx.get(f"https://127.0.0.1:{visit.port}/login", verify=trusted, trust_env=False)
    assert answer.status_code == 200
    assert "; Secure" in answer.headers["set-cookie"]


def forwarded(visit: Visit) -> httpx.Response:
    return visit.client.get("/login", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.9.8.7"})


def test_only_a_trusted_proxy_says_where_a_request_came_from(start: Callable[..., Visit]) -> None:
    assert "Secure" not in forwarded(start()).headers["set-cookie"]
    assert "Secure" in forwarded(start(trusted_proxies=("127.0.0.1",))).headers["set-cookie"]


def test_only_a_trusted_proxy_says_who_logged_in(start: Callable[..., Visit]) -> None:
    """The nearest hop that is not trusted counts: what stands before it came from the caller himself."""
    visit = start()
    visit.add_user("ann", "admin")
    claimed = {"X-Forwarded-For": "10.1.1.1, 10.9.8.7"}
    for trusted, address in (((), "127.0.0.1"), (("10.0.0.1",), "127.0.0.1"), (("127.0.0.1",), "10.9.8.7")):
        visit = start(trusted_proxies=trusted)
        visit.client.headers.update(claimed)
        visit.log_in("ann")
        assert visit.events()[-1].detail["address"] == address, trusted


def test_behind_a_proxy_every_link_begins_with_its_path(start: Callable[..., Visit]) -> None:
    visit = start(root_path="/bone-age")
    visit.add_user("ann", "admin")
    visit.client.base_url = httpx.URL(f"http://127.0.0.1:{visit.port}")
    token = visit.get("/login")
    assert 'action="/bone-age/login"' in token.text
    assert "Path=/bone-age;" in token.headers["set-cookie"]
    assert visit.get("/").headers["location"] == "/bone-age/login"


def test_the_dashboard_comes_by_events_and_changes_with_the_record(admin: Visit, tmp_path: Path) -> None:
    with admin.client.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = (line.removeprefix("data: ") for line in stream.iter_lines() if line.startswith("data: "))
        assert "Nothing has come in today" in json.loads(next(lines))["html"]
        admin.receive(tmp_path)
        assert "Received" in json.loads(next(lines))["html"]


def test_the_dashboard_tells_queue_provider_model_disk_and_workers(admin: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = admin.console.now()
    admin.receive(tmp_path)
    with admin.console.database.transaction() as c:
        executors.sign_on(c, "one", host="reader-7", now=now)
    monkeypatch.setattr(admin.console.spool, "free_bytes", lambda: 5 << 30)
    page = admin.get("/").text
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert facts.pop("To be read").startswith("1, the oldest since ")
    assert facts.pop("On their way to peers") == "0"
    assert "alive" in facts.pop("Worker reader-7")
    assert {re.sub("<.*?>", "", told) for told in facts.values()} == {"CPUExecutionProvider", admin.console.bundle.name, "5.0 GiB"}
    assert re.search(r'href="/studies\?state=RECEIVED"><b>1</b>', page)


def test_a_stream_ends_with_its_session_and_is_no_use_of_it(admin: Visit) -> None:
    with admin.client.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: board"
        admin.console.now.advance(minutes=31)  # type: ignore[attr-defined]
        assert "event: over" in list(lines)


def test_an_open_stream_does_not_hold_up_the_end(start: Callable[..., Visit]) -> None:
    visit = start()
    visit.add_user("ann", "admin")
    visit.log_in("ann")
    with visit.client.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        visit.console.closing.set()
        assert "event: over" not in list(lines)


def test_the_description_is_for_those_who_are_logged_in(visit: Visit) -> None:
    assert visit.get("/api/openapi.json").status_code == 401
    visit.log_in("vic")
    paths = visit.get("/api/openapi.json").json()["paths"]
    assert {"/healthz", "/readyz", "/metrics", "/login", "/studies/{uid}", "/try-out"} <= set(paths)
    assert (
        {"200", "303", "400"}
        <= set(paths["/studies"]["get"]["responses"])
        <= {"200", "303", *map(str, range(400, 422)), "429", "500", "502"}
    )
    assert visit.get("/docs").status_code == 404


def test_nothing_of_a_request_is_logged(admin: Visit, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    admin.receive(tmp_path, AccessionNumber="SECRET-77")
    assert "SECRET-77" in admin.get("/studies", q="SECRET-77").text
    with admin.console.database.transaction() as c:
        c.exec_driver_sql("DROP TABLE conflicts")
    assert admin.get("/studies", q="SECRET-77").status_code == 409
    assert admin.get("/studies/SECRET-77").status_code in {404, 409}
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]  # those are the test's own requests
    assert not any("SECRET-77" in message for message in ours)


def test_an_error_nobody_foresaw_is_logged_without_its_text(
    admin: Visit, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("SECRET-78")

    monkeypatch.setattr(admin.console.health, "problems", broken)
    answer = admin.get("/")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "ZeroDivisionError in " in caplog.text
    assert "SECRET-78" not in caplog.text + answer.text
