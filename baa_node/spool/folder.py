"""The only writer of files: temporary file, fsync, rename, fsync of the folder.

A path handed out by the spool exists with all its bytes or not at all, whatever is killed and whenever.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from baa_node.errors import SpoolError
from baa_node.faults import cannot_write, disk_full
from baa_node.spool.past_cache import LEAST_BYTES, write_all, write_past_cache
from baa_node.spool.places import BRANCHES, place

_TEMPORARY = ".part"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class FolderSpool:
    """A folder tree of immutable files, two levels deep by digest so that no folder grows without bound.

    Parameters
    ----------
    root : Path
        Created when absent.
    min_free_bytes : int
        Writing stops with `SpoolError` while the file system has less than this left, so that database and journal
        of the same disk can still be written.

    Raises
    ------
    SpoolError
        When the folder cannot be created or written.
    """

    def __init__(self, root: Path, *, min_free_bytes: int = 0) -> None:
        self.root = root
        self.where = str(root)
        self._min_free_bytes = min_free_bytes
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SpoolError(cannot_write(error, where=root, otherwise=f"spool folder {root} cannot be used")) from error

    def write(self, kind: str, name: str, *content: bytes | memoryview, mode: int = 0o666) -> str:
        """Make bytes durable and return their path relative to the spool.

        Parameters
        ----------
        content
            Bytes, or the pieces of them in their order.
        mode
            Who may read and write the file, from its first byte on, as far as the umask of the process allows.

        Raises
        ------
        SpoolError
            Disk full, read-only or below the free-space limit; nothing of the file is left behind.
        """
        relative = place(kind, name)
        target = f"{self.where}/{relative}"
        self._refuse_when_short(sum(map(len, content)))
        temporary = f"{target}.{os.urandom(16).hex()}{_TEMPORARY}"
        try:
            _make_durable(temporary, target, content, mode)
        except OSError as error:
            Path(temporary).unlink(missing_ok=True)
            told = f"cannot write to the spool at {self.root}"
            raise SpoolError(cannot_write(error, where=self.root, otherwise=told, reserve_bytes=self._min_free_bytes)) from error
        return relative

    def read(self, relative: str) -> bytes:
        """Bytes of a file written before.

        Raises
        ------
        SpoolError
            The file is gone or unreadable; names the path below the spool.
        """
        try:
            return (self.root / relative).read_bytes()
        except OSError as error:
            raise SpoolError(f"{relative} cannot be read from the spool: {error.strerror}") from error

    def holds(self, relative: str) -> bool:
        """Tell whether a file is there."""
        return (self.root / relative).is_file()

    def remove(self, relative: str) -> None:
        """Remove a file; one that is gone already is no fault.

        Raises
        ------
        SpoolError
            It cannot be removed.
        """
        try:
            (self.root / relative).unlink(missing_ok=True)
        except OSError as error:
            raise SpoolError(f"{relative} cannot be removed from the spool: {error.strerror}") from error

    def listed(self, kind: str) -> list[str]:
        """Paths of everything of one kind."""
        return [path for path in self._each(kind) if not path.endswith(_TEMPORARY)]

    def age_s(self, relative: str) -> float:
        """Seconds since a file was written."""
        try:
            return time.time() - (self.root / relative).stat().st_mtime
        except OSError as error:
            raise SpoolError(f"{relative} cannot be read from the spool: {error.strerror}") from error

    def sweep(self, *, older_than_s: float) -> int:
        """Remove what killed writers left behind; return how many files.

        The age keeps the unfinished file of another process that shares this spool.
        """
        unfinished = (self.root / path for kind in _names(self.root) for path in self._each(kind) if path.endswith(_TEMPORARY))
        leftovers = [path for path in unfinished if time.time() - path.stat().st_mtime >= older_than_s]
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(leftovers)

    def _each(self, kind: str) -> Iterator[str]:
        """Give the paths of all files of one kind, unfinished ones too; a spool of millions is gone through in seconds."""
        for folder in _names(self.root / kind):
            yield from (f"{kind}/{folder}/{name}" for name in _names(self.root / kind / folder))

    def free_bytes(self) -> int:
        """Bytes that an unprivileged process may still write to the file system of the spool."""
        stat = os.statvfs(self.where)
        return stat.f_bavail * stat.f_frsize

    def shortage(self) -> str:
        """Say that less than the configured reserve is free; empty where enough is."""
        free = self.free_bytes()
        return disk_full(self.root, free_bytes=free, reserve_bytes=self._min_free_bytes) if free < self._min_free_bytes else ""

    def _refuse_when_short(self, size: int) -> None:
        free = self.free_bytes()
        if free - size < self._min_free_bytes:
            raise SpoolError(disk_full(self.root, free_bytes=free, reserve_bytes=self._min_free_bytes))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names alone: a Path for each costs five times as much
    except (FileNotFoundError, NotADirectoryError):
        return []


def _make_durable(temporary: str, target: str, content: Sequence[bytes | memoryview], mode: int) -> None:
    """Write a file under another name, flush it, give it its own, and flush that.

    Renaming first takes as many flushes, as far as was measured, and a power cut could then cut short a file of this name that was whole
    before (decision 0014).
    """
    folder = target.rpartition("/")[0]
    try:
        descriptor = os.open(temporary, _NEW, mode)
    except FileNotFoundError:
        _make_branches(Path(folder).parent)
        descriptor = os.open(temporary, _NEW, mode)
    try:
        if sum(map(len, content)) >= LEAST_BYTES:
            write_past_cache(descriptor, content)
        else:
            write_all(descriptor, b"".join(content))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(temporary, target)  # noqa: PTH104 - paths as objects took a tenth of the time of an image here
    _sync_folder(folder)


def _make_branches(folder: Path) -> None:
    """Make all folders of a kind with the first of its files, durable with two flushes: one by one each would cost two."""
    for branch in BRANCHES:
        (folder / branch).mkdir(parents=True, exist_ok=True)
    _sync_folder(folder)
    _sync_folder(folder.parent)


def _sync_folder(folder: str | Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
