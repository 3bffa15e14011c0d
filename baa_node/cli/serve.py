"""``baa-node serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from baa_node.cli.context import emit, load

if TYPE_CHECKING:
    from baa_node.daemon import Daemon


def serve(
    roles: Annotated[
        str,
        typer.Option(help="Comma-separated: what this process does. Any of intake, worker, console, probes (health and metrics alone)."),
    ] = "intake,worker,console",
) -> None:
    """Run the node in the foreground until SIGTERM or Ctrl-C."""
    from baa_node.process import collector_at_rest

    with collector_at_rest() as all_stands:
        from baa_node.logs import set_up_log

        config, wanted = load(), [role.strip() for role in roles.split(",") if role.strip()]
        set_up_log(config.log.level, as_json=config.log.json)
        from baa_node import daemon

        def ready(running: Daemon) -> None:
            all_stands()
            _announce(running)

        daemon.serve(config, wanted, ready=ready)


def _announce(running: Daemon) -> None:
    node, console = running.config.node, running.config.console
    parts, value = [], {"listening": True, "data_dir": str(running.config.data_dir)}
    if running.dicom_port is not None:
        parts.append(f"AE title {node.ae_title} on {node.host}:{running.dicom_port}")
        value |= {"ae_title": node.ae_title, "host": node.host, "port": running.dicom_port}
    if running.console_port is not None:
        parts.append(f"console http://{console.host}:{running.console_port}")
        value |= {"console": f"http://{console.host}:{running.console_port}"}
    parts.append(f"data in {running.config.data_dir}")
    emit(value, [f"listening {', '.join(parts)}"])
