"""Start and end of a node on record, and every setting in force by its name: no secret, but a digest by which its change is seen."""

from __future__ import annotations

import dataclasses
import functools
import getpass
import logging
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from baa_node import __version__
from baa_node.config import Config
from baa_node.core.ensemble import BundleIdentity
from baa_node.db import Connection, Database, audit, starts
from baa_node.db.audit import Scalar
from baa_node.db.starts import Start, digester
from baa_node.errors import BaaError
from baa_node.manifest import verify_bundle
from baa_node.wiring.bundles import bundle_folder, calibration_of
from baa_node.wiring.installation import Identity

log = logging.getLogger("baa_node.settings")

FILES: Final = ("tls_certificate", "tls_key", "tls_ca")
"""Keys that name a file whose content counts as much as its name."""


def note_start(database: Database, config: Config, identity: Identity) -> Callable[[], None]:
    """Record the start and what is set otherwise than at the last one; what is returned records the end.

    Both tell the log where the audit trail stands, as `audit verify --head` takes it: a witness outside the database.
    """
    with database.transaction() as connection:
        start = start_of(connection, config, identity)
        starts.note_start(connection, start, now=datetime.now(UTC))
        log.info("audit trail at the start: %s", _head(connection))

    def note_stop() -> None:
        with database.transaction() as connection:
            starts.note_stop(connection, start, now=datetime.now(UTC))
            log.info("audit trail at the end: %s", _head(connection))

    return note_stop


def start_of(c: Connection, config: Config, identity: Identity) -> Start:
    """Say how this process starts."""
    verified = functools.cache(verify_bundle)  # settings and defaults mostly name the same weights, which are long
    settings = flat(config, digester(c), verified)
    calibration = settings.get("calibration.file, content")
    detail: dict[str, Scalar] = {"version": __version__, "process": os.getpid(), "host": socket.gethostname(), "user": _user()}
    return Start(
        executor_id=identity.executor_id,
        name=config.node.ae_title,
        actor=f"system:{_user()}",
        settings=settings,
        defaults=flat(Config(data_dir=config.data_dir), digester(c), verified),
        detail=detail if calibration is None else {**detail, "calibration": calibration},
    )


def flat(config: Config, digest: Callable[[bytes], str], verified: Callable[[Path], BundleIdentity] = verify_bundle) -> dict[str, Scalar]:
    """Give settings as ``section.key``, lists joined by commas, and what files and weights they name as ``section.key, content``."""
    found: dict[str, Scalar] = {}
    for section, values in dataclasses.asdict(config).items():
        if section != "data_dir":
            for key, value in values.items():
                found |= dict(_entries(f"{section}.{key}", value, digest))
    found["inference.bundle, content"] = _bundle(config, verified)
    if config.calibration.file:
        found["calibration.file, content"] = _calibration(config)
    return found


def _entries(name: str, value: Any, digest: Callable[[bytes], str]) -> Iterator[tuple[str, Scalar]]:
    if name == "database.url":
        value = _without_password(value, digest)
    yield name, ", ".join(value) if isinstance(value, (list, tuple)) else value
    if name.endswith(FILES) and value:
        yield f"{name}, content", _content(Path(value), digest)


def _without_password(url: str, digest: Callable[[bytes], str]) -> str:
    """Put digests in the place of a password and of whatever a query may hold."""
    address, mark, query = url.partition("?")
    scheme, there, rest = address.partition("://")
    login, at, host = rest.rpartition("@")
    user, colon, password = login.partition(":")
    shown = f"{scheme}{there}{user}{colon}{digest(password.encode()) if password else ''}{at}{host}"
    return f"{shown}{mark}{digest(query.encode())}" if query else shown


def _content(file: Path, digest: Callable[[bytes], str]) -> str:
    try:
        return digest(file.read_bytes())
    except OSError as error:
        return f"not readable: {error.strerror}"


def _bundle(config: Config, verified: Callable[[Path], BundleIdentity]) -> str:
    try:
        return verified(bundle_folder(config)).sha256
    except BaaError as error:
        return f"not usable: {error.code}"


def _calibration(config: Config) -> str:
    """Version and seal of the site's calibration."""
    try:
        calibration = calibration_of(config)
    except BaaError as error:
        return f"not usable: {error.code}"
    return f"version {calibration.version}, {calibration.seal}" if calibration else ""


def _head(connection: Connection) -> str:
    return "{}:{}".format(*audit.head_of(connection))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a bare number
        return str(os.getuid())
