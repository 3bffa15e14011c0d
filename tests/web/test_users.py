from __future__ import annotations

import re

from baa_node.db import accounts
from tests.web.visit import Visit


def roles(visit: Visit) -> dict[str, str]:
    with visit.console.database.reading() as c:
        return {user.name: user.role.value for user in accounts.list_users(c)}


def once(page: str) -> str:
    found = re.search(r'<code class="once">([^<]+)</code>', page)
    assert found, "no password is shown"
    return found[1]


def test_a_user_is_added_with_a_password_that_serves_once(admin: Visit) -> None:
    password = once(admin.post("/users", name="bob", role="viewer").text)
    assert roles(admin)["bob"] == "viewer"
    assert password not in admin.get("/users").text
    assert password not in str(admin.events())
    admin.client = admin.browser()
    assert admin.log_in("bob", password).headers["location"] == "/"
    assert admin.get("/").headers["location"] == "/password"


def test_a_forgotten_password_is_replaced_and_its_sessions_end(admin: Visit) -> None:
    ann, vic = admin.client, admin.browser()
    admin.client = vic
    admin.log_in("vic")
    admin.client = ann
    password = once(admin.post("/users/vic/password").text)
    assert vic.get("/").headers["location"] == "/login"
    assert admin.events()[-1].detail == {"password": "changed", "must_change_from": False, "must_change_to": True}
    assert admin.events()[-1].actor == "console:ann"
    admin.client = vic
    assert admin.log_in("vic", password).status_code == 303
    admin.client = ann
    assert admin.post("/users/ann/password").status_code == 400


def test_a_role_holds_at_once_and_who_is_disabled_is_out(admin: Visit) -> None:
    ann, vic = admin.client, admin.browser()
    admin.client = vic
    admin.log_in("vic")
    assert vic.get("/users").status_code == 403
    admin.client = ann
    assert admin.post("/users/vic/role", role="admin").headers["location"] == "/users?said=user"
    assert vic.get("/users").status_code == 200
    assert admin.post("/users/vic/role", role="disabled").status_code == 303
    assert vic.get("/").headers["location"] == "/login"
    changes = [event.detail for event in admin.events() if event.kind == "USER_CHANGED"]
    assert changes == [{"role_from": "viewer", "role_to": "admin"}, {"role_from": "admin", "role_to": "disabled"}]
    admin.client = vic
    answer = admin.log_in("vic")
    assert (answer.status_code, "User name or password is wrong" in answer.text) == (401, True)
    assert admin.events()[-1].detail["reason"] == "disabled"


def test_the_last_admin_stays(admin: Visit) -> None:
    for path, fields in (("/users/ann/role", {"role": "viewer"}), ("/users/ann/role", {"role": "disabled"}), ("/users/ann/remove", {})):
        answer = admin.post(path, **fields)
        assert answer.status_code == 400
        assert "Ann is the last admin" in answer.text
    admin.post("/users", name="bob", role="admin")
    assert admin.post("/users/ann/role", role="viewer").headers["location"] == "/"
    assert admin.get("/users").status_code == 403
    assert roles(admin) == {"ann": "viewer", "bob": "admin", "vic": "viewer"}


def test_a_user_is_removed_and_it_is_on_record(admin: Visit) -> None:
    assert admin.post("/users/vic/remove").headers["location"] == "/users?said=user_removed"
    assert roles(admin) == {"ann": "admin"}
    assert (admin.events()[-1].kind, admin.events()[-1].subject) == ("USER_REMOVED", "vic")


def test_a_mistake_is_explained(admin: Visit) -> None:
    for fields, told in (
        ({"name": "a b", "role": "viewer"}, "use 1 to 64 letters"),
        ({"name": "VIC", "role": "viewer"}, "exists already"),
        ({"name": "bob", "role": "king"}, "a role is one of"),
    ):
        answer = admin.post("/users", **fields)
        assert answer.status_code == 400
        assert told in answer.text.replace("A role", "a role")
        assert f'value="{fields["name"]}"' in answer.text
    for path in ("role", "password", "remove"):
        assert admin.post(f"/users/nobody/{path}", role="viewer").status_code == 404


def test_a_viewer_neither_sees_nor_changes_users(viewer: Visit) -> None:
    assert "/users" not in viewer.get("/").text
    assert viewer.get("/users").status_code == 403
    for path in ("/users", "/users/vic/role", "/users/ann/password", "/users/ann/remove"):
        assert viewer.post(path, role="admin", name="eve").status_code == 403
    assert roles(viewer) == {"ann": "admin", "vic": "viewer"}
