"""When each ossification centre of the hand appears, matures and fuses.

Ages are months, girls first, then boys. Sources of the facts:

- appearance: Garn SM, Rohmann CG, Silverman FN. Radiographic standards for postnatal ossification and tooth calcification.
  Med Radiogr Photogr 1967;43:45-66 (medians; the adductor sesamoid included);
- pisiform, width, capping and fusion: Greulich WW, Pyle SI. Radiographic Atlas of Skeletal Development of the Hand and Wrist,
  2nd ed., Stanford 1959; Gilsanz V, Ratib O. Hand Bone Age, Springer 2005 (stages: width of the epiphysis before puberty, capping
  in puberty, fusion of distal phalanges first, radius last). These are read as one typical age each, not as limits of normality.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from baa_node.core.radiograph import Sex

APPEARANCE_MONTHS: dict[str, tuple[float, float]] = {
    "capitate": (2, 3),
    "hamate": (2, 4),
    "radius": (10, 13),
    "PP3": (10, 16),
    "PP2": (11, 16),
    "PP4": (11, 17),
    "DP1": (12, 19),
    "MC2": (13, 19),
    "MC3": (14, 21),
    "PP5": (14, 22),
    "MP3": (15, 24),
    "MP4": (15, 25),
    "MC4": (15, 24),
    "MP2": (16, 26),
    "MC5": (16, 26),
    "DP3": (18, 29),
    "DP4": (18, 29),
    "MC1": (19, 31),
    "triquetrum": (21, 29),
    "PP1": (20, 36),
    "MP5": (22, 41),
    "DP2": (23, 39),
    "DP5": (24, 39),
    "lunate": (31, 49),
    "scaphoid": (49, 68),
    "trapezium": (49, 70),
    "trapezoid": (50, 75),
    "ulna": (65, 85),
    "pisiform": (108, 132),
    "sesamoid": (129, 153),
}

# group of epiphyses -> ages at which it is as wide as the metaphysis, at which it caps it, and at which it has fused
MATURATION_MONTHS: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "DP": ((84, 108), (132, 156), (162, 186)),
    "MC1": ((96, 120), (138, 162), (168, 192)),
    "PP": ((92, 114), (138, 162), (174, 195)),
    "MP": ((94, 116), (138, 162), (177, 198)),
    "MC": ((102, 126), (144, 168), (180, 201)),
    "ulna": ((138, 162), (168, 186), (198, 213)),
    "radius": ((114, 138), (150, 174), (204, 222)),
}

CARPALS = ("capitate", "hamate", "triquetrum", "lunate", "scaphoid", "trapezium", "trapezoid", "pisiform")
CARPALS_MATURE_MONTHS = (146, 170)
FUSION_LASTS_MONTHS = 18.0
SCAR_FADES_MONTHS = 24.0

# Hand length in mm at each age in months, read as smooth averages; only the size of the drawing depends on it.
# Snyder RG et al. Anthropometry of Infants, Children and Youths to Age 18, UM-HSRI-77-17, 1977 (rounded).
HAND_LENGTH_AGES_MONTHS = (12, 24, 48, 72, 96, 120, 144, 168, 192, 216)
HAND_LENGTH_MM = {
    Sex.FEMALE: (96, 108, 124, 137, 149, 162, 172, 176, 177, 177),
    Sex.MALE: (98, 110, 126, 139, 151, 162, 174, 187, 193, 195),
}


@dataclass(frozen=True, kw_only=True)
class Epiphysis:
    """State of one epiphysis.

    Attributes
    ----------
    width
        Fraction of the metaphysis; 0 before the centre appears, a little more than 1 when it caps.
    growth
        0 at appearance to 1 when it is as wide as the metaphysis.
    cap, fused
        0 to 1.
    scar
        Strength 0 to 1 of the dense line that a closing plate leaves.
    """

    width: float
    growth: float
    cap: float
    fused: float
    scar: float


def present(name: str, age_months: float, sex: Sex) -> bool:
    """Tell whether this centre has begun to ossify."""
    return age_months >= _of(APPEARANCE_MONTHS[name], sex)


def centres(age_months: float, sex: Sex) -> tuple[str, ...]:
    """Names of all centres that ossify at this bone age, in the order of the table above."""
    return tuple(name for name in APPEARANCE_MONTHS if present(name, age_months, sex))


def epiphysis(name: str, age_months: float, sex: Sex) -> Epiphysis:
    """State of the epiphysis of the bone ``name`` (for example ``PP3`` or ``radius``)."""
    wide, cap, fused = (_of(pair, sex) for pair in MATURATION_MONTHS[_group(name)])
    appears = _of(APPEARANCE_MONTHS[name], sex)
    if age_months < appears:
        return Epiphysis(width=0.0, growth=0.0, cap=0.0, fused=0.0, scar=0.0)
    growth = _ramp(age_months, appears, wide)
    capping = _ramp(age_months, wide, cap)
    fusion = _ramp(age_months, fused - FUSION_LASTS_MONTHS, fused)
    scar = min(1.0, 2 * fusion) * (1.0 - _ramp(age_months, fused, fused + SCAR_FADES_MONTHS))
    width = 0.24 + 0.76 * growth**0.75 + 0.08 * capping
    return Epiphysis(width=width, growth=growth, cap=capping, fused=fusion, scar=scar)


def carpal_size(name: str, age_months: float, sex: Sex) -> float:
    """Linear size of a carpal or sesamoid centre as a fraction of its mature size; 0 before it appears."""
    appears = _of(APPEARANCE_MONTHS[name], sex)
    if age_months < appears:
        return 0.0
    mature = appears + 30.0 if name == "sesamoid" else _of(CARPALS_MATURE_MONTHS, sex)
    grown = _ramp(age_months, appears, mature)
    return 0.25 + 0.75 * math.pow(grown, 0.58)


def hand_length_mm(age_months: float, sex: Sex) -> float:
    """Length from the wrist crease to the tip of the middle finger."""
    return float(np.interp(age_months, HAND_LENGTH_AGES_MONTHS, HAND_LENGTH_MM[sex]))


def _of(girls_boys: tuple[float, float], sex: Sex) -> float:
    return girls_boys[0] if sex is Sex.FEMALE else girls_boys[1]


def _group(name: str) -> str:
    return name if name in MATURATION_MONTHS else name[:2]


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
