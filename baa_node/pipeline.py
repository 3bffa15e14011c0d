"""The only door to DBOS: in which order the steps of a reading run, durably.

::

    assess_instance ─ read ─┬─ report ─ deliver_results (one a destination and attempt)
                            └─ settle_refusal (waits for the quiet study, then reports or dismisses)
    look_for_receipt ─ once delivered: storage commitment, then what the destination's own query shows

The record says what is due: readings without a stored result and deliveries whose next attempt has come are started by a search of
the database, woken by each arrival, by each report and by each piece of work that ends, and repeated every second, so nothing hangs on
a message that was lost. Work is started as soon as it has a place (``due.py``); what has none stays in the record. The engine's
queues, which are looked at now and then, hold only what waits for a time, or was cut off.
Starting twice is harmless: a workflow's id is the SOP Instance UID, the revision and, for a delivery or a receipt, peer and attempt.

Each function below may be cut off anywhere and is taken up again after its last finished step. The order of steps is
part of what the database remembers: raise `APPLICATION_VERSION` when it changes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, StepOptions
from dbos import error as engine

from baa_node.db import make_engine
from baa_node.due import CONFIRM, DELIVER, READ, Places, Work, lane_of, work_due
from baa_node.errors import BaaError
from baa_node.metrics import FAILURES
from baa_node.steps import Desk, Verdict

APPLICATION_VERSION = "1"
READINGS = "readings"
REFUSALS = "refusals"
DELIVERIES = "deliveries"
RECEIPTS = "receipts"
POLLING_S = 1.0
SEARCH_S = 1.0
MOST_THREADS = 512
"""Of the engine, made as they are needed; deliveries that wait for peers which do not answer must not keep the others from theirs."""
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 300.0
FORGOTTEN_AT_ONCE = 500
REMEMBERED = 10_000
"""Pieces of work that were handed over; to hand one over again costs a question to the engine."""
AGAIN = ".again."

log = logging.getLogger(__name__)


class Pipeline:
    """Durable work on one queue database.

    Parameters
    ----------
    queue_url
        SQLAlchemy URL of the engine's own tables.
    executor_id
        Unique and stable for this installation: work cut off is taken up by the same id.
    """

    def __init__(self, desk: Desk, *, queue_url: str, executor_id: str, readers: int = 1, parallel_deliveries: int = 4) -> None:
        self._desk = desk
        self._readers = readers
        self._parallel_deliveries = parallel_deliveries
        self._stopping = threading.Event()
        self._handed_over: dict[str, None] = {}  # the latest last
        self._thorough_at = 0.0
        self._places = Places(readers=readers, parallel_deliveries=parallel_deliveries, freed=self.arrived)
        self._search = threading.Thread(target=self._hand_over_forever, name="hand-over", daemon=True)
        self._engine = make_engine(queue_url)
        config: DBOSConfig = {
            "name": "baa_node",
            "system_database_url": queue_url,
            "system_database_engine": self._engine,
            "application_version": APPLICATION_VERSION,
            "executor_id": executor_id,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": POLLING_S,
            "max_executor_threads": MOST_THREADS,
        }
        DBOS(config=config)
        self._workflows = Workflows(self._desk, self._places, executor_id)

    def start(self) -> None:
        """Take up what was cut off and what came while nobody looked, then whatever arrives."""
        DBOS.launch()
        DBOS.register_queue(READINGS, worker_concurrency=self._readers, polling_interval_sec=POLLING_S)
        DBOS.register_queue(REFUSALS, worker_concurrency=2, polling_interval_sec=POLLING_S)
        DBOS.register_queue(DELIVERIES, partition_worker_concurrency=self._parallel_deliveries, polling_interval_sec=POLLING_S)
        DBOS.register_queue(RECEIPTS, partition_worker_concurrency=1, polling_interval_sec=POLLING_S)
        self._desk.due.set()
        self._search.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Let running steps end, at most `timeout_s`; what is left is taken up at the next start."""
        self._stopping.set()
        self._desk.due.set()
        if self._search.is_alive():
            self._search.join(timeout_s)
        DBOS.destroy(workflow_completion_timeout_sec=int(timeout_s), destroy_registry=True)
        self._engine.dispose()

    def take_up(self, executor_ids: Sequence[str]) -> None:
        """Let any executor go on with what these left unfinished; harmless where nothing is left.

        The engine puts such work back into its queue, from which one executor takes it (no public call does that and keeps the queue).
        """
        DBOS._recover_pending_workflows(list(executor_ids))  # noqa: SLF001 - see above

    def forget_finished(self, before: datetime) -> int:
        """Delete what the engine remembers of work that ended before a time; how many workflows."""
        forgotten = 0
        while True:
            found = DBOS.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before.isoformat(),
                limit=FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if not found:
                return forgotten
            DBOS.delete_workflows([one.workflow_id for one in found])
            forgotten += len(found)

    def arrived(self) -> None:
        """Wake the hand-over; never blocks."""
        self._desk.due.set()

    def _hand_over_forever(self) -> None:
        while not self._stopping.is_set():
            self._desk.due.wait(SEARCH_S)
            self._desk.due.clear()
            try:
                self._hand_over()
            except Exception:  # outermost line of the loop: the database may be away for a while, the work is not lost
                log.exception("instances could not be handed over; trying again")

    def _hand_over(self) -> None:
        """Start what is due and has a place, each once; what was handed over long ago may be again, which is harmless.

        The work of peers that are slow is searched for that of others once in `SEARCH_S` only, however often there is a reason to look.
        """
        thorough = time.monotonic() >= self._thorough_at
        if thorough:
            self._thorough_at = time.monotonic() + SEARCH_S
        for work in work_due(self._desk.database, datetime.now(UTC), full=self._places.full, thorough=thorough):
            if work.name in self._handed_over or self._start(work):
                self._handed_over.pop(work.name, None)
                self._handed_over[work.name] = None
        while len(self._handed_over) > REMEMBERED:
            del self._handed_over[next(iter(self._handed_over))]

    def _start(self, work: Work) -> bool:
        if not self._places.take(work):
            return False
        try:
            running = self._workflows.start(work)
        except BaseException:
            self._places.leave(work.lane, work.name)
            raise
        if not running:
            self._places.leave(work.lane, work.name)
        return True


class Workflows:
    """The order of the steps, bound to one desk; the engine knows each by its name, whichever process takes it up."""

    def __init__(self, desk: Desk, places: Places, executor_id: str) -> None:
        self._desk = desk
        self._places = places
        self._executor_id = executor_id
        self._assess = self._known(READ, self._assess_instance)
        self._report = self._known("report_instance", self._make_report)
        self._settle = self._known("settle_refusal", self._settle_refusal)
        self._deliver = self._known(DELIVER, self._deliver_results)
        self._confirm = self._known(CONFIRM, self._look_for_receipt)
        self._started = {READ: self._assess, DELIVER: self._deliver, CONFIRM: self._confirm}

    def start(self, work: Work) -> bool:
        """Start a piece of work, unless it was before; again is harmless. Whether it is under way in this process."""
        with SetWorkflowID(work.name):
            status = DBOS.start_workflow(self._started[work.workflow], *work.arguments).get_status()
        return status.status == "PENDING" and status.executor_id == self._executor_id

    def _known(self, name: str, method: Callable[..., None]) -> Callable[..., None]:
        """Make a bound method known to the engine as a function, on which it can keep its notes; it holds a place while it runs."""

        def workflow(*arguments: str | int) -> None:
            with self._places.held(lane_of(name, arguments), DBOS.workflow_id or ""):
                method(*arguments)

        return DBOS.workflow(name=name)(workflow)

    def _assess_instance(self, uid: str, revision: int, attempt: int = 1) -> None:
        try:
            read = DBOS.run_step(_patient("read"), self._desk.read, uid, revision)
        except Exception as error:  # noqa: BLE001 - outermost line of a reading: whatever failed, people see a refusal
            if self._waits("reading", uid, error):
                self._again(attempt, READINGS, self._assess, _first_name(), uid, revision)
                return
            DBOS.run_step(_patient("fail"), self._desk.fail, uid, revision, _code(error))
            read = False
        if read:
            self._make_report(uid, revision)
        else:
            self._settle_later(uid, revision, 1, self._desk.study_quiet_s)

    def _settle_refusal(self, uid: str, revision: int, look: int) -> None:
        try:
            verdict, wait_s = DBOS.run_step(_patient("judge"), self._desk.judge_refusal, uid, revision)
        except Exception as error:  # noqa: BLE001 - outermost line of a refusal
            self._waits("refusal", uid, error)
            verdict, wait_s = Verdict.WAIT, LONGEST_PAUSE_S
        if verdict is Verdict.WAIT:
            self._settle_later(uid, revision, look + 1, wait_s)
        elif verdict is Verdict.SEND:
            self._make_report(uid, revision)

    def _settle_later(self, uid: str, revision: int, look: int, wait_s: float) -> None:
        with SetWorkflowID(f"{uid}.{revision}.refusal.{look}"), SetEnqueueOptions(delay_seconds=wait_s):
            DBOS.enqueue_workflow(REFUSALS, self._settle, uid, revision, look)

    def _make_report(self, uid: str, revision: int, attempt: int = 1) -> None:
        try:
            DBOS.run_step(_patient("report"), self._desk.report, uid, revision)
        except Exception as error:  # noqa: BLE001 - outermost line of a report: people see at least that there is none
            if self._waits("report", uid, error):
                self._again(attempt, READINGS, self._report, f"{uid}.{revision}.report", uid, revision)
                return
            DBOS.run_step(_patient("report_failure"), self._desk.report_failure, uid, revision, _code(error))

    def _deliver_results(self, uid: str, revision: int, peer: str, attempt: int = 1) -> None:
        try:
            DBOS.run_step(_patient("deliver"), self._desk.deliver, uid, revision, peer)
        except Exception as error:  # noqa: BLE001 - outermost line of a delivery
            if self._waits("delivery", uid, error):
                self._again(attempt, DELIVERIES, self._deliver, _first_name(), uid, revision, peer)
                return
            DBOS.run_step(_patient("fail_delivery"), self._desk.fail_delivery, uid, revision, peer, _code(error))

    def _look_for_receipt(self, uid: str, revision: int, peer: str, attempt: int = 1) -> None:
        try:
            DBOS.run_step(_patient("look_for_receipt"), self._desk.look_for_receipt, uid, revision, peer)
        except Exception as error:  # noqa: BLE001 - outermost line of a search that is no promise: it may end
            if self._waits("receipt", uid, error):
                self._again(attempt, RECEIPTS, self._confirm, _first_name(), uid, revision, peer)

    def _waits(self, what: str, uid: str, error: Exception) -> bool:
        """Tell whether the fault is one that passes: a database or a spool that is away for longer than a step is patient."""
        passes = _passes(error)
        FAILURES.labels(what, "waits" if passes else "failed").inc()
        if passes:
            log.warning("%s of %s waits: %s", what, uid, error)
            return True
        log.error("%s of %s failed", what, uid, exc_info=error)
        return False

    def _again(self, attempt: int, queue: str, workflow: Callable[..., None], name: str, *arguments: str | int) -> None:
        """Try the same again in a while, without an end: a result was promised, and nothing is wrong with the image."""
        partition = str(arguments[2]) if queue in {DELIVERIES, RECEIPTS} else None
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * attempt)
        with SetWorkflowID(f"{name}{AGAIN}{attempt}"), SetEnqueueOptions(delay_seconds=pause_s, queue_partition_key=partition):
            DBOS.enqueue_workflow(queue, workflow, *arguments, attempt + 1)


def _first_name() -> str:
    """Give the running workflow's id without what `_again` added to it."""
    return (DBOS.workflow_id or "").partition(AGAIN)[0]


def _patient(name: str) -> StepOptions:
    return {"name": name, "retries_allowed": True, "interval_seconds": 0.5, "max_attempts": 6, "should_retry": _may_pass}


def _passes(error: BaseException) -> bool:
    """Tell whether a step gave up on something that is away for longer than a moment."""
    last = error.errors[-1] if isinstance(error, engine.DBOSMaxStepRetriesExceeded) and error.errors else error
    return _may_pass(last)


def _may_pass(error: BaseException) -> bool:
    """Tell whether the same step may succeed in a moment: a database or disk that is away, not a bad image."""
    return isinstance(error, BaaError) and error.retry_helps


def _code(error: Exception) -> str:
    if isinstance(error, engine.DBOSMaxStepRetriesExceeded) and error.errors:
        error = error.errors[-1]
    return error.code if isinstance(error, BaaError) else type(error).__name__
