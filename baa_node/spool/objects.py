"""A spool in an S3-compatible object store, for hosts that share no file system.

A PUT is answered when the object is durable, and is visible as a whole or not at all; there are no unfinished files to sweep and no
disk that fills. Region, endpoint and credentials come from the environment as everywhere with S3: ``AWS_REGION``, ``AWS_ENDPOINT_URL``,
``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, for an endpoint without TLS also ``AWS_ALLOW_HTTP=true``.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from baa_node.errors import ConfigError, SpoolError
from baa_node.spool.places import place

SCHEME: Final = "s3"
CLIENT: Final = {"connect_timeout": "5s", "timeout": "60s"}
RETRIES: Final = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
"""Beyond these the caller decides: a sender is told to come again, a step of a reading waits longer and longer."""


class ObjectSpool:
    """Immutable objects under one prefix of a bucket.

    Parameters
    ----------
    url : str
        ``s3://bucket/prefix``.

    Raises
    ------
    SpoolError
        When the bucket cannot be reached or written.
    """

    def __init__(self, url: str) -> None:
        self.where = url
        self._files, self._root = _file_system(url)
        self.remove(self.write("probe", uuid.uuid4().hex, b"probe"))  # a bucket that is not there answers every question with "no"

    def write(self, kind: str, name: str, *content: bytes | memoryview) -> str:
        """Store an object and return its path relative to the spool."""
        relative = place(kind, name)
        with self._translated(f"cannot write to the spool at {self.where}"):
            self._files.pipe_file(self._path(relative), b"".join(content))
        return relative

    def read(self, relative: str) -> bytes:
        """Bytes of an object."""
        with self._translated(f"{relative} cannot be read from the spool"):
            return bytes(self._files.cat_file(self._path(relative)))

    def holds(self, relative: str) -> bool:
        """Tell whether an object is there."""
        with self._translated(f"the spool at {self.where} cannot be asked"):
            try:
                self._files.info(self._path(relative))
            except FileNotFoundError:
                return False
            return True

    def remove(self, relative: str) -> None:
        """Remove an object; one that is gone already is no fault."""
        with self._translated(f"{relative} cannot be removed from the spool"):
            self._files.rm_file(self._path(relative))

    def listed(self, kind: str) -> list[str]:
        """Paths of everything of one kind."""
        with self._translated(f"the spool at {self.where} cannot be asked"):
            return [str(path).removeprefix(f"{self._root}/") for path in self._files.find(self._path(kind))]

    def age_s(self, relative: str) -> float:
        """Seconds since an object was written, by the clock of this host and that of the store."""
        with self._translated(f"{relative} cannot be read from the spool"):
            written_at: datetime = self._files.modified(self._path(relative))
        return (datetime.now(UTC) - written_at).total_seconds()

    def sweep(self, *, older_than_s: float) -> int:
        """Nothing: a killed writer leaves no half of an object."""
        return 0

    def free_bytes(self) -> int | None:
        """Give no number: a bucket has no end."""
        return None

    def shortage(self) -> str:
        """Nothing to say, ever."""
        return ""

    def _path(self, relative: str) -> str:
        return f"{self._root}/{relative}"

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the store's library has errors of its own
            raise SpoolError(f"{what}: {str(error).splitlines()[0][:300] if str(error) else type(error).__name__}") from error


def _file_system(url: str) -> tuple[Any, str]:
    scheme = url.partition("://")[0]
    if scheme != SCHEME:
        raise ConfigError(f"spool.path {url!r}: besides a folder only {SCHEME}://bucket/prefix can be used")
    try:
        import fsspec
        from obstore.fsspec import register
    except ImportError:
        raise ConfigError(f"spool.path {url!r} needs two libraries more: pip install 'baa_node[s3]'") from None
    register(SCHEME)
    client = {**CLIENT, "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"}  # options hide what the environment says
    files, root = fsspec.url_to_fs(url, client_options=client, retry_config=RETRIES, skip_instance_cache=True)
    return files, root.rstrip("/")
