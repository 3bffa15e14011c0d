from __future__ import annotations

import hashlib
import logging
from dataclasses import fields, replace
from pathlib import Path

import pytest

from baa_node.config import SECTIONS, Config
from baa_node.daemon import Daemon
from baa_node.db import Database, audit
from baa_node.sections import DatabaseSection, DicomwebSection, NodeSection
from baa_node.settings import flat


def digest(secret: bytes) -> str:
    return f"digest {hashlib.sha256(secret).hexdigest()[:8]}"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=tmp_path / "data", node=NodeSection(host="127.0.0.1", port=0))


def test_every_key_of_the_configuration_is_there(config: Config) -> None:
    found = flat(config, digest)
    assert set(found) == {f"{name}.{f.name}" for name, section in SECTIONS.items() for f in fields(section)} | {"inference.bundle, content"}
    assert found["gates.modalities"] == "CR, DX, RG, OT"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://baa:s3cret@db:5432/baa",
        "postgresql+psycopg://baa:s3cret%40x@db/baa?password=s3cret&sslmode=require",
        "postgresql://baa:p@s3cret@db/baa",
    ],
)
def test_no_secret_is_shown_and_each_change_is(config: Config, url: str) -> None:
    shown = flat(replace(config, database=DatabaseSection(url=url)), digest)["database.url"]
    assert isinstance(shown, str)
    assert "s3cret" not in shown
    assert shown.startswith("postgresql") and "db" in shown  # noqa: PT018 - one thought
    other = flat(replace(config, database=DatabaseSection(url=url.replace("s3cret", "other"))), digest)["database.url"]
    assert other != shown


def test_the_content_of_keys_counts_but_is_not_shown(config: Config, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("PRIVATE KEY one")
    section = NodeSection(tls_certificate=str(tmp_path / "gone.pem"), tls_key=str(key), tls_ca=str(key))
    before = flat(replace(config, node=section), digest)
    assert before["node.tls_certificate, content"] == "not readable: No such file or directory"
    key.write_text("PRIVATE KEY two")
    after = flat(replace(config, node=section), digest)
    assert {name for name in before if before[name] != after[name]} == {"node.tls_key, content", "node.tls_ca, content"}
    assert "PRIVATE" not in repr(before)


def test_a_bundle_that_is_missing_is_a_setting_all_the_same(config: Config, tmp_path: Path) -> None:
    found = flat(replace(config, inference=replace(config.inference, bundle=str(tmp_path))), digest)
    assert str(found["inference.bundle, content"]).startswith("not usable: ")


def test_the_log_has_the_head_of_the_trail_at_each_start_and_stop(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    daemon = Daemon(config, ["intake"])
    daemon.start()
    daemon.stop()
    heads = [record.getMessage().rpartition(": ")[2] for record in caplog.records if record.name == "baa_node.settings"]
    database = Database.open(config.database_url)
    with database.reading() as c:
        noted = [(int(number), sha256) for number, _, sha256 in (head.partition(":") for head in heads)]
        assert [audit.verify(c, noted=one) for one in noted] == [[], []]
        assert noted[1] == audit.head_of(c)
    database.close()


def test_a_start_records_what_was_set_otherwise(config: Config) -> None:
    def run(config: Config) -> None:
        daemon = Daemon(config, ["intake"])
        daemon.start()
        daemon.stop()

    run(config)
    run(replace(config, dicomweb=DicomwebSection(tokens=("pacs=env:TOKEN",)), node=replace(config.node, ae_title="OTHER")))
    database = Database.open(config.database_url)
    with database.reading() as c:
        changed = audit.list_events(c, kind=audit.AuditKind.SETTING_CHANGED)
    database.close()
    assert [(one.subject, one.detail["from"], one.detail["to"]) for one in changed] == [
        ("node.host", "0.0.0.0", "127.0.0.1"),
        ("node.port", 11112, 0),
        ("dicomweb.tokens", "", "pacs=env:TOKEN"),
        ("node.ae_title", "BAA_NODE", "OTHER"),
    ]
    assert {one.actor.partition(":")[0] for one in changed} == {"system"}
