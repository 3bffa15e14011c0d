"""What is uploaded for a try-out reading is not repeated in the log, whatever is wrong with it."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from pathlib import Path

import pytest

from baa_node.logs import set_up_log
from tests.parts.planted import NAME, leaks, planted_files
from tests.web.visit import Visit


def test_an_upload_is_not_repeated_in_the_log(admin: Visit, hand: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    kept = (list(root.handlers), root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    try:
        set_up_log("debug", as_json=False)
        logging.getLogger("httpx").setLevel(logging.CRITICAL)  # those are the browser's own
        logging.getLogger("httpcore").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            for name, path in planted_files(hand, tmp_path).items():
                assert admin.upload(f"{NAME}-{name}.dcm", path.read_bytes(), sex="F").status_code < 500
        assert admin.upload(f"{NAME}.png", f"{NAME} is no picture".encode()).status_code < 500
    finally:
        root.handlers, root.level, sys.excepthook, threading.excepthook, sys.unraisablehook = kept
        logging.captureWarnings(capture=False)
    assert leaks(capsys.readouterr().err) == []
