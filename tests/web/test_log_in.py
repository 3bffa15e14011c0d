from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from baa_node.db import Database, accounts
from baa_node.errors import ConfigError
from baa_node.web import build_app
from baa_node.web.first_run import FILE, admit_first_user
from baa_node.web.guard import PER_EITHER, PER_USER_AND_ADDRESS, Guard
from baa_node.web.passwords import checked
from tests.web.visit import PASSWORD, Clock, Visit

OPEN = {"/healthz", "/readyz", "/metrics", "/login", "/language"}


def test_no_page_without_logging_in(visit: Visit) -> None:
    app = build_app(visit.console)
    routes = [(method, route.path) for route in every_route(app.routes) for method in route.methods]
    assert len(routes) > 25
    for method, path in routes:
        if path in OPEN:
            continue
        address = filled(path)
        answer = visit.client.request(method, address)
        assert (answer.status_code, answer.headers.get("location", "/login")) in {(303, "/login"), (401, "/login")}, (method, path)


def filled(path: str) -> str:
    return path.replace("{uid}", "1.2").replace("{sop}", "1.3").replace("{name}", "pacs").replace("{form_of}", "csv")


def every_route(routes: list) -> list[APIRoute]:  # type: ignore[type-arg]
    found = []
    for route in routes:
        found += [route] if isinstance(route, APIRoute) else every_route(getattr(getattr(route, "original_router", None), "routes", []))
    return found


def test_logging_in_and_out(visit: Visit) -> None:
    answer = visit.log_in("ann")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert visit.get("/").status_code == 200
    assert visit.post("/logout").headers["location"] == "/login"
    assert visit.get("/").headers["location"] == "/login"
    assert visit.kinds()[-2:] == ["LOGGED_IN", "LOGGED_OUT"]


def test_a_session_cannot_be_used_again_after_logging_out(admin: Visit) -> None:
    kept = admin.client.cookies["baa_session"]
    admin.post("/logout")
    assert admin.client.get("/", headers={"Cookie": f"baa_session={kept}"}).headers["location"] == "/login"


STRANGERS = [("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("ann\0", PASSWORD), ("' OR 1=1 --", "x")]


def test_a_wrong_log_in_says_the_same_whoever_it_was(visit: Visit) -> None:
    for name, password in STRANGERS:
        answer = visit.log_in(name, password)
        assert answer.status_code == 401
        assert "User name or password is wrong" in answer.text
        assert visit.get("/").headers["location"] == "/login"
    failed = [event for event in visit.events() if event.kind == "LOGIN_FAILED"]
    assert {event.outcome for event in failed} == {4}
    assert [event.subject for event in failed] == ["ann", "(unknown)", "ann", "(unknown)", "(unknown)"]


def test_no_password_and_no_token_is_on_record(admin: Visit, database: Database) -> None:
    token = admin.client.cookies["baa_session"]
    with database.reading() as c:
        stored = [*c.exec_driver_sql("SELECT * FROM users"), *c.exec_driver_sql("SELECT * FROM sessions")]
    text = f"{stored}{admin.events()}"
    assert "$argon2id$" in text
    assert PASSWORD not in text
    assert token not in text


def test_guessing_is_slowed_down_and_the_right_password_too(visit: Visit, clock: Clock) -> None:
    for _ in range(PER_USER_AND_ADDRESS):
        assert visit.log_in("ann", "wrong").status_code == 401
    assert visit.log_in("ann").status_code == 429
    assert visit.log_in("vic").status_code == 303
    clock.advance(minutes=10)
    assert visit.log_in("ann").status_code == 303


def test_the_guard_counts_by_user_and_by_address(clock: Clock) -> None:
    guard = Guard()
    assert all(guard.admit(f"user{number}", "10.0.0.1", now=clock()) for number in range(PER_EITHER))
    assert not guard.admit("another", "10.0.0.1", now=clock())
    assert all(guard.admit("ann", f"10.0.1.{number}", now=clock()) for number in range(PER_EITHER))
    assert not guard.admit("ANN", "10.0.2.1", now=clock())
    guard.succeeded("ann", "10.0.1.1")
    assert guard.admit("ann", "10.0.2.1", now=clock())


def test_a_session_ends_without_use(admin: Visit, clock: Clock) -> None:
    clock.advance(minutes=29)
    assert admin.get("/").status_code == 200
    clock.advance(minutes=29)
    assert admin.get("/?quiet").status_code == 200
    clock.advance(minutes=2)
    assert admin.get("/").headers["location"] == "/login"


def test_a_session_ends_after_half_a_day_of_use(admin: Visit, clock: Clock) -> None:
    for _ in range(36):
        assert admin.get("/studies").status_code == 200
        clock.advance(minutes=20)
    assert admin.get("/studies").headers["location"] == "/login"


def test_a_form_of_an_expired_session_changes_nothing(admin: Visit, clock: Clock) -> None:
    token = admin.token()
    clock.advance(hours=13)
    answer = admin.post("/peers/new", token=token, name="pacs", ae_title="PACS", host="h", port="104")
    assert answer.status_code == 401
    assert "PEER_ADDED" not in admin.kinds()


def forms(visit: Visit) -> list[str]:
    """Address of every form for those who are logged in."""
    found = [route.path for route in every_route(build_app(visit.console).routes) if "POST" in route.methods]
    return [filled(path) for path in found if path != "/login"]


FIELDS = {"name": "pacs", "ae_title": "PACS", "host": "h", "port": "104"}


def test_a_form_without_its_token_is_refused(admin: Visit) -> None:
    before = admin.kinds()
    assert len(forms(admin)) > 25
    for path in forms(admin):
        for token in ("", "0" * 64, "ü"):
            assert admin.post(path, token=token, **FIELDS).status_code == 403, (path, token)
    assert admin.kinds() == before


def test_the_token_of_another_session_is_refused(admin: Visit) -> None:
    stolen = admin.token()
    admin.post("/logout")
    admin.log_in("ann")
    assert admin.post("/peers/new", token=stolen, name="p", ae_title="P", host="h", port="1").status_code == 403


def test_logging_in_needs_a_token_too(visit: Visit) -> None:
    assert visit.post("/login", token="0" * 64, name="ann", password=PASSWORD).status_code == 403
    assert visit.browser().post("/login", data={"name": "ann", "password": PASSWORD}).status_code == 403


HARMLESS = {"/logout", "/password", "/audit/verify", "/routes/test", "/try-out"}
"""Forms of a viewer: what concerns nobody else, and looks that leave no trace."""


def test_a_viewer_changes_nothing(viewer: Visit) -> None:
    told = {path: viewer.post(path, **FIELDS).status_code for path in forms(viewer) if path not in HARMLESS}
    assert len(told) > 20
    assert set(told.values()) == {403}, told
    assert viewer.get("/peers/new").status_code == 403
    assert "Add a peer" not in viewer.get("/peers").text
    for path in HARMLESS - {"/logout"}:
        assert viewer.post(path).status_code in {200, 400}, path


def test_the_first_password_is_in_a_file_and_serves_once(
    start: Callable[..., Visit], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visit = start()
    admit_first_user(visit.console)
    file = tmp_path / FILE
    first = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in caplog.text
    assert first not in caplog.text
    assert str(FILE) in visit.get("/login").text
    assert visit.log_in("admin", first).status_code == 303
    assert visit.get("/").headers["location"] == "/password"
    assert visit.get("/studies").headers["location"] == "/password"
    answer = visit.post("/password", old=first, new="my own long one", again="my own long one")
    assert answer.headers["location"] == "/?said=welcome"
    assert visit.get("/").status_code == 200
    assert not file.exists()
    assert visit.log_in("admin", first).status_code == 401
    admit_first_user(visit.console)
    assert not file.exists()


BAD_PASSWORDS = [
    ("wrong", "a new long one", "a new long one", "present password is wrong"),
    (PASSWORD, "a new long one", "another one!", "differ"),
    (PASSWORD, "short", "short", "10 to 256 characters"),
    (PASSWORD, PASSWORD, PASSWORD, "is the present one"),
]


def test_a_bad_new_password_is_explained(admin: Visit) -> None:
    for old, new, again, told in BAD_PASSWORDS:
        answer = admin.post("/password", old=old, new=new, again=again)
        assert answer.status_code == 400
        assert told in answer.text.lower()
    assert "USER_CHANGED" not in admin.kinds()


def test_a_password_is_neither_short_nor_endless_nor_the_name() -> None:
    for bad in ("short", "x" * 257, "annabel.smith1"):
        with pytest.raises(ConfigError):
            checked(bad, user="annabel.smith")
    assert checked("x" * 256, user="ann") == "x" * 256


def test_a_new_password_ends_the_sessions_elsewhere(admin: Visit) -> None:
    here, elsewhere = admin.client, admin.browser()
    admin.client = elsewhere
    admin.log_in("ann")
    admin.client = here
    assert admin.post("/password", old=PASSWORD, new="a new long one", again="a new long one").status_code == 303
    assert admin.get("/").status_code == 200
    assert elsewhere.get("/").headers["location"] == "/login"


def test_a_removed_user_is_out_at_once(admin: Visit, viewer: Visit, database: Database) -> None:
    with database.transaction() as c:
        accounts.remove_user(c, "vic", actor="test", now=admin.console.now())
    assert viewer.get("/").headers["location"] == "/login"
