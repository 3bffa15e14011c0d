from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom import Dataset

from baa_node.core.objects.findings import read_report
from baa_node.core.rehearsal import rehearse
from baa_node.core.report import Device, build_report
from baa_node.core.words.sentences import sentences
from tests.parts.hands import constant_ensemble
from tests.parts.results import REFUSAL, assessment, full_dx
from tests.parts.times import NOW

DEVICE = Device(name="TEST", uid="2.25.1", manufacturer="baa_node project", model="baa_node", serial="1", version="0")


def test_a_receiver_finds_what_the_report_was_built_from() -> None:
    result = assessment()
    found = read_report(build_report(full_dx(), result, DEVICE, written_at=NOW))
    low, high = result.estimate.interval_months
    assert found["status"] == "assessed"
    assert found["bone_age_months"] == pytest.approx(result.estimate.bone_age_months, abs=0.05)
    assert found["interval_months"] == pytest.approx([low, high], abs=0.05)
    assert found["chronological_age_months"] == pytest.approx(result.chronological_age_months, abs=0.05)
    assert found["z_score"] == pytest.approx(result.z_score, abs=0.005)
    assert found["determination"] == result.determination.value
    assert found["sex"] == result.sex
    assert found["conclusion"] == sentences(result).conclusion
    assert found["reasons"] == []


def test_a_refusal_gives_its_reasons_and_no_number() -> None:
    found = read_report(build_report(full_dx(), REFUSAL, DEVICE, written_at=NOW))
    assert (found["status"], found["bone_age_months"], found["interval_months"]) == ("refused", None, None)
    assert found["reasons"] == [reason.code for reason in REFUSAL.reasons]
    assert found["meanings"] == [reason.meaning for reason in REFUSAL.reasons]


def test_another_document_holds_no_bone_age() -> None:
    assert read_report(Dataset())["bone_age_months"] is None


def test_a_rehearsal_runs_the_network() -> None:
    def run(*_: object) -> None:
        raise RuntimeError("the network ran")

    ensemble = constant_ensemble()
    rehearse(ensemble, DEVICE)
    with pytest.raises(RuntimeError, match="the network ran"):
        rehearse(replace(ensemble, members=(replace(ensemble.members[0], run=run),)), DEVICE)
