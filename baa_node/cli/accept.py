"""``baa-node accept``: the node against a site's own readings, as a report that can be signed, and a calibration where that helps."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baa_node import __version__
from baa_node.cli.accept_output import Outcome, lines_of, to_json
from baa_node.cli.context import emit, load
from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from baa_node.core.acceptance.calibration_fit import Trial
    from baa_node.core.acceptance.local_reads import LocalRead, Remark
    from baa_node.core.acceptance.verdict import Acceptance, Criteria, Replay
    from baa_node.core.calibration import SiteCalibration
    from baa_node.core.radiograph import Sex
    from baa_node.core.words import Language


def accept(
    folder: Annotated[Path, typer.Argument(help="Folder of DICOM files, with those in its folders.", show_default=False)],
    table: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.CSV",
            help="Local readings. Columns by name: file, SOPInstanceUID or AccessionNumber; bone_age_months or bone_age_years; "
            "optional: sex, second_reader_months or second_reader_years.",
            show_default=False,
        ),
    ],
    unit: Annotated[str | None, typer.Option(help="months or years: of a column bone_age or second_reader without a unit.")] = None,
    pdf: Annotated[Path, typer.Option(help="Where the report is written.")] = Path("acceptance.pdf"),
    max_mae: Annotated[float | None, typer.Option(min=0, help="Greatest mean absolute error, months.")] = None,
    max_bias: Annotated[float | None, typer.Option(min=0, help="Greatest bias, either way, months.")] = None,
    max_limits: Annotated[float | None, typer.Option(min=0, help="Farthest limit of agreement from 0, either way, months.")] = None,
    min_within_12: Annotated[float | None, typer.Option(min=0, max=1, help="Least share of images within 12 months, 0 to 1.")] = None,
    min_within_24: Annotated[float | None, typer.Option(min=0, max=1, help="Least share of images within 24 months, 0 to 1.")] = None,
    min_coverage: Annotated[float | None, typer.Option(min=0, max=1, help="Least share inside the node's interval, 0 to 1.")] = None,
    max_refused: Annotated[float | None, typer.Option(min=0, max=1, help="Greatest share of images refused, 0 to 1.")] = None,
    min_images: Annotated[int | None, typer.Option(min=1, help="Least number of images compared.")] = None,
    certain: Annotated[bool, typer.Option("--certain", help="The whole 95 % interval must meet a limit, not only the figure.")] = False,
    calibrate: Annotated[
        Path | None, typer.Option(help="Fit a calibration of the site and write it here, if it helps. Never overwrites.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="en, de, es, fr or pt: of the report. [default: that of the node]")] = None,
) -> None:
    """Replay a site's images and compare with its own readings: figures here, a report as PDF, and a verdict by the limits given.

    Nothing is stored and nothing is sent. Exit 1 when a limit is not met, or when a row or an image that it names could not be used; the
    rest is computed all the same.
    """
    from baa_node.core.acceptance.verdict import Criteria
    from baa_node.core.words import Language

    if unit not in {None, "months", "years"}:
        raise typer.BadParameter("months or years", param_hint="--unit")
    if language is not None and language not in set(Language):
        raise typer.BadParameter(", ".join(Language), param_hint="--language")
    criteria = Criteria(
        max_mae=max_mae,
        max_bias=max_bias,
        max_limits=max_limits,
        min_within_12=min_within_12,
        min_within_24=min_within_24,
        min_coverage=min_coverage,
        max_refused=max_refused,
        min_images=min_images,
        certain=certain,
    )
    _check_places(folder, pdf, calibrate)
    outcome = _run(folder, table, unit, criteria, pdf=pdf, calibrate=calibrate)
    _write(pdf, _page(outcome, Language(language or load().report.language)))
    emit(to_json(outcome, pdf, calibrate), lines_of(outcome, pdf, calibrate))
    _end(outcome, calibrate)


def _check_places(folder: Path, pdf: Path, calibrate: Path | None) -> None:
    """Find before the first image what would otherwise be found after the last."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder")
    for target in filter(None, (pdf, calibrate)):
        if not target.parent.is_dir():
            raise ConfigError(f"{target} cannot be written: there is no folder {target.parent}")
    if calibrate is not None and calibrate.exists():
        raise ConfigError(f"{calibrate} is there already; a calibration is never overwritten, give another name")


def _run(folder: Path, table: Path, unit: str | None, criteria: Criteria, *, pdf: Path, calibrate: Path | None) -> Outcome:
    from baa_node.core.acceptance.verdict import Replay, evaluate, find_oddities
    from baa_node.logs import set_up_log
    from baa_node.replay import list_images, match, replay
    from baa_node.wiring.bundles import load_ensemble
    from baa_node.wiring.installation import load_identity
    from baa_node.wiring.reading import device_of, policy_of

    content = _content(table)
    reads, remarks = _reads(table, content, unit)
    files, odd_files = list_images(folder, but=filter(None, (table, pdf, calibrate)))
    matches, unmatched = match(reads, files)
    config = load()
    set_up_log(config.log.level, as_json=config.log.json)
    ensemble, policy = load_ensemble(config), policy_of(config)
    with _progress(len(matches)) as done:
        replayed = replay(matches, ensemble, policy, done=done)
    told = [*remarks, *unmatched, *replayed.remarks, *odd_files]
    if not replayed.cases:
        raise ConfigError(_nothing(len(replayed.refused), told))
    about = Replay(
        device=device_of(config, load_identity(config.data_dir)),
        bundle=ensemble.identity,
        provider=ensemble.provider,
        coverage=ensemble.calibration.coverage,
        table=table.name,
        table_sha256=hashlib.sha256(content).hexdigest(),
        folder=folder.resolve().name,
        rows=len(reads) + len({one.row for one in remarks if one.row is not None}),
        files=len(files),
        calibration=policy.calibration,
        written_at=datetime.now(UTC).astimezone(),
    )
    acceptance = evaluate(replayed.cases, replayed.refused, criteria)
    trials, made = _calibrated(acceptance, about, calibrate)
    told += find_oddities(replayed.cases)
    return Outcome(acceptance=acceptance, replay=about, remarks=sorted(told, key=_by_row), trials=trials, calibration=made)


def _by_row(remark: Remark) -> tuple[bool, float, str]:
    return not remark.lost, remark.row or float("inf"), remark.file


def _nothing(refused: int, remarks: Sequence[Remark]) -> str:
    first = next((str(one) for one in remarks if one.lost), "")
    return f"no image could be compared: {refused} refused by the node, {len(remarks)} remarks{f'; the first: {first}' if first else ''}"


def _content(table: Path) -> bytes:
    try:
        return table.read_bytes()
    except OSError as error:
        raise ConfigError(f"{table} cannot be read: {error.strerror}") from error


def _reads(table: Path, content: bytes, unit: str | None) -> tuple[list[LocalRead], list[Remark]]:
    from baa_node.core.acceptance.local_reads import TableError, Unit, parse_reads

    try:
        return parse_reads(content.decode("utf-8-sig"), Unit(unit) if unit else None)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{table} is not UTF-8 text; save it as 'CSV UTF-8'") from error
    except TableError as error:
        raise ConfigError(f"{table}: {error}") from error


@contextmanager
def _progress(count: int) -> Iterator[Callable[[], object]]:
    """Show on standard error how far it is, to a person only."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with typer.progressbar(length=count, label="reading", file=sys.stderr, show_pos=True) as bar:
        yield lambda: bar.update(1)


def _calibrated(acceptance: Acceptance, about: Replay, target: Path | None) -> tuple[dict[Sex, Trial] | None, SiteCalibration | None]:
    """Try to fit each sex, and write what helps; where nothing does, nothing is written."""
    from baa_node.core.acceptance.calibration_fit import fit_by_sex, make_calibration
    from baa_node.core.calibration import write_calibration

    if target is None:
        return None, None
    trials = fit_by_sex((case.sex, case.label, case.raw) for case in acceptance.cases)
    created = about.written_at.isoformat(timespec="seconds")
    made = make_calibration(trials, about.bundle, software=__version__, created=created, before=about.calibration)
    if made is not None:
        _lock(target, write_calibration(made))
    return trials, made


def _lock(target: Path, text: str) -> None:
    """Write a file that was not there, and take the right to write it away."""
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
        target.chmod(0o444)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}") from error


def _page(outcome: Outcome, language: Language) -> bytes:
    from baa_node.core.acceptance.page import write_acceptance

    return write_acceptance(outcome.acceptance, outcome.replay, outcome.remarks, outcome.trials, outcome.calibration, language=language)


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}") from error


def _end(outcome: Outcome, calibrate: Path | None) -> None:
    """Exit 1 with one line where something is not as it was wanted."""
    from baa_node.core.words import Language
    from baa_node.core.words.acceptance import asked_in_words

    failed = [asked_in_words(one, Language.ENGLISH) for one in outcome.acceptance.judgements if not one.met]
    lost = sum(one.lost for one in outcome.remarks)
    faults = [f"not met: {'; '.join(failed)}"] if failed else []
    faults += [f"{lost} rows or images could not be used"] if lost else []
    if calibrate is not None and outcome.calibration is None:
        reasons = "; ".join(f"{sex}: {trial.refused}" for sex, trial in (outcome.trials or {}).items())
        faults.append(f"no calibration was made: {reasons or 'no image of known sex'}")
    if faults:
        typer.echo(f"baa-node: {'; '.join(faults)}", err=True)
        raise typer.Exit(1)
