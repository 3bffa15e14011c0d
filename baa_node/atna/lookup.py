"""Whom and what an event is about: patients from the images themselves, the rest from the record."""

from __future__ import annotations

import io
import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from baa_node.core import attributes
from baa_node.db import Connection, Database, audit, peers, studies
from baa_node.db.audit import KeptPatient
from baa_node.db.peers import Peer
from baa_node.db.studies import ResultObject
from baa_node.spool import Spool

REMEMBERED: Final = 256
"""Headers kept in memory: an image is the subject of several events within seconds."""

UNREADABLE: Final = (*attributes.UNREADABLE, InvalidDicomError, zlib.error)
"""What pydicom raises on bytes that are no data set."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What the record knows of a study."""

    uid: str
    accession: str
    images: tuple[str, ...]
    sop_classes: Mapping[str, int]
    files_left: int


def patient_in(header: Dataset) -> KeptPatient:
    """Take number and name of the patient from a data set; empty where absent or illegible."""
    return KeptPatient(patient_id=attributes.text(header, "PatientID"), patient_name=attributes.text(header, "PatientName"))


@dataclass
class Lookup:
    """Answers questions about events.

    Every method raises StoreError or SpoolError where record or spool cannot be asked at the moment: a message must not go out
    without the patient only because a disk was away.
    """

    database: Database
    spool: Spool
    _headers: OrderedDict[str, Dataset] = field(default_factory=OrderedDict)

    def header(self, sop_instance_uid: str, sha256: str = "") -> Dataset | None:
        """Read the data set that came under a UID, up to its pixels; None where it has left the spool or is no data set."""
        with self.database.reading() as connection:
            path = studies.path_of(connection, sop_instance_uid, sha256)
        return None if path is None else self._read(path)

    def patient(self, images: Iterable[str], sha256: str = "") -> KeptPatient | None:
        """Say whose these images of one study are; None where no file of them is left and nothing was kept."""
        for uid in images:
            with self.database.reading() as connection:
                kept = audit.kept_patient(connection, uid)
            header = self.header(uid, sha256)
            if header is not None:
                return patient_in(header)
            if kept is not None:
                return kept
        return None

    def study(self, uid: str) -> Examined:
        """Describe a study; one that the record does not know has no images."""
        with self.database.reading() as connection:
            images = studies.instances_of_study(connection, uid) if uid else []
        return Examined(
            uid=uid,
            accession=next((one.accession_number for one in images if one.accession_number), ""),
            images=tuple(one.sop_instance_uid for one in images),
            sop_classes=Counter(one.sop_class_uid for one in images),
            files_left=sum(one.removed_at is None for one in images),
        )

    def peer(self, name: str) -> Peer | None:
        """Look a peer up as it is now; None where it was removed."""
        with self.database.reading() as connection:
            return next((one for one in peers.list_peers(connection) if one.name == name), None)

    def sent(self, source_uid: str, revision: int, peer: str) -> list[ResultObject]:
        """List the objects that a peer has taken of a reading; before it took any, those that it is sent first."""
        with self.database.reading() as connection:
            objects = studies.list_results(connection, source_uid, revision)
            taken = _taken(connection, source_uid, revision, peer)
        if taken:
            return [one for one in objects if one.sop_instance_uid in taken]
        return [min((one for one in objects if one.kind == kind), key=lambda one: one.rank) for kind in sorted({o.kind for o in objects})]

    def results(self, source_uid: str, revision: int) -> list[ResultObject]:
        """List every object made of a reading."""
        with self.database.reading() as connection:
            return studies.list_results(connection, source_uid, revision)

    def _read(self, path: str) -> Dataset | None:
        if path in self._headers:
            return self._headers[path]
        if not self.spool.holds(path):
            return None
        try:
            header = dcmread(io.BytesIO(self.spool.read(path)), stop_before_pixels=True)
        except UNREADABLE:
            return None
        self._headers[path] = header
        if len(self._headers) > REMEMBERED:
            self._headers.popitem(last=False)
        return header


def _taken(connection: Connection, source_uid: str, revision: int, peer: str) -> tuple[str, ...]:
    return next((one.stored for one in studies.list_deliveries(connection, source_uid, revision) if one.peer == peer), ())
