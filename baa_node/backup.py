"""A copy of one installation while it runs, and the way back.

Order is everything. The queue is copied first, then the record, then the files that the copied record names. A queue that lags
behind the record only does again what the record knows to be done; one that is ahead would take work for done that the record still
waits for. Files are written before the record names them, never change, and are removed only after the record says so. With PostgreSQL
queue and record are one database and one moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from baa_node import __version__
from baa_node.config import Config
from baa_node.db import Connection, Database, audit, copies, studies
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.dicom.keyring import Keyring
from baa_node.errors import ConfigError, SpoolError, StoreError
from baa_node.faults import cannot_write
from baa_node.spool import Spool, open_spool

MANIFEST: Final = "backup.json"
"""Written last: a folder without it is no whole backup."""

FORMAT: Final = 1
QUEUE, RECORD, DUMP, SPOOL = "queue.db", "baa_node.db", "database.dump", "spool"
PATHS: Final = "paths.txt"
"""Of every file that the copied record names; only there while files are copied."""
SMALL: Final = ("identity.json", "baa-node.toml")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a folder holds.

    Attributes
    ----------
    databases
        SHA-256 of each database file by its name.
    files
        How many images and results.
    missing
        Paths that the record names and the spool did not have: lost before this backup.
    audit_events, audit_head
        Number and hash of the last event, by which a restored trail is recognised.
    """

    taken_at: str
    version: str
    databases: Mapping[str, str]
    files: int
    missing: tuple[str, ...]
    audit_events: int
    audit_head: str
    format: int = FORMAT


def back_up(config: Config, target: Path, *, like: Path | None, actor: str, now: datetime) -> Backup:
    """Copy record, queue, files and identity to an empty folder; the node may be running.

    Parameters
    ----------
    like
        An earlier backup on the same file system: files that it has are linked, not copied.
    actor
        Who does it, for the audit trail, which is told once the copy is whole.

    Raises
    ------
    ConfigError
        The folder is not empty, or cannot be made.
    StoreError, SpoolError
        Something cannot be read or written; the folder then holds no manifest.
    """
    _make_empty(target)
    database = Database.open(config.database_url)
    try:
        head = _copy_databases(config, database, target)
        missing = _copy_files(open_spool(config.spool_path), target, like)
        if missing:
            with database.reading() as connection:  # what left by age meanwhile is no loss
                missing = {path for path in studies.expected_paths(connection) if path in missing}
        _copy_small(config.data_dir, target)
        made = _describe(target, head, missing, now)
        _write(target / MANIFEST, json.dumps(asdict(made), indent=1).encode())
        _tell(database, AuditKind.BACKUP_MADE, actor, made, now)
    finally:
        database.close()
    return made


def read_backup(folder: Path) -> Backup:
    """Read what a folder says it holds, and compare its databases with that.

    Raises
    ------
    ConfigError
        It is no whole backup, or was changed.
    """
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        if told["format"] != FORMAT:
            raise ConfigError(f"{folder} is a backup of format {told['format']}; this version reads {FORMAT}")
        backup = Backup(**{**told, "missing": tuple(told["missing"])})
        changed = [name for name, digest in backup.databases.items() if _sha256(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} is no whole backup: {MANIFEST} or what it names is not there or damaged") from error
    if changed:
        raise ConfigError(f"{folder}/{changed[0]} was changed after the backup: its SHA-256 is not the one in {MANIFEST}")
    return backup


def put_small_files_back(source: Path, data_dir: Path) -> None:
    """Give an empty data directory its settings, and the identity by which it signs, before the settings are read.

    Raises
    ------
    ConfigError
        It cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        for name in _small_in(source):
            if not (data_dir / name).exists():
                _make_private(data_dir, name)
                shutil.copy2(source / name, data_dir / name)
    except OSError as error:
        raise ConfigError(cannot_write(error, where=data_dir, otherwise=f"data directory {data_dir} cannot be used")) from error


def restore(config: Config, source: Path, *, actor: str, now: datetime) -> Backup:
    """Put everything back where the settings say; nothing that is there is overwritten.

    Whoever calls sees to it that the node does not run.

    Raises
    ------
    ConfigError
        The folder is no whole backup, or one of another kind of database.
    StoreError
        There is a record already; the restored one is not the one that was copied.
    SpoolError
        Files cannot be written.
    """
    backup = read_backup(source)
    places = _databases(config)
    if (DUMP in places) != (DUMP in backup.databases):
        raise ConfigError(f"the backup is of {'PostgreSQL' if DUMP in backup.databases else 'SQLite'}, [database] url is of the other kind")
    if full := [name for name, url in places.items() if not copies.is_empty(url)]:
        raise StoreError(f"there is a database already where {full[0]} belongs: move it away first, a restore overwrites nothing")
    _put_files(source / SPOOL, open_spool(config.spool_path))
    for name in (name for name in places if name in backup.databases):  # the record last: without it nothing was restored
        (copies.load if name == DUMP else copies.put_file)(source / name, places[name])
    _check(config, backup, actor, now)
    return backup


def _databases(config: Config) -> dict[str, str]:
    """Give the URL of each database by the name of its copy, in the order in which they are copied."""
    if copies.is_file(config.database_url):
        return {QUEUE: config.queue_url, RECORD: config.database_url}
    return {DUMP: config.database_url}


def _copy_databases(config: Config, database: Database, target: Path) -> tuple[int, str]:
    """Copy queue and record, and list what the copied record names; where its audit trail ends."""
    places = _databases(config)
    if DUMP in places:
        with database.reading() as connection:
            head = _list_paths(connection, target)
            copies.dump(connection, places[DUMP], target / DUMP)
        return head
    for name, url in places.items():
        if name == RECORD or not copies.is_empty(url):  # a node that never read has no queue yet
            copies.copy_file(url, target / name)
    copy = Database.open(f"sqlite:///{(target / RECORD).resolve()}")
    try:
        with copy.reading() as connection:
            return _list_paths(connection, target)
    finally:
        copy.close()


def _list_paths(connection: Connection, target: Path) -> tuple[int, str]:
    """Write every path that the record names into a file, as a long record has more than memory should hold; where its trail ends."""
    with (target / PATHS).open("w", encoding="utf-8") as listed:
        listed.writelines(f"{path}\n" for path in studies.expected_paths(connection))
    return audit.head_of(connection)


def _copy_files(spool: Spool, target: Path, like: Path | None) -> set[str]:
    """Copy or link each file that is listed, and remove the list; those that the spool does not have."""
    copy, missing = open_spool(target / SPOOL), set[str]()
    with (target / PATHS).open(encoding="utf-8") as listed:
        for line in listed:
            path = line.rstrip("\n")
            if not _copy_one(spool, copy, path, folder=target / SPOOL, earlier=like / SPOOL / path if like else None):
                missing.add(path)
    (target / PATHS).unlink()
    return missing


def _copy_one(spool: Spool, copy: Spool, path: str, *, folder: Path, earlier: Path | None) -> bool:
    """Copy or link one file; False where the spool does not have it."""
    kind, _, name = path.split("/", 2)
    try:
        if copy.holds(path):  # named twice
            return True
        if earlier is not None and earlier.is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(earlier, folder / path)
        elif spool.holds(path):
            _same_place(copy.write(kind, name, spool.read(path)), path)
        else:
            return False
    except OSError as error:
        raise SpoolError(f"{path} cannot be linked to {folder}: {error.strerror}") from error
    return True


def _put_files(folder: Path, spool: Spool) -> None:
    for branch in sorted(folder.glob("*/*")):
        for file in sorted(branch.iterdir()):
            path = str(file.relative_to(folder))
            if not spool.holds(path):
                kind, _, name = path.split("/", 2)
                _same_place(spool.write(kind, name, file.read_bytes()), path)


def _same_place(written: str, path: str) -> None:
    """Hold that a file's path follows from its name, which the spool alone decides."""
    if written != path:
        raise SpoolError(f"{path} is no path of this spool: it would be written to {written}")


def _copy_small(data_dir: Path, target: Path) -> None:
    for name in _small_in(data_dir):
        _make_private(target, name)
        _write(target / name, (data_dir / name).read_bytes())


def _small_in(folder: Path) -> list[str]:
    """Name what is there of the small files, certificates that were given among them."""
    keyring = Keyring.of(folder)
    given = [*keyring.authorities, *([keyring.own] if keyring.own else ())]
    return [*(name for name in SMALL if (folder / name).exists()), *(str(path.relative_to(folder)) for path in given)]


def _make_private(folder: Path, name: str) -> None:
    """Make the folders of a small file, for its owner alone."""
    for parent in reversed(Path(name).parents[:-1]):
        (folder / parent).mkdir(mode=0o700, exist_ok=True)


def _describe(target: Path, head: tuple[int, str], missing: Iterable[str], now: datetime) -> Backup:
    lost = tuple(sorted(missing))
    return Backup(
        taken_at=now.isoformat(timespec="seconds"),
        version=__version__,
        databases={name: _sha256(target / name) for name in (QUEUE, RECORD, DUMP) if (target / name).exists()},
        files=sum(1 for _ in (target / SPOOL).glob("*/*/*")),
        missing=lost,
        audit_events=head[0],
        audit_head=head[1],
    )


def _check(config: Config, backup: Backup, actor: str, now: datetime) -> None:
    """Hold the restored record to what was copied, and put the restoring on record."""
    database = Database.open(config.database_url)
    try:
        with database.reading() as connection:
            findings, head = audit.verify(connection), audit.head_of(connection)
        if findings or head != (backup.audit_events, backup.audit_head):
            raise StoreError(f"the restored audit trail is not the one that was copied: {findings[0] if findings else 'another end'}")
        _tell(database, AuditKind.RECORD_RESTORED, actor, replace(backup, missing=()), now)
    finally:
        database.close()


def _tell(database: Database, kind: AuditKind, actor: str, backup: Backup, now: datetime) -> None:
    detail: dict[str, Scalar] = {
        "taken_at": backup.taken_at,
        "files": backup.files,
        "missing": len(backup.missing),
        "version": backup.version,
    }
    with database.transaction() as connection:
        audit.append(connection, AuditEvent(kind=kind, actor=actor, subject="backup", detail=detail), now=now)


def _make_empty(target: Path) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(target.iterdir()):
            raise ConfigError(f"{target} is not empty: each backup needs a folder of its own (see --like to save space)")
        target.chmod(0o700)  # it will hold patient data
    except OSError as error:
        raise ConfigError(f"{target} cannot be used: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
