"""Somebody at the console: pages, forms with their tokens, and a record to look at."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter
from pydicom import Dataset

from baa_node.bridges import bridge_to
from baa_node.bridges.port import Wires
from baa_node.bundle import default_bundle
from baa_node.certificates import Certificates
from baa_node.config import Config
from baa_node.core.reading import ReadingPolicy
from baa_node.db import Database, accounts, audit, studies
from baa_node.db.accounts import Role, User
from baa_node.db.audit import AuditRecord
from baa_node.sections import ConsoleSection
from baa_node.spool import FolderSpool
from baa_node.steps import Desk
from baa_node.web import Console, ConsoleServer, Health, build_app
from tests.db import made
from tests.parts.desk import desk_on, endpoint
from tests.parts.hands import constant_ensemble, hand_cr, part10

PASSWORD = "correct horse battery"


@functools.cache
def hashed() -> str:
    """Hash of `PASSWORD`, cheap to check: the tests log in a hundred times."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


class Clock:
    """The time as a test sets it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def console_in(folder: Path, database: Database, clock: Clock, *, policy: ReadingPolicy | None = None, **settings: Any) -> Console:
    spool = FolderSpool(folder / "spool")
    return Console(
        database=database,
        spool=spool,
        health=Health(database=database, spool=spool, used=lambda: "CPUExecutionProvider"),
        settings=ConsoleSection(**{"port": 0, "max_upload_mb": 2, **settings}),
        ae_title="BAA_NODE",
        data_dir=folder,
        bundle=default_bundle(),
        policy=policy or ReadingPolicy(),
        probe=lambda peer: bridge_to(peer, Wires(), endpoint=endpoint).probe(),
        ensemble=constant_ensemble,
        examine=list,
        certificates=Certificates(Config(data_dir=folder), database),
        now=clock,
    )


def serve(console: Console, *, also: APIRouter | None = None) -> ConsoleServer:
    return ConsoleServer.start(console.settings, build_app(console, also=also), closing=console.closing.set)


class Visit:
    """A browser without script, and what stands behind the pages."""

    def __init__(self, console: Console, port: int) -> None:
        self.console = console
        self.port = port
        self._browsers: list[httpx.Client] = []
        self.client = self.browser()

    def browser(self) -> httpx.Client:
        """Another browser, which nobody has logged in with."""
        base = f"http://127.0.0.1:{self.port}{self.console.settings.root_path}"
        self._browsers.append(httpx.Client(base_url=base, headers={"Accept": "text/html"}, timeout=30, trust_env=False))
        return self._browsers[-1]

    def close(self) -> None:
        """Close every browser."""
        for browser in self._browsers:
            browser.close()

    def add_user(self, name: str, role: str, *, must_change: bool = False) -> None:
        now = self.console.now()
        user = User(name=name, role=Role(role), password=hashed(), must_change=must_change, created_at=now, changed_at=now)
        with self.console.database.transaction() as c:
            accounts.add_user(c, user, actor="test")

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.client.get(path, params=query or None)

    def token(self, path: str = "/password") -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found, f"{path} holds no form"
        return found[1]

    def post(self, path: str, *, token: str | None = None, **fields: str) -> httpx.Response:
        return self.client.post(path, data={"csrf": self.token() if token is None else token, **fields})

    def upload(self, name: str, content: bytes, **fields: str) -> httpx.Response:
        return self.client.post("/try-out", data={"csrf": self.token(), **fields}, files={"file": (name, content)})

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", token=self.token("/login"), name=name, password=password)

    def events(self) -> list[AuditRecord]:
        with self.console.database.reading() as c:
            return audit.list_events(c)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]

    def receive(self, folder: Path, **elements: Any) -> studies.Instance:
        """Put an image on record that nothing was made of yet."""
        return self.put(hand_cr(folder, **elements))

    def put(self, ds: Dataset) -> studies.Instance:
        """Put a data set on record as an image that has come."""
        instance = made.instance(
            ds.SOPInstanceUID,
            study_instance_uid=ds.StudyInstanceUID,
            series_instance_uid=ds.SeriesInstanceUID,
            accession_number=ds.AccessionNumber,
            path=self.console.spool.write("instances", ds.SOPInstanceUID, part10(ds)),
            received_at=self.console.now(),
        )
        with self.console.database.transaction() as c:
            studies.record_arrival(c, instance, now=self.console.now())
        return instance

    def report(self, folder: Path, **elements: Any) -> studies.Instance:
        """Put an image on record that was read and reported."""
        return self.work_on(self.receive(folder, **elements))

    def work_on(self, instance: studies.Instance) -> studies.Instance:
        """Read and report an image that is on record."""
        desk = self.desk()
        desk.read(instance.sop_instance_uid, 1)
        desk.report(instance.sop_instance_uid, 1)
        return instance

    def desk(self) -> Desk:
        return desk_on(self.console.database, self.console.spool, policy=self.console.policy)
