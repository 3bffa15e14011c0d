"""Site acceptance as sheets of A4 that somebody signs: verdict, plots, figures by sex and age, what was left out, and how it was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from baa_node.core.acceptance.calibration_fit import Trial
from baa_node.core.acceptance.local_reads import Remark
from baa_node.core.acceptance.verdict import FEW, Acceptance, Judgement, Refused, Replay
from baa_node.core.calibration import SiteCalibration
from baa_node.core.drawing.agreement_plots import draw_bland_altman, draw_scatter
from baa_node.core.drawing.sheet import BOTTOM, LEFT, RIGHT, WIDTH, Colour, Sheet, height_of, lines_of
from baa_node.core.radiograph import Sex
from baa_node.core.words import Language
from baa_node.core.words.acceptance import (
    Numbers,
    asked_in_words,
    cells_of,
    cells_of_score,
    counted,
    found_in_words,
    heads_of,
    method,
    part_in_words,
    refused_in_words,
    sex_in_words,
    told_line,
)
from baa_node.core.words.acceptance_method import METHOD_WORDS
from baa_node.core.words.acceptance_page import PAGE_WORDS
from baa_node.core.words.sentences import texts_of

_GREY: Final = 0.42
_FLOOR: Final = BOTTOM + 26
_PLOT_HEIGHT: Final = 210.0
_MOST_LINES: Final = 60
_ASKED: Final = 56.0
"""Points from the left to what was asked, behind whether it is met."""

_GOOD: Final[Colour] = (0.10, 0.42, 0.25)
_BAD: Final[Colour] = (0.70, 0.12, 0.10)
_PLAIN: Final[Colour] = (0.35, 0.35, 0.35)


def write_acceptance(
    acceptance: Acceptance,
    replay: Replay,
    remarks: Sequence[Remark],
    trials: dict[Sex, Trial] | None,
    made: SiteCalibration | None,
    *,
    language: Language = Language.ENGLISH,
) -> bytes:
    """Set the report as PDF; equal arguments give equal bytes.

    Parameters
    ----------
    remarks
        About rows and files, and in English, as are the reasons for which a calibration is refused.
    trials, made
        What the attempt to fit a calibration gave, and the calibration; None where none was wanted or none was made.
    """
    total = 0
    while True:  # the foot of each page says how many there are
        report = _Report(acceptance, replay, total, language)
        report.set(remarks, trials, made)
        if report.pages == total:
            return report.sheet.pdf()
        total = report.pages


class _Report:
    """Sheets under way."""

    def __init__(self, acceptance: Acceptance, replay: Replay, total: int, language: Language) -> None:
        device = replay.device
        self.acceptance, self.replay, self._total, self._language = acceptance, replay, total, language
        self._words, self._numbers, self._nouns = PAGE_WORDS[language], Numbers(language), METHOD_WORDS[language]
        self.sheet = Sheet(title=self._words.title, author=device.name, creator=f"{device.model} {device.version}", language=language.value)
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
        self._listed(self._words.refused_by_node, [self._refused(one) for one in self.acceptance.refused])
        self._listed(self._words.left_out, [self._remark(one) for one in remarks if one.lost])
        self._listed(self._words.to_look_at, [self._remark(one) for one in remarks if not one.lost])
        self._method()
        self._signatures()
        self._foot()

    def _refused(self, one: Refused) -> str:
        return f"{self._words.row.format(row=one.row)}, {one.file}: {', '.join(one.codes)}. {refused_in_words(one, self._language)}"

    def _remark(self, one: Remark) -> str:
        where = ", ".join(filter(None, [self._words.row.format(row=one.row) if one.row is not None else "", one.file]))
        return ": ".join(filter(None, [where, one.text]))

    def _head(self) -> None:
        sheet, replay, words = self.sheet, self.replay, self._words
        sheet.y -= 8
        sheet.text(words.title, 17, bold=True)
        sheet.text(f"{replay.device.name} · {replay.written_at:%Y-%m-%d %H:%M %Z}".rstrip(), 8, x=RIGHT, grey=_GREY, right=True)
        images = counted(self.acceptance.overall.score.n, self._nouns.image)
        sheet.paragraph(words.compared.format(images=images, refused=len(self.acceptance.refused)), 9)
        bundle, device, calibration = replay.bundle, replay.device, replay.calibration
        in_force = words.in_force.format(version=calibration.version) if calibration else words.none_in_force
        named = {"bundle": f"{bundle.name} {bundle.version}", "software": f"{device.model} {device.version}"}
        sheet.paragraph(words.networks.format(**named, calibration=in_force), 9)
        sheet.rule()

    def _verdict(self) -> None:
        sheet, accepted, words = self.sheet, self.acceptance.accepted, self._words
        told, colour = {
            True: (words.criteria_met, _GOOD),
            False: (words.criteria_not_met, _BAD),
            None: (words.no_criteria, _PLAIN),
        }[accepted]
        sheet.y -= 24
        middle = sheet.y + 5.5
        sheet.disc((LEFT + 7, middle), 7, colour)
        _sign(sheet, (LEFT + 7, middle), accepted)
        sheet.text(told, 16, x=LEFT + 22, bold=True)
        sheet.y -= 4
        if accepted is None:
            sheet.paragraph(words.figures_alone, 9)
        for one in self.acceptance.judgements:
            self._judgement(one)
        sheet.rule()

    def _judgement(self, one: Judgement) -> None:
        """Set what was asked, and what was found beside it or, where both are long, below it."""
        sheet, words = self.sheet, self._words
        asked, found = asked_in_words(one, self._language), found_in_words(one, self._language)
        found += "" if one.sure else f"; {words.unsure}"
        sheet.y -= 13
        sheet.text(words.met if one.met else words.not_met, 9, bold=True)
        sheet.text(asked, 9, x=LEFT + _ASKED)
        if len(lines_of(f"{asked}    {found}", 9, WIDTH - _ASKED)) > 1:
            sheet.y -= 11
        sheet.text(found, 9, x=RIGHT, right=True)

    def _headline(self) -> None:
        score, coverage = self.acceptance.overall.score, self.acceptance.overall.coverage
        words, numbers = self._words, self._numbers
        limits = numbers.span(numbers.signed(score.lower_limit.value), numbers.signed(score.upper_limit.value))
        cells = [
            (words.mae, words.months.format(value=numbers.plain(score.mae.value, ".1f")), numbers.interval(score.mae, ".1f")),
            (words.bias, words.months.format(value=numbers.signed(score.bias.value)), numbers.interval(score.bias, "+.1f")),
            (words.limits, words.months.format(value=limits), words.limits_of),
            (
                words.in_interval.format(coverage=numbers.plain(self.replay.coverage * 100, "g")),
                numbers.percent(coverage.value),
                numbers.shares(coverage),
            ),
        ]
        top = self.sheet.y - 16
        for (label, value, between), share in zip(cells, (0.0, 0.25, 0.48, 0.8), strict=True):
            x = LEFT + share * WIDTH
            for drop, text, size, bold in ((0, label, 7.5, False), (17, value, 14, True), (28, between, 7.5, False)):
                self.sheet.y = top - drop
                self.sheet.text(text, size, x=x, bold=bold, grey=0.0 if bold else _GREY)
        self.sheet.rule()

    def _plots(self) -> None:
        sheet, cases = self.sheet, self.acceptance.cases
        top = sheet.y - 4
        middle = LEFT + WIDTH / 2
        draw_scatter(sheet, cases, (LEFT, top - _PLOT_HEIGHT, middle - 14, top), self._language)
        draw_bland_altman(sheet, cases, self.acceptance.overall.score, (middle, top - _PLOT_HEIGHT, RIGHT, top), self._language)
        sheet.y = top - _PLOT_HEIGHT
        sheet.paragraph(self._words.plots_note, 7.5, grey=_GREY)

    def _by_group(self) -> None:
        groups = self.acceptance.groups
        self._room(60 + 22 * min(len(groups), 8))
        self._title(self._words.by_group, self._words.by_group_note)
        head = heads_of(self._language)
        columns = _columns(110, 28, len(head))
        self._table_head("", head, columns)
        for group in groups:
            self._room(24, again=lambda: self._table_head("", head, columns))
            name = part_in_words(group.part, self._language)
            self._row(name, group.score.n, cells_of(group, self._language), columns, bold=group.part.is_all)
        if any(group.score.n < FEW for group in groups):
            self.sheet.paragraph(self._words.few.format(few=FEW), 7.5, grey=_GREY)

    def _readers(self) -> None:
        found = self.acceptance.readers
        if found is None:
            return
        words, heads = self._words, heads_of(self._language)
        rows = [(words.second_first, found.second_and_first), (words.node_first, found.node_and_first)]
        rows.append((words.node_second, found.node_and_second))
        self._room(110)
        self._title(words.readers, words.readers_note)
        columns = _columns(110, 28, len(heads))[:-1]
        self._table_head("", heads[:-1], columns)
        for name, score in rows:
            self._row(name, score.n, cells_of_score(score, self._language), columns)

    def _calibration(self, trials: dict[Sex, Trial], made: SiteCalibration | None) -> None:
        self._room(90 + 40 * len(trials))
        self._title(self._words.calibration, self._words.calibration_note)
        for sex, trial in trials.items():
            self._trial(sex_in_words(sex, self._language).capitalize(), trial)
        if made is None:
            self.sheet.paragraph(self._words.none_made, 9, bold=True)
        else:
            self.sheet.paragraph(self._words.made.format(version=made.version, seal=made.seal), 8.5)

    def _trial(self, name: str, trial: Trial) -> None:
        line, words = trial.line, self._words
        fate = words.refused.format(reason=trial.refused) if trial.refused else words.fitted
        self.sheet.y -= 3
        self.sheet.paragraph(words.trial.format(sex=name, images=counted(trial.n, self._nouns.image), fate=fate), 9, bold=True)
        if line is None:
            return
        self.sheet.paragraph(told_line(line, self._language), 8.5)

    def _listed(self, title: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        self._room(60)
        self._title(f"{title}: {len(lines)}")
        for line in lines[:_MOST_LINES]:
            self._room(height_of(line, 8, WIDTH - 10) + 4)
            self.sheet.bullet(line, 8)
        if len(lines) > _MOST_LINES:
            self.sheet.paragraph(self._words.more.format(count=len(lines) - _MOST_LINES), 8, x=LEFT + 10)

    def _method(self) -> None:
        lines = method(self.replay, self.acceptance, self._language)
        self._room(30 + sum(height_of(line, 8) + 2 for line in lines))
        self._title(self._words.method)
        for line in lines:
            self.sheet.y -= 2
            self.sheet.paragraph(line, 8)

    def _signatures(self) -> None:
        self._room(70)
        self.sheet.y -= 48
        for number, words in enumerate((self._words.for_readings, self._words.for_node)):
            x = LEFT + number * (WIDTH / 2 + 10)
            self.sheet.line((x, self.sheet.y + 11), (x + WIDTH / 2 - 10, self.sheet.y + 11), (0, 0, 0), width=0.5)
            self.sheet.text(f"{words}: {self._words.sign}", 7.5, x=x, grey=_GREY)

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
        self.sheet.paragraph(texts_of(self._language).disclaimer.partition(". ")[0] + ".", 7.5)
        digest = f"{self.replay.bundle.name} {self.replay.bundle.version}, SHA-256 {self.replay.bundle.sha256[:16]}…"
        self.sheet.text(f"{digest} · {self._words.page.format(page=self.pages, total=self._total)}", 7.5, x=RIGHT, grey=_GREY, right=True)

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

    def _row(self, name: str, n: int, cells: Sequence[tuple[str, str]], columns: Sequence[float], *, bold: bool = False) -> None:
        sheet = self.sheet
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
