"""Records for the tests, complete but for what a test is about."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from baa_node.db.peers import Peer
from baa_node.db.studies import Instance, ResultObject

NOW = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
STUDY = "1.2.826.0.1.1"
IMAGE = "1.2.826.0.1.1.1.1"


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def peer(name: str = "pacs", **changes: Any) -> Peer:
    values: dict[str, Any] = {
        "ae_title": name.upper(),
        "host": "pacs.example",
        "port": 104,
        "source": True,
        "destination": True,
        "tls": False,
    }
    return Peer(**{"name": name, **values, **changes})


def instance(sop_instance_uid: str = IMAGE, **changes: Any) -> Instance:
    values: dict[str, Any] = {
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1.1",
        "study_instance_uid": STUDY,
        "series_instance_uid": f"{STUDY}.1",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "accession_number": "A-0001",
        "sha256": digest("image"),
        "path": f"instances/{sop_instance_uid}",
        "size": 4096,
        "peer": "pacs",
        "calling_ae": "PACS",
        "received_at": NOW,
    }
    return Instance(sop_instance_uid=sop_instance_uid, **{**values, **changes})


def result(sop_instance_uid: str, **changes: Any) -> ResultObject:
    values: dict[str, Any] = {
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.33",
        "source_uid": IMAGE,
        "revision": 1,
        "kind": "sr",
        "rank": 0,
        "path": f"results/{sop_instance_uid}",
        "sha256": digest(sop_instance_uid),
        "created_at": NOW,
    }
    return ResultObject(sop_instance_uid=sop_instance_uid, **{**values, **changes})


READ = {
    "status": "assessed",
    "bone_age_months": 131.5,
    "interval_months": [118.0, 145.0],
    "members": {"vgg6": 131.5},
    "sex": "F",
    "chronological_age_months": 128.0,
    "z_score": 0.3,
    "reasons": [],
    "bundle": {"name": "hands", "version": "1"},
    "provider": "CPUExecutionProvider",
}
REFUSED = {"status": "refused", "reasons": ["BAA101"], "detail": "no hand found"}
