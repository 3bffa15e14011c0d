"""Every reason why an image is not read, from the image to what the PACS holds: a report that codes it and a picture that says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from baa_node.bundle import CPU, default_bundle, load_bundle
from baa_node.core.assessment import Refusal
from baa_node.core.objects.findings import read_report
from baa_node.core.picture import draw_picture
from baa_node.core.radiograph import from_dataset
from baa_node.core.reasons import Reason
from baa_node.core.record import from_json
from baa_node.db import studies
from baa_node.dicom.practice import PracticePacs
from baa_node.errors import InstanceError
from tests.parts.dcmtk import dciodvfy_errors
from tests.parts.frames import image
from tests.parts.hands import constant_ensemble
from tests.parts.refused import GIVEN, Words, drawn_hand
from tests.parts.results import DEVICE
from tests.parts.workbench import Bench, wait


def given(reason: Reason) -> Callable[[], Dataset]:
    def made() -> Dataset:
        ds = GIVEN[reason]()["ds"]
        assert isinstance(ds, Dataset)
        return ds

    return made


def faint() -> Words:
    """A hand of a few grey levels beside a bright letter of lead; alone its own levels would become black and white, and be read."""
    words = drawn_hand() // 40
    words[5:45, 5:45] = 4000
    return words


def underexposed() -> Words:
    """A hand that is darker than the grain of its detector."""
    grain = np.random.default_rng(1).normal(300, 80, drawn_hand().shape)
    return np.clip(drawn_hand() // 40 + grain, 0, 4095).astype(np.uint16)


IMAGES: dict[str, tuple[Reason, Callable[[], Dataset]]] = {
    "a foot": (Reason.NO_HAND, given(Reason.NO_HAND)),
    "a chest by its header": (Reason.NO_HAND, lambda: image(drawn_hand(), BodyPartExamined="CHEST")),
    "two hands": (Reason.SEVERAL_HANDS, given(Reason.SEVERAL_HANDS)),
    "both hands by the header": (Reason.SEVERAL_HANDS, lambda: image(drawn_hand(), ImageLaterality="B")),
    "a hand cut off": (Reason.HAND_CUT_OFF, given(Reason.HAND_CUT_OFF)),
    "a lateral view": (Reason.NOT_FRONTAL, given(Reason.NOT_FRONTAL)),
    "a blank plate": (Reason.POOR_QUALITY, given(Reason.POOR_QUALITY)),
    "too little contrast": (Reason.POOR_QUALITY, lambda: image(faint())),
    "too dark": (Reason.POOR_QUALITY, lambda: image(underexposed())),
    "too few pixels": (Reason.POOR_QUALITY, lambda: image(np.ascontiguousarray(drawn_hand()[::8, ::8]))),
    "a cast": (Reason.OBSCURED, given(Reason.OBSCURED)),
    "no sex": (Reason.SEX_UNKNOWN, lambda: image(drawn_hand(), PatientSex="")),
    "an adult": (Reason.AGE_OUTSIDE_USE, given(Reason.AGE_OUTSIDE_USE)),
    "pixels cut short": (Reason.UNDECODABLE, given(Reason.UNDECODABLE)),
    "born after the examination": (Reason.ATTRIBUTES, lambda: image(drawn_hand(), PatientBirthDate="20250102")),
    "another modality": (Reason.UNSUPPORTED, given(Reason.UNSUPPORTED)),
}
"""What a site sends, and why it gets no number."""

ESTIMATES = {Reason.MEMBERS_DISAGREE: (100.0, 130.0), Reason.ESTIMATE_OUTSIDE_RANGE: (240.0,)}
"""What the members say of a good hand, months."""


@pytest.fixture
def node(bench: Bench) -> Bench:
    """A node whose detector is the shipped one."""
    shipped = load_bundle(default_bundle(), providers=[CPU], threads=1)
    ensemble = replace(constant_ensemble(), detector=shipped.detector, validated_range_months=shipped.validated_range_months)
    bench.desk = replace(bench.desk, ensemble=ensemble)
    return bench


def sent(node: Bench, ds: Dataset) -> Dataset:
    """Send an image as an examination of its own."""
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid(), generate_uid()
    ds.PatientID = str(ds.SOPInstanceUID)[-16:]
    assert node.send(ds) == 0
    return ds


def shown(ds: Dataset, refusal: Refusal) -> bytes:
    try:
        pixels = from_dataset(ds).pixels
    except InstanceError:
        pixels = None
    return draw_picture(pixels, refusal, version=DEVICE.version).tobytes()


def check(node: Bench, pacs: PracticePacs, ds: Dataset, reason: Reason, folder: Path) -> None:
    """Hold what the PACS has of an image against its reason."""
    report, capture = (pacs.results_for(ds.SOPInstanceUID)[kind] for kind in ("sr", "capture"))
    said = read_report(report)
    assert (said["reasons"], said["bone_age_months"]) == ([reason.code], None)
    with node.desk.database.reading() as connection:
        outcome = studies.get_outcome(connection, ds.SOPInstanceUID, 1)
    assert outcome is not None
    refusal = from_json(outcome)
    assert isinstance(refusal, Refusal)
    assert capture.PixelData == shown(ds, refusal)
    assert capture.PixelData != shown(ds, replace(refusal, reasons=(Reason.INTERNAL,)))
    for kind, one in (("sr", report), ("capture", capture)):
        one.save_as(folder / f"{kind}.dcm", enforce_file_format=True)
        assert dciodvfy_errors(folder / f"{kind}.dcm") == []


@pytest.mark.timeout(180)
def test_the_pacs_is_told_of_every_image_why_it_was_not_read(node: Bench, pacs: PracticePacs, tmp_path: Path) -> None:
    node.start()
    images = {name: sent(node, make()) for name, (_, make) in IMAGES.items()}
    wait(lambda: {name: node.states(ds) for name, ds in images.items()} == {name: ["DELIVERED"] for name in images}, "every refusal")
    told = {name: read_report(pacs.results_for(ds.SOPInstanceUID)["sr"])["reasons"] for name, ds in images.items()}
    assert told == {name: [reason.code] for name, (reason, _) in IMAGES.items()}
    for name, ds in images.items():
        check(node, pacs, ds, IMAGES[name][0], tmp_path)


@pytest.mark.parametrize("reason", ESTIMATES)
def test_the_pacs_is_told_why_a_good_hand_gets_no_number(node: Bench, pacs: PracticePacs, tmp_path: Path, reason: Reason) -> None:
    members = [replace(constant_ensemble(value).members[0], name=f"member {place}") for place, value in enumerate(ESTIMATES[reason])]
    node.desk = replace(node.desk, ensemble=replace(node.desk.ensemble, members=tuple(members)))
    node.start()
    ds = sent(node, image(drawn_hand()))
    wait(lambda: node.states(ds) == ["DELIVERED"], "the refusal")
    check(node, pacs, ds, reason, tmp_path)
