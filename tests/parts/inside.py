"""``baa-node`` in this process: the same command line without a second's start of Python, which hundreds of questions would each pay."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from unittest import mock

from baa_node.cli import main

QUICK = frozenset({"audit", "peers", "routes", "studies", "users"})
"""Commands that ask or write the record and leave this process as it was; the others are run as programs."""

_ONE_AT_A_TIME = threading.Lock()
"""Arguments, environment and standard output belong to the whole process."""


def is_quick(arguments: Sequence[str]) -> bool:
    """Tell whether a command line may run here: its first word that is no option names a quick command."""
    return next((word for word in arguments if not word.startswith("-")), "") in QUICK


def run_inside(arguments: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command line; standard output and error apart, as of a program."""
    command = ["baa-node", *arguments]
    said, complained = io.StringIO(), io.StringIO()
    with (
        _ONE_AT_A_TIME,
        mock.patch.object(sys, "argv", command),
        mock.patch.object(sys, "excepthook", sys.excepthook),
        mock.patch.dict(os.environ, env, clear=True),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(command, status, said.getvalue(), complained.getvalue())
