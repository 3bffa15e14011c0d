"""Spans of the walk of an image: one trace an image, nothing of the patient, nothing at all unless asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from baa_node import traces
from baa_node.db import Database
from baa_node.dicom import scp
from baa_node.errors import ConfigError, SpoolError
from baa_node.intake import Intake
from baa_node.sections import TracesSection
from baa_node.spool import FolderSpool
from tests.parts.desk import reception
from tests.parts.hands import hand_cr
from tests.web.visit import Clock, Visit, console_in


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.start("http://nobody.invalid", version="0", processor=SimpleSpanProcessor(exporter))
    yield exporter
    traces.stop()


@pytest.fixture
def desk_visit(tmp_path: Path) -> Iterator[Visit]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    visit = Visit(console_in(tmp_path, database, Clock()), 0)
    yield visit
    visit.close()
    database.close()


def shown(span: ReadableSpan) -> str:
    return span.to_json()


def test_every_step_of_an_image_is_a_span_of_one_trace(exporter: InMemorySpanExporter, desk_visit: Visit, tmp_path: Path) -> None:
    secrets = {"PatientName": "Xylophon^Quentin", "PatientID": "PID-736251", "AccessionNumber": "SECRET-77"}
    instance = desk_visit.report(tmp_path, **secrets)
    desk_visit.desk().deliver(instance.sop_instance_uid, 1, "pacs")
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["read", "report", "deliver"]
    assert {f"{span.context.trace_id:032x}" for span in spans} == {traces.trace_id(instance.sop_instance_uid)}
    assert spans[2].attributes == {"revision": 1, "peer": "pacs"}
    assert [event.name for event in spans[0].events] == ["decoded", "looked at", "estimated"]
    assert [event.name for event in spans[1].events] == ["compared", "sr made", "sr recorded", "capture made", "capture recorded"]
    said = "".join(map(shown, spans))
    assert not [one for one in (*secrets.values(), instance.sop_instance_uid, instance.study_instance_uid) if one in said]


def test_the_reception_belongs_to_the_same_trace(exporter: InMemorySpanExporter, desk_visit: Visit, tmp_path: Path) -> None:
    console = desk_visit.console
    intake = Intake(console.database, console.spool, ae_title="BAA_NODE")
    received = reception(hand_cr(tmp_path))
    assert intake.receive(received).status == scp.NOT_AUTHORISED
    (span,) = exporter.get_finished_spans()
    assert (span.name, f"{span.context.trace_id:032x}") == ("receive", traces.trace_id(received.sop_instance_uid))


def test_a_moment_outside_of_any_step_is_no_event(exporter: InMemorySpanExporter) -> None:
    traces.note("decoded")
    assert exporter.get_finished_spans() == ()


def test_a_step_that_fails_says_its_code_and_no_text(exporter: InMemorySpanExporter, desk_visit: Visit, tmp_path: Path) -> None:
    instance = desk_visit.receive(tmp_path)
    spool = desk_visit.console.spool
    assert isinstance(spool, FolderSpool)
    (spool.root / instance.path).unlink()
    with pytest.raises(SpoolError):
        desk_visit.desk().read(instance.sop_instance_uid, 1)
    (span,) = exporter.get_finished_spans()
    assert (span.status.is_ok, span.status.description, span.events) == (False, "SPOOL", ())


def test_of_somebody_elses_error_only_the_kind_is_told(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Xylophon"), traces.step("read", "1.2.3"):
        raise ValueError("Xylophon^Quentin is no valid Person Name")
    (span,) = exporter.get_finished_spans()
    assert span.status.description == "ValueError"
    assert "Xylophon" not in shown(span)


def test_nothing_is_loaded_where_no_collector_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; from baa_node import traces\n"
        "with traces.step('read', '1.2.3'): pass\n"
        "print([one for one in sys.modules if one.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_node_without_the_libraries_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"baa_node\[otel\]"):
        traces.start("http://collector:4318/v1/traces", version="0")


def test_the_exporter_of_the_extra_takes_the_address() -> None:
    exporter = traces._exporting("http://127.0.0.1:9/v1/traces")
    exporter.shutdown()


def test_an_endpoint_is_a_url() -> None:
    with pytest.raises(ConfigError, match=r"traces\.endpoint"):
        TracesSection(endpoint="collector:4317")
