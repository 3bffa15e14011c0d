from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom import Dataset

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.messages.told import Told, told_by
from baa_node.core.record import to_json
from baa_node.core.report import build_report
from baa_node.core.words import Language
from tests.parts.results import DEVICE, WRITTEN_AT, as_received, assessment, full_dx

Telling = Callable[..., Told]


@pytest.fixture
def tell() -> Telling:
    """Build the report of a result and read it as a bridge does."""

    def telling(
        result: Assessment | Refusal | None = None,
        source: Dataset | None = None,
        revision: int = 1,
        language: str = "en",
        **attributes: Any,
    ) -> Told:
        result, source = result or assessment(), source or full_dx()
        for keyword, value in attributes.items():
            setattr(source, keyword, value)
        report = build_report(as_received(source), result, DEVICE, written_at=WRITTEN_AT, revision=revision, language=Language(language))
        return told_by(as_received(report), to_json(result), revision)

    return telling
