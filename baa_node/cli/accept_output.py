"""What ``baa-node accept`` prints: lines for people, or one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baa_node.cli.tables import columns

if TYPE_CHECKING:
    from baa_node.core.acceptance.calibration_fit import Trial
    from baa_node.core.acceptance.local_reads import Remark
    from baa_node.core.acceptance.verdict import Acceptance, Group, Judgement, Replay
    from baa_node.core.calibration import SiteCalibration
    from baa_node.core.radiograph import Sex

_MOST_REMARKS = 20


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything that is printed and set on paper."""

    acceptance: Acceptance
    replay: Replay
    remarks: Sequence[Remark]
    trials: dict[Sex, Trial] | None
    calibration: SiteCalibration | None


def lines_of(outcome: Outcome, pdf: Path, calibrate: Path | None) -> Iterator[str]:
    """Write the table of figures, what was left out, and the verdict last."""
    acceptance = outcome.acceptance
    yield from columns(*_table(acceptance.groups))
    yield ""
    if readers := acceptance.readers:
        yield (
            f"second reader minus reader on {readers.second_and_first.n} images: MAE {readers.second_and_first.mae.value:.1f}, "
            f"bias {readers.second_and_first.bias.value:+.1f}; the node on the same: {readers.node_and_first.mae.value:.1f} and "
            f"{readers.node_and_second.mae.value:.1f} from them"
        )
    yield from (f"refused: row {one.row}, {one.file}: {', '.join(one.codes)}: {one.text}" for one in acceptance.refused[:_MOST_REMARKS])
    yield from (f"{'NOT USED' if one.lost else 'note'}: {one}" for one in outcome.remarks[:_MOST_REMARKS])
    if more := max(0, len(outcome.remarks) - _MOST_REMARKS) + max(0, len(acceptance.refused) - _MOST_REMARKS):
        yield f"{more} more refused or remarked upon; the report and --json have them"
    yield from _about_calibration(outcome, calibrate)
    yield from (f"{'met' if one.met else 'NOT MET'}: {_asked(one)}: {_found(one)}" for one in acceptance.judgements)
    verdict = {True: "criteria met", False: "criteria NOT met", None: "no criteria were set"}[acceptance.accepted]
    yield f"{acceptance.overall.score.n} images compared, {len(acceptance.refused)} refused; {verdict}; report: {pdf}"


def _table(groups: Sequence[Group]) -> tuple[list[str], list[list[str]]]:
    from baa_node.core.words import Language
    from baa_node.core.words.acceptance import cells_of, heads_of

    rows = [
        [_named(one), str(one.score.n), *(f"{value} ({between})" for value, between in cells_of(one, Language.ENGLISH))] for one in groups
    ]
    return ["months (95 %)", *heads_of(Language.ENGLISH)], rows


def _named(group: Group) -> str:
    from baa_node.core.words import Language
    from baa_node.core.words.acceptance import part_in_words

    return part_in_words(group.part, Language.ENGLISH)


def _asked(judgement: Judgement) -> str:
    from baa_node.core.words import Language
    from baa_node.core.words.acceptance import asked_in_words

    return asked_in_words(judgement, Language.ENGLISH)


def _found(judgement: Judgement) -> str:
    from baa_node.core.words import Language
    from baa_node.core.words.acceptance import found_in_words

    return found_in_words(judgement, Language.ENGLISH)


def _about_calibration(outcome: Outcome, target: Path | None) -> Iterator[str]:
    from baa_node.core.words import Language
    from baa_node.core.words.acceptance import told_line

    for sex, trial in (outcome.trials or {}).items():
        if trial.line is not None:
            yield f"calibration {sex}: {told_line(trial.line, Language.ENGLISH)}"
        if trial.refused:
            yield f"calibration {sex} refused: {trial.refused}"
    if outcome.calibration is not None:
        made = outcome.calibration
        yield f"calibration {made.version} written to {target}, sealed {made.seal[:12]}; in force once [calibration] file names it"


def to_json(outcome: Outcome, pdf: Path, calibrate: Path | None) -> dict[str, Any]:
    """Everything, each case, refusal and remark included, in JSON types."""
    acceptance, about = outcome.acceptance, outcome.replay
    readers = acceptance.readers
    return {
        "images": acceptance.overall.score.n,
        "accepted": acceptance.accepted,
        "criteria": [{"asked": _asked(one), "found": _found(one), "met": one.met, "sure": one.sure} for one in acceptance.judgements],
        "groups": {_named(one): {**one.score.to_json(), "coverage": one.coverage.to_json()} for one in acceptance.groups},
        "readers": {name: score.to_json() for name, score in vars(readers).items()} if readers else None,
        "refused": [vars(one) for one in acceptance.refused],
        "remarks": [vars(one) for one in outcome.remarks],
        "cases": [vars(one) for one in acceptance.cases],
        "coverage": about.coverage,
        "rows": about.rows,
        "files": about.files,
        "table_sha256": about.table_sha256,
        "bundle": vars(about.bundle),
        "provider": about.provider,
        "software": about.device.version,
        "written_at": about.written_at.isoformat(timespec="seconds"),
        "calibration_in_force": about.calibration.seal if about.calibration else None,
        "calibration": _calibration_to_json(outcome, calibrate),
        "pdf": str(pdf),
    }


def _calibration_to_json(outcome: Outcome, target: Path | None) -> dict[str, Any] | None:
    from baa_node.core.calibration import line_to_json

    if outcome.trials is None:
        return None
    made = outcome.calibration
    trials = {
        sex.value: {"n": trial.n, "refused": trial.refused, "line": line_to_json(trial.line) if trial.line else None}
        for sex, trial in outcome.trials.items()
    }
    return {
        "file": str(target) if made else None,
        "sha256": made.seal if made else None,
        "version": made.version if made else None,
        "sexes": trials,
    }
