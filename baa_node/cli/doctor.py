"""``baa-node doctor``: what works on this machine and what does not."""

from __future__ import annotations

from collections.abc import Callable

import typer

from baa_node.cli.context import emit, load, open_database
from baa_node.config import Config
from baa_node.errors import BaaError


def doctor() -> None:
    """Try every part the node needs, one line each; exit 1 when one fails."""
    config = load()
    checks: list[tuple[str, Callable[[Config], str]]] = [
        ("bundle", _bundle),
        ("inference", _inference),
        ("calibration", _calibration),
        ("database", _database),
        ("spool", _spool),
        ("workers", _workers),
        ("transfer syntaxes", _syntaxes),
        ("peers", _peers),
        ("routes", _routes),
    ]
    results = [_run(name, check, config) for name, check in checks]
    emit(results, [f"{'ok  ' if one['ok'] else 'FAIL'}  {one['check']}: {one['finding']}" for one in results])
    if not all(one["ok"] for one in results):
        raise typer.Exit(1)


def _run(name: str, check: Callable[[Config], str], config: Config) -> dict[str, object]:
    try:
        return {"check": name, "ok": True, "finding": check(config)}
    except BaaError as error:
        return {"check": name, "ok": False, "finding": str(error)}


def _bundle(config: Config) -> str:
    from pathlib import Path

    from baa_node.bundle import default_bundle, verify_bundle

    folder = Path(config.inference.bundle) if config.inference.bundle else default_bundle()
    verify_bundle(folder)
    return f"{folder.name} is as it was packed"


def _inference(config: Config) -> str:
    from baa_node.wiring import load_ensemble

    return f"runs on {load_ensemble(config).provider}"


def _calibration(config: Config) -> str:
    from baa_node.wiring import calibration_of

    calibration = calibration_of(config)
    if calibration is None:
        return "none in force"
    return f"version {calibration.version} for {', '.join(calibration.seals)}, sealed {calibration.seal[:12]}"


def _database(_: Config) -> str:
    from baa_node.db import audit

    with open_database() as database, database.reading() as connection:
        if findings := audit.verify(connection):
            from baa_node.errors import StoreError

            raise StoreError(f"audit trail: {findings[0]}")
    return "opens, audit trail is whole"


def _spool(config: Config) -> str:
    from baa_node.errors import SpoolError
    from baa_node.housekeeping import Housekeeper, Retention
    from baa_node.spool import open_spool

    spool = open_spool(config.spool_path, min_free_bytes=config.spool.reserve_mb << 20)
    spool.remove(spool.write("doctor", "probe", b"probe"))
    with open_database() as database:
        lost = Housekeeper(database, spool, Retention()).missing()
    if lost:
        raise SpoolError(f"{len(lost)} files that the record names are not in {spool.where}, the first is {lost[0]}")
    free = spool.free_bytes()
    return f"{spool.where} takes files" + (f", {free >> 20} MiB free" if free is not None else "")


def _workers(_: Config) -> str:
    from baa_node.db import executors

    with open_database() as database, database.reading() as connection:
        known = executors.list_executors(connection)
    told = (f"{one.host} {one.state}, last sign of life {one.beat_at.astimezone():%Y-%m-%d %H:%M:%S}" for one in known)
    return "; ".join(told) or "none has started yet"


def _syntaxes(_: Config) -> str:
    from baa_node.dicom.contexts import decodable_transfer_syntaxes

    return f"{len(decodable_transfer_syntaxes())} are decoded here"


def _peers(_: Config) -> str:
    from baa_node.db import peers

    with open_database() as database, database.reading() as connection:
        known = peers.list_peers(connection)
    return f"{len(known)} known" if known else "none yet: every caller is refused; `baa-node peers add --help` shows how to add one"


def _routes(config: Config) -> str:
    from baa_node.db import routes
    from baa_node.wiring import bundle_of

    with open_database() as database, database.reading() as connection:
        known = routes.list_routes(connection)
    for bundle in {route.bundle for route in known}:
        bundle_of(config, bundle)
    return f"{len(known)}, and every bundle that they name is as it was packed" if known else "none: every image is read"
