"""The page of the weights, and of what the site corrects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from baa_node.core.calibration import SiteCalibration
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.radiograph import Sex
from baa_node.core.reading import ReadingPolicy
from baa_node.manifest import default_bundle, describe_bundle
from tests.parts.calibrations import calibration
from tests.web.visit import Visit

Start = Callable[..., Visit]


def page_with(start: Start, made: SiteCalibration) -> str:
    """The page of a node with this calibration in force."""
    visit = start(policy=ReadingPolicy(calibration=made))
    visit.add_user("ann", "admin")
    visit.log_in("ann")
    return visit.get("/models").text


def for_girls(bundle: BundleIdentity) -> SiteCalibration:
    both = calibration(bundle, version=3)
    return replace(both, lines={Sex.FEMALE: both.lines[Sex.FEMALE]}, without={Sex.MALE: "12 images, 30 are needed"})


def test_without_a_calibration_the_page_says_so(admin: Visit) -> None:
    assert "<dt>Calibration of the site</dt><dd>none</dd>" in admin.get("/models").text


def test_the_calibration_in_force_is_shown_with_its_lines(start: Start) -> None:
    made = for_girls(describe_bundle(default_bundle()).identity)
    page = page_with(start, made)
    assert "<dd>version 3 of 2026-03-04</dd>" in page
    assert made.seal in page
    assert "0.900 × estimate +6.0 months" in page
    assert "80 images, 30 to 200 months" in page
    assert 'none: <span lang="en">12 images, 30 are needed' in page


def test_a_calibration_for_other_weights_is_called_idle(start: Start) -> None:
    page = page_with(start, for_girls(BundleIdentity(name="other", version="1", sha256="0" * 64)))
    assert "version 3 of 2026-03-04, for other weights: not applied" in page
