"""The objects made of one reading: reports, picture and page, their bytes kept once in the spool."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.drawing.letter import write_letter
from baa_node.core.objects.document import build_document
from baa_node.core.picture import draw_picture
from baa_node.core.priors.history import Earlier, examination_of, judge
from baa_node.core.radiograph import from_dataset
from baa_node.core.reading import as_read
from baa_node.core.report import Device, build_capture, build_report, restate_report
from baa_node.core.words import Language
from baa_node.db.studies import Instance, ResultObject
from baa_node.errors import InstanceError
from baa_node.intake import content_sha256
from baa_node.kinds import KINDS, Kind, kinds_made
from baa_node.priors import Found
from baa_node.spool import Spool

REPORT_CLASSES = (Comprehensive3DSRStorage, ComprehensiveSRStorage)
"""In order of preference; a destination gets the first one it accepts (SR_SPEC 1.1)."""

NOTHING = Found()
"""What a refusal is compared with."""

MOST_FLUSHED = 8
"""Objects that are written at once: those of two readings."""

Grey = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class ResultMaker:
    """Makes the objects of a reading, and keeps their bytes.

    Attributes
    ----------
    device
        The node as it names itself in what it makes.
    language
        Of the sentences in reports and pictures.
    pdf
        Whether each result is also made as one page of PDF.
    refusals
        The kinds that are made of a refusal; with none a refusal stands in record and audit alone.
    """

    spool: Spool
    device: Device
    language: Language = Language.ENGLISH
    pdf: bool = False
    refusals: tuple[Kind, ...] = KINDS

    def make(
        self,
        instance: Instance,
        revision: int,
        result: Assessment | Refusal,
        *,
        found: Found = NOTHING,
        amended: Collection[ResultObject] = (),
        kinds: Collection[Kind] = KINDS,
        frame: Grey | None = None,
    ) -> list[ResultObject]:
        """Build what is wanted of one result and keep the bytes; not yet recorded.

        Parameters
        ----------
        found
            What came before, which the cautions and the growth chart tell.
        amended
            The objects of the revision before this one.
        kinds
            The others are made at another time.
        frame
            ``(H, W) uint8`` as `from_dataset` gave it, where the image was decoded before in this process.
        """
        content = self.spool.read(instance.path)
        now = datetime.now(UTC).astimezone()
        source = dcmread(io.BytesIO(content))
        task = _Task(
            source=source,
            result=_with_history(result, source, found),
            earlier=found.earlier,
            sha256=content_sha256(content),
            predecessors={one.rank: dcmread(io.BytesIO(self.spool.read(one.path))) for one in amended if one.kind == "sr"},
            frame=frame,
            common={"revision": revision, "language": self.language},
            written_at=now,
        )
        wanted = set(kinds_made(refused=isinstance(result, Refusal), pdf=self.pdf, refusals=self.refusals)).intersection(kinds)
        made = [*(self._reports(task) if "sr" in wanted else ()), *self._shown(task, wanted)]
        kept = list(_flushing().map(self._keep, made))
        return [
            ResultObject(
                sop_instance_uid=one.ds.SOPInstanceUID,
                sop_class_uid=one.ds.SOPClassUID,
                series_instance_uid=one.ds.SeriesInstanceUID,
                source_uid=instance.sop_instance_uid,
                revision=revision,
                kind=one.kind,
                rank=one.rank,
                created_at=now.astimezone(UTC),
                **where,
            )
            for one, where in zip(made, kept, strict=True)
        ]

    def _reports(self, task: _Task) -> Iterator[_Made]:
        preferred, *others = REPORT_CLASSES
        report = build_report(
            task.source,
            task.result,
            self.device,
            written_at=task.written_at,
            sop_class_uid=preferred,
            source_sha256=task.sha256,
            predecessor=task.predecessors.get(0),
            earlier=task.earlier,
            **task.common,
        )
        first = _Made("sr", 0, report)
        yield first
        for rank, sop_class in enumerate(others, start=1):
            predecessor = task.predecessors.get(rank)
            yield _Made(
                "sr",
                rank,
                restate_report(
                    first.ds, task.source, task.result, self.device, sop_class_uid=sop_class, predecessor=predecessor, **task.common
                ),
            )

    def _shown(self, task: _Task, wanted: Collection[Kind]) -> Iterator[_Made]:
        """Make what is to be looked at; the image is decoded for it once."""
        if not {"capture", "pdf"}.intersection(wanted):
            return
        decoded = _pixels(task.source) if task.frame is None else task.frame
        pixels = None if decoded is None else as_read(decoded, task.result)
        if "capture" in wanted:
            picture = draw_picture(pixels, task.result, version=self.device.version, earlier=task.earlier, language=self.language)
            capture = build_capture(task.source, picture, task.result, self.device, written_at=task.written_at, **task.common)
            yield _Made("capture", 0, capture)
        if "pdf" in wanted:
            written = {"written_at": task.written_at, **task.common}
            page = write_letter(task.source, pixels, task.result, self.device, earlier=task.earlier, **written)
            yield _Made("pdf", 0, build_document(task.source, page, task.result, self.device, **written))

    def _keep(self, one: _Made) -> dict[str, str]:
        digest = hashlib.sha256(one.content).hexdigest()  # in the name too: who builds the same report a second time spoils nothing
        return {"path": self.spool.write("results", f"{one.ds.SOPInstanceUID}.{digest[:12]}", one.content), "sha256": digest}


@dataclass(frozen=True, kw_only=True)
class _Task:
    """Whatever is made of one reading is made of this."""

    source: Dataset
    result: Assessment | Refusal
    earlier: Sequence[Earlier]
    sha256: str
    predecessors: Mapping[int, Dataset]
    frame: Grey | None
    written_at: datetime
    common: dict[str, Any]


@dataclass(frozen=True)
class _Made:
    """An object and, once asked for, its bytes as a file."""

    kind: Kind
    rank: int
    ds: Dataset

    @cached_property
    def content(self) -> bytes:
        buffer = io.BytesIO()
        self.ds.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()


@cache
def _flushing() -> ThreadPoolExecutor:
    """Give the threads that wait for the disk, which flushes together what is written together."""
    return ThreadPoolExecutor(max_workers=MOST_FLUSHED, thread_name_prefix="results")


def _pixels(source: Dataset) -> Grey | None:
    try:
        return from_dataset(source).pixels
    except InstanceError:
        return None


def _with_history(result: Assessment | Refusal, source: Dataset, found: Found) -> Assessment | Refusal:
    """Add to the cautions what earlier assessments tell: the one place where the two meet, for report and picture alike."""
    if isinstance(result, Refusal):
        return result
    trajectory = judge(result, examination_of(source), found.earlier, complete=found.complete)
    return replace(result, cautions=(*result.cautions, *trajectory.cautions))
