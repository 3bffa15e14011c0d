"""A small S3 on a free port: moto's server, whose bucket lives as long as its process."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.parts.programs import Service, eventually, free_port


class S3:
    """An endpoint with one bucket, ``baa``.

    Attributes
    ----------
    env
        What a process needs in its environment to use it.
    """

    url = "s3://baa/spool"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.env = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }
        self._folder = folder
        self._service: Service | None = None

    def start(self) -> Self:
        command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(self.port)]
        self._service = Service("s3", command, folder=self._folder)
        eventually(self._has_bucket, what="the bucket to be made", timeout_s=60)
        return self

    def stop(self) -> None:
        if self._service is not None:
            self._service.kill()
            self._service = None

    def _has_bucket(self) -> bool:
        try:
            return httpx.put(f"{self.endpoint}/baa", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
