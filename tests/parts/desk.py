"""The desk of a reader who always says the same, and an instance as the listener hands it over."""

from __future__ import annotations

import io
from typing import Any, Final

import pydicom
from pydicom import Dataset

from baa_node.core.reading import ReadingPolicy
from baa_node.db import Database
from baa_node.db.peers import Peer
from baa_node.dicom import scp
from baa_node.dicom.endpoint import Endpoint
from baa_node.dispatch import Patience
from baa_node.results import ResultMaker
from baa_node.spool import Spool
from baa_node.steps import Desk
from tests.parts.hands import constant_ensemble, part10
from tests.parts.results import DEVICE

CALLER: Final = scp.Caller(calling_ae="PACS", called_ae="BAA_NODE", address="127.0.0.1", tls=False)


def endpoint(peer: Peer) -> Endpoint:
    return Endpoint(ae_title=peer.ae_title, host=peer.host, port=peer.port, calling_ae="BAA_NODE")


def desk_on(database: Database, spool: Spool, *, kind: type[Desk] = Desk, **changes: Any) -> Desk:
    """Wire a desk of that kind; `changes` are fields of it."""
    wiring: dict[str, Any] = {
        "ensemble": constant_ensemble(),
        "maker": ResultMaker(spool=spool, device=DEVICE),
        "policy": ReadingPolicy(),
        "endpoint": endpoint,
        "study_quiet_s": 0,
        "patience": Patience(),
    }
    return kind(database=database, spool=spool, **(wiring | changes))


def reception(ds: Dataset, *, caller: scp.Caller = CALLER) -> scp.Received:
    """Give a data set as the listener hands it to the intake."""
    content = part10(ds)
    begin = 144 + int.from_bytes(content[140:144], "little")  # behind the file meta information (PS3.10 7.1)
    return scp.Received(
        caller=caller,
        sop_class_uid=ds.SOPClassUID,
        sop_instance_uid=ds.SOPInstanceUID,
        transfer_syntax_uid=ds.file_meta.TransferSyntaxUID,
        study_instance_uid=ds.StudyInstanceUID,
        series_instance_uid=ds.SeriesInstanceUID,
        header=pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True),
        opening=content[:begin],
        encoded=content[begin:],
    )
