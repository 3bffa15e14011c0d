from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from baa_node.bridges import Parcel, Wires
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.picture import draw_picture
from baa_node.core.record import to_json
from baa_node.core.report import build_capture, build_report
from baa_node.db.peers import Peer
from baa_node.db.studies import ResultObject
from baa_node.results import REPORT_CLASSES
from tests.parts.certificates import Authorities
from tests.parts.results import DEVICE, WRITTEN_AT, as_bytes, assessment, full_dx

Packing = Callable[..., Parcel]


def destination(kind: str, url: str, **changes: Any) -> Peer:
    return Peer(**{"name": "it", "kind": kind, "url": url, "source": False, "destination": True, **changes})


def nobody(peer: Peer) -> Any:
    raise AssertionError(f"{peer.name} was taken for a DICOM peer")


@pytest.fixture
def pack() -> Packing:
    """Results of one reading as the steps hand them over."""

    def packing(result: Assessment | Refusal | None = None, source: Dataset | None = None, revision: int = 1) -> Parcel:
        result, source = result or assessment(), source or full_dx()
        made: dict[str, Any] = {"written_at": WRITTEN_AT, "revision": revision}
        objects = [("sr", rank, build_report(source, result, DEVICE, sop_class_uid=one, **made)) for rank, one in enumerate(REPORT_CLASSES)]
        picture = draw_picture(None, result, version="0.1.0")
        objects.append(("capture", 0, build_capture(source, picture, result, DEVICE, **made)))
        contents = {str(ds.SOPInstanceUID): as_bytes(ds) for _, _, ds in objects}
        results = [_result(kind, rank, ds, contents[ds.SOPInstanceUID], revision) for kind, rank, ds in objects]
        return Parcel(results=results, outcome=to_json(result), revision=revision, read=lambda one: contents[one.sop_instance_uid])

    return packing


def _result(kind: Any, rank: int, ds: Dataset, content: bytes, revision: int) -> ResultObject:
    return ResultObject(
        sop_instance_uid=ds.SOPInstanceUID,
        sop_class_uid=ds.SOPClassUID,
        source_uid="1.2.3.1",
        revision=revision,
        kind=kind,
        rank=rank,
        path=ds.SOPInstanceUID,
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=WRITTEN_AT,
    )


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("authorities"))


@pytest.fixture
def wires() -> Wires:
    return Wires(timeout_s=2.0)


@pytest.fixture
def trusting(authorities: Authorities, wires: Wires) -> Wires:
    """Settings that trust the hospital's authority alone."""
    return Wires(ca=Path(authorities.ca), timeout_s=wires.timeout_s)
