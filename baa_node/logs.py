"""The log on standard error: text or JSON, never patient data.

What went wrong is told by where it happened and by the kind of error. The text of an error is told only where it is one of ours: those
name attributes, files and peers, never values. The text of any other may quote what an image holds.
"""

from __future__ import annotations

import errno
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TextIO

from baa_node.errors import BaaError

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

SILENT = ("py.warnings", "pydicom", "pynetdicom", "highdicom")
"""Their messages quote values of data sets; what matters of them is raised and said by us without the values."""

QUIET = ("dbos", "alembic", "uvicorn", "asyncio", "opentelemetry")
"""Only their errors pass."""

MOST_ERRORS: Final = 8
"""Of one chain of causes."""

_hooks = logging.getLogger("baa_node")


def set_up_log(level: str, *, as_json: bool) -> None:
    """Send every log record of this process to standard error, in one form."""
    import structlog  # imported here: commands that log nothing need not wait for it

    renderer: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_exception,
    ]
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    handler.addFilter(_quotes_nothing)
    logging.captureWarnings(capture=True)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    sys.excepthook, threading.excepthook, sys.unraisablehook = _end_of_program, _end_of_thread, _never_raised


def _quotes_nothing(record: logging.LogRecord) -> bool:
    """Keep the silent ones out here and not by their loggers' levels, which pydicom sets anew when it is imported later."""
    return not any(record.name == name or record.name.startswith(f"{name}.") for name in SILENT)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say that a record could not be written; the library would print its arguments and every line on the way to it."""
        with suppress(OSError, ValueError):  # the stream itself may be what is broken
            error = sys.exc_info()[1]
            self.stream.write(f"a log record of {record.name} could not be written: {type(error).__qualname__}\n")


def tell_errors_without_values() -> None:
    """Let an error that nobody caught end this process with where it was and of what kind, not with its text."""
    sys.excepthook = _print_end_of_program


def told(error: BaseException) -> str:
    """Say of an error and its causes what kind they are and where they come from, innermost line last; texts only of our own."""
    return "\n".join(line for one in _chain(error) for line in (_kind(one), *_places(one.__traceback__)))


def _kind(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, BaaError):
        return f"{name}: {error}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} [{errno.errorcode.get(error.errno, error.errno)}]"
    return name


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it, each once; a group leads to all of its members."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MOST_ERRORS:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = list(one.exceptions) if isinstance(one, BaseExceptionGroup) else []
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        waiting.extend([*inner, *([cause] if cause else [])])


def _tell_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by what may be told of it, and drop what would print it otherwise."""
    found: Any = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def _end_of_program(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    _hooks.critical("ended by an error that nobody foresaw", exc_info=error)


def _end_of_thread(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "unnamed"
    if not isinstance(ended.exc_value, SystemExit):
        _hooks.error("thread %s ended by an error that nobody foresaw", name, exc_info=ended.exc_value)


def _never_raised(found: sys.UnraisableHookArgs) -> None:
    """Leave out the object that could not be cleaned up: its representation may hold anything."""
    _hooks.error("an error where none can be raised", exc_info=found.exc_value)


def _print_end_of_program(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        sys.stderr.write(f"baa-node: an error that nobody foresaw\n{told(error)}\n")
