"""What each step of a reading does to record and spool. Every method may be run again after a crash with the same effect.

What is sent, and whether it arrived: ``dispatch.py``. Nothing here knows in which order the steps run or what happens between
them: that is ``pipeline.py``.
"""

from __future__ import annotations

import enum
import io
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from pydicom import Dataset, dcmread

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.priors.history import Examination, examination_of
from baa_node.core.radiograph import Radiograph
from baa_node.core.reading import ReadingPolicy, read_bone_age
from baa_node.core.reasons import Reason
from baa_node.core.record import from_json, to_json
from baa_node.core.watch.traits import Traits
from baa_node.db import audit, routes, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.db.studies import Instance, ResultObject, State
from baa_node.dispatch import Dispatch, time_turnaround
from baa_node.errors import InstanceError
from baa_node.frames import RecentFrames
from baa_node.kinds import Kind
from baa_node.metrics import READINGS, REFUSALS
from baa_node.mistakes import codes_in
from baa_node.priors import Found, PriorSearch
from baa_node.process import out_of_time
from baa_node.results import NOTHING, Grey
from baa_node.traces import note, watched
from baa_node.wiring.bundles import none_named

log = logging.getLogger(__name__)

ORDER: Final[tuple[tuple[Kind, ...], ...]] = (("sr",), ("capture", "pdf"))
"""What is made and recorded together: the report is on its way while the picture is drawn."""

GOES_FIRST_S: Final = 0.05
"""How long the picture lets the report go first, at most: Python runs one of the two at a time, and people wait for the report."""

LOOK_AGAIN_S: Final = 1.0
"""From one look at a study of which an image waits to be read to the next."""


class Verdict(enum.Enum):
    """What becomes of a refusal once its study has been looked at."""

    WAIT = "wait"
    SEND = "send"
    DISMISS = "dismiss"


@dataclass(frozen=True, kw_only=True)
class Desk(Dispatch):
    """One reader's desk: everything a step needs, wired once by the daemon.

    Attributes
    ----------
    others
        Gives the networks of a bundle that a route names; BundleError where it is not installed.
    priors
        Finds earlier assessments for a report; None looks for none.
    due
        Set when something has become due, to wake whoever starts it; need not be reliable: the record says it, too.
    frames
        What was decoded for reading, for the picture.
    """

    ensemble: Ensemble
    policy: ReadingPolicy
    study_quiet_s: float
    priors: PriorSearch | None = None
    due: threading.Event = field(default_factory=threading.Event)
    frames: RecentFrames = field(default_factory=RecentFrames)
    others: Callable[[str], Ensemble] = none_named

    @watched("read")
    def read(self, uid: str, revision: int) -> bool:
        """Read the image and record what came out; True when it holds a bone age.

        Raises
        ------
        SpoolError
            The file is not there (yet); retry helps.
        """
        with self.database.reading() as connection:
            known = studies.get_outcome(connection, uid, revision)
            instance = studies.get_instance(connection, uid)
            bundle = studies.get_reading(connection, uid, revision).decision.bundle
        if known is not None:
            return bool(known["status"] == "assessed")
        source, frame = self._source(instance), partial(self.frames.keep, instance.path)
        examination = None if isinstance(source, Refusal) else examination_of(source)
        traits = Traits()
        result = self._read(source, self.others(bundle) if bundle else self.ensemble, traits, frame)
        self._record(uid, revision, result, examination, traits)
        return isinstance(result, Assessment)

    def fail(self, uid: str, revision: int, code: str) -> None:
        """Record that reading failed here for a reason that is not the image's: a refusal that people can see."""
        self._record(uid, revision, Refusal(reasons=(Reason.INTERNAL,), detail=f"internal error {code}; see the log of the node"))

    def judge_refusal(self, uid: str, revision: int) -> tuple[Verdict, float]:
        """Decide on a refusal: dismissed when another image of its study was read or none are sent, else sent when the study is quiet.

        A study is quiet when nothing of it has come for a while and none of it waits for its reading, however long the queue is.

        Returns
        -------
        tuple
            The verdict and, for `Verdict.WAIT`, the seconds to wait.
        """
        now = datetime.now(UTC)
        with self.database.reading() as connection:
            study = studies.get_instance(connection, uid).study_instance_uid
            read = studies.study_has_reading(connection, study)
            rest_s = self.study_quiet_s - (now - studies.study_last_arrival(connection, study)).total_seconds()
            if studies.study_is_being_read(connection, study):
                rest_s = max(rest_s, LOOK_AGAIN_S)
        if not read and rest_s > 0:
            return Verdict.WAIT, rest_s
        if not read and self.maker.refusals:
            return Verdict.SEND, 0.0
        with self.database.transaction() as connection:
            studies.set_state(connection, uid, revision, State.DISMISSED, now=now)
        return Verdict.DISMISS, 0.0

    @watched("report")
    def report(self, uid: str, revision: int) -> list[str]:
        """Build report and picture, store their bytes once, open a delivery to each destination; return the peers' names.

        The report is on its way while the picture is drawn. A second run finds the bytes of the first and goes on from there: an
        object is never built twice under one UID.
        """
        with self.database.reading() as connection:
            instance = studies.get_instance(connection, uid)
            stored = studies.list_results(connection, uid, revision)
            reading = studies.get_reading(connection, uid, revision)
        if reading.outcome is None:
            raise InstanceError(f"{uid} revision {revision} was reported before it was read")
        if not studies.is_complete(reading):
            self._make(instance, revision, from_json(reading.outcome), {one.kind for one in stored})
        return self._open_deliveries(instance, revision)

    def report_failure(self, uid: str, revision: int, code: str) -> list[str]:
        """Report that no report could be made, as a refusal; where even that fails, set the reading aside for a person.

        A report that is made, and may have been sent, stays as it is: then only the picture is missing.
        """
        refusal = Refusal(reasons=(Reason.INTERNAL,), detail=f"internal error {code}; see the log of the node")
        with self.database.reading() as connection:
            instance = studies.get_instance(connection, uid)
            stored = studies.list_results(connection, uid, revision)
        if stored:
            log.error("%s is reported without all that belongs to it: internal error %s", uid, code)
            return self._open_deliveries(instance, revision)
        try:
            objects = self.maker.make(instance, revision, refusal, amended=self._amended(uid, revision))
        except Exception:  # noqa: BLE001 - whatever it is, it must not be lost
            objects = []
        if not objects:
            with self.database.transaction() as connection:
                studies.set_state(connection, uid, revision, State.QUARANTINED, now=datetime.now(UTC))
            return []
        return self._open_deliveries(instance, revision, objects)

    def _read(self, ds: Dataset | Refusal, ensemble: Ensemble, traits: Traits, keep: Callable[[Grey], None]) -> Assessment | Refusal:
        if isinstance(ds, Refusal):
            return ds
        ends, before = out_of_time(self.policy.gates.time_limit_s), ensemble.provider
        moments = iter(("decoded", "looked at"))

        def see(radiograph: Radiograph) -> None:
            keep(radiograph.pixels)
            traits.see(radiograph)

        def too_late() -> bool:
            note(next(moments))
            return ends()

        result = read_bone_age(ds, traits.watching(ensemble), self.policy, out_of_time=too_late, see=see)
        note("estimated")
        traits.conclude(result)
        if (now_on := ensemble.provider) != before:
            self._note_provider(before, now_on)
        return result

    def _note_provider(self, before: str, now_on: str) -> None:
        log.warning("readings run on %s from now on, no longer on %s: the numbers are the same", now_on, before)
        event = AuditEvent(kind=AuditKind.PROVIDER_CHANGED, actor="node", subject=now_on, outcome=4, detail={"before": before})
        with self.database.transaction() as connection:
            audit.append(connection, event, now=datetime.now(UTC))

    def _source(self, instance: Instance) -> Dataset | Refusal:
        try:
            return dcmread(io.BytesIO(self.spool.read(instance.path)))
        except (ValueError, EOFError, KeyError, OverflowError, NotImplementedError):
            return Refusal(reasons=(Reason.UNDECODABLE,), detail="the data set cannot be parsed")

    def _record(
        self,
        uid: str,
        revision: int,
        result: Assessment | Refusal,
        examination: Examination | None = None,
        traits: Traits | None = None,
    ) -> None:
        if isinstance(result, Refusal) and codes_in(result.detail):
            log.warning("%s is not read: %s", uid, result.detail)
        state = State.READ if isinstance(result, Assessment) else State.REFUSED
        with self.database.transaction() as connection:
            recorded = studies.record_outcome(
                connection,
                uid,
                revision,
                state=state,
                outcome={**to_json(result), "traits": traits.values if traits else {}},
                now=datetime.now(UTC),
                patient_key=studies.patient_key(connection, examination) if examination else None,
                examined_on=examination.examined_on if examination else None,
            )
        if recorded:
            _count(result)

    def _make(self, instance: Instance, revision: int, result: Assessment | Refusal, there: Collection[str]) -> None:
        """Make what is not there yet and record it in `ORDER`; a delivery is opened with the first."""
        found = self._search(instance, result)
        note("compared")
        amended = self._amended(instance.sop_instance_uid, revision)
        frame = self.frames.take(instance.path)
        for kinds in ORDER:
            missing = [kind for kind in kinds if kind not in there]
            objects = (
                self.maker.make(instance, revision, result, found=found, amended=amended, kinds=missing, frame=frame) if missing else []
            )
            note(f"{kinds[0]} made")
            if objects:
                self.asked_for.clear()
                names = self._open_deliveries(instance, revision, objects, found=found, complete=False)
                note(f"{kinds[0]} recorded")
                if names and kinds is not ORDER[-1]:
                    self.asked_for.wait(GOES_FIRST_S)

    def _search(self, instance: Instance, result: Assessment | Refusal) -> Found:
        """Look for what came before; a refusal is compared with nothing."""
        if self.priors is None or isinstance(result, Refusal):
            return NOTHING
        source = dcmread(io.BytesIO(self.spool.read(instance.path)), stop_before_pixels=True)
        return self.priors.search(instance.sop_instance_uid, examination_of(source), result.laterality)

    def _amended(self, uid: str, revision: int) -> list[ResultObject]:
        if revision == 1:
            return []
        with self.database.reading() as connection:
            return studies.list_results(connection, uid, revision - 1)

    def _open_deliveries(
        self, instance: Instance, revision: int, objects: Sequence[ResultObject] = (), *, found: Found | None = None, complete: bool = True
    ) -> list[str]:
        """Record objects and open a delivery to each destination, all or nothing; `complete` when no more objects come."""
        uid, now = instance.sop_instance_uid, datetime.now(UTC)
        with self.database.transaction() as connection:
            studies.record_results(connection, objects)
            if found is not None:
                studies.record_earlier(connection, uid, revision, found.earlier)
            decision = studies.get_reading(connection, uid, revision).decision
            names = routes.destinations_for(connection, decision, instance.peer)
            studies.open_deliveries(connection, uid, revision, names, now=now)
            reading = studies.get_reading(connection, uid, revision, lock=True)
            if fresh := complete and reading.state in {State.READ, State.REFUSED}:
                studies.set_state(connection, uid, revision, State.REPORTED if names else State.UNDELIVERABLE, now=now)
        self.due.set()
        if fresh:
            with self.made:
                self.made.notify_all()
            time_turnaround("reported", reading, now)
        return names


def _count(result: Assessment | Refusal) -> None:
    READINGS.labels("assessed" if isinstance(result, Assessment) else "refused").inc()
    for reason in result.reasons if isinstance(result, Refusal) else ():
        REFUSALS.labels(reason.code).inc()
