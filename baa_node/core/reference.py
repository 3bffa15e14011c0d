"""Published mean and standard deviation of bone age by sex and chronological age.

The table is that of the Brush Foundation study as Greulich and Pyle printed it in 1959. It was carried over from public
bone age calculators, which agree with one another; the printed book was not compared (SR specification, section 4).
Children of Ohio, 1931 to 1942: the report names them, because children of today may mature earlier.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from baa_node.core.radiograph import Sex

NAME: Final = "Brush Foundation"
SOURCE: Final = "Brush Foundation study, children of Ohio 1931-1942, in Greulich and Pyle 1959"

# age, mean, standard deviation; all in months
_BOYS: Final = (
    (3, 3.01, 0.69),
    (6, 6.09, 1.13),
    (9, 9.56, 1.43),
    (12, 12.74, 1.97),
    (18, 19.36, 3.52),
    (24, 25.97, 3.92),
    (30, 32.40, 4.52),
    (36, 38.21, 5.08),
    (42, 43.89, 5.40),
    (48, 49.04, 6.66),
    (54, 56.00, 8.36),
    (60, 62.43, 8.79),
    (72, 75.46, 9.17),
    (84, 88.20, 8.91),
    (96, 101.38, 9.10),
    (108, 113.90, 9.00),
    (120, 125.68, 9.79),
    (132, 137.32, 10.09),
    (144, 148.82, 10.38),
    (156, 158.39, 10.44),
    (168, 170.02, 10.72),
    (180, 182.72, 11.32),
    (192, 195.32, 12.86),
    (204, 206.21, 13.05),
)
_GIRLS: Final = (
    (3, 3.02, 0.72),
    (6, 6.04, 1.16),
    (9, 9.05, 1.36),
    (12, 12.04, 1.77),
    (18, 18.22, 3.49),
    (24, 24.16, 4.64),
    (30, 30.96, 5.37),
    (36, 36.63, 5.97),
    (42, 43.50, 7.48),
    (48, 50.14, 8.98),
    (54, 60.06, 10.73),
    (60, 66.21, 11.65),
    (72, 78.50, 10.23),
    (84, 89.30, 9.64),
    (96, 100.66, 10.23),
    (108, 113.86, 10.74),
    (120, 125.66, 11.73),
    (132, 137.86, 11.94),
    (144, 149.62, 10.24),
    (156, 162.28, 10.67),
    (168, 174.25, 11.30),
    (180, 183.62, 9.23),
    (192, 189.44, 7.31),
)
TABLE: Final = {Sex.MALE: _BOYS, Sex.FEMALE: _GIRLS}


@dataclass(frozen=True, kw_only=True)
class ReferencePoint:
    """What the reference expects at one age and sex, months."""

    mean_months: float
    sd_months: float


def reference_range(sex: Sex) -> tuple[int, int]:
    """First and last chronological age of the table, months; nothing is extrapolated beyond them."""
    rows = TABLE[sex]
    return rows[0][0], rows[-1][0]


def reference_at(chronological_age_months: float, sex: Sex) -> ReferencePoint | None:
    """Mean and standard deviation by linear interpolation between rows, None outside the table."""
    rows = TABLE[sex]
    first, last = reference_range(sex)
    if not first <= chronological_age_months <= last:
        return None
    upper = min(bisect_right(rows, chronological_age_months, key=lambda row: row[0]), len(rows) - 1)
    (age_0, mean_0, sd_0), (age_1, mean_1, sd_1) = rows[upper - 1], rows[upper]
    share = (chronological_age_months - age_0) / (age_1 - age_0)
    return ReferencePoint(mean_months=mean_0 + share * (mean_1 - mean_0), sd_months=sd_0 + share * (sd_1 - sd_0))
