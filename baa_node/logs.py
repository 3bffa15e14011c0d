"""The log on standard error: text or JSON, never patient data."""

from __future__ import annotations

import logging
import sys

import structlog

SILENT = ("py.warnings", "pydicom", "pynetdicom", "highdicom")
"""Their messages quote values of data sets; what matters of them is raised and said by us without the values."""

QUIET = ("dbos", "alembic", "uvicorn")
"""Only their errors pass."""


def set_up_log(level: str, *, as_json: bool) -> None:
    """Send every log record of this process to standard error, in one form."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    logging.captureWarnings(capture=True)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for names, least in ((SILENT, logging.CRITICAL), (QUIET, logging.ERROR)):
        for name in names:
            logging.getLogger(name).setLevel(least)
