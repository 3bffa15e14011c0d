"""Everything is killed, again and again, while studies come in: each ends as one report and one picture at the PACS, or was never promised.

An intake and two workers on one PostgreSQL and one spool, an Orthanc that stores and commits itself. Two modalities send, send again
what they have no answer for, sometimes twice what they have, and sometimes break off. SIGKILL hits the intake, a worker, Orthanc or
PostgreSQL; the disk of the spool runs full. Whoever was killed is started again at once, and who ends by itself (a worker that lost
its lease) by its supervisor.

Seconds are those of `tests.parts.watch`. ``STORM_SEED`` repeats a run; ``STORM_KILLS`` and ``STORM_STUDIES`` make it longer
(``make soak``). What a run came to stands in ``storm.json`` of ``STORM_REPORT``, a folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
import pytest

from tests.parts.dcmtk import storescu
from tests.parts.images import copy_in_new_study
from tests.parts.line import Image, Line
from tests.parts.node import Node
from tests.parts.orthanc import COMPREHENSIVE_3D_SR, SECONDARY_CAPTURE, Orthanc
from tests.parts.postgresql import PostgreSQL
from tests.parts.programs import eventually, program, run
from tests.parts.report import evidence, picture_sources
from tests.parts.sender import encoded_dataset
from tests.parts.watch import Moment

SEED = int(os.environ.get("STORM_SEED") or random.SystemRandom().randrange(2**32))
KILLS = int(os.environ.get("STORM_KILLS") or 60)
STUDIES = int(os.environ.get("STORM_STUDIES") or 300)
RESUMES_WITHIN_S = 10.0
QUICK = ("-to", "5", "-ta", "5", "-td", "10")


@dataclass
class Modality:
    """Sends its images one after the other, until each is acknowledged, as real ones do and worse."""

    port: int
    waiting: list[Path]
    dice: random.Random
    acknowledged: list[Path] = field(default_factory=list)
    broken_off: int = 0
    sent_twice: int = 0
    pace: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while self.waiting and not self.done.is_set():
            if not self.pace.acquire(timeout=0.5):
                continue
            image = self.waiting[0]
            if self.dice.random() < 0.1:
                self._break_off(image)
            while not self.done.is_set() and storescu(self.port, image, options=QUICK).returncode != 0:
                time.sleep(0.2)
            if self.done.is_set():
                return
            self.acknowledged.append(self.waiting.pop(0))
            if self.dice.random() < 0.1:
                self.sent_twice += storescu(self.port, image, options=QUICK).returncode == 0

    def _break_off(self, image: Path) -> None:
        """End an association in the middle of a C-STORE, where the node is there to be sent one."""
        share = self.dice.random()
        data, ds = encoded_dataset(image)
        with contextlib.suppress(OSError):
            line = Line(self.port, calling="ORTHANC", called="BAA_NODE", sop_class=ds.SOPClassUID)
            line.break_off(line.pack(Image(sop_class=ds.SOPClassUID, sop_instance=ds.SOPInstanceUID, data=data)), share)
            self.broken_off += 1


class Gauge:
    """Counts the results at the PACS four times a second, to tell how soon there was another one after a strike."""

    def __init__(self, orthanc: Orthanc) -> None:
        self._orthanc = orthanc
        self._seen: list[tuple[Moment, int]] = []
        self._strikes: list[tuple[Moment, Moment]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def strike(self, began: Moment, up_again: Moment) -> None:
        self._strikes.append((began, up_again))

    def resumed_s(self) -> list[float]:
        """Seconds from each restart to the next result, where no other strike came between and there was one to come."""
        self._over.set()
        self._thread.join(10)
        ends = [began.at for began, _ in self._strikes[1:]] + [float("inf")]
        found = (self._next_after(up_again, end) for (_, up_again), end in zip(self._strikes, ends, strict=True))
        return [seconds for seconds in found if seconds is not None]

    def _next_after(self, start: Moment, end: float) -> float | None:
        before = max((count for seen, count in self._seen if seen.at <= start.at), default=0)
        return next((seen.since(start) for seen, count in self._seen if start.at < seen.at < end and count > before), None)

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            with contextlib.suppress(Exception):  # Orthanc is killed too
                self._seen.append((Moment(), int(self._orthanc.get("/statistics")["CountInstances"])))


@dataclass
class Site:
    """Everything that can be killed."""

    nodes: dict[str, tuple[Node, str]]
    orthanc: Orthanc
    postgresql: PostgreSQL
    disk: Path
    gauge: Gauge
    kills: Counter[str] = field(default_factory=Counter)
    disk_fills: int = 0
    ended_by_themselves: int = 0
    starts_s: dict[str, list[float]] = field(default_factory=dict)
    _quiet: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def strike(self, victim: str) -> None:
        """Kill, start again, and note how long it took until it answered."""
        with self._turn:
            began = Moment()
            if victim == "orthanc":
                assert self.orthanc.service is not None
                self.orthanc.service.kill()
                began = Moment()
                self.orthanc.start()
            elif victim == "postgresql":
                self.postgresql.kill()
                began = Moment()
                self.postgresql.start()
            else:
                node, roles = self.nodes[victim]
                node.kill()
                began = Moment()
                self._start(node, roles)
        self.kills[victim] += 1
        up_again = Moment()
        self.starts_s.setdefault(victim, []).append(up_again.since(began))
        self.gauge.strike(began, up_again)

    def supervise(self) -> None:
        """Start again who ended by itself, as systemd would."""
        while not self._quiet.wait(0.5):
            for node, roles in self.nodes.values():
                with self._turn:
                    if node.service is not None and not node.running.alive:
                        self.ended_by_themselves += 1
                        self._start(node, roles)

    def rest(self) -> None:
        self._quiet.set()

    def _start(self, node: Node, roles: str) -> None:
        """Start until it stands: a database that is away for a moment ends a start, and a supervisor tries again."""
        for _ in range(20):
            node.launch("--roles", roles)
            with contextlib.suppress(RuntimeError):
                node.wait_listening()
                return
            time.sleep(0.5)
        raise AssertionError(f"{node.folder.name} does not start any more")

    def fill_disk(self, seconds: float) -> None:
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1 << 20)):
                pass
        time.sleep(seconds)
        ballast.unlink()
        self.disk_fills += 1


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if run(program("mount"), "-t", "tmpfs", "-o", "size=1g", "tmpfs", disk).returncode != 0:
        pytest.skip("no disk can be mounted here: the storm needs one that it can fill")
    with PostgreSQL() as postgresql:
        shared = {
            "DATABASE__URL": postgresql.empty_database(),
            "SPOOL__PATH": disk / "spool",
            "SPOOL__RESERVE_MB": 8,
            "RETENTION__FREE_MB": 256,
            "PIPELINE__RETRY_FIRST_S": 0.5,
            "PIPELINE__RETRY_LONGEST_S": 2,
            "PIPELINE__COMMITMENT_WAIT_S": 5,
        }
        roles = {"intake": "intake,console", "one": "worker", "two": "worker"}
        nodes = {name: (Node(tmp_path / name, **shared), what) for name, what in roles.items()}
        intake = nodes["intake"][0]
        with Orthanc(tmp_path / "orthanc", node_port=intake.port, sync=True) as orthanc:
            intake.add_peer("pacs", orthanc.ae_title, orthanc.port)
            for node, what in nodes.values():
                node.launch("--roles", what)
            for node, _ in nodes.values():
                node.wait_listening()
            found = Site(nodes=nodes, orthanc=orthanc, postgresql=postgresql, disk=disk, gauge=Gauge(orthanc))
            supervisor = threading.Thread(target=found.supervise)
            supervisor.start()
            try:
                yield found
            finally:
                found.rest()
                supervisor.join(60)
                for node, _ in nodes.values():
                    if node.service is not None:
                        node.kill()
    run(program("umount"), "-l", disk)


VICTIMS = ("intake", "one", "two", "one", "two", "orthanc", "postgresql")
"""With their weights: the workers have most to lose."""

DISK_FILLS = 0.12
"""How often the disk runs full before somebody is killed."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [SEED])  # so that the name of a failed test tells how to repeat it
def test_nothing_is_lost_and_nothing_doubled_whatever_is_killed(site: Site, hand: Path, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    images = [copy_in_new_study(hand, tmp_path / f"{number:04d}.dcm") for number in range(STUDIES)]
    intake, orthanc = site.nodes["intake"][0], site.orthanc
    modalities = [Modality(intake.port, images[half::2], random.Random(seed + half)) for half in (0, 1)]
    threads = [threading.Thread(target=one.work) for one in modalities]
    for thread in threads:
        thread.start()
    try:
        under_way = _rage(site, modalities, dice)
        for one in modalities:
            one.pace.release(STUDIES)
        eventually(lambda: sum(len(one.acknowledged) for one in modalities) == STUDIES, what="all images acknowledged", timeout_s=300)
    finally:
        for one in modalities:
            one.done.set()
        for thread in threads:
            thread.join(30)
    eventually(lambda: len(orthanc.find()) >= 2 * STUDIES, what="a report and a picture for each", timeout_s=600, every_s=1)
    time.sleep(5)  # what would be doubled comes now
    _judge(site, images)
    broken, twice = (sum(getattr(one, name) for one in modalities) for name in ("broken_off", "sent_twice"))
    resumed = site.gauge.resumed_s()
    _tell(
        {
            "seed": seed,
            "studies": STUDIES,
            "killed": dict(site.kills),
            "killed_with_work_under_way": under_way,
            "disk_filled": site.disk_fills,
            "ended_by_themselves": site.ended_by_themselves,
            "broken_off": broken,
            "sent_twice": twice,
            "lost": 0,
            "doubled": 0,
            "starts_s": {victim: [round(statistics.median(took), 1), round(max(took), 1)] for victim, took in site.starts_s.items()},
            "slowest_next_result_s": round(max(resumed), 1),
        }
    )
    assert under_way >= KILLS // 3  # or the kills would prove nothing
    assert broken
    assert twice
    assert len(resumed) >= KILLS // 6
    assert max(max(took) for took in site.starts_s.values()) < RESUMES_WITHIN_S
    assert max(resumed) < RESUMES_WITHIN_S


def _tell(run: dict[str, object]) -> None:
    folder = os.environ.get("STORM_REPORT")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / "storm.json").write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")


def _rage(site: Site, modalities: list[Modality], dice: random.Random) -> int:
    """Kill `KILLS` times, letting in a share of the studies before each; at how many of them work was under way."""
    under_way = 0
    for number in range(KILLS):
        for one in modalities:
            one.pace.release((number + 1) * STUDIES // (2 * KILLS) - number * STUDIES // (2 * KILLS))
        time.sleep(dice.uniform(0.2, 2.5))
        acknowledged = sum(len(one.acknowledged) for one in modalities)
        with contextlib.suppress(Exception):
            under_way += 2 * acknowledged > len(site.orthanc.find())
        if dice.random() < DISK_FILLS:
            site.fill_disk(dice.uniform(0.5, 2.0))
        site.strike(dice.choice(VICTIMS))
    return under_way


def _judge(site: Site, images: list[Path]) -> None:
    results = {str(ds.SOPInstanceUID): ds for ds in map(site.orthanc.dataset, site.orthanc.find())}
    sent = {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID): 1 for path in images}
    reports = [ds for ds in results.values() if ds.SOPClassUID == COMPREHENSIVE_3D_SR]
    pictures = [ds for ds in results.values() if ds.SOPClassUID == SECONDARY_CAPTURE]
    assert Counter(uid for report in reports for _, uid in evidence(report)) == sent
    assert Counter(uid for picture in pictures for uid in picture_sources(picture)) == sent
    assert len(results) == 2 * len(sent) == len(site.orthanc.find())
    intake = site.nodes["intake"][0]
    states = Counter(state for study in intake.json("studies", "list", "--limit", str(2 * len(sent))) for state in study["states"])
    assert states == {"DELIVERED": len(sent)}
    assert intake.cli("audit", "verify", timeout_s=300).returncode == 0
