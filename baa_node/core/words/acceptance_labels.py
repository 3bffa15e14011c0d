"""Labels of figures and plots of a site acceptance, as short as may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Heads:
    """Heads of the columns of figures."""

    n: str
    mae: str
    bias: str
    rmse: str
    lower: str
    upper: str
    within_12: str
    within_24: str
    in_interval: str


@dataclass(frozen=True, kw_only=True)
class PlotWords:
    """Titles and axes of the plots, and their legend."""

    scatter: str
    reader: str
    node: str
    bland_altman: str
    mean: str
    difference: str
    within_12: str


HEADS: Final = Translated(
    en=Heads(
        n="n",
        mae="MAE",
        bias="bias",
        rmse="RMSE",
        lower="lower limit",
        upper="upper limit",
        within_12="≤ 12 mo",
        within_24="≤ 24 mo",
        in_interval="in interval",
    ),
    de=Heads(
        n="n",
        mae="MAE",
        bias="Bias",
        rmse="RMSE",
        lower="untere Gr.",
        upper="obere Gr.",
        within_12="≤ 12 Mon.",
        within_24="≤ 24 Mon.",
        in_interval="im Intervall",
    ),
    es=Heads(
        n="n",
        mae="EAM",
        bias="sesgo",
        rmse="RECM",
        lower="lím. inf.",
        upper="lím. sup.",
        within_12="≤ 12 meses",
        within_24="≤ 24 meses",
        in_interval="en intervalo",
    ),
    fr=Heads(
        n="n",
        mae="EAM",
        bias="biais",
        rmse="REQM",
        lower="lim. inf.",
        upper="lim. sup.",
        within_12="≤ 12 mois",
        within_24="≤ 24 mois",
        in_interval="dans l'int.",
    ),
    pt=Heads(
        n="n",
        mae="EAM",
        bias="viés",
        rmse="REQM",
        lower="lim. inf.",
        upper="lim. sup.",
        within_12="≤ 12 meses",
        within_24="≤ 24 meses",
        in_interval="no intervalo",
    ),
)

PLOT_WORDS: Final = Translated(
    en=PlotWords(
        scatter="Node against reader",
        reader="reader, years",
        node="node, years",
        bland_altman="Difference against mean (Bland & Altman)",
        mean="mean of node and reader, years",
        difference="node − reader, months",
        within_12="within 12 months",
    ),
    de=PlotWords(
        scatter="Knoten gegen Befunder",
        reader="Befunder, Jahre",
        node="Knoten, Jahre",
        bland_altman="Differenz gegen Mittel (Bland & Altman)",
        mean="Mittel von Knoten und Befunder, Jahre",
        difference="Knoten − Befunder, Monate",
        within_12="innerhalb von 12 Monaten",
    ),
    es=PlotWords(
        scatter="Nodo frente a lector",
        reader="lector, años",
        node="nodo, años",
        bland_altman="Diferencia frente a media (Bland & Altman)",
        mean="media de nodo y lector, años",
        difference="nodo − lector, meses",
        within_12="a menos de 12 meses",
    ),
    fr=PlotWords(
        scatter="Nœud et lecteur",
        reader="lecteur, ans",
        node="nœud, ans",
        bland_altman="Différence et moyenne (Bland & Altman)",
        mean="moyenne du nœud et du lecteur, ans",
        difference="nœud − lecteur, mois",
        within_12="à moins de 12 mois",
    ),
    pt=PlotWords(
        scatter="Nó e leitor",
        reader="leitor, anos",
        node="nó, anos",
        bland_altman="Diferença e média (Bland & Altman)",
        mean="média de nó e leitor, anos",
        difference="nó − leitor, meses",
        within_12="a menos de 12 meses",
    ),
)
