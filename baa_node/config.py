"""TOML file and environment to frozen dataclasses; an unknown key is an error that names the nearest known one.

Order, later wins: defaults here, the file, ``BAA_NODE_<SECTION>__<KEY>``. ``deploy/baa-node.example.toml`` is the manual of
every key; a test holds it to this file.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baa_node.errors import ConfigError
from baa_node.mistakes import Mistake
from baa_node.sections import (
    AtnaSection,
    BridgesSection,
    CalibrationSection,
    ConsoleSection,
    DatabaseSection,
    DicomwebSection,
    GatesSection,
    HealthSection,
    InferenceSection,
    LogSection,
    NodeSection,
    PipelineSection,
    PriorsSection,
    ReportSection,
    RetentionSection,
    SpoolSection,
    TracesSection,
)

ENVIRONMENT_PREFIX = "BAA_NODE_"


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of one node, checked.

    Attributes
    ----------
    data_dir
        Holds the database, the spool and the identity of the installation unless a section says otherwise.
    """

    data_dir: Path
    node: NodeSection = field(default_factory=NodeSection)
    console: ConsoleSection = field(default_factory=ConsoleSection)
    database: DatabaseSection = field(default_factory=DatabaseSection)
    spool: SpoolSection = field(default_factory=SpoolSection)
    retention: RetentionSection = field(default_factory=RetentionSection)
    pipeline: PipelineSection = field(default_factory=PipelineSection)
    inference: InferenceSection = field(default_factory=InferenceSection)
    gates: GatesSection = field(default_factory=GatesSection)
    calibration: CalibrationSection = field(default_factory=CalibrationSection)
    report: ReportSection = field(default_factory=ReportSection)
    bridges: BridgesSection = field(default_factory=BridgesSection)
    dicomweb: DicomwebSection = field(default_factory=DicomwebSection)
    priors: PriorsSection = field(default_factory=PriorsSection)
    atna: AtnaSection = field(default_factory=AtnaSection)
    log: LogSection = field(default_factory=LogSection)
    health: HealthSection = field(default_factory=HealthSection)
    traces: TracesSection = field(default_factory=TracesSection)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the record."""
        return self.database.url or f"sqlite:///{self.data_dir.resolve() / 'baa_node.db'}"

    @property
    def queue_url(self) -> str:
        """SQLAlchemy URL of the durable engine: a file of its own for SQLite, so that neither waits for the other's lock."""
        return self.database.url or f"sqlite:///{self.data_dir.resolve() / 'queue.db'}"

    @property
    def spool_path(self) -> str:
        """Folder or URL of the spool."""
        return self.spool.path or str(self.data_dir / "spool")


SECTIONS: Mapping[str, type[Any]] = {
    f.name: typing.get_type_hints(Config)[f.name] for f in dataclasses.fields(Config) if f.name != "data_dir"
}


def load_config(data_dir: Path | None = None, file: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the file (``baa-node.toml`` of the data directory when none is named) and the environment.

    Raises
    ------
    ConfigError
        Names the file or variable, the key, and what it may be.
    """
    environment = os.environ if environment is None else environment
    folder = data_dir or Path(environment.get("BAA_NODE_DATA_DIR", "var"))
    settings = _from_file(file, folder)
    for variable, text in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX) and "__" in variable:
            section, _, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
            settings.setdefault(section, {})[key] = (variable, text)
    return _build(folder, settings)


def _from_file(file: Path | None, folder: Path) -> dict[str, dict[str, tuple[str, Any]]]:
    path = file or folder / "baa-node.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        if file is None and isinstance(error, FileNotFoundError | NotADirectoryError):
            return {}
        raise ConfigError(f"configuration file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration file {path} is not valid TOML: {error}") from error
    settings: dict[str, dict[str, tuple[str, Any]]] = {}
    for section, values in content.items():
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: {section!r} stands outside a section; keys belong under one of {_names(SECTIONS)}")
        settings[section] = {key: (f"{path}, [{section}]", value) for key, value in values.items()}
    return settings


def _build(folder: Path, settings: Mapping[str, Mapping[str, tuple[str, Any]]]) -> Config:
    sections: dict[str, Any] = {}
    for name, values in settings.items():
        if name not in SECTIONS:
            where = next((origin for origin, _ in values.values()), name)
            raise ConfigError(Mistake.UNKNOWN_SECTION.told(where=where, section=name, hint=_nearest(name, SECTIONS)))
        sections[name] = _build_section(name, SECTIONS[name], values)
    return Config(data_dir=folder, **sections)


def _build_section(name: str, section: type[Any], values: Mapping[str, tuple[str, Any]]) -> object:
    hints = typing.get_type_hints(section)
    arguments = {}
    for key, (origin, value) in values.items():
        if key not in hints:
            raise ConfigError(Mistake.UNKNOWN_KEY.told(where=origin, key=f"{name}.{key}", hint=_nearest(key, hints)))
        arguments[key] = _convert(f"{origin}: {name}.{key}", hints[key], value)
    return section(**arguments)


def _convert(where: str, wanted: Any, value: Any) -> Any:
    if wanted is bool and isinstance(value, str) and value.lower() in {"true", "false", "1", "0"}:
        return value.lower() in {"true", "1"}
    if wanted in {int, float} and isinstance(value, str):
        try:
            return wanted(value)
        except ValueError:
            raise ConfigError(f"{where} is {value!r}, which is no {_KIND[wanted]}") from None
    if isinstance(wanted, types.GenericAlias):
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            return tuple(parts)
        raise ConfigError(f"{where} must be a list of texts")
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ConfigError(f"{where} is {value!r}; it must be a {_KIND[wanted]}")
    return value


_KIND = {bool: "boolean (true or false)", int: "whole number", float: "number", str: "text"}


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"correct it, did you mean {close[0]!r}?" if close else f"take it out or use one of {_names(known)}"


def _names(known: Mapping[str, Any]) -> str:
    return ", ".join(known)
