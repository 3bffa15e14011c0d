"""The objects made of one reading: reports, picture and page, their bytes kept once in the spool."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.document import build_document
from baa_node.core.history import Earlier, examination_of, judge
from baa_node.core.letter import write_letter
from baa_node.core.picture import draw_picture
from baa_node.core.radiograph import from_dataset
from baa_node.core.report import Device, build_capture, build_report
from baa_node.core.words import Language
from baa_node.db.studies import Instance, ResultObject
from baa_node.errors import InstanceError
from baa_node.intake import content_sha256
from baa_node.priors import Found
from baa_node.spool import Spool
from baa_node.traces import note

REPORT_CLASSES = (Comprehensive3DSRStorage, ComprehensiveSRStorage)
"""In order of preference; a destination gets the first one it accepts (SR_SPEC 1.1)."""

NOTHING = Found()
"""What a refusal is compared with."""

Kind = Literal["sr", "capture", "pdf"]
KINDS: Final[tuple[Kind, ...]] = ("sr", "capture", "pdf")


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
    ) -> list[ResultObject]:
        """Build what is wanted of one result and keep the bytes; not yet recorded.

        Parameters
        ----------
        found
            What came before, which the cautions and the growth chart tell.
        amended
            The objects of the revision before this one.
        """
        content = self.spool.read(instance.path)
        source = dcmread(io.BytesIO(content))
        now = datetime.now(UTC).astimezone()
        predecessors = {one.rank: dcmread(io.BytesIO(self.spool.read(one.path))) for one in amended if one.kind == "sr"}
        made = self._build(
            source,
            _with_history(result, source, found),
            sha256=content_sha256(content),
            earlier=found.earlier,
            predecessors=predecessors,
            common={"written_at": now, "revision": revision, "language": self.language},
        )
        return [
            ResultObject(
                sop_instance_uid=ds.SOPInstanceUID,
                sop_class_uid=ds.SOPClassUID,
                series_instance_uid=ds.SeriesInstanceUID,
                source_uid=instance.sop_instance_uid,
                revision=revision,
                kind=kind,
                rank=rank,
                created_at=now.astimezone(UTC),
                **self._keep(ds),
            )
            for kind, rank, ds in made
        ]

    def _build(
        self,
        source: Dataset,
        result: Assessment | Refusal,
        *,
        sha256: str,
        earlier: Sequence[Earlier],
        predecessors: Mapping[int, Dataset],
        common: dict[str, Any],
    ) -> Iterator[tuple[Kind, int, Dataset]]:
        wanted = kinds_made(refused=isinstance(result, Refusal), pdf=self.pdf, refusals=self.refusals)
        if "sr" in wanted:
            for rank, sop_class in enumerate(REPORT_CLASSES):
                report = build_report(
                    source,
                    result,
                    self.device,
                    sop_class_uid=sop_class,
                    source_sha256=sha256,
                    predecessor=predecessors.get(rank),
                    earlier=earlier,
                    **common,
                )
                yield "sr", rank, report
            note("reports kept")
        pixels = _pixels(source)
        if "capture" in wanted:
            picture = draw_picture(pixels, result, version=self.device.version, earlier=earlier, language=self.language)
            yield "capture", 0, build_capture(source, picture, result, self.device, **common)
            note("picture kept")
        if "pdf" in wanted:
            page = write_letter(source, pixels, result, self.device, earlier=earlier, **common)
            yield "pdf", 0, build_document(source, page, result, self.device, **common)

    def _keep(self, ds: Dataset) -> dict[str, str]:
        buffer = io.BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()  # in the name too: who builds the same report a second time spoils nothing
        return {"path": self.spool.write("results", f"{ds.SOPInstanceUID}.{digest[:12]}", content), "sha256": digest}


def kinds_made(*, refused: bool, pdf: bool, refusals: Sequence[Kind]) -> tuple[Kind, ...]:
    """Say as what a result is made at all, whoever wants it; ``pdf`` and ``refusals`` as of a `ResultMaker`."""
    return tuple(kind for kind in (refusals if refused else KINDS) if pdf or kind != "pdf")


def _pixels(source: Dataset) -> NDArray[np.uint8] | None:
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
