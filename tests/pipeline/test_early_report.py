"""The report is on its way while the picture is drawn: one association where all goes well, nothing lost or doubled elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baa_node import dispatch, steps
from baa_node.core.radiograph import from_dataset
from baa_node.db import studies
from baa_node.db.studies import Delivery, ResultObject
from baa_node.dicom.practice import PracticePacs
from baa_node.errors import StoreError
from baa_node.frames import RecentFrames
from tests.parts.hands import hand_cr
from tests.parts.workbench import Bench, wait

Make = Callable[..., list[ResultObject]]


def before_the_picture(bench: Bench, hook: Callable[[], None]) -> None:
    """Call `hook` whenever the picture is to be made."""
    make: Make = bench.desk.maker.make

    def hooked(*args: Any, kinds: Collection[str] = ("sr", "capture", "pdf"), **options: Any) -> list[ResultObject]:
        if "capture" in kinds and "sr" not in kinds:
            hook()
        return make(*args, kinds=kinds, **options)

    object.__setattr__(bench.desk.maker, "make", hooked)


def delivery(bench: Bench, uid: str) -> Delivery:
    with bench.desk.database.reading() as c:
        (found,) = studies.list_deliveries(c, uid, 1)
    return found


def kept(bench: Bench, uid: str) -> dict[str, str]:
    """Digests of the results of an image by kind and rank."""
    with bench.desk.database.reading() as c:
        return {f"{one.kind}{one.rank}": one.sha256 for one in studies.list_results(c, uid, 1)}


def test_the_report_is_there_before_the_picture_is_drawn(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    seen: list[int] = []
    before_the_picture(bench, lambda: (wait(lambda: pacs.stores == 1, "the report"), seen.append(pacs.stores))[0])
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert seen == [1]
    assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr", "capture"}
    assert (pacs.stores, delivery(bench, ds.SOPInstanceUID).attempts) == (2, 1)


def test_the_picture_is_begun_when_the_report_is_there(
    bench: Bench, pacs: PracticePacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "GOES_FIRST_S", 60.0)
    stores: list[int] = []
    before_the_picture(bench, lambda: stores.append(pacs.stores))
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert stores == [1]


def test_a_destination_that_is_away_holds_no_picture_up(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "GOES_FIRST_S", 60.0)
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: set(kept(bench, ds.SOPInstanceUID)) == {"sr0", "sr1", "capture0"}, "the picture")


def test_a_picture_that_comes_too_late_is_sent_with_the_next_attempt(
    bench: Bench, pacs: PracticePacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "REST_WITHIN_S", 0.2)
    drawn = threading.Event()
    before_the_picture(bench, lambda: drawn.wait(60) or None)
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.kinds().count("DELIVERY_ATTEMPT") >= 1, "an attempt without the picture")
    assert bench.states(ds) == ["READ"]
    assert delivery(bench, ds.SOPInstanceUID).state == "pending"
    drawn.set()
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert (pacs.stores, len(pacs.received)) == (2, 2)


def test_a_picture_that_is_drawn_when_the_attempt_is_just_over_is_sent_with_the_next(
    bench: Bench, pacs: PracticePacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "REST_WITHIN_S", 0.2)
    drawn = threading.Event()
    before_the_picture(bench, lambda: drawn.wait(60) or None)
    ds = hand_cr(tmp_path)
    note = bench.desk._note_attempt

    def noted_late(*args: Any, **options: Any) -> None:
        drawn.set()
        wait(lambda: bench.states(ds) != ["READ"], "the picture")
        note(*args, **options)

    object.__setattr__(bench.desk, "_note_attempt", noted_late)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr", "capture"}
    assert (pacs.stores, delivery(bench, ds.SOPInstanceUID).attempts) == (2, 2)


def test_a_picture_that_cannot_be_drawn_leaves_the_report_as_it_is(bench: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    before_the_picture(bench, fail)
    ds = hand_cr(tmp_path)
    bench.start()
    bench.send(ds)
    wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
    assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr"}
    assert pacs.stores == 1


def test_what_was_cut_off_before_the_picture_goes_on_there(bench: Bench, tmp_path: Path) -> None:
    cut_off = iter([StoreError("away")])

    def cut() -> None:
        if error := next(cut_off, None):
            raise error

    before_the_picture(bench, cut)
    ds = hand_cr(tmp_path)
    uid = ds.SOPInstanceUID
    bench.send(ds)
    bench.desk.read(uid, 1)
    with pytest.raises(StoreError):
        bench.desk.report(uid, 1)
    reports = kept(bench, uid)
    assert sorted(reports) == ["sr0", "sr1"]
    assert bench.states(ds) == ["READ"]
    bench.desk.report(uid, 1)
    assert sorted(kept(bench, uid)) == ["capture0", "sr0", "sr1"]
    assert reports.items() <= kept(bench, uid).items()
    assert bench.states(ds) == ["REPORTED"]
    assert bench.kinds().count("REPORT_STORED") == 3


def test_an_image_is_decoded_once_and_again_after_a_restart(bench: Bench, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.send(ds)
    bench.desk.read(ds.SOPInstanceUID, 1)
    with bench.desk.database.reading() as c:
        path = studies.get_instance(c, ds.SOPInstanceUID).path
    frame = bench.desk.frames.take(path)
    assert frame is not None
    assert np.array_equal(frame, from_dataset(ds).pixels)
    marked = 255 - frame
    bench.desk.frames.keep(path, marked)
    given: list[object] = []
    make: Make = bench.desk.maker.make
    object.__setattr__(bench.desk.maker, "make", lambda *args, **options: (given.append(options["frame"]), make(*args, **options))[1])
    bench.desk.report(ds.SOPInstanceUID, 1)
    assert [one is marked for one in given] == [True, True]
    assert isinstance(bench.desk.frames, RecentFrames)
    assert bench.desk.frames.take(path) is None
