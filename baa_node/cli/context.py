"""What every command shares: where the data is, which configuration, and how to print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from baa_node.config import Config
    from baa_node.db import Database


@dataclass
class Options:
    """Options before the command name."""

    data_dir: Path | None = None
    config: Path | None = None
    as_json: bool = False


options = Options()


def load() -> Config:
    """Load the configuration that the options name."""
    from baa_node.config import load_config

    return load_config(options.data_dir, options.config)


@contextmanager
def open_database() -> Iterator[Database]:
    """Open the record of the node, whether it is running or not."""
    from baa_node.db import Database
    from baa_node.faults import cannot_write

    config = load()
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = f"data directory {config.data_dir} cannot be used"
        raise ConfigError(cannot_write(error, where=config.data_dir, otherwise=told)) from error
    database = Database.open(config.database_url)
    try:
        yield database
    finally:
        database.close()


def emit(value: object, lines: Iterable[str]) -> None:
    """Print `value` as JSON with ``--json``, `lines` for people without."""
    if options.as_json:
        say(json.dumps(value, ensure_ascii=False, default=str))
        return
    for line in lines:
        say(line)


def say(line: str) -> None:
    """Print one line; what a modality wrote into its tags does not steer the terminal."""
    typer.echo(line.translate(_CONTROLS))


_TURNING: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Marks that turn the direction of text, which would disguise it."""

_CONTROLS: Final = {number: f"\\u{number:04x}" for number in (*range(0x20), *range(0x7F, 0xA0), *_TURNING, *range(0xD800, 0xE000))}
"""Controls and what cannot be encoded (of a file's name), as JSON writes them."""


def when_bare(app: typer.Typer, command: Callable[[], None]) -> None:
    """Run `command` where the group of commands `app` is called without one."""

    @app.callback(invoke_without_command=True)
    def bare(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            command()
