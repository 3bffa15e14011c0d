"""An installation into which a mistake is seeded, and the three places that have to explain it: command line, console, log."""

from __future__ import annotations

import html
import logging
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage

from baa_node import logs
from baa_node.bridges import Wires
from baa_node.config import Config, load_config
from baa_node.daemon import Daemon
from baa_node.db import Database, accounts, studies
from baa_node.db.accounts import Role, User
from baa_node.db.studies import State
from baa_node.mistakes import Mistake
from baa_node.roles import ROLES
from baa_node.spool import FolderSpool
from baa_node.steps import Desk
from baa_node.wiring.lines import endpoint_of
from tests.cli.command import Command, Done
from tests.db import made
from tests.dicom.conftest import part10, radiograph
from tests.parts.desk import desk_on
from tests.web.visit import PASSWORD, hashed


class Undone(Command):
    """Runs commands in this process, which is afterwards as it was before."""

    def __call__(self, *arguments: str) -> Done:
        with _process_as_before():
            return super().__call__(*arguments)


class Site:
    """One data folder with its settings, the command line on it, and what the log holds.

    Settings are environment variables, as ``SECTION__KEY``. The record is a copy of ``record``, which has an admin.
    """

    def __init__(
        self, folder: Path, record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: Any
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        shutil.copy(record, self.data / "baa_node.db")
        self.cli = Undone(self.data, monkeypatch, capsys)
        self._monkeypatch, self._caplog = monkeypatch, caplog
        self.settings(NODE__HOST="127.0.0.1", NODE__PORT=0, CONSOLE__PORT=0, NODE__CONNECT_TIMEOUT_S=0.3, PIPELINE__CONFIRM=0)

    def settings(self, **values: object) -> None:
        """Change settings, for the command line and for what is started from now on."""
        for name, value in values.items():
            self._monkeypatch.setenv(f"BAA_NODE_{name}", str(value))

    @property
    def config(self) -> Config:
        return load_config(self.data, None)

    @property
    def log(self) -> str:
        return "\n".join(record.getMessage() for record in self._caplog.records if record.name.startswith("baa_node"))

    def logged(self, mistake: Mistake) -> str:
        """Give the first line of the log that explains a mistake."""
        return next(line for line in self.log.splitlines() if mistake.code in line)

    def forget_log(self) -> None:
        self._caplog.clear()

    @contextmanager
    def running(self, *roles: str) -> Iterator[Running]:
        """Run a node in this process."""
        with _process_as_before():
            node = Daemon(self.config, roles or ("intake", "console"))
            node.start()
            running = Running(node)
            try:
                yield running
            finally:
                running.leave()
                node.stop()

    def start_fails(self, *roles: str) -> str:
        """Start a node that cannot start: what it said on its last line, which must be in the log before it."""
        done = self.cli("serve", "--roles", ",".join(roles or ROLES))
        assert done.code == 1
        logged, _, told = done.err.rstrip().rpartition("baa-node: ")
        assert f"not started: {told}" in logged
        return told

    def deliver(self, name: str = "pacs") -> None:
        """Try to send a report and a picture to a peer, as the worker does."""
        database = Database.open(self.config.database_url)
        try:
            desk = self._desk(database)
            self._record_results(database, desk.spool, name)
            desk.deliver(made.IMAGE, 1, name)
        finally:
            database.close()

    def read(self, content: bytes) -> None:
        """Read an image that came in, as the worker does."""
        database = Database.open(self.config.database_url)
        try:
            desk = self._desk(database)
            path = desk.spool.write("instances", made.IMAGE, content)
            with database.transaction() as c:
                studies.record_arrival(c, made.instance(path=path), now=made.NOW)
            assert not desk.read(made.IMAGE, 1)
        finally:
            database.close()

    def admit_admin(self) -> None:
        """Add the admin to a record that is no copy."""
        database = Database.open(self.config.database_url)
        _add_admin(database)
        database.close()

    def _desk(self, database: Database) -> Desk:
        return desk_on(database, FolderSpool(self.data / "spool"), endpoint=partial(endpoint_of, self.config), wires=Wires(timeout_s=2))

    def _record_results(self, database: Database, spool: Any, name: str) -> None:
        with database.transaction() as c:
            studies.record_arrival(c, made.instance(), now=made.NOW)
            outcome = {"status": "assessed", "bone_age_months": 120.0}
            studies.record_outcome(c, made.IMAGE, 1, state=State.READ, outcome=outcome, now=made.NOW)
            kinds = (("sr", Comprehensive3DSRStorage), ("capture", SecondaryCaptureImageStorage))
            studies.record_results(c, [_stored(spool, kind, sop_class) for kind, sop_class in kinds])
            studies.open_deliveries(c, made.IMAGE, 1, [name], now=made.NOW)
            studies.set_state(c, made.IMAGE, 1, State.REPORTED, now=made.NOW)  # otherwise a delivery waits for the rest


def make_record(file: Path) -> Path:
    """Make a record with nothing in it but an admin whose password is cheap to check: migrating is slow, copying is not."""
    database = Database.open(f"sqlite:///{file}")
    _add_admin(database)
    database.close()
    return file


def _add_admin(database: Database) -> None:
    user = User(name="ann", role=Role.ADMIN, password=hashed(), must_change=False, created_at=made.NOW, changed_at=made.NOW)
    with database.transaction() as c:
        accounts.add_user(c, user, actor="test")


@contextmanager
def _process_as_before() -> Iterator[None]:
    """Undo what ``serve``, ``assess`` and the engine do to their process: signals, logs, how threads take turns."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", *logs.SILENT, *logs.QUIET)}
    handlers = {logger: logger.handlers[:] for logger in (root, logging.getLogger("dbos"))}
    interval = sys.getswitchinterval()
    try:
        yield
    finally:
        for logger, kept in handlers.items():
            logger.handlers[:] = kept
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.captureWarnings(capture=False)
        for number, handler in signals.items():
            signal.signal(number, handler)
        sys.setswitchinterval(interval)


def _stored(spool: Any, kind: str, sop_class: str) -> Any:
    ds = radiograph(sop_class=sop_class)
    path = spool.write("results", ds.SOPInstanceUID, part10(ds))
    return made.result(str(ds.SOPInstanceUID), sop_class_uid=sop_class, kind=kind, path=path)


class Running:
    """A node that runs in this process, and somebody who is logged in at its console."""

    def __init__(self, node: Daemon) -> None:
        self.node = node
        self._browser = httpx.Client(base_url=f"http://127.0.0.1:{node.console_port}", headers={"Accept": "text/html"}, trust_env=False)

    def leave(self) -> None:
        """Close the browser."""
        self._browser.close()

    @property
    def port(self) -> int:
        assert self.node.dicom_port is not None
        return self.node.dicom_port

    def log_in(self, name: str = "ann", password: str = PASSWORD) -> str:
        page = self._browser.get("/login").text
        return text_of(self._browser.post("/login", data={"csrf": _token(page), "name": name, "password": password}))

    def page(self, path: str) -> str:
        """Give what a page says, logged in."""
        answer = self._browser.get(path)
        if answer.status_code == 303:
            self.log_in()
            answer = self._browser.get(path)
        return text_of(answer)

    def post(self, path: str, **fields: str) -> str:
        """Send a form, logged in, and give what the answer says."""
        return self.send(path, self.token(), **fields)

    def send(self, path: str, token: str, **fields: str) -> str:
        """Send a form with a token that was asked for before."""
        return text_of(self._browser.post(path, data={"csrf": token, **fields}, timeout=60))

    def upload(self, content: bytes) -> str:
        """Send a file for a try-out reading."""
        token, files = self.token(), {"file": ("image.dcm", content)}
        return text_of(self._browser.post("/try-out", data={"csrf": token, "sex": ""}, files=files, timeout=60))

    def token(self) -> str:
        """Log in and give the token of the session."""
        return _token(self.page("/password"))

    def login_page(self) -> str:
        return text_of(self._browser.get("/login"))

    def ready(self) -> bool:
        return self._browser.get("/readyz").status_code == 200

    def problems(self) -> list[str]:
        return list(self._browser.get("/readyz").json()["problems"])


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found, page
    return found[1]


def text_of(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def is_told(sentence: str, where: str) -> bool:
    """Whether a text holds a sentence; a page begins it with a capital."""
    return sentence in where or f"{sentence[:1].upper()}{sentence[1:]}" in where


def shown(page: str, mistake: Mistake) -> str:
    """Give the first line of a page that explains a mistake."""
    return next(line for line in page.splitlines() if mistake.code in line)


def check(sentence: str, mistake: Mistake, *named: object) -> None:
    """The sentence is of this mistake: its cause, its cure, its code, and what it must name."""
    assert "\n" not in sentence
    assert sentence.count(mistake.code) == 1
    cause, cure = (re.escape(part) for part in (mistake.cause, mistake.cure))
    pattern = re.sub(r"\\\{.*?\\\}", ".*", f"{cause}: {cure}")
    assert re.search(pattern, sentence, re.IGNORECASE), f"{sentence!r} does not hold {pattern!r}"
    for name in named:
        assert str(name) in sentence, f"{sentence!r} does not name {name}"
