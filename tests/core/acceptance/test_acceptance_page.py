from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest

from baa_node.core.acceptance.calibration_fit import fit_by_sex, make_calibration
from baa_node.core.acceptance.local_reads import Remark
from baa_node.core.acceptance.page import TITLE, write_acceptance
from baa_node.core.acceptance.verdict import Case, Criteria, Refused, Replay, evaluate
from baa_node.core.drawing.sheet import BOTTOM, LEFT, RIGHT, TOP
from baa_node.core.radiograph import Sex
from tests.parts.calibrations import calibration
from tests.parts.cases import case, many
from tests.parts.results import DEVICE, ESTIMATE, WRITTEN_AT

REPLAY = Replay(
    device=DEVICE,
    bundle=ESTIMATE.bundle,
    provider="CPUExecutionProvider",
    coverage=0.9,
    table="reads.csv",
    table_sha256="12" * 32,
    folder="hands",
    rows=130,
    files=140,
    calibration=None,
    written_at=WRITTEN_AT,
)
REFUSED = [Refused(row=200 + row, file=f"r{row}.dcm", codes=("BAA101",), text="No hand was found in the image.") for row in range(3)]


def page(cases: list[Case], criteria: Criteria | None = None, *, refused: list[Refused] | None = None, **more: Any) -> pypdf.PdfReader:
    acceptance = evaluate(cases, refused or [], criteria or Criteria())
    arguments: dict[str, Any] = {"remarks": [], "trials": None, "made": None, "replay": REPLAY, **more}
    return pypdf.PdfReader(io.BytesIO(write_acceptance(acceptance, **arguments)))


def spots_of(one: pypdf.PageObject) -> list[tuple[float, float]]:
    """Where each piece of text begins, points; turned text too."""
    found = []

    def visit(text: str, cm: list[float], at: list[float], _font: object, _size: float) -> None:
        if text.strip():
            found.append((at[4] * cm[0] + at[5] * cm[2] + cm[4], at[4] * cm[1] + at[5] * cm[3] + cm[5]))

    one.extract_text(visitor_text=visit)
    return found


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(one.extract_text().split()) for one in reader.pages)


def test_the_page_says_what_was_found_by_what_and_when() -> None:
    said = text_of(page(many(), Criteria(max_mae=9, max_bias=1), refused=REFUSED))
    overall = evaluate(many(), [], Criteria()).overall.score
    for fact in (
        TITLE,
        "120 images read by the people of this site and by the node, 3 more refused",
        "Criteria not met",
        "mean absolute error at most 9 months",
        f"{overall.mae.value:.1f} mo",
        "girls (60)",
        "boys, 10 to 13 years",
        "second reader − reader",
        "Refused by the node: 3",
        "row 201, r1.dcm: BAA101. No hand was found",
        f"first 1.0.0 (SHA-256 {ESTIMATE.bundle.sha256})",
        "Table reads.csv (SHA-256 1212",
        "2026-03-04T05:06:07",
        "No calibration of the site was in force.",
        "Research use, not for diagnosis.",
        "name, date, signature",
    ):
        assert fact in said


@pytest.mark.parametrize(("limit", "words"), [(20.0, "Criteria met"), (1.0, "Criteria not met"), (None, "No criteria were set")])
def test_the_verdict_is_in_words(limit: float | None, words: str) -> None:
    assert words in text_of(page(many(), Criteria(max_mae=limit)))


def test_what_was_left_out_is_named_and_what_is_too_much_is_counted() -> None:
    remarks = [Remark(row=row, file=f"{row}.dcm", text="no file holds this AccessionNumber") for row in range(2, 102)]
    reader = page(many(), remarks=[*remarks, Remark(file="z.dcm", text="no row gives it a bone age", lost=False)])
    said = text_of(reader)
    assert "Rows and files that were left out: 100" in said
    assert "row 2, 2.dcm: no file holds this AccessionNumber" in said
    assert "40 more are in the output of --json." in said
    assert "z.dcm: no row gives it a bone age" in said
    count = len(reader.pages)
    assert count >= 3
    for number, one in enumerate(reader.pages, start=1):
        assert f"page {number} of {count}" in " ".join(one.extract_text().split())


@pytest.mark.parametrize("cases", [many(), many(12), [case(100, 90)], [case(3, 240, sex=None), case(230, 1)], many(readers=False)])
def test_everything_stays_within_the_margins(cases: list[Case]) -> None:
    long = [Remark(row=row, file="a_very_long_name_" * 12, text="words about it " * 30) for row in range(30)]
    for one in page(cases, Criteria(max_mae=5, min_within_24=0.9), refused=REFUSED, remarks=long).pages:
        spots = spots_of(one)
        assert len(spots) > 4
        for x, y in spots:
            assert LEFT - 1 <= x <= RIGHT
            assert BOTTOM - 1 <= y <= TOP


def test_the_calibration_that_is_in_force_and_the_one_that_was_made_are_named() -> None:
    in_force = calibration(ESTIMATE.bundle)
    cases = [case(0.9 * one.raw, one.raw, sex=Sex.MALE) for one in many()]
    trials = fit_by_sex((one.sex, one.label, one.raw) for one in [*cases, case(100, 100)])
    made = make_calibration(trials, ESTIMATE.bundle, software="0.1.0", created="2026-03-04T05:06:07+00:00", before=in_force)
    assert made is not None
    said = text_of(page(cases, replay=Replay(**{**vars(REPLAY), "calibration": in_force}), trials=trials, made=made))
    assert "calibration 1 in force" in said
    assert f"(SHA-256 {in_force.seal})" in said
    assert f"Calibration 2 was made and sealed (SHA-256 {made.seal})" in said
    assert "Boys, 120 images: fitted" in said
    assert "Girls, 1 image: refused: 1 of the 50 images that are needed" in said
    assert "No calibration was made." in text_of(page(many(), trials={Sex.FEMALE: trials[Sex.FEMALE]}))


def test_equal_arguments_give_equal_bytes() -> None:
    acceptance = evaluate(many(), REFUSED, Criteria(max_mae=9))
    first, second = (write_acceptance(acceptance, REPLAY, [], None, None) for _ in range(2))
    assert first == second
