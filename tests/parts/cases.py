"""Cases of a site acceptance without images."""

from __future__ import annotations

import numpy as np

from baa_node.core.acceptance.verdict import Case
from baa_node.core.radiograph import Sex


def case(label: float, estimate: float, *, sex: Sex | None = Sex.FEMALE, second: float | None = None, row: int = 2) -> Case:
    """Make one case whose interval reaches 15 months either way."""
    interval = (estimate - 15, estimate + 15)
    return Case(row=row, file=f"{row}.dcm", sex=sex, label=label, second=second, estimate=estimate, interval=interval, raw=estimate)


def many(count: int = 120, *, bias: float = 2.0, readers: bool = True) -> list[Case]:
    """Draw cases of both sexes and all ages, normal errors of 8 months."""
    rng = np.random.default_rng(11)
    labels = rng.uniform(20, 200, count)
    errors, others = rng.normal(bias, 8, count), rng.normal(0, 5, count)
    return [
        case(label, label + error, sex=(Sex.FEMALE, Sex.MALE)[index % 2], second=label + other if readers else None, row=index + 2)
        for index, (label, error, other) in enumerate(zip(labels, errors, others, strict=True))
    ]
