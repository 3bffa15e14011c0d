from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from baa_node.core.ensemble import Ensemble
from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import Route
from baa_node.db import Database, audit, peers, routes
from baa_node.dicom import scp
from baa_node.dicom.file import request_of
from baa_node.errors import BundleError, InstanceError
from baa_node.intake import Intake
from baa_node.outlook import Outlook, RuleTester, Terms, to_json
from baa_node.spool import FolderSpool
from tests.db import made
from tests.parts.hands import constant_ensemble, hand_cr, part10
from tests.parts.times import NOW


def named(bundle: str) -> Ensemble:
    if bundle:
        raise BundleError(f"no bundle called {bundle} is installed")
    return constant_ensemble()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    with database.transaction() as c:
        for peer in (
            made.peer(),
            made.peer("archive", source=False, wants=("sr", "pdf"), refusals="none"),
            made.peer("ris", ae_title="", host="", port=0, source=False, kind="hl7", url="mllp://ris:2575"),
        ):
            peers.add_peer(c, peer, actor="test", now=NOW)
    yield database
    database.close()


@pytest.fixture
def tester(database: Database) -> RuleTester:
    return RuleTester(database=database, terms=Terms(), ensemble=named)


@pytest.fixture
def ask(tester: RuleTester, database: Database, tmp_path: Path) -> Callable[..., Outlook]:
    """Ask about a hand with these elements, on one route if there is one."""

    def asked(route: Route | None = None, *, terms: Terms | None = None, calling: str = "PACS", ds: Dataset | None = None) -> Outlook:
        if route is not None:
            with database.transaction() as c:
                routes.add_route(c, route, actor="test", now=NOW, bundles=["gone"])
        content = part10(ds or hand_cr(tmp_path))
        return replace(tester, terms=terms or Terms()).test(content, calling_ae=calling, called_ae="BAA_NODE")

    return asked


def told(outlook: Outlook) -> str:
    return "\n".join(line for step in outlook.steps for line in (step.told, *step.details))


def test_a_plain_image_is_read_and_sent_back(ask: Callable[..., Outlook]) -> None:
    outlook = ask()
    assert [step.goes_on for step in outlook.steps] == [True] * 5
    assert "there are no routes, so it is read" in told(outlook)
    assert outlook.deliveries == {"pacs": ("sr", "picture")}
    assert ask(terms=Terms(pdf=True)).deliveries == {"pacs": ("sr", "picture", "pdf")}
    said = to_json(outlook)
    assert (said["ends"], said["bone_age_months"], said["reasons"]) == ("delivery", 118.0, [])


def test_what_each_destination_gets_follows_route_wishes_and_what_is_made(ask: Callable[..., Outlook], tmp_path: Path) -> None:
    outlook = ask(Route(name="all", destinations=("archive", "ris", "pacs"), kinds=("sr", "pdf")))
    assert outlook.deliveries == {"archive": ("sr",), "ris": ("sr",), "pacs": ("sr",)}
    assert "ris: a message (hl7 mllp://ris:2575)" in told(outlook)
    bad = hand_cr(tmp_path, ViewPosition="LL")
    assert ask(ds=bad).deliveries == {"archive": (), "ris": ("sr",), "pacs": ("sr",)}
    assert "archive: nothing, since it wants sr, pdf and of refusals none" in told(ask(ds=bad))


def test_a_route_that_gives_nobody_anything_is_told(ask: Callable[..., Outlook]) -> None:
    outlook = ask(Route(name="pdf", destinations=("pacs", "ris"), kinds=("pdf",)))
    assert (outlook.ends.told, outlook.deliveries) == ("nobody gets anything of the result", {"pacs": (), "ris": ()})
    assert "the node makes picture, sr" in told(outlook)


def test_refusals_that_are_not_sent_stand_in_the_record(ask: Callable[..., Outlook], tmp_path: Path) -> None:
    outlook = ask(ds=hand_cr(tmp_path, ViewPosition="LL"), terms=Terms(refusals=()))
    assert "stands in record and audit" in outlook.ends.told
    assert to_json(outlook)["reasons"] == ["BAA104"]


def test_a_bundle_that_is_gone_is_foretold_as_the_refusal_that_it_becomes(ask: Callable[..., Outlook]) -> None:
    outlook = ask(Route(name="gone", bundle="gone"))
    assert (to_json(outlook)["reasons"], "no bundle called gone is installed" in told(outlook)) == (["BAA115"], True)


@pytest.mark.parametrize(
    ("change", "terms", "why"),
    [
        ({"SOPClassUID": SecondaryCaptureImageStorage}, Terms(), "0x0122): SOP class is not accepted"),
        ({}, Terms(max_dataset_bytes=1000), "0xA700): more than 1000 bytes"),
        ({"StudyInstanceUID": ""}, Terms(), "0xC005): data set without Study"),
    ],
)
def test_what_the_listener_turns_down_ends_there(
    ask: Callable[..., Outlook], tmp_path: Path, change: dict[str, Any], terms: Terms, why: str
) -> None:
    ds = hand_cr(tmp_path)
    for keyword, value in change.items():
        setattr(ds, keyword, value)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    outlook = ask(ds=ds, terms=terms)
    assert why in outlook.ends.told
    assert len(outlook.steps) == 2


def test_an_unknown_transfer_syntax_ends_there(tester: RuleTester, tmp_path: Path) -> None:
    content = part10(hand_cr(tmp_path))
    unknown = content.replace(ExplicitVRLittleEndian.encode() + b"\0", b"1.2.840.10008.1.2.9\0", 1)
    outlook = tester.test(unknown, calling_ae="PACS", called_ae="BAA_NODE")
    assert "transfer syntax is not accepted" in outlook.ends.told


def test_senders_that_may_not_store_are_told_from_strangers(ask: Callable[..., Outlook], database: Database) -> None:
    assert "is not known here as a source" in ask(calling="STRANGER").ends.told
    outlook = ask(calling="ARCHIVE")  # a destination alone: it may associate
    assert (outlook.steps[0].goes_on, "0x0124" in outlook.ends.told) == (True, True)
    assert outlook.deliveries == {}


def test_what_is_on_record_already_is_told(ask: Callable[..., Outlook], database: Database, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path, SOPInstanceUID=generate_uid())
    caller = scp.Caller(calling_ae="PACS", called_ae="BAA_NODE", address="", tls=False)
    intake = Intake(database, FolderSpool(tmp_path / "spool"), ae_title="BAA_NODE")
    intake.receive(scp.read_request(request_of(part10(ds), caller), max_dataset_bytes=1 << 30))
    with database.reading() as c:
        before = audit.list_events(c)
    assert "This very image is on record" in told(ask(ds=ds))
    ds.AccessionNumber = "OTHER"
    assert "quarantined" in ask(ds=ds).ends.told
    ds.Manufacturer, ds.ManufacturerModelName = "baa_node project", "baa_node"
    assert "a node like this one has made it" in ask(ds=ds).ends.told
    with database.reading() as c:
        assert audit.list_events(c) == before


def test_what_is_no_dicom_file_is_an_error(tester: RuleTester) -> None:
    for junk in (b"", b"junk", bytes(128) + b"DICM", bytes(128) + b"DICM" + bytes(range(256))):
        with pytest.raises(InstanceError, match="not a DICOM file"):
            tester.test(junk, calling_ae="PACS", called_ae="BAA_NODE")


def test_a_route_that_leaves_alone_ends_there(ask: Callable[..., Outlook]) -> None:
    outlook = ask(Route(name="hands", conditions=(parse_condition("BodyPartExamined contains hand"),), read=False))
    assert (outlook.ends.topic, len(outlook.steps), outlook.result) == ("reading", 4, None)
    assert "left alone by route hands" in outlook.ends.told
