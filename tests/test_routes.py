"""Routes on their way through the node: a listener, the pipeline, two PACS and three AE titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from baa_node.core.ensemble import Ensemble
from baa_node.core.objects.findings import read_report
from baa_node.core.reading import ReadingPolicy
from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import Decision, Route
from baa_node.db import Database, audit, peers, routes, studies
from baa_node.dicom.practice import PracticePacs
from baa_node.dicom.scu import Endpoint, Outgoing, send
from baa_node.dicom.server import ListenSettings, NodeServer
from baa_node.dispatch import Patience
from baa_node.errors import BundleError
from baa_node.intake import Intake
from baa_node.outlook import RuleTester, Terms
from baa_node.pipeline import Pipeline
from baa_node.spool import FolderSpool
from baa_node.steps import Desk
from tests.db import made
from tests.parts.desk import desk_on
from tests.parts.hands import constant_ensemble, hand_cr, part10
from tests.parts.programs import eventually
from tests.parts.times import NOW

TRIAL = Route(name="trial", called_ae=("BAA_TRIAL",), destinations=("archive",), kinds=("sr",), bundle="trial-1")
KNEES = Route(name="knees", conditions=(parse_condition("BodyPartExamined equals KNEE"),), read=False)
BOTH = Route(name="both", conditions=(parse_condition("StudyDescription contains both"),), destinations=("archive", "pacs"))


def named(bundle: str) -> Ensemble:
    if bundle != "trial-1":
        raise BundleError(f"no bundle called {bundle} is installed")
    return constant_ensemble(96.0)


@dataclass
class House:
    """A node that listens, and the two PACS around it."""

    desk: Desk
    port: int
    pacs: PracticePacs
    archive: PracticePacs

    def send(self, ds: Dataset, called_ae: str = "BAA_NODE") -> None:
        to = Endpoint(ae_title=called_ae, host="127.0.0.1", port=self.port, calling_ae="PACS")
        syntax = ds.file_meta.TransferSyntaxUID
        sent = Outgoing(sop_class_uid=ds.SOPClassUID, sop_instance_uid=ds.SOPInstanceUID, transfer_syntax_uid=syntax, content=part10(ds))
        send(to, [[sent]])

    def route(self, *some: Route) -> None:
        with self.desk.database.transaction() as c:
            for route in some:
                routes.add_route(c, route, actor="test", now=NOW, bundles=["trial-1", "gone"])

    def states(self, ds: Dataset) -> list[str]:
        with self.desk.database.reading() as c:
            return [reading.state.value for reading in studies.show_study(c, ds.StudyInstanceUID).readings]

    def ends(self, ds: Dataset, *states: str) -> None:
        eventually(lambda: self.states(ds) == list(states), what=f"{states} instead of {self.states(ds)}", timeout_s=60)

    def kinds(self) -> list[str]:
        with self.desk.database.reading() as c:
            return [event.kind for event in audit.list_events(c, limit=1000)]

    def foretold(self, ds: Dataset, called_ae: str = "BAA_NODE") -> dict[str, tuple[str, ...]]:
        """What the tester says who gets."""
        tester = RuleTester(
            database=self.desk.database,
            terms=Terms(policy=ReadingPolicy()),
            ensemble=lambda name: named(name) if name else self.desk.ensemble,
        )
        return tester.test(part10(ds), calling_ae="PACS", called_ae=called_ae).deliveries

    def got(self, ds: Dataset) -> dict[str, tuple[str, ...]]:
        """What each PACS has, in the words of the tester."""
        words = {"sr": "sr", "capture": "picture", "pdf": "pdf"}
        there = {"pacs": self.pacs.results_for(ds.SOPInstanceUID), "archive": self.archive.results_for(ds.SOPInstanceUID)}
        return {name: tuple(sorted((words[kind] for kind in found), reverse=True)) for name, found in there.items() if found}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    pacs, archive = PracticePacs.start("PACS"), PracticePacs.start("ARCHIVE")
    with database.transaction() as c:
        for name, one, source in (("pacs", pacs, True), ("archive", archive, False)):
            peers.add_peer(c, made.peer(name, host="127.0.0.1", port=one.port, source=source), actor="test", now=NOW)
    spool = FolderSpool(tmp_path / "spool")
    desk = desk_on(database, spool, others=named, study_quiet_s=0.2, patience=Patience(first_s=0.3, longest_s=1.0), confirm=False)
    pipeline = Pipeline(desk, queue_url=f"sqlite:///{tmp_path / 'queue.db'}", executor_id="test")
    intake = Intake(database, spool, ae_title="BAA_NODE", arrived=pipeline.arrived)
    server = NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=0), intake)
    pipeline.start()
    yield House(desk, server.port, pacs, archive)
    server.stop(1)
    pipeline.stop(5)
    database.close()
    pacs.stop()
    archive.stop()


@pytest.fixture
def hand(tmp_path: Path) -> Callable[..., Dataset]:
    def another(**elements: object) -> Dataset:
        return hand_cr(tmp_path, SOPInstanceUID=generate_uid(), StudyInstanceUID=generate_uid(), **elements)

    return another


def test_each_image_goes_the_way_of_its_route_as_the_tester_foretold(house: House, hand: Callable[..., Dataset]) -> None:
    house.route(KNEES, TRIAL, BOTH)
    plain, trial, both, knee = hand(), hand(), hand(StudyDescription="Both hands, XR"), hand(BodyPartExamined="KNEE")
    for ds, called in ((plain, "BAA_NODE"), (trial, "BAA_TRIAL"), (both, "BAA_NODE"), (knee, "BAA_NODE")):
        foretold = house.foretold(ds, called)
        house.send(ds, called)
        if ds is knee:
            assert (house.states(ds), foretold) == (["LEFT_ALONE"], {})
            continue
        house.ends(ds, "DELIVERED")
        assert house.got(ds) == foretold
    assert house.got(plain) == {"pacs": ("sr", "picture")}
    assert house.got(trial) == {"archive": ("sr",)}
    assert house.got(both) == {"pacs": ("sr", "picture"), "archive": ("sr", "picture")}
    assert house.got(knee) == {}
    months = [read_report(house.archive.results_for(ds.SOPInstanceUID)["sr"])["bone_age_months"] for ds in (trial, both)]
    assert months == [96.0, 118.0]
    assert house.kinds().count("INSTANCE_LEFT_ALONE") == 1
    with house.desk.database.transaction() as c:
        studies.order_reading(c, knee.SOPInstanceUID, actor="ann", reason="it is a hand", now=datetime.now(UTC))
    house.ends(knee, "LEFT_ALONE", "DELIVERED")
    assert house.got(knee) == {"pacs": ("sr", "picture")}
    with house.desk.database.reading() as c:
        assert audit.verify(c) == []


def test_a_rule_that_changes_after_the_arrival_changes_nothing(house: House, hand: Callable[..., Dataset]) -> None:
    house.route(TRIAL)
    ds = hand()
    release = house.desk.maker.make

    def changed(*arguments: object, **named: object) -> object:
        with house.desk.database.transaction() as c:
            routes.edit_route(c, "trial", Route(name="trial", read=False), actor="test", now=NOW)
        object.__setattr__(house.desk.maker, "make", release)
        return release(*arguments, **named)  # type: ignore[arg-type]

    object.__setattr__(house.desk.maker, "make", changed)
    house.send(ds, "BAA_TRIAL")
    house.ends(ds, "DELIVERED")
    assert house.got(ds) == {"archive": ("sr",)}
    with house.desk.database.reading() as c:
        assert studies.last_decision(c, ds.SOPInstanceUID) == TRIAL.decision
        assert routes.get_route(c, "trial").decision == Decision(route="trial", read=False)


def test_a_bundle_that_is_gone_is_a_refusal_that_people_see(house: House, hand: Callable[..., Dataset]) -> None:
    house.route(Route(name="gone", bundle="gone"))
    ds = hand()
    assert house.foretold(ds) == {"pacs": ("sr", "picture")}
    house.send(ds)
    house.ends(ds, "DELIVERED")
    assert read_report(house.pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] == ["BAA115"]
