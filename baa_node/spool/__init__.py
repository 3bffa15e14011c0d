"""Where images and results lie until nobody needs them: a folder, or a bucket that several hosts share."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from baa_node.spool.folder import FolderSpool
from baa_node.spool.places import place

__all__ = ["FolderSpool", "Spool", "open_spool", "place"]


class Spool(Protocol):
    """Immutable files by a path relative to the spool; one handed out exists with all its bytes or not at all.

    DO   ``path = spool.write("instances", uid, content)`` and keep the relative path in the database.
    DON'T open a file of the spool for writing anywhere else: half-written files must be impossible, not unlikely.

    Attributes
    ----------
    where
        Folder or URL, for messages.
    """

    where: str

    def write(self, kind: str, name: str, *content: bytes | memoryview) -> str:
        """Make bytes, whole or in pieces, durable and return their path; SpoolError where they cannot be, and nothing is left behind."""

    def read(self, relative: str) -> bytes:
        """Bytes written before; SpoolError, which names the path, where they are gone or unreadable."""

    def holds(self, relative: str) -> bool:
        """Tell whether a file is there; SpoolError where the spool cannot be asked."""

    def remove(self, relative: str) -> None:
        """Remove a file; one that is gone already is no fault. SpoolError where it cannot be removed."""

    def listed(self, kind: str) -> list[str]:
        """Paths of everything of one kind; SpoolError where the spool cannot be asked."""

    def age_s(self, relative: str) -> float:
        """Seconds since a file was written; SpoolError where it is gone."""

    def sweep(self, *, older_than_s: float) -> int:
        """Remove what killed writers left behind; how many files."""

    def free_bytes(self) -> int | None:
        """Bytes that may still be written; None where there is no such limit."""

    def shortage(self) -> str:
        """Say in one sentence that less than the configured reserve is free; empty where enough is."""


def open_spool(where: str | Path, *, min_free_bytes: int = 0) -> Spool:
    """Open a folder, or a bucket by its URL, ``s3://bucket/prefix``.

    Raises
    ------
    SpoolError
        The folder cannot be created or written, the bucket not be reached.
    ConfigError
        A URL of another kind, or the libraries for it are not installed.
    """
    if "://" not in str(where):
        return FolderSpool(Path(where), min_free_bytes=min_free_bytes)
    from baa_node.spool.objects import ObjectSpool

    return ObjectSpool(str(where))
