"""``baa-node demo``: the whole walk on this machine, with a PACS of its own."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.assess import in_years
from baa_node.cli.context import emit
from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from baa_node.dicom.practice import PracticePacs

PACS_AE = "DEMO_PACS"
TOLERANCE_MONTHS = 0.5
"""How far a value may be from the one noted for the shipped bundle: another processor rounds otherwise."""


def demo(
    samples: Annotated[Path, typer.Option(help="Folder with DICOM files and expected.json.")] = Path("sample_dicom"),
    out: Annotated[Path, typer.Option(help="Where the results that came back are written.")] = Path("demo_out"),
    timeout_s: Annotated[float, typer.Option(help="Longest wait for all results.")] = 180.0,
) -> None:
    """Start a node on its defaults, play a PACS, send the samples, show and check what comes back."""
    from baa_node.logs import set_up_log

    set_up_log("error", as_json=False)
    expected = _load_expected(samples)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="baa_node_demo_") as folder:
        rows = _walk(Path(folder), samples, out, expected, timeout_s)
    emit(rows, _table(rows, out))
    if not all(row["as_expected"] for row in rows):
        raise typer.Exit(1)


def _load_expected(samples: Path) -> list[dict[str, Any]]:
    try:
        files = json.loads((samples / "expected.json").read_text(encoding="utf-8"))
        return [{"file": name, **values} for name, values in files.items()]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{samples / 'expected.json'} cannot be used: {error}") from error


def _walk(folder: Path, samples: Path, out: Path, expected: list[dict[str, Any]], timeout_s: float) -> list[dict[str, Any]]:
    from dataclasses import replace

    from baa_node.config import load_config
    from baa_node.daemon import Daemon
    from baa_node.db import Database, peers
    from baa_node.dicom.practice import PracticePacs

    config = load_config(folder, None, {})
    config = replace(config, node=replace(config.node, host="127.0.0.1", port=0), console=replace(config.console, port=0))
    pacs = PracticePacs.start(PACS_AE)
    database = Database.open(config.database_url)
    peer = peers.Peer(name="demo", ae_title=PACS_AE, host="127.0.0.1", port=pacs.port, source=True, destination=True, tls=False)
    with database.transaction() as connection:
        peers.add_peer(connection, peer, actor="demo", now=datetime.now(UTC))
    daemon = Daemon(config)
    daemon.start()
    try:
        pacs.store_to("127.0.0.1", daemon.dicom_port or 0, config.node.ae_title, [samples / one["file"] for one in expected])
        _wait(pacs, len(expected) * 2, timeout_s)
    finally:
        daemon.stop()
        database.close()
        pacs.stop()
    return [_row(one, pacs, out) for one in expected]


def _wait(pacs: PracticePacs, count: int, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while len(pacs.received) < count and time.monotonic() < end:
        time.sleep(0.1)


def _row(expected: dict[str, Any], pacs: PracticePacs, out: Path) -> dict[str, Any]:
    from baa_node.core.objects.findings import read_report

    results = pacs.results_for(expected["sop_instance_uid"])
    stem = Path(expected["file"]).stem
    if "sr" not in results or "capture" not in results:
        return {"file": expected["file"], "status": "missing", "as_expected": False}
    results["sr"].save_as(out / f"{stem}.sr.dcm", enforce_file_format=True)
    _write_png(results["capture"].pixel_array, out / f"{stem}.png")
    found = read_report(results["sr"])
    copied = {"sex": results["sr"].get("PatientSex") or None, "chronological_age_months": expected["chronological_age_months"]}
    known = {key: value for key, value in found.items() if value is not None or key not in copied}
    return {"file": expected["file"], **copied, **known, "as_expected": _as_expected(expected, found)}


def _as_expected(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    if found["status"] != expected["kind"] or not set(expected["reasons"]) <= set(found["reasons"]):
        return False
    if found["status"] == "refused":
        return True
    return bool(abs(found["bone_age_months"] - expected["bone_age_months"]) <= TOLERANCE_MONTHS)


def _write_png(pixels: Any, path: Path) -> None:
    from PIL import Image

    Image.fromarray(pixels).save(path)


def _table(rows: Iterable[dict[str, Any]], out: Path) -> list[str]:
    head = ("sample", "sex", "age", "bone age", "90 % interval", "z-score", "result")
    body = [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in [head, *body]]
    good = sum(row["as_expected"] for row in rows)
    return [
        lines[0],
        "  ".join("-" * width for width in widths),
        *lines[1:],
        "",
        f"{good} of {len(body)} samples came back as expected; reports and pictures are in {out}/",
        "Synthetic hands. Research use, not for diagnosis.",
    ]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["status"] == "missing":
        return (row["file"], "", "", "", "", "", "NOTHING CAME BACK")
    mark = "" if row["as_expected"] else "  UNEXPECTED"
    age = in_years(row["chronological_age_months"]) if row["chronological_age_months"] is not None else ""
    if row["status"] == "refused":
        return (row["file"], row["sex"] or "", age, "", "", "", f"not read: {'; '.join(row['meanings'])}{mark}")
    low, high = (in_years(value) for value in row["interval_months"])
    z = f"{row['z_score']:+.1f}" if row["z_score"] is not None else ""
    return (row["file"], row["sex"] or "", age, in_years(row["bone_age_months"]), f"{low} to {high}", z, f"{row['determination']}{mark}")
