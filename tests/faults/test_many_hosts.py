"""One intake and two workers, hosts of their own but for database and spool: what one leaves the other finishes, nobody delivers twice."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from baa_node.lease import LOST_EXIT
from tests.parts.archive import Archive
from tests.parts.dcmtk import storescu
from tests.parts.images import copy_in_new_study
from tests.parts.network import Network
from tests.parts.node import Node
from tests.parts.postgresql import PostgreSQL
from tests.parts.programs import eventually, is_connected
from tests.parts.s3 import S3
from tests.parts.watch import Moment, own_s

IMAGES = 6
RESULTS = 2 * IMAGES
PARALLEL_DELIVERIES = 4
"""Associations to one destination, as the node has it by default; on each one object may be under way."""


@dataclass
class Site:
    intake: Node
    workers: list[Node]
    archive: Archive

    def send(self, hand: Path, folder: Path) -> None:
        for number in range(IMAGES):
            assert storescu(self.intake.port, copy_in_new_study(hand, folder / f"{number}.dcm")).returncode == 0

    def delivering(self) -> Node:
        """Wait for a worker that is about to deliver."""
        probe = lambda: next((one for one in self.workers if is_connected(one.running.pid, self.archive.port)), None)  # noqa: E731
        return eventually(probe, what="a worker with an association to the archive", every_s=0.01)

    def kill(self) -> None:
        for host in (self.intake, *self.workers):
            if host.service is not None:
                host.kill()

    def delivered(self) -> bool:
        studies = self.intake.json("studies", "list")
        return len(self.archive.stores) == RESULTS and all(study["states"] == {"DELIVERED": 1} for study in studies)


@pytest.fixture(params=["folder", "s3"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as servers:
        s3 = servers.enter_context(S3(tmp_path)) if request.param == "s3" else None
        postgresql, archive = servers.enter_context(PostgreSQL()), servers.enter_context(Archive(answer_after_s=0.4))
        shared = {"DATABASE__URL": postgresql.empty_database(), "SPOOL__PATH": s3.url if s3 else tmp_path / "spool"}
        hosts = [Node(tmp_path / name, **shared) for name in ("intake", "one", "two")]
        for host in hosts:
            host.env.update(s3.env if s3 else {})
        intake, *workers = hosts
        intake.add_peer("pacs", "ORTHANC", archive.port)  # the sender; its results go to the archive that counts
        intake.add_peer("archive", archive.ae_title, archive.port, "--no-source", "--destination")
        assert intake.cli("peers", "edit", "pacs", "--route-to", "archive").returncode == 0
        intake.launch("--roles", "intake,console")
        for worker in workers:
            worker.launch("--roles", "worker")
        for host in hosts:
            host.wait_listening()
        found = Site(intake=intake, workers=workers, archive=archive)
        try:
            yield found
        finally:
            found.kill()


@pytest.mark.timeout(300)
def test_the_work_of_a_worker_killed_for_good_is_finished_within_30_s(site: Site, hand: Path, tmp_path: Path) -> None:
    site.send(hand, tmp_path)
    victim = site.delivering()
    victim.kill()
    killed = Moment()
    eventually(site.delivered, what="everything delivered by the other worker", timeout_s=60, every_s=0.5)
    assert own_s(killed) < 30
    assert max(site.archive.stores.values()) <= 2  # the store that was under way may have to be repeated, under the same UID
    assert site.intake.cli("audit", "verify").returncode == 0


@pytest.mark.timeout(300)
def test_a_frozen_worker_that_wakes_up_ends_and_delivers_nothing(site: Site, hand: Path, tmp_path: Path) -> None:
    site.send(hand, tmp_path)
    frozen = site.delivering()
    os.kill(frozen.running.process.pid, signal.SIGSTOP)
    eventually(site.delivered, what="everything delivered by the other worker", timeout_s=60, every_s=0.5)
    counted = site.archive.stores.copy()
    os.kill(frozen.running.process.pid, signal.SIGCONT)
    assert frozen.running.process.wait(15) == LOST_EXIT
    time.sleep(1)
    nothing_but_what_was_under_way(site.archive, counted)
    counted = site.archive.stores.copy()
    frozen.launch("--roles", "worker")
    frozen.wait_listening()
    time.sleep(2)
    assert site.archive.stores == counted
    (lost,) = [event for event in site.intake.json("audit", "list") if event["kind"] == "EXECUTOR_TAKEN_OVER"]
    assert lost["outcome"] == 8


@pytest.mark.timeout(300)
def test_a_worker_cut_off_from_the_network_ends_when_it_is_back_and_delivers_nothing(hand: Path, tmp_path: Path) -> None:
    with ExitStack() as servers:
        network = servers.enter_context(Network())
        postgresql = servers.enter_context(PostgreSQL(host=network.address))
        archive = servers.enter_context(Archive(answer_after_s=0.4, host=network.address))
        shared = {"DATABASE__URL": postgresql.empty_database(), "SPOOL__PATH": tmp_path / "spool"}
        intake = Node(tmp_path / "intake", **shared)
        hosts = {name: network.host() for name in ("one", "two")}
        workers = {name: Node(tmp_path / name, **shared) for name in hosts}
        intake.add_peer("pacs", "ORTHANC", archive.port)
        intake.add_peer("archive", archive.ae_title, archive.port, "--no-source", "--destination", host=network.address)
        assert intake.cli("peers", "edit", "pacs", "--route-to", "archive").returncode == 0
        site = Site(intake=intake, workers=list(workers.values()), archive=archive)
        servers.callback(site.kill)
        intake.start("--roles", "intake,console")
        for name, worker in workers.items():
            worker.start("--roles", "worker", wrap=hosts[name].wrap)
        site.send(hand, tmp_path)
        cut_off = site.delivering()
        host = next(hosts[name] for name, worker in workers.items() if worker is cut_off)
        network.cut(host)
        eventually(site.delivered, what="everything delivered by the other worker", timeout_s=90, every_s=0.5)
        counted = archive.stores.copy()
        network.mend(host)
        assert cut_off.running.process.wait(60) == LOST_EXIT
        time.sleep(2)
        nothing_but_what_was_under_way(archive, counted)
        assert intake.cli("audit", "verify").returncode == 0


def nothing_but_what_was_under_way(archive: Archive, counted: Counter[str]) -> None:
    """See that whoever is back sent nothing but the ends of what it was sending, which lay in buffers: the same objects once more."""
    late = archive.stores - counted
    assert late.total() <= PARALLEL_DELIVERIES
    assert set(late) <= set(counted)
    assert max(late.values(), default=0) <= 1
    assert len(archive.stores) == RESULTS
