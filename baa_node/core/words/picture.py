"""Labels of the picture and of the printed page, once a language; sentences of the report are not among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words import Language, de, en, es, fr, pt
from baa_node.core.words.texts import Texts


@dataclass(frozen=True, kw_only=True)
class PictureWords:
    """Everything the picture says by itself; ``{...}`` are filled in where it is drawn.

    Attributes
    ----------
    texts
        Of the report in the same language: units, hands, groups and the decimal mark are the same here and there.
    sd
        Standard deviation, abbreviated.
    """

    texts: Texts
    sd: str
    bone_age: str
    interval: str
    chronological_age: str
    difference: str
    z_score: str
    sex_used: str
    female: str
    male: str
    not_used: str
    unknown: str
    delayed: str
    normal: str
    advanced: str
    not_compared: str
    radiograph: str
    attention: str
    low: str
    high: str
    growth_chart: str
    bone_age_axis: str
    chronological_age_axis: str
    this_assessment: str
    earlier: str
    other_source: str
    other_hand: str
    about_age: str
    about_mean: str
    not_shown: str
    no_chart: str
    no_age: str
    no_sex: str
    more: str
    networks: str
    not_estimated: str
    why: str
    what_to_do: str
    received: str
    not_displayed: str


_WORDS: Final = {
    Language.ENGLISH: PictureWords(
        texts=en.TEXTS,
        sd="SD",
        bone_age="Bone age",
        interval="{coverage} % interval {low} to {high} months",
        chronological_age="Chronological age",
        difference="Difference",
        z_score="z-score",
        sex_used="Sex used",
        female="female",
        male="male",
        not_used="not used",
        unknown="unknown",
        delayed="Delayed",
        normal="Within ±{limit} SD",
        advanced="Advanced",
        not_compared="Not compared",
        radiograph="Radiograph as read",
        attention="Attention of the networks, not evidence",
        low="low",
        high="high",
        growth_chart="Growth chart",
        bone_age_axis="Bone age, years",
        chronological_age_axis="Chronological age, years",
        this_assessment="this assessment, {coverage} % interval",
        earlier="earlier",
        other_source="other source",
        other_hand="other hand",
        about_age="age",
        about_mean="mean",
        not_shown="Earlier assessments not shown, age unknown: {count}",
        no_chart="No growth chart",
        no_age="The chronological age is not known.",
        no_sex="The patient's sex is not known.",
        more="{count} more in the report",
        networks="networks",
        not_estimated="Bone age not given",
        why="Why",
        what_to_do="What to do",
        received="Radiograph as received",
        not_displayed="The image cannot be displayed",
    ),
    Language.GERMAN: PictureWords(
        texts=de.TEXTS,
        sd="SD",
        bone_age="Skelettalter",
        interval="{coverage}-%-Intervall {low} bis {high} Monate",
        chronological_age="Chronologisches Alter",
        difference="Differenz",
        z_score="z-Wert",
        sex_used="Verwendetes Geschlecht",
        female="weiblich",
        male="männlich",
        not_used="nicht verwendet",
        unknown="unbekannt",
        delayed="Retardiert",
        normal="Innerhalb ±{limit} SD",
        advanced="Akzeleriert",
        not_compared="Nicht verglichen",
        radiograph="Aufnahme wie gelesen",
        attention="Aufmerksamkeit der Netze, kein Beleg",
        low="gering",
        high="hoch",
        growth_chart="Verlauf",
        bone_age_axis="Skelettalter, Jahre",
        chronological_age_axis="Chronologisches Alter, Jahre",
        this_assessment="diese Bestimmung, {coverage}-%-Intervall",
        earlier="frühere",
        other_source="andere Quelle",
        other_hand="andere Hand",
        about_age="Alter",
        about_mean="Mittel",
        not_shown="Frühere Bestimmungen ohne Altersangabe, nicht gezeigt: {count}",
        no_chart="Kein Verlauf",
        no_age="Das chronologische Alter ist nicht bekannt.",
        no_sex="Das Geschlecht ist nicht bekannt.",
        more="{count} weitere im Bericht",
        networks="Netze",
        not_estimated="Kein Skelettalter angegeben",
        why="Warum",
        what_to_do="Was zu tun ist",
        received="Aufnahme wie empfangen",
        not_displayed="Das Bild kann nicht angezeigt werden",
    ),
    Language.SPANISH: PictureWords(
        texts=es.TEXTS,
        sd="DE",
        bone_age="Edad ósea",
        interval="intervalo del {coverage} %: {low} a {high} meses",
        chronological_age="Edad cronológica",
        difference="Diferencia",
        z_score="Puntuación z",
        sex_used="Sexo utilizado",
        female="femenino",
        male="masculino",
        not_used="no utilizado",
        unknown="desconocida",
        delayed="Retrasada",
        normal="Dentro de ±{limit} DE",
        advanced="Adelantada",
        not_compared="Sin comparación",
        radiograph="Radiografía leída",
        attention="Atención de las redes, no es prueba",
        low="baja",
        high="alta",
        growth_chart="Evolución",
        bone_age_axis="Edad ósea, años",
        chronological_age_axis="Edad cronológica, años",
        this_assessment="esta evaluación, intervalo del {coverage} %",
        earlier="anterior",
        other_source="otra fuente",
        other_hand="otra mano",
        about_age="edad",
        about_mean="media",
        not_shown="Evaluaciones anteriores sin edad, no mostradas: {count}",
        no_chart="Sin gráfico de evolución",
        no_age="Se desconoce la edad cronológica.",
        no_sex="Se desconoce el sexo.",
        more="{count} más en el informe",
        networks="redes",
        not_estimated="Edad ósea no indicada",
        why="Por qué",
        what_to_do="Qué hacer",
        received="Radiografía recibida",
        not_displayed="La imagen no puede mostrarse",
    ),
    Language.FRENCH: PictureWords(
        texts=fr.TEXTS,
        sd="DS",
        bone_age="Âge osseux",
        interval="intervalle à {coverage} % : {low} à {high} mois",
        chronological_age="Âge chronologique",
        difference="Différence",
        z_score="Score z",
        sex_used="Sexe utilisé",
        female="féminin",
        male="masculin",
        not_used="non utilisé",
        unknown="inconnu",
        delayed="Retardé",
        normal="Dans les ±{limit} DS",
        advanced="Avancé",
        not_compared="Non comparé",
        radiograph="Radiographie lue",
        attention="Attention des réseaux, sans valeur de preuve",
        low="faible",
        high="forte",
        growth_chart="Évolution",
        bone_age_axis="Âge osseux, ans",
        chronological_age_axis="Âge chronologique, ans",
        this_assessment="cette évaluation, intervalle à {coverage} %",
        earlier="antérieure",
        other_source="autre source",
        other_hand="autre main",
        about_age="âge",
        about_mean="moyenne",
        not_shown="Évaluations antérieures sans âge, non montrées : {count}",
        no_chart="Pas de courbe d'évolution",
        no_age="L'âge chronologique est inconnu.",
        no_sex="Le sexe est inconnu.",
        more="{count} de plus dans le compte rendu",
        networks="réseaux",
        not_estimated="Âge osseux non donné",
        why="Pourquoi",
        what_to_do="Que faire",
        received="Radiographie reçue",
        not_displayed="L'image ne peut pas être affichée",
    ),
    Language.PORTUGUESE: PictureWords(
        texts=pt.TEXTS,
        sd="DP",
        bone_age="Idade óssea",
        interval="intervalo de {coverage} %: {low} a {high} meses",
        chronological_age="Idade cronológica",
        difference="Diferença",
        z_score="Escore z",
        sex_used="Sexo utilizado",
        female="feminino",
        male="masculino",
        not_used="não utilizado",
        unknown="desconhecida",
        delayed="Atrasada",
        normal="Dentro de ±{limit} DP",
        advanced="Avançada",
        not_compared="Sem comparação",
        radiograph="Radiografia lida",
        attention="Atenção das redes, não é evidência",
        low="baixa",
        high="alta",
        growth_chart="Evolução",
        bone_age_axis="Idade óssea, anos",
        chronological_age_axis="Idade cronológica, anos",
        this_assessment="esta avaliação, intervalo de {coverage} %",
        earlier="anterior",
        other_source="outra fonte",
        other_hand="outra mão",
        about_age="idade",
        about_mean="média",
        not_shown="Avaliações anteriores sem idade, não mostradas: {count}",
        no_chart="Sem gráfico de evolução",
        no_age="A idade cronológica é desconhecida.",
        no_sex="O sexo é desconhecido.",
        more="{count} a mais no relatório",
        networks="redes",
        not_estimated="Idade óssea não informada",
        why="Por quê",
        what_to_do="O que fazer",
        received="Radiografia recebida",
        not_displayed="A imagem não pode ser exibida",
    ),
}


def words_of(language: Language) -> PictureWords:
    """Labels in a language."""
    return _WORDS[language]


def decimal(value: float, places: int, words: PictureWords, *, signed: bool = False) -> str:
    """Write a number with a fixed count of decimals, a true minus and the decimal mark of the language; never a negative zero."""
    rounded = round(value, places) + 0.0
    text = f"{rounded:+.{places}f}" if signed and rounded else f"{rounded:.{places}f}"
    return text.replace("-", "−").replace(".", words.texts.decimal_mark)


def plain(value: float, words: PictureWords) -> str:
    """Write a number with as many decimals as it needs: ``90``, ``2.5``."""
    return f"{value:g}".replace(".", words.texts.decimal_mark)


def age_parts(months: float, words: PictureWords) -> list[tuple[str, str]]:
    """Age in whole months as numbers with their units: ``[("9", "years"), ("2", "months")]``."""
    whole = round(abs(months))
    years, rest = divmod(whole, 12)
    sign = "−" if months < 0 and whole else ""
    return [(f"{sign}{years}", words.texts.year[years != 1]), (f"{rest}", words.texts.month[rest != 1])]


def months_of(months: float, words: PictureWords, *, places: int = 1, signed: bool = False) -> str:
    """Write months as a number with its unit: ``110.0 months``."""
    return f"{decimal(months, places, words, signed=signed)} {words.texts.month[1]}"
