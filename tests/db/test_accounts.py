from __future__ import annotations

from datetime import timedelta

import pytest

from baa_node.db import Connection, accounts, audit
from baa_node.db.accounts import Limits, Role, User
from baa_node.errors import ConfigError, StoreError
from tests.db import made

LIMITS = Limits(idle=timedelta(minutes=30), longest=timedelta(hours=12))


def user(name: str = "ann", role: Role = Role.ADMIN) -> User:
    return User(name=name, role=role, password="$argon2id$made", must_change=False, created_at=made.NOW, changed_at=made.NOW)


def test_a_user_is_kept_as_it_was_given(c: Connection) -> None:
    accounts.add_user(c, user(), actor="cli:bob")
    assert accounts.get_user(c, "ann") == user()
    assert audit.list_events(c)[-1].kind == "USER_ADDED"
    with pytest.raises(StoreError, match="user ann exists already"):
        accounts.add_user(c, user("ANN"), actor="cli:bob")
    with pytest.raises(ConfigError, match="user name"):
        user("a b")


def test_the_last_admin_stays(c: Connection) -> None:
    accounts.add_user(c, user(), actor="test")
    accounts.add_user(c, user("vic", Role.VIEWER), actor="test")
    with pytest.raises(StoreError, match="last admin"):
        accounts.remove_user(c, "ann", actor="test", now=made.NOW)
    accounts.add_user(c, user("eve"), actor="test")
    accounts.remove_user(c, "ann", actor="test", now=made.NOW)
    assert [one.name for one in accounts.list_users(c)] == ["eve", "vic"]


def test_a_session_lasts_as_long_as_it_is_used_and_no_longer_than_its_limit(c: Connection) -> None:
    accounts.add_user(c, user(), actor="test")
    accounts.log_in(c, user(), "token", address="10.0.0.1", limits=LIMITS, now=made.NOW)
    assert accounts.session_of(c, "token", limits=LIMITS, now=made.later(1799)) == (user(), made.NOW)
    assert accounts.session_of(c, "token", limits=LIMITS, now=made.later(1800)) is None
    accounts.touch(c, "token", now=made.later(1799))
    assert accounts.session_of(c, "token", limits=LIMITS, now=made.later(3000)) is not None
    accounts.touch(c, "token", now=made.later(12 * 3600 - 1))
    assert accounts.session_of(c, "token", limits=LIMITS, now=made.later(12 * 3600)) is None
    assert accounts.session_of(c, "other", limits=LIMITS, now=made.NOW) is None


def test_sessions_end_with_a_new_password_and_with_the_user(c: Connection) -> None:
    for name in ("ann", "eve"):
        accounts.add_user(c, user(name), actor="test")
        accounts.log_in(c, user(name), name, address="10.0.0.1", limits=LIMITS, now=made.NOW)
    accounts.set_password(c, "ann", "$other", must_change=True, actor="test", now=made.later(1))
    assert accounts.session_of(c, "ann", limits=LIMITS, now=made.later(2)) is None
    assert accounts.get_user(c, "ann").must_change
    accounts.remove_user(c, "eve", actor="test", now=made.later(2))
    assert accounts.session_of(c, "eve", limits=LIMITS, now=made.later(2)) is None
    assert "$other" not in str(audit.list_events(c))


def test_a_changed_user_is_on_record_with_what_was_and_what_is(c: Connection) -> None:
    accounts.add_user(c, user(), actor="test")
    accounts.set_password(c, "ann", "$other", must_change=True, actor="console:bob", now=made.later(1))
    accounts.set_password(c, "ann", "$third", must_change=True, actor="cli:root", now=made.later(2))
    first, second = audit.list_events(c)[-2:]
    assert (first.actor, first.detail) == ("console:bob", {"password": "changed", "must_change_from": False, "must_change_to": True})
    assert (second.actor, second.detail) == ("cli:root", {"password": "changed"})
