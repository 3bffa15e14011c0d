"""``baa-node assess``: offline reading of files, without database or network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baa_node.cli.context import emit, load
from baa_node.errors import BaaError, ConfigError

if TYPE_CHECKING:
    from pydicom import Dataset

    from baa_node.config import Config
    from baa_node.core.assessment import Assessment, Refusal
    from baa_node.core.ensemble import Ensemble
    from baa_node.core.radiograph import Sex
    from baa_node.core.reading import ReadingPolicy
    from baa_node.core.words import Language


def assess(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files or folders of them.", show_default=False)],
    sex: Annotated[str | None, typer.Option(help="F or M: stands in for Patient's Sex of every file.")] = None,
    sr_dir: Annotated[
        Path | None, typer.Option(help="Also write each result as SR and picture (and PDF, if [report] pdf is on) into this folder.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="en, de, es, fr or pt: of SR, picture and cautions. [default: that of the node]")
    ] = None,
) -> None:
    """Read files and print one line (with --json: one object) each; exit 1 when any file could not be read."""
    from baa_node.core.radiograph import Sex
    from baa_node.core.words import Language
    from baa_node.logs import set_up_log
    from baa_node.wiring.bundles import load_ensemble
    from baa_node.wiring.reading import policy_of

    if sex is not None and sex not in {"F", "M"}:
        raise typer.BadParameter("F or M", param_hint="--sex")
    if language is not None and language not in set(Language):
        raise typer.BadParameter(", ".join(Language), param_hint="--language")
    config = load()
    spoken = Language(language or config.report.language)
    set_up_log(config.log.level, as_json=config.log.json)
    ensemble, policy = load_ensemble(config), policy_of(config)
    if sr_dir is not None:
        sr_dir.mkdir(parents=True, exist_ok=True)
    failed = False
    for path in _files(paths):
        record = _assess_file(path, config, ensemble, policy, sex=Sex(sex) if sex else None, sr_dir=sr_dir, language=spoken)
        failed = failed or record["status"] == "failed"
        emit(record, [_line(record)])
    if failed:
        raise typer.Exit(1)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        else:
            yield path


def _assess_file(
    path: Path, config: Config, ensemble: Ensemble, policy: ReadingPolicy, *, sex: Sex | None, sr_dir: Path | None, language: Language
) -> dict[str, Any]:
    from baa_node.core.reading import read_bone_age
    from baa_node.core.record import to_json
    from baa_node.core.words.sentences import sentences
    from baa_node.process import out_of_time
    from baa_node.replay import open_image

    try:
        ds = open_image(path)
        result = read_bone_age(ds, ensemble, policy, sex=sex, out_of_time=out_of_time(config.gates.time_limit_s))
        if sr_dir is not None:
            _write_results(ds, result, config, sr_dir, language)
    except BaaError as error:
        return {"file": str(path), "status": "failed", "reasons": [error.code], "error": str(error)}
    record = to_json(result)
    identity = ensemble.identity
    return {
        "file": str(path),
        "sop_instance_uid": str(ds.get("SOPInstanceUID", "")),
        "status": record["status"],
        **{key: record.get(key) for key in ("bone_age_months", "interval_months", "members", "sex", "chronological_age_months", "z_score")},
        "reasons": record["reasons"],
        "detail": record.get("detail", ""),
        "cautions": list(sentences(result, language).cautions),
        "calibration": record.get("calibration"),
        "bundle": f"{identity.name} {identity.version}",
        "provider": ensemble.provider,
    }


def _write_results(ds: Dataset, result: Assessment | Refusal, config: Config, folder: Path, language: Language) -> None:
    from baa_node.core.drawing.letter import write_letter
    from baa_node.core.objects.document import build_document
    from baa_node.core.picture import draw_picture
    from baa_node.core.radiograph import from_dataset
    from baa_node.core.reading import as_read
    from baa_node.core.report import build_capture, build_report
    from baa_node.errors import InstanceError
    from baa_node.wiring.installation import load_identity
    from baa_node.wiring.reading import device_of

    try:
        pixels = as_read(from_dataset(ds).pixels, result)
    except InstanceError:
        pixels = None
    device = device_of(config, load_identity(config.data_dir))
    now = datetime.now(UTC).astimezone()
    picture = draw_picture(pixels, result, version=device.version, language=language)
    made = {
        "sr": build_report(ds, result, device, written_at=now, language=language),
        "sc": build_capture(ds, picture, result, device, written_at=now, language=language),
    }
    if config.report.pdf:
        page = write_letter(ds, pixels, result, device, written_at=now, language=language)
        made["pdf"] = build_document(ds, page, result, device, written_at=now, language=language)
    try:
        for kind, one in made.items():
            one.save_as(folder / f"{ds.SOPInstanceUID}.{kind}.dcm", enforce_file_format=True)
    except OSError as error:
        raise ConfigError(f"results cannot be written to {folder}: {error.strerror}") from error


def _line(record: dict[str, Any]) -> str:
    if record["status"] == "assessed":
        low, high = record["interval_months"]
        z = f", z-score {record['z_score']:+.2f}" if record["z_score"] is not None else ""
        return (
            f"{record['file']}: {in_years(record['bone_age_months'])} ({record['bone_age_months']:.1f} months, {low:.0f} to {high:.0f}){z}"
        )
    if record["status"] == "refused":
        return f"{record['file']}: refused, {', '.join(record['reasons'])}: {record['detail']}"
    return f"{record['file']}: failed: {record['error']}"


def in_years(months: float) -> str:
    """``"9 y 2 m"``, as tables have room for."""
    whole = math.floor(months + 0.5)
    return f"{whole // 12} y {whole % 12} m"
