"""DCMTK's programs as the tests use them: senders, an archive-free receiver, and the coders of transfer syntaxes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.programs import Service, eventually, free_port, program, run

NODELAY = {"TCP_NODELAY": "1"}
"""DCMTK leaves Nagle's algorithm on unless told; delayed acknowledgements then cost 40 ms a message."""


def echoscu(port: int, *, calling: str = "ORTHANC", called: str = "BAA_NODE") -> subprocess.CompletedProcess[str]:
    return run(program("echoscu"), "-v", "-aet", calling, "-aec", called, "127.0.0.1", str(port), env=NODELAY)


def storescu(
    port: int, *files: Path, calling: str = "ORTHANC", called: str = "BAA_NODE", options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Send files in one association, uncompressed unless ``options`` say otherwise; any failure makes the exit status non-zero."""
    titles = ("-aet", calling, "-aec", called)
    return run(program("storescu"), "-v", "-R", *titles, *options, "127.0.0.1", str(port), *files, env=NODELAY, timeout_s=120)


def dcmsend(port: int, *files: Path, calling: str = "ORTHANC", called: str = "BAA_NODE") -> int:
    """Send files never decompressed on the way; returns how many were answered with Success.

    The exit status is no measure: dcmsend ends with 0 even when no presentation context was accepted.
    """
    titles = ("-aet", calling, "-aec", called)
    done = run(program("dcmsend"), "-v", "-dn", *titles, "127.0.0.1", str(port), *files, env=NODELAY, timeout_s=120)
    counted = re.search(r"with status SUCCESS\s*: (\d+)", done.stdout)
    return int(counted[1]) if counted else 0


@contextmanager
def storescp(folder: Path) -> Iterator[int]:
    """Run a receiver of every syntax that writes what comes into ``folder``, a process for each association; gives its port."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [program("storescp"), "--fork", "+xa", "-pdu", "131072", "-od", str(folder), str(port)]
    with Service("storescp", command, folder=folder.parent, env=NODELAY):
        eventually(lambda: echoscu(port, called="ANY-SCP").returncode == 0, what="storescp to answer an echo")
        yield port


CODERS: dict[str, tuple[str, ...]] = {
    "implicit": ("dcmconv", "+ti"),
    "explicit": ("dcmconv", "+te"),
    "big_endian": ("dcmconv", "+tb"),
    "deflated": ("dcmconv", "+td"),
    "jpeg_lossless_sv1": ("dcmcjpeg", "+un", "+e1"),
    "jpeg_lossless": ("dcmcjpeg", "+un", "+el"),
    "jpeg_baseline": ("dcmcjpeg", "+un", "+eb", "+be", "+q", "95"),
    "jpeg_extended": ("dcmcjpeg", "+un", "+ee", "+q", "95"),
    "rle": ("dcmcrle", "+un"),
    "jpegls_lossless": ("dcmcjpls", "+un", "+el"),
    "jpegls_near": ("dcmcjpls", "+un", "+en", "+md", "2"),
}
"""Program and options by the name of a coding; ``+un`` keeps the SOP Instance UID even where the coding loses something."""


PROPOSED = {"implicit": "-xi", "explicit": "-xe", "big_endian": "-xb", "deflated": "-xd"}
"""What storescu proposes first; dcmsend would let the receiver choose among the uncompressed syntaxes and convert."""


def send_as_is(port: int, path: Path, coding: str) -> bool:
    """Send one file in exactly the coding it is in; whether it was answered with Success."""
    if coding in PROPOSED:
        return storescu(port, path, options=(PROPOSED[coding],)).returncode == 0
    return dcmsend(port, path) == 1


def recode(source: Path, target: Path, coding: str) -> Path:
    """Write ``source`` to ``target`` in another transfer syntax with DCMTK's own coder."""
    name, *options = CODERS[coding]
    done = run(program(name), *options, source, target)
    if done.returncode != 0:
        raise RuntimeError(f"{name} {' '.join(options)}: {done.stdout[-500:]}")
    return target


def dciodvfy_errors(path: Path) -> list[str]:
    """What David Clunie's validator calls an error in a file; its warnings are left out."""
    done = run(program("dciodvfy"), path)
    return [line for line in done.stdout.splitlines() if line.startswith("Error")]
