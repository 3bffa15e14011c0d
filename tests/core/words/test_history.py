"""What came before, in words."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from baa_node.core.cautions import Caution, Concern
from baa_node.core.priors.history import Earlier, Velocity
from baa_node.core.words import Language
from baa_node.core.words.history import earlier_in_words, velocity_in_words
from baa_node.core.words.sentences import caution_in_words

SINCE = Earlier(examined_on=date(2019, 1, 1), bone_age_months=98.04, chronological_age_months=108.0, source="hands {1}")
VELOCITY = Velocity(since=SINCE, change_months=12.0, elapsed_months=12.0, years_per_year=1.0, interval=(-0.76, 2.76), coverage=0.9)
FELL = Caution(about=Concern.BONE_AGE_FELL, values={"since": date(2019, 1, 1), "change_months": 50.04, "elapsed_months": 12.0})


def test_numbers_are_written_as_the_language_does_and_days_alike() -> None:
    assert "fell by 50.0 months in the 12.0 months since 2019-01-01" in caution_in_words(FELL, Language.ENGLISH)
    assert "in den 12,0 Monaten seit 2019-01-01 um 50,0 Monate" in caution_in_words(FELL, Language.GERMAN)
    assert velocity_in_words(VELOCITY, Language.ENGLISH) == (
        "Bone age advanced by 1.0 years per year since 2019-01-01 (90 % interval -0.8 to 2.8)."
    )
    assert "1,0 ans par an depuis le 2019-01-01 (intervalle à 90 % : -0,8 à 2,8)" in velocity_in_words(VELOCITY, Language.FRENCH)


def test_a_line_for_each_earlier_one() -> None:
    assert earlier_in_words(SINCE, Language.ENGLISH) == "Earlier: 2019-01-01, bone age 98.0 mo at 108.0 mo (hands {1})."
    without = dataclasses.replace(SINCE, chronological_age_months=None, source="")
    assert earlier_in_words(without, Language.FRENCH) == "Antérieur : 2019-01-01, âge osseux 98,0 mois (?)."


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("about", [one for one in Concern if one.value.endswith("before")])
def test_the_day_of_the_other_assessment_is_said(language: Language, about: Concern) -> None:
    assert "2019-01-01" in caution_in_words(Caution(about=about, values={"since": date(2019, 1, 1)}), language)
