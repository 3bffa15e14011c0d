"""The shipped networks give one hand one bone age, however its frame lies or is bordered (encodings: interop/test_matrix.py)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.assessment import Assessment
from baa_node.core.cautions import Concern
from baa_node.core.drawing.attention import attention_on
from baa_node.core.ensemble import Ensemble
from baa_node.core.radiograph import Sex, from_dataset
from baa_node.core.reading import as_read, read_bone_age
from tests.parts.frames import image
from train.phantom import draw_hand
from train.stress import CHANGES, rotated

Pixels = NDArray[np.uint8]

HANDS = {"infant": (30, Sex.MALE, 4), "girl": (94, Sex.FEMALE, 5), "boy": (160, Sex.MALE, 6)}

SAME = {
    "turned 90°": 0.0,
    "turned 180°": 0.0,
    "turned 270°": 0.0,
    "black border of 15 %": 0.0,
    "white border of 15 %": 0.0,
    "marker burnt in": 0.5,
    "mirrored": 2.0,
    "upside down and mirrored": 2.0,
}
"""Months that the estimate may move. Every network sees the mirror image too, but CLAHE's tiles do not fall on mirrored places."""


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return load_bundle(default_bundle(), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def hands() -> dict[str, Pixels]:
    return {name: _drawn(*drawn) for name, drawn in HANDS.items()}


def _drawn(months: float, sex: Sex, seed: int) -> Pixels:
    pixels = draw_hand(age_months=months, sex=sex, seed=seed, height_px=420).pixels.astype(np.float64)
    return np.clip(np.rint(pixels / pixels.max() * 255), 1, 254).astype(np.uint8)


@pytest.mark.parametrize("name", HANDS)
@pytest.mark.parametrize("change", SAME)
def test_the_estimate_stays(ensemble: Ensemble, hands: dict[str, Pixels], name: str, change: str) -> None:
    sex = HANDS[name][1]
    shown = np.ascontiguousarray(CHANGES[change](hands[name], np.random.default_rng(1)))
    again = ensemble.estimate(shown, sex).bone_age_months
    assert again == pytest.approx(ensemble.estimate(hands[name], sex).bone_age_months, abs=SAME[change] + 1e-4)


@pytest.mark.parametrize("name", HANDS)
def test_a_negative_is_read_as_the_positive_and_shown_so(ensemble: Ensemble, hands: dict[str, Pixels], name: str) -> None:
    """Stored with bright and dark exchanged, by a header that does not say so: the same number, a caution, the same picture."""
    said = {"bits": 8, "PatientSex": HANDS[name][1].value, "WindowCenter": "128", "WindowWidth": "256"}
    positive, negative = (image(pixels, **said) for pixels in (hands[name], 255 - hands[name]))
    plain, found = (read_bone_age(ds, ensemble) for ds in (positive, negative))
    assert isinstance(plain, Assessment)
    assert isinstance(found, Assessment)
    assert found.estimate.bone_age_months == pytest.approx(plain.estimate.bone_age_months, abs=1e-4)
    assert [one.about for one in found.cautions if one not in plain.cautions] == [Concern.NEGATIVE]
    assert np.array_equal(as_read(from_dataset(negative).pixels, found), as_read(from_dataset(positive).pixels, plain))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_attention_lies_on_the_frame_as_it_came(ensemble: Ensemble, hands: dict[str, Pixels], turns: int) -> None:
    plain = ensemble.estimate(hands["girl"], Sex.FEMALE)
    turned = ensemble.estimate(np.ascontiguousarray(np.rot90(hands["girl"], turns)), Sex.FEMALE)
    assert (plain.turned_deg, turned.turned_deg) == (0, 360 - 90 * turns)
    assert np.allclose(turned.saliency, np.rot90(plain.saliency, turns))
    top, left, height, width = turned.crop
    places = np.arange(hands["girl"].size).reshape(hands["girl"].shape)
    seen = np.rot90(places, turns)[max(top, 0) : top + height, max(left, 0) : left + width]
    row, column, rows, columns = plain.crop
    assert np.array_equal(np.rot90(places[max(row, 0) : row + rows, max(column, 0) : column + columns], turns), seen)


@pytest.mark.parametrize(("name", "degrees"), [("infant", -30), ("infant", 30), ("girl", -30), ("girl", 45), ("boy", -30), ("boy", 30)])
def test_a_leaning_hand_is_read_as_the_upright_one(ensemble: Ensemble, hands: dict[str, Pixels], name: str, degrees: int) -> None:
    """Seven months at most; which part of it is the turning's and which that of resampling twice: ``python -m train.robustness``."""
    plain, leaning = (ensemble.estimate(shown, HANDS[name][1]) for shown in (hands[name], rotated(hands[name], degrees)))
    assert plain.turned_deg == 0
    assert leaning.turned_deg == pytest.approx(-degrees % 360, abs=15) or (name, degrees, leaning.turned_deg) == (
        "girl",
        30,
        0,
    )  # not proven
    assert leaning.bone_age_months == pytest.approx(plain.bone_age_months, abs=7)


@pytest.mark.parametrize("name", HANDS)
def test_what_lies_around_a_leaning_film_need_not_be_black(ensemble: Ensemble, hands: dict[str, Pixels], name: str) -> None:
    """A scanner's surround is dark, not zero, and no border that could be told by its values."""
    plain, leaning = (ensemble.estimate(shown, HANDS[name][1]) for shown in (hands[name], np.maximum(rotated(hands[name], -30), 4)))
    assert leaning.turned_deg == pytest.approx(30, abs=15)
    assert leaning.bone_age_months == pytest.approx(plain.bone_age_months, abs=7)


@pytest.mark.parametrize("degrees", [-30, 45])
def test_attention_leans_with_the_hand(ensemble: Ensemble, hands: dict[str, Pixels], degrees: int) -> None:
    frame, leaning = hands["girl"], rotated(hands["girl"], degrees)
    plain = attention_on(frame.shape, frame.shape, ensemble.estimate(frame, Sex.FEMALE))
    found = attention_on(leaning.shape, leaning.shape, ensemble.estimate(leaning, Sex.FEMALE))
    expected = rotated(np.rint(plain * 255).astype(np.uint8), degrees)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.8
    assert np.corrcoef(found.ravel(), attention_on(leaning.shape, frame.shape, ensemble.estimate(frame, Sex.FEMALE)).ravel())[0, 1] < 0.6
