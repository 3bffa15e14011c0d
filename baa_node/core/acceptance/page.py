"""Site acceptance as sheets of A4 that somebody signs: verdict, plots, figures by sex and age, what was left out, and how it was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from baa_node.core.acceptance.calibration_fit import Trial
from baa_node.core.acceptance.local_reads import Remark
from baa_node.core.acceptance.verdict import FEW, Acceptance, Judgement, Replay
from baa_node.core.calibration import SiteCalibration
from baa_node.core.drawing.agreement_plots import draw_bland_altman, draw_scatter
from baa_node.core.drawing.sheet import BOTTOM, LEFT, RIGHT, WIDTH, Colour, Sheet, height_of
from baa_node.core.radiograph import Sex
from baa_node.core.words.acceptance import CELLS, HEADS, cells_of, counted, interval, method, percent, shares, signed, told_line
from baa_node.core.words.en import TEXTS

TITLE: Final = "Site acceptance: bone age"

_GREY: Final = 0.42
_FLOOR: Final = BOTTOM + 26
_PLOT_HEIGHT: Final = 210.0
_MOST_LINES: Final = 60
_GOOD: Final[Colour] = (0.10, 0.42, 0.25)
_BAD: Final[Colour] = (0.70, 0.12, 0.10)
_PLAIN: Final[Colour] = (0.35, 0.35, 0.35)


def write_acceptance(
    acceptance: Acceptance, replay: Replay, remarks: Sequence[Remark], trials: dict[Sex, Trial] | None, made: SiteCalibration | None
) -> bytes:
    """Set the report as PDF; equal arguments give equal bytes.

    Parameters
    ----------
    trials, made
        What the attempt to fit a calibration gave, and the calibration; None where none was wanted or none was made.
    """
    total = 0
    while True:  # the foot of each page says how many there are
        report = _Report(acceptance, replay, total)
        report.set(remarks, trials, made)
        if report.pages == total:
            return report.sheet.pdf()
        total = report.pages


class _Report:
    """Sheets under way."""

    def __init__(self, acceptance: Acceptance, replay: Replay, total: int) -> None:
        device = replay.device
        self.acceptance, self.replay, self._total = acceptance, replay, total
        self.sheet = Sheet(title=TITLE, author=device.name, creator=f"{device.model} {device.version}", language="en")
        self.pages = 1

    def set(self, remarks: Sequence[Remark], trials: dict[Sex, Trial] | None, made: SiteCalibration | None) -> None:
        """Set everything from the head to the signatures."""
        self._head()
        self._verdict()
        self._headline()
        self._plots()
        self._by_group()
        self._readers()
        if trials is not None:
            self._calibration(trials, made)
        self._listed(
            "Refused by the node", [f"row {one.row}, {one.file}: {', '.join(one.codes)}. {one.text}" for one in self.acceptance.refused]
        )
        self._listed("Rows and files that were left out", [str(one) for one in remarks if one.lost])
        self._listed("To be looked at", [str(one) for one in remarks if not one.lost])
        self._method()
        self._signatures()
        self._foot()

    def _head(self) -> None:
        sheet, replay = self.sheet, self.replay
        sheet.y -= 8
        sheet.text(TITLE, 17, bold=True)
        sheet.text(f"{replay.device.name} · {replay.written_at:%Y-%m-%d %H:%M %Z}".rstrip(), 8, x=RIGHT, grey=_GREY, right=True)
        n, refused = self.acceptance.overall.score.n, len(self.acceptance.refused)
        sheet.paragraph(f"{counted(n, 'image')} read by the people of this site and by the node, {refused} more refused by the node.", 9)
        bundle, calibration = replay.bundle, replay.calibration
        corrected = f"calibration {calibration.version} in force" if calibration else "no calibration in force"
        sheet.paragraph(f"Networks {bundle.name} {bundle.version}, {replay.device.model} {replay.device.version}, {corrected}.", 9)
        sheet.rule()

    def _verdict(self) -> None:
        sheet, accepted = self.sheet, self.acceptance.accepted
        words, colour = {
            True: ("Criteria met", _GOOD),
            False: ("Criteria not met", _BAD),
            None: ("No criteria were set", _PLAIN),
        }[accepted]
        sheet.y -= 24
        middle = sheet.y + 5.5
        sheet.disc((LEFT + 7, middle), 7, colour)
        _sign(sheet, (LEFT + 7, middle), accepted)
        sheet.text(words, 16, x=LEFT + 22, bold=True)
        sheet.y -= 4
        if accepted is None:
            sheet.paragraph("The figures stand for themselves; limits are set by options of the command (baa-node accept --help).", 9)
        for one in self.acceptance.judgements:
            self._judgement(one)
        sheet.rule()

    def _judgement(self, one: Judgement) -> None:
        sheet = self.sheet
        sheet.y -= 13
        sheet.text("met" if one.met else "NOT MET", 9, bold=True)
        sheet.text(one.asked, 9, x=LEFT + 52)
        unsure = "" if one.sure else "; the interval holds the limit"
        sheet.text(f"{one.found}{unsure}", 9, x=RIGHT, right=True)

    def _headline(self) -> None:
        score, coverage = self.acceptance.overall.score, self.acceptance.overall.coverage
        cells = [
            ("Mean absolute error", f"{score.mae.value:.1f} mo", interval(score.mae, "{:.1f}")),
            ("Bias (node − reader)", f"{signed(score.bias.value)} mo", interval(score.bias, "{:+.1f}")),
            ("Limits of agreement", f"{signed(score.lower_limit.value)} to {signed(score.upper_limit.value)} mo", "bias ± 1.96 SD"),
            (f"In the {self.replay.coverage:.0%} interval".replace("%", " %"), percent(coverage.value), shares(coverage)),
        ]
        top = self.sheet.y - 16
        for (label, value, between), share in zip(cells, (0.0, 0.25, 0.49, 0.8), strict=True):
            x = LEFT + share * WIDTH
            for drop, text, size, bold in ((0, label, 7.5, False), (17, value, 14, True), (28, between, 7.5, False)):
                self.sheet.y = top - drop
                self.sheet.text(text, size, x=x, bold=bold, grey=0.0 if bold else _GREY)
        self.sheet.rule()

    def _plots(self) -> None:
        sheet, cases = self.sheet, self.acceptance.cases
        top = sheet.y - 4
        middle = LEFT + WIDTH / 2
        draw_scatter(sheet, cases, (LEFT, top - _PLOT_HEIGHT, middle - 14, top))
        draw_bland_altman(sheet, cases, self.acceptance.overall.score, (middle, top - _PLOT_HEIGHT, RIGHT, top))
        sheet.y = top - _PLOT_HEIGHT
        sheet.paragraph("Dashed: 95 % limits of agreement; grey: 95 % intervals of bias and limits. A point is an image.", 7.5, grey=_GREY)

    def _by_group(self) -> None:
        groups = self.acceptance.groups
        self._room(60 + 22 * min(len(groups), 8))
        self._title("By sex and age", "ages are bone ages by the reader; below each figure its 95 % interval")
        head = (*HEADS, "in interval")
        columns = _columns(110, 28, len(head))
        self._table_head("", head, columns)
        for group in groups:
            self._room(24, again=lambda: self._table_head("", head, columns))
            self._row(group.name, group.score.n, cells_of(group), columns)
        if any(group.score.n < FEW for group in groups):
            self.sheet.paragraph(f"* fewer than {FEW} images: the figures say little.", 7.5, grey=_GREY)

    def _readers(self) -> None:
        found = self.acceptance.readers
        if found is None:
            return
        rows = [("second reader − reader", found.second_and_first), ("node − reader", found.node_and_first)]
        rows.append(("node − second reader", found.node_and_second))
        self._room(110)
        self._title("Readers among themselves", "the same images, read by both; the node can hardly agree better with people than they do")
        columns = _columns(110, 28, len(HEADS) + 1)[: len(HEADS)]
        self._table_head("", HEADS, columns)
        for name, score in rows:
            self._row(name, score.n, [cell(score) for cell in CELLS], columns)

    def _calibration(self, trials: dict[Sex, Trial], made: SiteCalibration | None) -> None:
        self._room(90 + 40 * len(trials))
        self._title(
            "Calibration", "bone age = slope × estimate + intercept, by Theil and Sen; the benefit is that on images left out of the fit"
        )
        for sex, trial in trials.items():
            self._trial("Girls" if sex is Sex.FEMALE else "Boys", trial)
        if made is None:
            self.sheet.paragraph("No calibration was made.", 9, bold=True)
        else:
            text = f"Calibration {made.version} was made and sealed (SHA-256 {made.seal}). It is in force once [calibration] file names it."
            self.sheet.paragraph(text, 8.5)

    def _trial(self, name: str, trial: Trial) -> None:
        line = trial.line
        fate = f"refused: {trial.refused}" if trial.refused else "fitted"
        self.sheet.y -= 3
        self.sheet.paragraph(f"{name}, {counted(trial.n, 'image')}: {fate}", 9, bold=True)
        if line is None:
            return
        self.sheet.paragraph(told_line(line), 8.5)

    def _listed(self, title: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        self._room(60)
        self._title(f"{title}: {len(lines)}")
        for line in lines[:_MOST_LINES]:
            self._room(height_of(line, 8, WIDTH - 10) + 4)
            self.sheet.bullet(line, 8)
        if len(lines) > _MOST_LINES:
            self.sheet.paragraph(f"{len(lines) - _MOST_LINES} more are in the output of --json.", 8, x=LEFT + 10)

    def _method(self) -> None:
        lines = method(self.replay, self.acceptance)
        self._room(30 + sum(height_of(line, 8) + 2 for line in lines))
        self._title("Method")
        for line in lines:
            self.sheet.y -= 2
            self.sheet.paragraph(line, 8)

    def _signatures(self) -> None:
        self._room(70)
        self.sheet.y -= 48
        for number, words in enumerate(("Responsible for the readings of this site", "Responsible for the node")):
            x = LEFT + number * (WIDTH / 2 + 10)
            self.sheet.line((x, self.sheet.y + 11), (x + WIDTH / 2 - 10, self.sheet.y + 11), (0, 0, 0), width=0.5)
            self.sheet.text(f"{words}: name, date, signature", 7.5, x=x, grey=_GREY)

    def _room(self, height: float, again: Callable[[], None] | None = None) -> None:
        """Go to the next page where so many points do not fit."""
        if self.sheet.y - height >= _FLOOR:
            return
        self._foot()
        self.sheet.next_page()
        self.pages += 1
        if again is not None:
            again()

    def _foot(self) -> None:
        self.sheet.y = BOTTOM + 18
        self.sheet.rule()
        self.sheet.paragraph(TEXTS.disclaimer.partition(". ")[0] + ".", 7.5)
        digest = f"{self.replay.bundle.name} {self.replay.bundle.version}, SHA-256 {self.replay.bundle.sha256[:16]}…"
        self.sheet.text(f"{digest} · page {self.pages} of {self._total}", 7.5, x=RIGHT, grey=_GREY, right=True)

    def _title(self, title: str, told: str = "") -> None:
        self.sheet.y -= 20
        self.sheet.text(title, 11, bold=True)
        if told:
            self.sheet.paragraph(told, 8, grey=_GREY)
        self.sheet.y -= 2

    def _table_head(self, first: str, names: Sequence[str], columns: Sequence[float]) -> None:
        self.sheet.y -= 12
        self.sheet.text(first, 7.5, grey=_GREY)
        for name, right in zip(names, columns, strict=True):
            self.sheet.text(name, 7.5, x=right, grey=_GREY, right=True)
        self.sheet.y += 4
        self.sheet.rule()

    def _row(self, name: str, n: int, cells: Sequence[tuple[str, str]], columns: Sequence[float]) -> None:
        sheet, bold = self.sheet, name == "all"
        sheet.y -= 11
        sheet.text(name, 8.5, bold=bold)
        sheet.text(f"{n}*" if n < FEW else str(n), 8.5, x=columns[0], right=True, bold=bold)
        for (value, _), right in zip(cells, columns[1:], strict=True):
            sheet.text(value, 8.5, x=right, right=True, bold=bold)
        sheet.y -= 8.5
        for (_, between), right in zip(cells, columns[1:], strict=True):
            sheet.text(between, 6, x=right, grey=_GREY, right=True)


def _columns(first: float, second: float, count: int) -> list[float]:
    """Right ends of columns behind the first."""
    rest = (WIDTH - first - second) / (count - 1)
    return [LEFT + first + second + rest * index for index in range(count)]


def _sign(sheet: Sheet, at: tuple[float, float], accepted: bool | None) -> None:
    """Tick, cross or dash in white: the colour says nothing alone."""
    x, y = at
    strokes = {
        True: [((x - 3.5, y - 0.2), (x - 1, y - 3)), ((x - 1, y - 3), (x + 3.8, y + 3))],
        False: [((x - 3, y - 3), (x + 3, y + 3)), ((x - 3, y + 3), (x + 3, y - 3))],
        None: [((x - 3.5, y), (x + 3.5, y))],
    }[accepted]
    for start, end in strokes:
        sheet.line(start, end, (1.0, 1.0, 1.0), width=1.6)
