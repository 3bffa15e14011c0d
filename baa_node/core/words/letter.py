"""Labels that only the printed page needs, once a language; the others are those of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words import Language


@dataclass(frozen=True, kw_only=True)
class LetterWords:
    """Headings and labels of the page; ``{...}`` are filled in where it is set."""

    title: str
    preliminary: str
    patient: str
    patient_id: str
    birth_date: str
    examined_on: str
    accession_number: str
    see_header: str
    side: str
    interval: str
    members: str
    spread: str
    reference_mean: str
    reference_sd: str
    finding: str
    weights: str
    provider: str
    source_image: str
    earlier: str
    earlier_row: str
    cautions: str
    reference: str
    written: str


_WORDS: Final = {
    Language.ENGLISH: LetterWords(
        title="Bone age report",
        preliminary="Preliminary. Computed by software, not verified by a person.",
        patient="Patient",
        patient_id="Patient ID",
        birth_date="Date of birth",
        examined_on="Examined on",
        accession_number="Accession number",
        see_header="(see header of the object)",
        side="Side",
        interval="{coverage} % prediction interval",
        members="Single networks",
        spread="Standard deviation among networks",
        reference_mean="Reference mean at this age",
        reference_sd="Reference SD at this age",
        finding="Finding",
        weights="Networks and version",
        provider="Computed on",
        source_image="Image",
        earlier="Earlier assessments",
        earlier_row="at {age}: {bone_age}",
        cautions="Please note",
        reference="Reference",
        written="Written",
    ),
    Language.GERMAN: LetterWords(
        title="Bericht zum Skelettalter",
        preliminary="Vorläufig. Von Software berechnet, von keinem Menschen geprüft.",
        patient="Patient",
        patient_id="Patienten-ID",
        birth_date="Geburtsdatum",
        examined_on="Untersucht am",
        accession_number="Auftragsnummer",
        see_header="(siehe Kopfdaten des Objekts)",
        side="Seite",
        interval="{coverage}-%-Prädiktionsintervall",
        members="Einzelne Netze",
        spread="Standardabweichung der Netze",
        reference_mean="Referenzmittel in diesem Alter",
        reference_sd="Referenz-SD in diesem Alter",
        finding="Befund",
        weights="Netze und Version",
        provider="Berechnet auf",
        source_image="Bild",
        earlier="Frühere Bestimmungen",
        earlier_row="mit {age}: {bone_age}",
        cautions="Zu beachten",
        reference="Referenz",
        written="Erstellt",
    ),
    Language.SPANISH: LetterWords(
        title="Informe de edad ósea",
        preliminary="Preliminar. Calculado por un programa, no verificado por una persona.",
        patient="Paciente",
        patient_id="ID del paciente",
        birth_date="Fecha de nacimiento",
        examined_on="Fecha del estudio",
        accession_number="Número de acceso",
        see_header="(véase la cabecera del objeto)",
        side="Lado",
        interval="Intervalo de predicción del {coverage} %",
        members="Redes por separado",
        spread="Desviación estándar entre redes",
        reference_mean="Media de referencia a esta edad",
        reference_sd="DE de referencia a esta edad",
        finding="Hallazgo",
        weights="Redes y versión",
        provider="Calculado en",
        source_image="Imagen",
        earlier="Evaluaciones anteriores",
        earlier_row="a los {age}: {bone_age}",
        cautions="Tenga en cuenta",
        reference="Referencia",
        written="Escrito",
    ),
    Language.FRENCH: LetterWords(
        title="Compte rendu d'âge osseux",
        preliminary="Préliminaire. Calculé par un logiciel, non vérifié par une personne.",
        patient="Patient",
        patient_id="Identifiant du patient",
        birth_date="Date de naissance",
        examined_on="Date de l'examen",
        accession_number="Numéro d'accès",
        see_header="(voir l'en-tête de l'objet)",
        side="Côté",
        interval="Intervalle de prédiction à {coverage} %",
        members="Réseaux séparément",
        spread="Écart-type entre réseaux",
        reference_mean="Moyenne de référence à cet âge",
        reference_sd="DS de référence à cet âge",
        finding="Constatation",
        weights="Réseaux et version",
        provider="Calculé sur",
        source_image="Image",
        earlier="Évaluations antérieures",
        earlier_row="à {age} : {bone_age}",
        cautions="À noter",
        reference="Référence",
        written="Rédigé",
    ),
    Language.PORTUGUESE: LetterWords(
        title="Relatório de idade óssea",
        preliminary="Preliminar. Calculado por um programa, não verificado por uma pessoa.",
        patient="Paciente",
        patient_id="ID do paciente",
        birth_date="Data de nascimento",
        examined_on="Data do exame",
        accession_number="Número de acesso",
        see_header="(ver o cabeçalho do objeto)",
        side="Lado",
        interval="Intervalo de predição de {coverage} %",
        members="Redes em separado",
        spread="Desvio padrão entre redes",
        reference_mean="Média de referência nesta idade",
        reference_sd="DP de referência nesta idade",
        finding="Achado",
        weights="Redes e versão",
        provider="Calculado em",
        source_image="Imagem",
        earlier="Avaliações anteriores",
        earlier_row="aos {age}: {bone_age}",
        cautions="Observe",
        reference="Referência",
        written="Escrito",
    ),
}


def letter_words_of(language: Language) -> LetterWords:
    """Labels in a language."""
    return _WORDS[language]
