"""``baa-node bundle``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from baa_node.cli.context import emit
from baa_node.cli.examples import examples

app = typer.Typer(help="Model bundles: the weights that read.", no_args_is_help=True)


@app.command("list", epilog=examples("bundle list"))
def list_() -> None:
    """Show the bundles of this installation; the first is the default."""
    from baa_node.manifest import default_bundle, list_bundles

    default = default_bundle()
    found = [{"folder": str(folder), "name": folder.name, "default": folder == default} for folder in list_bundles()]
    emit(found, [f"{one['name']}{'  (default)' if one['default'] else ''}" for one in found])


@app.command(epilog=examples("bundle verify", "bundle verify bundles/rsna-hands-0.5.0"))
def verify(folder: Annotated[Path | None, typer.Argument(help="Folder of a bundle. [default: the shipped one]")] = None) -> None:
    """Compare every file of a bundle with its checksum."""
    from baa_node.manifest import default_bundle, verify_bundle

    chosen = folder or default_bundle()
    verify_bundle(chosen)
    emit({"ok": True, "folder": str(chosen)}, [f"{chosen.name}: every file is as it was packed"])
