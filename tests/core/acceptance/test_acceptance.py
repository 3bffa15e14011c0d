from __future__ import annotations

import math
from dataclasses import replace

import pytest

from baa_node.core.acceptance.verdict import FEW, Criteria, Refused, evaluate, find_oddities
from baa_node.core.radiograph import Sex
from baa_node.core.words import Language
from baa_node.core.words.acceptance import asked_in_words, found_in_words, part_in_words
from tests.parts.cases import case, many

REFUSED = (Refused(row=9, file="x.dcm", codes=("BAA101",), text="No hand."),)
FOUR = [
    case(12, 10),
    case(112, 100, row=3),
    case(125, 150, sex=Sex.MALE, row=4),
    case(200, 200, sex=None, row=5),
]


def test_groups_are_everybody_the_sexes_the_ages_and_both() -> None:
    groups = {part_in_words(group.part, Language.ENGLISH): group for group in evaluate(FOUR, (), Criteria()).groups}
    assert {name: group.score.n for name, group in groups.items()} == {
        "all": 4,
        "girls": 2,
        "boys": 1,
        "sex unknown": 1,
        "under 5 years": 1,
        "5 to 9 years": 1,
        "10 to 13 years": 1,
        "14 years and above": 1,
        "girls, under 5 years": 1,
        "girls, 5 to 9 years": 1,
        "boys, 10 to 13 years": 1,
    }
    assert groups["all"].score.mae.value == pytest.approx(39 / 4)
    assert groups["girls"].score.bias.value == -7
    assert groups["all"].coverage.value == 0.75  # 25 months off is outside 15


def test_ages_on_the_border_belong_to_the_older_band() -> None:
    names = [part_in_words(group.part, Language.ENGLISH) for group in evaluate([case(60, 60), case(59.9, 60)], (), Criteria()).groups]
    assert {"under 5 years", "5 to 9 years"} <= set(names)


def test_few_images_have_no_interval_but_for_shares() -> None:
    few, enough = (evaluate(many(count), (), Criteria()).overall for count in (FEW - 1, FEW))
    assert math.isnan(few.score.mae.low)
    assert few.score.to_json()["mae"]["low"] is None
    assert few.score.within_24.high > few.score.within_24.low
    assert enough.score.mae.low < enough.score.mae.value < enough.score.mae.high


def test_all_within_is_not_taken_for_certainty() -> None:
    found = evaluate([case(100, 101, row=row) for row in range(2, 22)], (), Criteria()).overall
    assert (found.score.within_12.value, found.score.within_12.high) == (1.0, 1.0)
    assert found.score.within_12.low == pytest.approx(20 / (20 + 1.959964**2), abs=1e-4)


def test_readers_are_compared_with_one_another_on_the_images_that_both_read() -> None:
    cases = [case(100, 105, second=110), case(50, 47, second=46, row=3), case(80, 200, row=4)]
    readers = evaluate(cases, (), Criteria()).readers
    assert readers is not None
    assert readers.second_and_first.n == 2
    assert readers.second_and_first.bias.value == 3  # 10, -4
    assert readers.node_and_first.bias.value == 1  # 5, -3
    assert readers.node_and_second.bias.value == -2  # -5, 1
    assert evaluate(cases[1:], (), Criteria()).readers is None


def test_each_criterion_is_judged_by_its_figure() -> None:
    criteria = Criteria(
        max_mae=9.8, max_bias=2.7, max_limits=40, min_within_12=0.75, min_within_24=0.8, min_coverage=0.75, max_refused=0.2, min_images=5
    )
    acceptance = evaluate(FOUR, REFUSED, criteria)
    assert [one.met for one in acceptance.judgements] == [True, False, True, True, False, True, True, False]
    assert acceptance.accepted is False
    assert [asked_in_words(one, Language.ENGLISH) for one in acceptance.judgements][-2:] == ["refused at most 20 %", "at least 5 images"]


def test_without_criteria_there_is_no_verdict() -> None:
    acceptance = evaluate(FOUR, (), Criteria())
    assert (acceptance.judgements, acceptance.accepted) == ((), None)
    assert evaluate(FOUR, (), Criteria(max_mae=10)).accepted is True


def test_certain_asks_for_the_whole_interval() -> None:
    cases = many()
    found = evaluate(cases, (), Criteria()).overall.score.mae
    between = (found.value + found.high) / 2
    (loose,) = evaluate(cases, (), Criteria(max_mae=between)).judgements
    (strict,) = evaluate(cases, (), Criteria(max_mae=between, certain=True)).judgements
    assert (loose.met, loose.sure, strict.met) == (True, False, False)
    assert evaluate(cases, (), Criteria(max_mae=found.high, certain=True)).accepted
    assert not evaluate(FOUR, (), Criteria(max_mae=50, certain=True)).accepted  # so few have no interval


def test_a_bias_counts_either_way() -> None:
    cases = [replace(one, estimate=one.label - 6) for one in many()]
    (judged,) = evaluate(cases, (), Criteria(max_bias=5)).judgements
    assert not judged.met
    assert found_in_words(judged, Language.ENGLISH) == "6.0 (6.0 to 6.0)"
    (limits,) = evaluate(cases, (), Criteria(max_limits=5)).judgements
    assert not limits.met


@pytest.mark.parametrize(
    ("label", "estimate", "asked"),
    [(9.5, 114, "was it meant in years?"), (120, 10.2, "was it meant in months, not years?"), (60, 160, "is it the right image?")],
)
def test_a_label_far_off_is_told_with_its_row_and_counted(label: float, estimate: float, asked: str) -> None:
    (remark,) = find_oddities([case(100, 130), case(label, estimate, row=7)])
    assert (remark.row, remark.file, remark.lost) == (7, "7.dcm", False)
    assert asked in remark.text
