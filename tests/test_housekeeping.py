"""What leaves the spool, what never does, and what is found missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baa_node.db import Database, audit, studies
from baa_node.db.audit import KeptPatient
from baa_node.db.studies import State, retention
from baa_node.errors import StoreError
from baa_node.housekeeping import Housekeeper, Retention
from baa_node.spool import FolderSpool
from tests.db import made
from tests.parts.programs import eventually

LATER = made.NOW + timedelta(days=31)


class Site:
    """A record and a spool with images in several states, each with a report and a picture."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.open(f"sqlite:///{folder / 'record.db'}")
        self.spool = FolderSpool(folder / "spool")

    def image(self, uid: str, state: State, *, delivery: str = "delivered", confirm: bool = False, days: int = 0) -> list[str]:
        """Record an image that ended in this state so many days ago; its files."""
        then = made.NOW - timedelta(days=days)
        paths = [self.spool.write("instances", uid, b"image"), *(self.spool.write("results", f"{uid}.{end}", b"result") for end in (1, 2))]
        with self.database.transaction() as c:
            studies.record_arrival(c, made.instance(uid, path=paths[0], received_at=then), now=then)
            outcome = made.REFUSED if state is State.REFUSED else made.READ
            studies.record_outcome(c, uid, 1, state=State.REFUSED if state is State.REFUSED else State.READ, outcome=outcome, now=then)
            if state in {State.REFUSED, State.DISMISSED}:
                studies.set_state(c, uid, 1, state, now=then)
                return paths[:1]
            objects = [
                made.result(f"{uid}.{end}", source_uid=uid, path=path, kind=kind)
                for end, path, kind in ((1, paths[1], "sr"), (2, paths[2], "capture"))
            ]
            studies.record_results(c, objects)
            studies.open_deliveries(c, uid, 1, ["pacs"], now=then)
            (seen,) = studies.list_deliveries(c, uid, 1)
            if delivery == "delivered":
                studies.record_attempt(
                    c, seen, state="delivered", status=0, error=None, next_attempt_at=None, now=then, stored=["x"], confirm=confirm
                )
            else:
                studies.set_state(c, uid, 1, state, now=then)
        return paths

    def there(self, paths: list[str]) -> list[bool]:
        return [self.spool.holds(path) for path in paths]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.database.close()


def test_what_is_delivered_leaves_by_age_and_is_known_for_ever(site: Site) -> None:
    old, young = site.image("1.1", State.DELIVERED, days=40), site.image("1.2", State.DELIVERED, days=10)
    done = Housekeeper(site.database, site.spool, Retention(days=30)).tidy(made.NOW)
    assert done == {"by_age": 1, "by_pressure": 0, "workflows": 0}
    assert site.there(old) == [False] * 3
    assert site.there(young) == [True] * 3
    with site.database.reading() as c:
        assert studies.arrival_of(c, "1.1", made.instance("1.1").sha256) is studies.Arrival.DUPLICATE
        assert [event.kind for event in audit.list_events(c)][-1] == "FILES_REMOVED"


@pytest.mark.parametrize(
    ("state", "delivery", "confirm"),
    [
        (State.READ, "pending", False),
        (State.REFUSED, "pending", False),
        (State.REPORTED, "pending", False),
        (State.UNDELIVERABLE, "pending", False),
        (State.QUARANTINED, "pending", False),
        (State.DELIVERED, "delivered", True),
    ],
)
def test_what_somebody_waits_for_never_leaves(site: Site, state: State, delivery: str, confirm: bool) -> None:
    paths = site.image("1.1", state, delivery=delivery, confirm=confirm, days=4000)
    kept = Retention(days=1, free_mb=1 << 40)  # no disk has so much free: pressure, too
    assert Housekeeper(site.database, site.spool, kept).tidy(made.NOW)["by_age"] == 0
    assert all(site.there(paths))


def test_a_dismissed_refusal_leaves(site: Site) -> None:
    paths = site.image("1.1", State.DISMISSED, days=40)
    Housekeeper(site.database, site.spool, Retention(days=30)).tidy(made.NOW)
    assert site.there(paths) == [False]


def test_under_pressure_the_oldest_go_first_and_only_until_there_is_room(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {days: site.image(f"1.{days}", State.DELIVERED, days=days) for days in (3, 1, 2)}
    room = iter([1, 1, 1, 1 << 40, 1 << 40])  # before the round, before each image
    monkeypatch.setattr(site.spool, "free_bytes", lambda: next(room))
    done = Housekeeper(site.database, site.spool, Retention(free_mb=1)).tidy(made.NOW)
    assert done["by_pressure"] == 2
    assert {days: all(site.there(paths)) for days, paths in files.items()} == {3: False, 2: False, 1: True}


def test_pressure_is_seen_between_two_rounds(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [1 << 40]
    monkeypatch.setattr(site.spool, "free_bytes", lambda: free[0])
    keeper = Housekeeper(site.database, site.spool, Retention(free_mb=1), look_every_s=0.02)
    keeper.start()
    paths = site.image("1.1", State.DELIVERED)
    free[0] = 0
    eventually(lambda: not any(site.there(paths)), what="the delivered image to make room", timeout_s=5, every_s=0.02)
    keeper.stop()


def test_what_is_waited_for_again_since_it_was_listed_stays(site: Site) -> None:
    site.image("1.1", State.DELIVERED)
    with site.database.transaction() as c:
        studies.order_reading(c, "1.1", actor="test", reason="", now=LATER)
        assert not studies.note_removed(c, "1.1", reason="age", now=LATER)
    with site.database.reading() as c:
        assert studies.removed_at(c, "1.1") is None


def test_two_hosts_remove_an_image_once(site: Site) -> None:
    site.image("1.1", State.DELIVERED)
    with site.database.transaction() as c:
        assert [studies.note_removed(c, "1.1", reason="age", now=LATER) for _ in range(2)] == [True, False]


def test_nothing_leaves_unless_the_site_wants_it(site: Site) -> None:
    paths = site.image("1.1", State.DELIVERED, days=4000)
    assert Housekeeper(site.database, site.spool, Retention()).tidy(made.NOW) == {"by_age": 0, "by_pressure": 0, "workflows": 0}
    assert all(site.there(paths))


def test_a_removed_image_is_not_read_again_before_it_is_sent_again(site: Site) -> None:
    site.image("1.1", State.DELIVERED, days=40)
    Housekeeper(site.database, site.spool, Retention(days=30)).tidy(made.NOW)
    with pytest.raises(StoreError, match="send the image again"), site.database.transaction() as c:
        studies.order_reading(c, "1.1", actor="test", reason="", now=LATER)
    with site.database.transaction() as c:
        studies.note_restored(c, "1.1")
        assert studies.order_reading(c, "1.1", actor="test", reason="", now=LATER) == 2


def test_files_that_are_gone_are_told(site: Site) -> None:
    paths = site.image("1.1", State.DELIVERED)
    keeper = Housekeeper(site.database, site.spool, Retention())
    assert keeper.missing() == []
    site.spool.remove(paths[1])
    assert keeper.missing() == [paths[1]]


def test_spool_and_record_are_compared_at_the_start(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    paths = site.image("1.1", State.DELIVERED)
    site.spool.remove(paths[1])
    unnamed = site.spool.write("results", "1.1.3", b"made before a kill")
    os.utime(site.spool.root / unnamed, (0, 0))
    keeper = Housekeeper(site.database, site.spool, Retention())
    keeper.start()
    try:
        told = f"1 files that the record names are not in the spool, the first is {paths[1]}"
        eventually(lambda: told in caplog.text, what="the missing file to be told", timeout_s=5, every_s=0.02)
        eventually(lambda: not site.spool.holds(unnamed), what="the result that no record names to leave", timeout_s=5, every_s=0.02)
    finally:
        keeper.stop()


def test_spool_and_record_are_compared_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_PAGE", 1)
    paths = [path for uid in ("1.1", "1.2", "1.3") for path in site.image(uid, State.DELIVERED)]
    unnamed = site.spool.write("results", "1.1.3", b"made before a kill")
    for path in (*paths, unnamed):
        os.utime(site.spool.root / path, (0, 0))
    keeper = Housekeeper(site.database, site.spool, Retention())
    assert keeper.remove_unclaimed() == 1
    assert keeper.missing() == []
    for path in paths:
        site.spool.remove(path)
    assert keeper.missing() == sorted(paths)


def test_a_removal_cut_off_after_its_note_is_no_loss(site: Site) -> None:
    site.image("1.1", State.DELIVERED, days=40)
    with site.database.transaction() as c:
        studies.note_removed(c, "1.1", reason="age", now=made.NOW)
    assert Housekeeper(site.database, site.spool, Retention()).missing() == []


def test_a_result_that_no_record_names_leaves_once_it_is_old(site: Site) -> None:
    named = site.image("1.1", State.DELIVERED)
    unnamed, young = site.spool.write("results", "1.1.3", b"made before a kill"), site.spool.write("results", "1.1.4", b"made just now")
    image = site.spool.write("instances", "1.2", b"its sender was told to come again")
    for path in (*named, unnamed, image):
        os.utime(site.spool.root / path, (0, 0))
    assert Housekeeper(site.database, site.spool, Retention()).remove_unclaimed() == 1
    assert site.there([*named, unnamed, young, image]) == [True, True, True, False, True, True]


def test_old_work_of_the_engine_is_forgotten(site: Site) -> None:
    asked = []
    keeper = Housekeeper(site.database, site.spool, Retention(workflow_days=7), forget_finished=lambda before: asked.append(before) or 3)
    assert keeper.tidy(made.NOW)["workflows"] == 3
    assert asked == [made.NOW - timedelta(days=7)]


def test_whose_image_left_is_kept_only_while_a_repository_must_be_told(site: Site) -> None:
    gone = KeptPatient(patient_id="P-1", patient_name="DOE^JANE")
    housekeeper = Housekeeper(site.database, site.spool, Retention(days=30), whose=lambda uid: gone)
    site.image("1.1", State.DELIVERED)
    housekeeper.tidy(LATER)
    site.image("1.2", State.DELIVERED)
    with site.database.transaction() as c:
        assert audit.kept_patient(c, "1.1") is None
        audit.open_queue(c)
    housekeeper.tidy(LATER)
    with site.database.reading() as c:
        assert audit.kept_patient(c, "1.2") == gone
