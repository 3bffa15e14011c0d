"""Nothing that an image, a peer or a person at the keyboard names of a patient gets into the log, whatever goes wrong."""

from __future__ import annotations

import errno
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baa_node.errors import StoreError
from baa_node.logs import set_up_log, tell_errors_without_values, told
from tests.cli.command import Command

NAME = "Xylophon^Quentin"


class PatientError(Exception):
    """Somebody else's error, whose text and representation quote a value."""

    def __repr__(self) -> str:
        return NAME


def fail(name: str = NAME) -> None:
    """Fail with the name in text, argument, local variable and cause."""
    try:
        raise ValueError(f"{name} is no valid Person Name")
    except ValueError as error:
        raise PatientError(name) from error


@pytest.fixture
def hooks() -> Iterator[None]:
    """Put back what a process has of hooks and handlers."""
    root = logging.getLogger()
    kept = (sys.excepthook, threading.excepthook, sys.unraisablehook, list(root.handlers), root.level)
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook, root.handlers, root.level = kept
    logging.captureWarnings(capture=False)


Said = Callable[[Callable[[], object]], str]


@pytest.fixture(params=["json", "text"])
def said(request: pytest.FixtureRequest, hooks: None, capsys: pytest.CaptureFixture[str]) -> Said:
    """Run something with the log set up; what it says."""

    def run(act: Callable[[], object]) -> str:
        set_up_log("debug", as_json=request.param == "json")
        act()
        return capsys.readouterr().err

    return run


def broken_step() -> None:
    try:
        fail()
    except PatientError:
        logging.getLogger("baa_node.test").exception("a step failed")


def test_a_traceback_says_where_and_of_what_kind_and_no_value(said: Said) -> None:
    told_of_it = said(broken_step)
    assert "Xylophon" not in told_of_it
    for known in ("a step failed", "PatientError", "ValueError", "test_logs.py", "in fail"):
        assert known in told_of_it


def test_our_own_errors_keep_their_words(said: Said) -> None:
    error = StoreError("the database is locked")
    assert "StoreError: the database is locked" in said(lambda: logging.getLogger("baa_node.test").error("failed", exc_info=error))


def test_a_group_and_a_circle_of_causes_end() -> None:
    first, second = StoreError("first"), ValueError(NAME)
    first.__cause__, second.__cause__ = second, first
    said = told(ExceptionGroup(NAME, [first, KeyError(NAME)]))
    assert said.splitlines() == ["ExceptionGroup", "StoreError: first", "KeyError", "ValueError"]


def test_of_the_system_the_error_is_named_not_the_file() -> None:
    assert told(OSError(errno.ENOSPC, "No space left", f"/tmp/{NAME}.dcm")) == "OSError [ENOSPC]"


def test_a_thread_that_dies_says_so_without_values(said: Said) -> None:
    def die() -> None:
        thread = threading.Thread(target=fail, name="priors-pacs")
        thread.start()
        thread.join()

    told_of_it = said(die)
    assert "thread priors-pacs ended" in told_of_it
    assert "PatientError" in told_of_it
    assert "Xylophon" not in told_of_it


class Broken:
    def __del__(self) -> None:
        raise PatientError(NAME)

    def __repr__(self) -> str:
        return NAME


def test_what_cannot_be_raised_is_told_without_its_object(said: Said) -> None:
    told_of_it = said(Broken)
    assert "PatientError" in told_of_it
    assert "Xylophon" not in told_of_it


def end_of_program() -> None:
    try:
        fail()
    except PatientError as error:
        sys.excepthook(PatientError, error, error.__traceback__)


def test_the_end_of_the_program_is_one_record(said: Said) -> None:
    told_of_it = said(end_of_program)
    assert "PatientError" in told_of_it
    assert "Xylophon" not in told_of_it


def test_a_record_that_cannot_be_written_is_told_without_its_arguments(said: Said) -> None:
    told_of_it = said(lambda: logging.getLogger("baa_node.test").warning("%d images", NAME))
    assert "could not be written: TypeError" in told_of_it
    assert "Xylophon" not in told_of_it


def quoting_libraries() -> None:
    for library in ("pydicom", "pynetdicom.acse", "highdicom", "py.warnings"):
        logging.getLogger(library).error("Invalid value for VR PN: %r", NAME)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn(f"Invalid value for VR PN: {NAME!r}", UserWarning, stacklevel=1)


def test_libraries_that_quote_values_are_silent(said: Said) -> None:
    assert said(quoting_libraries) == ""


def test_a_library_that_is_imported_later_cannot_raise_its_voice(said: Said) -> None:
    """As pydicom does, which gives its logger a level when it is imported."""

    def raised() -> None:
        logger = logging.getLogger("pydicom")
        before = logger.level
        logger.setLevel(logging.WARNING)
        logger.warning("Unknown encoding %r", "Xylophon")
        logger.setLevel(before)

    assert said(raised) == ""


def test_every_json_line_is_one_object_with_time_level_and_logger(hooks: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", as_json=True)
    broken_step()
    (line,) = capsys.readouterr().err.splitlines()
    assert {"event", "level", "logger", "timestamp", "exception"} == set(json.loads(line))


def test_a_command_that_breaks_tells_no_values(hooks: None, capsys: pytest.CaptureFixture[str]) -> None:
    tell_errors_without_values()
    end_of_program()
    told_of_it = capsys.readouterr().err
    assert told_of_it.startswith("baa-node: an error that nobody foresaw\nPatientError\n")
    assert "Xylophon" not in told_of_it


def test_every_command_is_started_with_that_in_place(
    tmp_path: Path, hooks: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.excepthook = sys.__excepthook__
    Command(tmp_path, monkeypatch, capsys).ok("peers", "list")
    assert sys.excepthook is not sys.__excepthook__
