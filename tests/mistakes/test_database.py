"""The database is away, locked, too new, or shut: command line, console and log say the same sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from baa_node.mistakes import Mistake
from tests.mistakes.site import Site, check, is_told
from tests.mistakes.test_called import PACS, stored
from tests.parts.postgresql import PASSWORD, PostgreSQL


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


def test_a_database_of_a_newer_version_is_explained(site: Site) -> None:
    with closing(sqlite3.connect(site.data / "baa_node.db")) as record, record:
        record.execute("UPDATE alembic_version SET version_num = '9999'")
    sentence = site.cli.fails("peers", "list")
    check(sentence, Mistake.DATABASE_TOO_NEW, "schema revision 9999", "restore the copy")
    assert site.start_fails("intake", "console") == sentence


def test_a_locked_database_is_explained(site: Site) -> None:
    file = site.data / "baa_node.db"
    site.settings(DATABASE__URL=f"sqlite:///{file}?timeout=0.2")
    site.cli.ok("peers", "add", "pacs", *PACS)
    with site.running("intake", "console") as node, closing(sqlite3.connect(file, isolation_level=None)) as other:
        node.page("/peers")  # logged in before
        token = node.token()
        other.execute("BEGIN IMMEDIATE")
        sentence = site.cli.fails("peers", "remove", "pacs")
        check(sentence, Mistake.DATABASE_LOCKED, file)
        assert is_told(sentence, node.send("/peers/pacs/remove", token))
        assert stored(node.port) == 0xA700
        assert sentence in site.log
        other.execute("ROLLBACK")


def test_a_database_that_does_not_know_us_is_explained(site: Site, postgresql: PostgreSQL) -> None:
    wrong = f"{postgresql.url.replace(PASSWORD, 'another')}/postgres"
    for url, mistake in ((wrong, Mistake.DATABASE_PASSWORD), (f"{postgresql.url}/nothing", Mistake.DATABASE_ABSENT)):
        site.settings(DATABASE__URL=url)
        sentence = site.cli.fails("peers", "list")
        check(sentence, mistake, f"127.0.0.1:{postgresql.port}", "database.url")
        assert PASSWORD not in sentence
        assert "another" not in sentence
        assert site.start_fails("intake", "console") == sentence


def test_a_database_that_is_down_is_explained(site: Site) -> None:
    with PostgreSQL() as server:
        site.settings(DATABASE__URL=server.empty_database())
        site.cli.ok("peers", "add", "pacs", *PACS)
        site.admit_admin()
        with site.running("intake", "console") as node:
            node.page("/peers")
            server.kill()
            sentence = site.cli.fails("peers", "list")
            check(sentence, Mistake.DATABASE_DOWN, f"127.0.0.1:{server.port}", "start the database")
            assert PASSWORD not in sentence
            with pytest.raises(Exception, match="rejects associations"):
                stored(node.port)
            assert Mistake.DATABASE_DOWN.code in site.log
            assert Mistake.DATABASE_DOWN.code in node.page("/peers")
            assert sentence in "\n".join(node.problems())
            server.start()  # a node notes in the record that it stops
