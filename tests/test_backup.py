"""A copy of an installation that works, and the way back: nothing is lost, nothing comes twice, the trail is whole."""

from __future__ import annotations

import json
import shutil
import stat
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from baa_node import backup as backup_module
from baa_node.backup import MANIFEST, Backup, back_up, put_small_files_back, read_backup, restore
from baa_node.certificates import Certificates
from baa_node.config import Config, load_config
from baa_node.db import Database, audit, copies, peers, studies
from baa_node.db.studies import retention
from baa_node.dicom import scp
from baa_node.dicom.practice import PracticePacs
from baa_node.dispatch import Patience
from baa_node.errors import ConfigError, SpoolError, StoreError
from baa_node.housekeeping import Housekeeper, Retention
from baa_node.intake import Intake
from baa_node.pipeline import Pipeline
from baa_node.process import sole_use
from baa_node.spool import open_spool
from tests.cli.command import Command
from tests.db import made
from tests.parts.certificates import Authorities
from tests.parts.desk import desk_on
from tests.parts.hands import hand_cr
from tests.parts.postgresql import PASSWORD, PostgreSQL
from tests.parts.programs import eventually, free_port
from tests.parts.s3 import S3
from tests.parts.workbench import Bench

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Site(Bench):
    """An installation laid out as its settings say."""

    config: Config

    @classmethod
    def open(cls, config: Config, pacs_port: int, *, fresh: bool) -> Site:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database.open(config.database_url)
        if fresh:
            with database.transaction() as c:
                peers.add_peer(c, made.peer(host="127.0.0.1", port=pacs_port), actor="test", now=NOW)
        spool = open_spool(config.spool_path)
        desk = desk_on(database, spool, study_quiet_s=0.2, patience=Patience(first_s=0.3, longest_s=0.5), confirm=False)
        site = cls(config.data_dir, desk, Intake(database, spool, ae_title="BAA_NODE"), pacs_port)
        site.config = config
        return site

    def start(self) -> None:
        self.pipeline = Pipeline(self.desk, queue_url=self.config.queue_url, executor_id="test")
        self.pipeline.start()

    def close(self) -> None:
        self.stop()
        self.desk.database.close()

    def attempts(self, ds: Dataset) -> int:
        with self.desk.database.reading() as c:
            return sum(one.attempts for one in studies.list_deliveries(c, ds.SOPInstanceUID, 1))


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> Callable[[], dict[str, str]]:
    """Environment of an installation; each call names a database that is empty."""
    if request.param == "sqlite":
        return dict
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return lambda: {"BAA_NODE_DATABASE__URL": server.empty_database()}


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def fresh_hand(folder: Path) -> Dataset:
    folder.mkdir(exist_ok=True)
    return hand_cr(folder, StudyInstanceUID=generate_uid(), SOPInstanceUID=generate_uid())


def made_by(config: Config, target: Path) -> Backup:
    return back_up(config, target, like=None, actor="cli:ann", now=NOW)


def put_back(config: Config, source: Path) -> Backup:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return restore(config, source, actor="cli:ann", now=NOW)


def test_what_was_pending_is_delivered_once_and_what_was_done_is_left(
    settings: Callable[[], dict[str, str]], opened: ExitStack, tmp_path: Path
) -> None:
    port = free_port()
    site = Site.open(load_config(tmp_path / "data", None, settings()), port, fresh=True)
    opened.callback(site.close)
    done, tried, unread = (fresh_hand(tmp_path / "sent") for _ in range(3))
    site.start()
    pacs = PracticePacs.start("PACS", port=port)
    assert site.send(done) == scp.STORED
    eventually(lambda: site.states(done) == ["DELIVERED"], what="the first delivery", timeout_s=60)
    pacs.stop()
    assert site.send(tried) == scp.STORED
    eventually(lambda: site.attempts(tried) > 0, what="an attempt", timeout_s=60)
    made = made_by(site.config, tmp_path / "backup")  # while it works
    assert made.missing == ()
    site.stop()
    assert site.send(unread) == scp.STORED
    made_by(site.config, tmp_path / "later")
    site.close()
    shutil.rmtree(site.config.data_dir)

    again = load_config(tmp_path / "data", None, settings())
    assert put_back(again, tmp_path / "later").files == made.files + 1
    pacs = PracticePacs.start("PACS", port=port)
    opened.callback(pacs.stop)
    restored = Site.open(again, port, fresh=False)
    opened.callback(restored.close)
    restored.start()
    for ds in (tried, unread):
        eventually(lambda ds=ds: restored.states(ds) == ["DELIVERED"], what="a delivery", timeout_s=60)  # type: ignore[misc]
        assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr", "capture"}
    assert restored.states(done) == ["DELIVERED"]
    assert pacs.results_for(done.SOPInstanceUID) == {}
    assert pacs.stores == 4
    assert restored.kinds().count("READING_DONE") == 3
    assert "RECORD_RESTORED" in restored.kinds()
    with restored.desk.database.reading() as c:
        assert audit.verify(c) == []
    assert Housekeeper(restored.desk.database, restored.desk.spool, Retention()).missing() == []


def test_copies_made_while_images_come_are_each_whole(settings: Callable[[], dict[str, str]], opened: ExitStack, tmp_path: Path) -> None:
    site = Site.open(load_config(tmp_path / "data", None, settings()), free_port(), fresh=True)
    opened.callback(site.close)
    stop, hand = threading.Event(), fresh_hand(tmp_path / "sent")

    def keep_sending() -> None:
        while not stop.is_set():
            hand.SOPInstanceUID = hand.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            site.send(hand)

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        eventually(lambda: len(site.kinds()) > 3, what="images")
        made = [made_by(site.config, tmp_path / f"backup{number}") for number in range(3)]
    finally:
        stop.set()
        sender.join()
    assert [one.missing for one in made] == [()] * 3
    assert made[0].files < made[2].files
    again = load_config(tmp_path / "other", None, settings())
    put_back(again, tmp_path / "backup2")
    database = Database.open(again.database_url)
    opened.callback(database.close)
    assert Housekeeper(database, open_spool(again.spool_path), Retention()).missing() == []


@pytest.fixture
def site(opened: ExitStack, tmp_path: Path) -> Site:
    """A small site on SQLite with one image."""
    site = Site.open(load_config(tmp_path / "data", None, {}), free_port(), fresh=True)
    opened.callback(site.close)
    site.send(fresh_hand(tmp_path / "sent"))
    return site


def test_the_way_back_from_a_newer_version_is_the_copy_before_it(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    with site.desk.database.transaction() as c:
        c.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999_future'")
    site.close()
    with pytest.raises(StoreError, match="r9999_future, newer than"):
        Database.open(site.config.database_url)
    site.config.data_dir.rename(tmp_path / "data.new")
    put_back(site.config, tmp_path / "backup")
    database = Database.open(site.config.database_url)
    with database.reading() as c:
        assert len(studies.pending_readings(c)) == 1
    database.close()


def test_a_bucket_is_copied_and_put_back(opened: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = opened.enter_context(S3(tmp_path))
    for name, value in bucket.env.items():
        monkeypatch.setenv(name, value)
    site = Site.open(load_config(tmp_path / "data", None, {"BAA_NODE_SPOOL__PATH": f"{bucket.url}/old"}), free_port(), fresh=True)
    opened.callback(site.close)
    site.send(fresh_hand(tmp_path / "sent"))
    assert made_by(site.config, tmp_path / "backup").files == 1
    again = load_config(tmp_path / "other", None, {"BAA_NODE_SPOOL__PATH": f"{bucket.url}/new"})
    put_back(again, tmp_path / "backup")
    assert open_spool(again.spool_path).listed("instances") == site.desk.spool.listed("instances")


def test_a_restore_overwrites_nothing(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    with pytest.raises(StoreError, match="already"):
        put_back(site.config, tmp_path / "backup")


def test_a_folder_that_holds_something_is_refused(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    with pytest.raises(ConfigError, match="not empty"):
        made_by(site.config, tmp_path / "backup")


def test_a_copy_is_for_nobody_else(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


def test_a_backup_that_broke_off_or_was_changed_is_none(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    with (tmp_path / "backup" / "baa_node.db").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ConfigError, match="changed after the backup"):
        read_backup(tmp_path / "backup")
    (tmp_path / "backup" / MANIFEST).unlink()
    with pytest.raises(ConfigError, match="no whole backup"):
        put_back(load_config(tmp_path / "other", None, {}), tmp_path / "backup")


def test_a_backup_of_another_format_is_named(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    told = json.loads((tmp_path / "backup" / MANIFEST).read_text())
    (tmp_path / "backup" / MANIFEST).write_text(json.dumps({**told, "format": 9}))
    with pytest.raises(ConfigError, match="format 9"):
        read_backup(tmp_path / "backup")


def test_the_kind_of_database_must_be_the_same(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    other = load_config(tmp_path / "other", None, {"BAA_NODE_DATABASE__URL": "postgresql://baa@127.0.0.1:9/baa"})
    with pytest.raises(ConfigError, match="is of SQLite"):
        put_back(other, tmp_path / "backup")


def test_a_file_that_was_lost_before_is_named_and_the_rest_is_kept(site: Site, tmp_path: Path) -> None:
    site.send(fresh_hand(tmp_path / "sent"))
    lost = sorted((site.config.data_dir / "spool" / "instances").glob("*/*"))[0]
    lost.unlink()
    made = made_by(site.config, tmp_path / "backup")
    assert [Path(one).name for one in made.missing] == [lost.name]
    assert made.files == 1


def test_what_leaves_by_age_meanwhile_is_no_loss(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = backup_module._copy_files

    def removed_first(*arguments: object) -> set[str]:
        with site.desk.database.transaction() as c:
            c.exec_driver_sql("UPDATE instances SET removed_at = '2026-11-21 12:00:00'")
        shutil.rmtree(site.config.data_dir / "spool")
        return copy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(backup_module, "_copy_files", removed_first)
    assert made_by(site.config, tmp_path / "backup").missing == ()


def test_files_of_an_earlier_copy_are_linked(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "first")
    site.send(fresh_hand(tmp_path / "sent"))
    back_up(site.config, tmp_path / "second", like=tmp_path / "first", actor="cli:ann", now=NOW)
    links = sorted(path.stat().st_nlink for path in (tmp_path / "second" / "spool").glob("*/*/*"))
    assert links == [1, 2]
    put_back(load_config(tmp_path / "other", None, {}), tmp_path / "second")


def test_a_file_that_the_spool_would_put_elsewhere_is_refused(site: Site, tmp_path: Path) -> None:
    made_by(site.config, tmp_path / "backup")
    (stored,) = (tmp_path / "backup" / "spool" / "instances").glob("*/*")
    odd = stored.parents[1] / "zz" / stored.name
    odd.parent.mkdir()
    stored.rename(odd)
    with pytest.raises(SpoolError, match="no path of this spool"):
        put_back(load_config(tmp_path / "other", None, {}), tmp_path / "backup")


def test_a_trail_with_another_end_is_not_taken_for_the_copied_one(site: Site, tmp_path: Path) -> None:
    made = made_by(site.config, tmp_path / "backup")
    told = {**json.loads((tmp_path / "backup" / MANIFEST).read_text()), "audit_head": "0" * 64}
    (tmp_path / "backup" / MANIFEST).write_text(json.dumps(told))
    assert made.audit_head != "0" * 64
    with pytest.raises(StoreError, match="another end"):
        put_back(load_config(tmp_path / "other", None, {}), tmp_path / "backup")


def test_a_password_is_not_repeated(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = postgresql.empty_database()
    wrong = url.replace(PASSWORD, "other-s3cret")
    (tmp_path / "database.dump").write_bytes(b"no dump")
    for address in (url, wrong):
        with pytest.raises(StoreError, match="pg_restore") as told:
            copies.load(tmp_path / "database.dump", address)
        assert "s3cret" not in str(told.value)
    with pytest.raises(StoreError) as told:
        copies.is_empty(wrong)
    assert "s3cret" not in str(told.value)


def test_a_missing_program_names_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="postgresql-client"):
        copies.load(tmp_path / "x", "postgresql://h/d")


def test_the_commands_go_there_and_back(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.config.data_dir / "baa-node.toml").write_text('[node]\nae_title = "ELSEWHERE"\n')
    here, there = Command(site.config.data_dir, monkeypatch, capsys), Command(tmp_path / "there", monkeypatch, capsys)
    assert here.json("backup", str(tmp_path / "backup"))["files"] == 1
    with sole_use(tmp_path / "there"):
        assert "another node is running" in there.fails("restore", str(tmp_path / "backup"))
    assert "every one as it was" in there.ok("restore", str(tmp_path / "backup")).out
    assert load_config(tmp_path / "there", None, {}).node.ae_title == "ELSEWHERE"
    assert there.json("audit", "verify")["ok"]
    assert [one["kind"] for one in there.json("audit", "list")][-1] == "RECORD_RESTORED"
    assert [one["kind"] for one in here.json("audit", "list")][-1] == "BACKUP_MADE"
    assert "no whole backup" in there.fails("restore", str(tmp_path))


def test_a_command_tells_what_is_missing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(site.config.data_dir / "spool")
    said = Command(site.config.data_dir, monkeypatch, capsys)("backup", str(tmp_path / "backup"))
    assert said.code == 1
    assert "1 files that the record names" in said.err
    assert replace(read_backup(tmp_path / "backup"), missing=()).files == 0


def test_certificates_that_were_given_come_back_for_their_owner_alone(tmp_path: Path) -> None:
    config = load_config(tmp_path / "data", environment={})
    config.data_dir.mkdir()
    database = Database.open(config.database_url)
    authorities = Authorities(tmp_path)
    own = authorities.issue("good")
    given = Certificates(config, database)
    given.trust(authorities.ca.read_bytes(), actor="test", now=datetime.now(UTC))
    given.take_own(own.certificate.read_bytes(), own.key.read_bytes(), actor="test", now=datetime.now(UTC))
    database.close()
    back_up(config, tmp_path / "copy", like=None, actor="test", now=NOW)
    put_small_files_back(tmp_path / "copy", tmp_path / "again")
    for folder in ("copy", "again"):
        for file in (one for one in (config.data_dir / "tls").rglob("*") if one.is_file()):
            same = tmp_path / folder / file.relative_to(config.data_dir)
            assert same.read_bytes() == file.read_bytes()
            assert stat.S_IMODE(same.stat().st_mode) == 0o600
            assert {stat.S_IMODE(parent.stat().st_mode) for parent in list(same.parents)[:3]} == {0o700}


def test_the_paths_of_a_long_record_are_never_held_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = 100

    def page(_: object, after: str) -> tuple[list[str], str | None]:
        number = int(after or 0)
        return [f"instances/00/{number:04}-{one:0100}" for one in range(1000)], str(number + 1) if number + 1 < pages else None

    spools = Spools()
    monkeypatch.setattr(retention, "expected_after", page)
    monkeypatch.setattr(backup_module, "open_spool", spools)
    config = load_config(tmp_path / "data", environment={})
    config.data_dir.mkdir()
    tracemalloc.start()
    try:
        back_up(config, tmp_path / "copy", like=None, actor="test", now=NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spools.written == pages * 1000
    assert peak < 6 << 20, "100,000 paths take 16 MiB"
    assert not (tmp_path / "copy" / "paths.txt").exists()


@dataclass
class Spools:
    """A spool that has every file, and nothing in any, and one that none was written to yet."""

    written: int = 0
    full: bool = True

    def __call__(self, where: object) -> Spools:
        return replace(self, full=False) if str(where).endswith("copy/spool") else self

    def holds(self, _: str) -> bool:
        return self.full

    def read(self, _: str) -> bytes:
        self.written += 1
        return b""

    def write(self, kind: str, name: str, _: bytes) -> str:
        return f"{kind}/00/{name}"
