"""Statements that every image runs, without what SQLAlchemy does around each: on SQLite that takes ten times as long as SQLite itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy.sql.dml import Insert, Update
    from sqlalchemy.types import TypeEngine

_Converter: TypeAlias = Callable[[Any], Any] | None


class Prepared:
    """A statement of SQLAlchemy, run as it would run it: same text, same conversion of values; errors of SQLite come as the driver's own.

    On SQLite it is compiled once and goes to the driver, which keeps it prepared; on PostgreSQL, where the way to the server counts, it
    is executed as any other.

    Parameters
    ----------
    statement
        An insert or update names its columns by the values that a run gives.
    """

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def rows(self, c: Connection, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a query; a mapping of column names to values for each row."""
        values = values or {}
        if c.dialect.name != "sqlite":
            return [dict(row) for row in c.execute(self._statement, dict(values)).mappings()]
        compiled = self._for(c.dialect, values)
        return [compiled.row(found) for found in compiled.run(c, values)]

    def first(self, c: Connection, values: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """Run a query; its first row, None where there is none."""
        found = self.rows(c, values)
        return found[0] if found else None

    def count(self, c: Connection, values: Mapping[str, Any]) -> int:
        """Run an insert or update; how many rows it touched."""
        if c.dialect.name != "sqlite":
            return c.execute(self._statement, dict(values), execution_options={"preserve_rowcount": True}).rowcount
        return self._for(c.dialect, values).run(c, values).rowcount

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> _Compiled:
        names = tuple(values)
        compiled = self._compiled.get(names)
        if compiled is None:
            compiled = self._compiled[names] = _Compiled.of(self._statement, dialect, names)
        return compiled


@dataclass(frozen=True)
class _Compiled:
    """What the driver needs: the text, where each parameter comes from, what becomes of each column."""

    text: str
    parameters: tuple[tuple[str, Any, _Converter], ...]  # name, value where none is given, conversion
    columns: tuple[tuple[str, _Converter], ...]

    @classmethod
    def of(cls, statement: Select[Any] | Insert | Update, dialect: Dialect, names: tuple[str, ...]) -> _Compiled:
        compiled = statement.compile(dialect=dialect, column_keys=None if isinstance(statement, Select) else list(names))
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"{type(statement).__name__} cannot be prepared")
        given = compiled.params
        parameters = tuple((name, given.get(name), _to(compiled.binds[name].type, dialect)) for name in compiled.positiontup or ())
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        return cls(str(compiled), parameters, tuple((str(column.key), _from(column.type, dialect)) for column in columns))

    def run(self, c: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        driver: sqlite3.Connection = c.connection.driver_connection  # type: ignore[assignment]
        bound = [_converted(values.get(name, otherwise), convert) for name, otherwise, convert in self.parameters]
        return driver.execute(self.text, bound)

    def row(self, found: tuple[Any, ...]) -> dict[str, Any]:
        return {name: _converted(value, convert) for (name, convert), value in zip(self.columns, found, strict=True)}


def _converted(value: Any, convert: _Converter) -> Any:
    return value if convert is None else convert(value)


def _to(kind: TypeEngine[Any], dialect: Dialect) -> _Converter:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from(kind: TypeEngine[Any], dialect: Dialect) -> _Converter:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
