"""``baa-node backup`` and ``baa-node restore``."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from baa_node.cli.context import emit, load, options
from baa_node.cli.operator import operator
from baa_node.errors import SpoolError


def backup(
    target: Annotated[Path, typer.Argument(help="Folder that is empty or not there yet. It will hold patient data.")],
    like: Annotated[Path | None, typer.Option(help="Earlier backup on the same disk: files that it has are linked, not copied.")] = None,
) -> None:
    """Copy database, work under way, images, results and identity while the node runs."""
    from baa_node.backup import back_up

    made = back_up(load(), target, like=like, actor=operator(), now=datetime.now(UTC))
    told = f"{target} holds {made.files} files, {', '.join(sorted(made.databases))} and {made.audit_events} audit events"
    emit({**dataclasses.asdict(made), "target": str(target)}, [told])
    if made.missing:
        raise SpoolError(
            f"the backup is as whole as the node: {len(made.missing)} files that the record names were not in the spool, "
            f"the first is {made.missing[0]}"
        )


def restore(source: Annotated[Path, typer.Argument(help="Folder that `baa-node backup` made.")]) -> None:
    """Put a backup into an empty data directory or an empty database, while the node is stopped."""
    from baa_node.backup import put_small_files_back, read_backup
    from baa_node.backup import restore as put_back
    from baa_node.process import sole_use

    read_backup(source)
    put_small_files_back(source, options.data_dir or load().data_dir)
    config = load()
    with sole_use(config.data_dir):
        made = put_back(config, source, actor=operator(), now=datetime.now(UTC))
    told = f"restored to {made.taken_at}: {made.files} files, {made.audit_events} audit events, every one as it was"
    emit({**dataclasses.asdict(made), "source": str(source)}, [told, "images that came later are unknown: let the PACS send them again"])
