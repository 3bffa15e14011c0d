"""What the five papers report of their own networks, on their own test sets: facts to hold ours against.

Sources: Espinal & Postigo, tables of results; Mirzazadeh & Parvanian, test set; Souza & Oliveira, table of experiments A to H and the RSNA
test; Zerari, chapter of results. Monti & Tonazzo give errors in standard deviations of their labels only, so nothing in months.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One figure of a paper.

    Attributes
    ----------
    architecture
        Its name in ``train.models.ARCHITECTURES``.
    metric
        A field of ``train.scores.Score``.
    images
        What it was measured on.
    """

    architecture: str
    paper: str
    metric: str
    value: float
    images: str


_ESPINAL, _MIRZAZADEH, _SOUZA, _ZERARI = "Espinal & Postigo", "Mirzazadeh & Parvanian", "Souza & Oliveira", "Zerari"

REPORTED: Final = (
    Reported(architecture="vgg6", paper=_ESPINAL, metric="mae", value=14.1, images="test, preprocessed"),
    Reported(architecture="vgg6_sex", paper=_ESPINAL, metric="mae", value=9.2, images="test, preprocessed"),
    Reported(architecture="inception_v4", paper=_ESPINAL, metric="mae", value=10.5, images="test, preprocessed"),
    Reported(architecture="inception_v4_sex", paper=_ESPINAL, metric="mae", value=7.5, images="test, preprocessed"),
    Reported(architecture="resnet50_gelu", paper=_MIRZAZADEH, metric="rmse", value=17.85, images="test"),
    Reported(architecture="resnet50_gelu", paper=_MIRZAZADEH, metric="mape", value=12.20, images="test"),
    Reported(architecture="resnet50_gelu", paper=_MIRZAZADEH, metric="r2", value=0.8108, images="test"),
    Reported(architecture="inception_v4_gelu", paper=_MIRZAZADEH, metric="rmse", value=15.09, images="test"),
    Reported(architecture="inception_v4_gelu", paper=_MIRZAZADEH, metric="mape", value=9.83, images="test"),
    Reported(architecture="inception_v4_gelu", paper=_MIRZAZADEH, metric="r2", value=0.8634, images="test"),
    *(
        Reported(architecture=f"residual_{letter}", paper=_SOUZA, metric="mae", value=value, images="validation")
        for letter, value in zip("abcdefgh", (20.47, 10.47, 16.61, 12.0, 16.98, 10.73, 20.33, 9.74), strict=True)
    ),
    Reported(architecture="residual_h", paper=_SOUZA, metric="mae", value=6.44, images="RSNA test"),
    Reported(architecture="residual_h", paper=_SOUZA, metric="ccc", value=0.97, images="RSNA test"),
    Reported(architecture="vgg_elu", paper=_ZERARI, metric="mae", value=9.46, images="test, 1,262 images"),
    Reported(architecture="vgg_elu", paper=_ZERARI, metric="rmse", value=12.22, images="test, 1,262 images"),
    Reported(architecture="vgg_elu", paper=_ZERARI, metric="bias", value=-0.75, images="test, 1,262 images"),
)


def reported_of(architecture: str) -> tuple[Reported, ...]:
    """All figures reported for an architecture; none for those that are ours."""
    return tuple(one for one in REPORTED if one.architecture == architecture)
