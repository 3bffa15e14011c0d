"""The command line. The only place that prints; heavy imports wait inside the commands so that ``--help`` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from baa_node.cli import accept, assess, audit, backup, bundle, certificates, config, demo, doctor, peers, routes, serve, studies, users
from baa_node.cli.context import options
from baa_node.cli.examples import examples
from baa_node.errors import BaaError
from baa_node.logs import tell_errors_without_values

WIDEST = 110
"""Columns of the help, where the terminal has as many."""

app = typer.Typer(
    name="baa-node",
    no_args_is_help=True,
    rich_markup_mode=None,  # quick, and what stands in square brackets is shown
    context_settings={"max_content_width": WIDEST},
    pretty_exceptions_enable=False,
    help="A DICOM node that reads paediatric bone age and reports it back to the PACS. Research use, not for diagnosis.",
    epilog="Exit status: 0 done, 1 a failure told in one line on standard error, 2 wrong usage. --json may stand anywhere.",
)


@app.callback()
def _options(
    data_dir: Annotated[Path | None, typer.Option(help="Folder of database, spool and settings. [default: ./var]")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="TOML file. [default: baa-node.toml in the data directory]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable output.")] = False,
) -> None:
    options.data_dir, options.config, options.as_json = data_dir, config_file, as_json


app.command("serve", epilog=examples("serve", "--data-dir /var/lib/baa-node serve", "serve --roles intake,console"))(serve.serve)
app.command("assess", epilog=examples("assess hand.dcm", "assess --json --sr-dir out hand.dcm folder/"))(assess.assess)
app.command("accept", epilog=examples("accept hands/ labels.csv --pdf report.pdf --max-mae 9 --max-bias 3"))(accept.accept)
app.command("demo", epilog=examples("demo --samples sample_dicom --out demo_out"))(demo.demo)
app.command("doctor", epilog=examples("doctor", "--json doctor"))(doctor.doctor)
app.command("backup", epilog=examples("backup /srv/backup/2026-11-21 --like /srv/backup/2026-11-20"))(backup.backup)
app.command("restore", epilog=examples("--data-dir /var/lib/baa-node restore /srv/backup/2026-11-21"))(backup.restore)
app.add_typer(peers.app, name="peers")
app.add_typer(certificates.app, name="certificates")
app.add_typer(routes.app, name="routes")
app.add_typer(studies.app, name="studies")
app.add_typer(audit.app, name="audit")
app.add_typer(bundle.app, name="bundle")
app.add_typer(users.app, name="users")
app.add_typer(config.app, name="config")


def main() -> None:
    """Run the command line: exit 0 for success, 1 with one line on standard error for a failure, 2 for wrong usage."""
    tell_errors_without_values()
    try:
        app(args=_common_options_first(sys.argv[1:]))
    except BaaError as error:
        typer.echo(f"baa-node: {error}", err=True)
        sys.exit(1)


_COMMON = {"--data-dir": True, "--config": True, "--json": False}


def _common_options_first(arguments: list[str]) -> list[str]:
    """Let ``--json``, ``--data-dir`` and ``--config`` stand anywhere: every command takes them."""
    first: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name = argument.partition("=")[0]
        if name in _COMMON:
            first.append(argument)
            if _COMMON[name] and "=" not in argument:
                first.extend(value for value in [next(waiting, None)] if value is not None)
        elif argument == "--":
            rest.extend([argument, *waiting])
        else:
            rest.append(argument)
    return first + rest
