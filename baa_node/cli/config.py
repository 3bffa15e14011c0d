"""``baa-node config``."""

from __future__ import annotations

import dataclasses
import json

import typer

from baa_node.cli.context import emit, load
from baa_node.cli.examples import examples

app = typer.Typer(help="Settings of this node.", no_args_is_help=True)


@app.command(epilog=examples("config check", "--config /etc/baa-node.toml config check"))
def check() -> None:
    """Read file and environment; say what is wrong, or that nothing is."""
    config = load()
    emit({"ok": True, "data_dir": str(config.data_dir)}, [f"configuration is valid; data in {config.data_dir}"])


@app.command(epilog=examples("config show"))
def show() -> None:
    """Print every setting in force, as TOML. A password in the database URL is not shown."""
    sections = dataclasses.asdict(load())
    sections.pop("data_dir")
    if "@" in sections["database"]["url"]:
        scheme, _, rest = sections["database"]["url"].partition("://")
        sections["database"]["url"] = f"{scheme}://***@{rest.rpartition('@')[2]}"
    lines = [
        line for name, values in sections.items() for line in [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in values.items()), ""]
    ]
    emit(sections, lines)
