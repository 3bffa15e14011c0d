"""The search for a patient's earlier assessments: the own record, and peers that may be asked, within a time that no peer can stretch.

Whatever goes wrong at a peer is noted, and the report goes out without it: an earlier bone age is worth a moment, the present one is
what people wait for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from baa_node.core.priors.history import Earlier, Examination, one_each
from baa_node.core.priors.prior_report import Unusable, read_earlier, written_at
from baa_node.core.radiograph import Laterality
from baa_node.db import Database, audit, peers, studies
from baa_node.db.audit import AuditEvent, AuditKind
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.query import Fetched, Limits, Wanted, fetch_reports, wanted_for
from baa_node.errors import BaaError

log = logging.getLogger("baa_node.priors")

FOR_THE_PEER: Final = 0.85
"""Share of the time that a peer may use; the rest is for reading what has come."""

LEFT_ALONE_S: Final = 60.0
"""For so long a peer that did not answer in time is not asked again: a queue of images must not wait for it one by one."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search gave.

    Attributes
    ----------
    earlier
        One assessment of each earlier examination, oldest first.
    complete
        Whether every peer that may be asked has answered.
    """

    earlier: tuple[Earlier, ...] = ()
    complete: bool = True


@dataclass
class _Answer:
    """What one peer gave, filled in by its thread; read by whoever waits, whether it is finished or not."""

    peer: peers.Peer
    fetched: Fetched = field(default_factory=Fetched)
    usable: tuple[Earlier, ...] = ()
    ignored: tuple[Unusable, ...] = ()
    error: str = "no answer in time"
    seconds: float = 0.0


class PriorSearch:
    """Searches for earlier assessments; used from the threads of several readings at once.

    Parameters
    ----------
    endpoint
        Turns a peer entry into an address with our calling AE title and TLS settings.
    wait_s
        For all peers together, asked at the same time; 0 asks nobody.
    """

    def __init__(self, database: Database, endpoint: Callable[[peers.Peer], Endpoint], *, wait_s: float) -> None:
        self._database = database
        self._endpoint = endpoint
        self._wait_s = wait_s
        self._limits = Limits(wait_s=FOR_THE_PEER * wait_s)
        self._silent_until: dict[str, float] = {}

    def search(self, uid: str, examination: Examination, laterality: Laterality | None) -> Found:
        """Find what came before an examination.

        Parameters
        ----------
        uid
            SOP Instance UID of the image that is reported on, for the audit trail.

        Raises
        ------
        StoreError
            The own record cannot be read; peers never make this fail.
        """
        wanted = wanted_for(examination)
        with self._database.reading() as connection:
            own = studies.earlier_readings(connection, examination)
            asked = [peer for peer in peers.list_peers(connection) if peer.query] if wanted and self._wait_s > 0 else []
        answers = self._ask([peer for peer in asked if not self._left_alone(peer)], wanted, examination) if wanted else []
        for answer in answers:
            self._note(uid, examination, answer)
        others = [one for answer in answers for one in answer.usable]
        return Found(
            earlier=one_each([*own, *others], examination, laterality),
            complete=len(answers) == len(asked) and not any(answer.error for answer in answers),
        )

    def _ask(self, asked: Sequence[peers.Peer], wanted: Wanted, examination: Examination) -> list[_Answer]:
        """Ask all at once; threads that are not done in time are left to their own deadlines, and what they bring is dropped."""
        deadline = time.monotonic() + self._wait_s
        answers = [_Answer(peer) for peer in asked]
        threads = [
            threading.Thread(target=self._ask_one, args=(answer, wanted, examination), name=f"priors-{answer.peer.name}", daemon=True)
            for answer in answers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [_Answer(**vars(answer)) for answer in answers]

    def _ask_one(self, answer: _Answer, wanted: Wanted, examination: Examination) -> None:
        began = time.monotonic()
        error = ""
        try:
            fetch_reports(self._endpoint(answer.peer), wanted, answer.fetched, self._limits)
        except BaaError as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - outermost line of a thread that no report depends on
            error = type(failure).__name__  # its text may quote a value of the patient's
            log.warning("asking %s for earlier reports failed: %s", answer.peer.name, error)
        read = [read_earlier(ds, examination) for ds in sorted(answer.fetched.reports, key=written_at, reverse=True)]
        answer.usable = tuple(one for one in read if isinstance(one, Earlier))
        answer.ignored = tuple(one for one in read if isinstance(one, Unusable))
        answer.seconds = time.monotonic() - began
        answer.error = error

    def _left_alone(self, peer: peers.Peer) -> bool:
        return time.monotonic() < self._silent_until.get(peer.name, 0.0)

    def _note(self, uid: str, examination: Examination, answer: _Answer) -> None:
        """Tell the trail that a peer was asked, and the log what was not believed; neither names the patient."""
        if answer.error:
            self._silent_until[answer.peer.name] = time.monotonic() + LEFT_ALONE_S
        for why in answer.ignored:
            log.info("report from %s ignored: %s", answer.peer.name, why)
        event = AuditEvent(
            kind=AuditKind.PEER_QUERIED,
            actor="node",
            subject=answer.peer.name,
            study=examination.study_instance_uid,
            outcome=4 if answer.error else 0,
            detail={
                "for": uid,
                "found": answer.fetched.found,
                "fetched": len(answer.fetched.reports),
                "used": len(answer.usable),
                "seconds": round(answer.seconds or self._wait_s, 2),
                "error": answer.error or None,
            },
        )
        with self._database.transaction() as connection:
            audit.append(connection, event, now=datetime.now(UTC))
