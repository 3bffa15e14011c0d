"""Ages, spans of time and sizes, short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Measures:
    """``age`` calls for ``{years}`` and ``{months}``, spans of time for ``{count}``; ``byte`` is the unit after Ki, Mi, Gi and Ti."""

    age: str
    months: str
    days: str
    hours: str
    minutes: str
    seconds: str
    byte: str
    no_limit: str


MEASURES: Final = Translated(
    en=Measures(
        age="{years} y {months} m",
        months="months",
        days="{count} d",
        hours="{count} h",
        minutes="{count} min",
        seconds="{count} s",
        byte="B",
        no_limit="no limit",
    ),
    de=Measures(
        age="{years} J {months} M",
        months="Monate",
        days="{count} T",
        hours="{count} Std.",
        minutes="{count} Min.",
        seconds="{count} Sek.",
        byte="B",
        no_limit="ohne Grenze",
    ),
    es=Measures(
        age="{years} a {months} m",
        months="meses",
        days="{count} días",
        hours="{count} h",
        minutes="{count} min",
        seconds="{count} s",
        byte="B",
        no_limit="sin límite",
    ),
    fr=Measures(
        age="{years} a {months} m",
        months="mois",
        days="{count} j",
        hours="{count} h",
        minutes="{count} min",
        seconds="{count} s",
        byte="o",
        no_limit="sans limite",
    ),
    pt=Measures(
        age="{years} a {months} m",
        months="meses",
        days="{count} dias",
        hours="{count} h",
        minutes="{count} min",
        seconds="{count} s",
        byte="B",
        no_limit="sem limite",
    ),
)
