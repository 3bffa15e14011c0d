"""A Structured Report as a page; names and values of its coded items are in ``concepts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the page says besides the content of the report."""

    title: str
    back: str


REPORT: Final = Translated(
    en=Report(title="Structured Report", back="Back to the study"),
    de=Report(title="Strukturierter Befund", back="Zurück zur Studie"),
    es=Report(title="Informe estructurado", back="Volver al estudio"),
    fr=Report(title="Compte rendu structuré", back="Retour à l'examen"),
    pt=Report(title="Relatório estruturado", back="Voltar ao exame"),
)
