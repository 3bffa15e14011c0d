"""Coded concepts of our Structured Reports as people of each language say them; in English they have the words of their code.

The report itself holds the words of the standards (``core/codes``), which name concepts in English. A reason for not giving a bone age
has the sentence that report and picture use (``core/words``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydicom.sr.coding import Code

from baa_node.core import codes
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.sentences import reason_in_words
from baa_node.core.words.translated import Translated

_Entry = tuple[tuple[str, str], Translated[str]]


def _concept(code: Code, de: str, es: str, fr: str, pt: str) -> _Entry:
    return (code.value, code.scheme_designator), Translated(en=code.meaning, de=de, es=es, fr=fr, pt=pt)


def _reason(reason: Reason) -> _Entry:
    de, es, fr, pt = (reason_in_words(reason, language) for language in Language if language is not Language.ENGLISH)
    return _concept(codes.concept_of(reason), de, es, fr, pt)


CONCEPTS: Final[Mapping[tuple[str, str], Translated[str]]] = dict(
    [
        _concept(
            codes.IMAGING_MEASUREMENT_REPORT,
            "Messbefund der Bildgebung",
            "Informe de mediciones de imagen",
            "Compte rendu de mesures d'imagerie",
            "Relatório de medições de imagem",
        ),
        _concept(codes.LANGUAGE, "Sprache dieses Inhalts", "Idioma de este contenido", "Langue de ce contenu", "Idioma deste conteúdo"),
        _concept(codes.ENGLISH, "Englisch", "inglés", "anglais", "inglês"),
        _concept(codes.GERMAN, "Deutsch", "alemán", "allemand", "alemão"),
        _concept(codes.SPANISH, "Spanisch", "español", "espagnol", "espanhol"),
        _concept(codes.FRENCH, "Französisch", "francés", "français", "francês"),
        _concept(codes.PORTUGUESE, "Portugiesisch", "portugués", "portugais", "português"),
        _concept(codes.OBSERVER_TYPE, "Art des Beobachters", "Tipo de observador", "Type d'observateur", "Tipo de observador"),
        _concept(codes.DEVICE, "Gerät", "Dispositivo", "Appareil", "Dispositivo"),
        _concept(codes.DEVICE_UID, "UID des Geräts", "UID del dispositivo", "UID de l'appareil", "UID do dispositivo"),
        _concept(codes.DEVICE_NAME, "Name des Geräts", "Nombre del dispositivo", "Nom de l'appareil", "Nome do dispositivo"),
        _concept(
            codes.DEVICE_MANUFACTURER,
            "Hersteller des Geräts",
            "Fabricante del dispositivo",
            "Fabricant de l'appareil",
            "Fabricante do dispositivo",
        ),
        _concept(codes.DEVICE_MODEL, "Modell des Geräts", "Modelo del dispositivo", "Modèle de l'appareil", "Modelo do dispositivo"),
        _concept(
            codes.DEVICE_SERIAL,
            "Seriennummer des Geräts",
            "Número de serie del dispositivo",
            "Numéro de série de l'appareil",
            "Número de série do dispositivo",
        ),
        _concept(codes.SUBJECT_CLASS, "Wer untersucht wurde", "Clase de sujeto", "Nature du sujet", "Classe do sujeito"),
        _concept(codes.PATIENT, "Patient", "Paciente", "Patient", "Paciente"),
        _concept(codes.SUBJECT_SEX, "Geschlecht", "Sexo", "Sexe", "Sexo"),
        _concept(codes.SUBJECT_AGE, "Alter", "Edad", "Âge", "Idade"),
        _concept(codes.MALE, "männlich", "masculino", "masculin", "masculino"),
        _concept(codes.FEMALE, "weiblich", "femenino", "féminin", "feminino"),
        _concept(codes.PROCEDURE_REPORTED, "Befundete Untersuchung", "Exploración informada", "Examen interprété", "Exame laudado"),
        _concept(
            codes.BONE_AGE_EXAMINATION,
            "Röntgen: Skelettalter",
            "Radiografía: edad ósea",
            "Radiographie : âge osseux",
            "Radiografia: idade óssea",
        ),
        _concept(codes.IMAGE_LIBRARY, "Bilder", "Imágenes", "Images", "Imagens"),
        _concept(codes.IMAGE_LIBRARY_GROUP, "Bildgruppe", "Grupo de imágenes", "Groupe d'images", "Grupo de imagens"),
        _concept(codes.SOURCE, "Quelle", "Origen", "Source", "Origem"),
        _concept(codes.MODALITY, "Modalität", "Modalidad", "Modalité", "Modalidade"),
        _concept(
            codes.DIGITAL_RADIOGRAPHY, "Digitale Radiographie", "Radiografía digital", "Radiographie numérique", "Radiografia digital"
        ),
        _concept(
            codes.COMPUTED_RADIOGRAPHY,
            "Speicherfolienradiographie",
            "Radiografía computarizada",
            "Radiographie numérisée",
            "Radiografia computadorizada",
        ),
        _concept(codes.STUDY_DATE, "Datum der Untersuchung", "Fecha del estudio", "Date de l'examen", "Data do exame"),
        _concept(
            codes.IMAGE_LATERALITY, "Seite der Aufnahme", "Lateralidad de la imagen", "Latéralité de l'image", "Lateralidade da imagem"
        ),
        _concept(codes.ROWS, "Bildzeilen", "Filas de la imagen", "Lignes de l'image", "Linhas da imagem"),
        _concept(codes.COLUMNS, "Bildspalten", "Columnas de la imagen", "Colonnes de l'image", "Colunas da imagem"),
        _concept(
            codes.ORIENTATION_ROW,
            "Patientenorientierung der Zeilen",
            "Orientación del paciente, filas",
            "Orientation du patient, lignes",
            "Orientação do paciente, linhas",
        ),
        _concept(
            codes.ORIENTATION_COLUMN,
            "Patientenorientierung der Spalten",
            "Orientación del paciente, columnas",
            "Orientation du patient, colonnes",
            "Orientação do paciente, colunas",
        ),
        _concept(
            codes.HORIZONTAL_SPACING,
            "Pixelabstand, horizontal",
            "Espaciado horizontal de píxeles",
            "Espacement horizontal des pixels",
            "Espaçamento horizontal de pixels",
        ),
        _concept(
            codes.VERTICAL_SPACING,
            "Pixelabstand, vertikal",
            "Espaciado vertical de píxeles",
            "Espacement vertical des pixels",
            "Espaçamento vertical de pixels",
        ),
        _concept(codes.LEFT, "links", "izquierda", "gauche", "esquerda"),
        _concept(codes.RIGHT, "rechts", "derecha", "droite", "direita"),
        _concept(codes.IMAGING_MEASUREMENTS, "Messungen", "Mediciones", "Mesures", "Medições"),
        _concept(codes.MEASUREMENT_GROUP, "Messgruppe", "Grupo de mediciones", "Groupe de mesures", "Grupo de medições"),
        _concept(
            codes.TRACKING_IDENTIFIER,
            "Bezeichnung der Messung",
            "Identificador de seguimiento",
            "Identifiant de suivi",
            "Identificador de acompanhamento",
        ),
        _concept(codes.TRACKING_UID, "UID der Messung", "UID de seguimiento", "UID de suivi", "UID de acompanhamento"),
        _concept(codes.CONCLUSION, "Beurteilung", "Conclusión", "Conclusion", "Conclusão"),
        _concept(codes.FINDING, "Befund", "Hallazgo", "Constatation", "Achado"),
        _concept(
            codes.PEDIATRIC_BONE_AGE, "Skelettalter bei Kindern", "Edad ósea pediátrica", "Âge osseux pédiatrique", "Idade óssea pediátrica"
        ),
        _concept(codes.FINDING_SITE, "Lokalisation", "Localización", "Localisation", "Localização"),
        _concept(codes.HAND, "Hand", "Mano", "Main", "Mão"),
        _concept(codes.LATERALITY, "Seite", "Lateralidad", "Latéralité", "Lateralidade"),
        _concept(codes.ALGORITHM_NAME, "Name des Algorithmus", "Nombre del algoritmo", "Nom de l'algorithme", "Nome do algoritmo"),
        _concept(
            codes.ALGORITHM_VERSION, "Version des Algorithmus", "Versión del algoritmo", "Version de l'algorithme", "Versão do algoritmo"
        ),
        _concept(
            codes.ALGORITHM_PARAMETERS,
            "Parameter des Algorithmus",
            "Parámetros del algoritmo",
            "Paramètres de l'algorithme",
            "Parâmetros do algoritmo",
        ),
        _concept(codes.ALGORITHM_FAMILY, "Art des Algorithmus", "Familia del algoritmo", "Famille de l'algorithme", "Família do algoritmo"),
        _concept(
            codes.ARTIFICIAL_INTELLIGENCE,
            "Künstliche Intelligenz",
            "Inteligencia artificial",
            "Intelligence artificielle",
            "Inteligência artificial",
        ),
        _concept(codes.SOURCE_OF_MEASUREMENT, "Gemessen an", "Origen de la medición", "Source de la mesure", "Origem da medição"),
        _concept(codes.MEASUREMENT_METHOD, "Methode", "Método de medición", "Méthode de mesure", "Método de medição"),
        _concept(
            codes.GREULICH_PYLE,
            "Skelettalter nach Greulich und Pyle",
            "Edad ósea según Greulich y Pyle",
            "Âge osseux selon Greulich et Pyle",
            "Idade óssea segundo Greulich e Pyle",
        ),
        _concept(codes.COMMENT, "Bemerkung", "Comentario", "Commentaire", "Comentário"),
        _concept(
            codes.SUMMARY_OF_ANALYSES, "Verlauf der Auswertung", "Resumen de los análisis", "Bilan des analyses", "Resumo das análises"
        ),
        _concept(codes.SUCCEEDED, "gelungen", "realizados", "réussies", "realizadas"),
        _concept(codes.FAILED, "gescheitert", "fallidos", "échouées", "falharam"),
        _concept(codes.NOT_ATTEMPTED, "nicht versucht", "no intentados", "non tentées", "não tentadas"),
        _concept(codes.BONE_AGE, "Skelettalter", "Edad ósea", "Âge osseux", "Idade óssea"),
        _concept(codes.SKELETAL_AGE, "Skelettalter", "Edad ósea", "Âge osseux", "Idade óssea"),
        _concept(codes.CHRONOLOGICAL_AGE, "Chronologisches Alter", "Edad cronológica", "Âge chronologique", "Idade cronológica"),
        _concept(
            codes.REFERENCE_MEAN,
            "Mittleres Skelettalter nach Brush Foundation",
            "Edad ósea media de la Brush Foundation",
            "Âge osseux moyen de la Brush Foundation",
            "Idade óssea média da Brush Foundation",
        ),
        _concept(
            codes.REFERENCE_SD,
            "Standardabweichung für dieses Alter",
            "Desviación estándar para la edad",
            "Écart-type pour l'âge",
            "Desvio padrão para a idade",
        ),
        _concept(codes.Z_SCORE, "z-Score", "Puntuación z", "z-score", "Escore z"),
        _concept(
            codes.DETERMINATION,
            "Einordnung des Skelettalters",
            "Valoración de la edad ósea",
            "Appréciation de l'âge osseux",
            "Avaliação da idade óssea",
        ),
        _concept(codes.DELAYED, "retardiert", "retrasada", "retardé", "atrasada"),
        _concept(codes.NORMAL, "normal", "normal", "normal", "normal"),
        _concept(codes.ADVANCED, "akzeleriert", "adelantada", "avancé", "avançada"),
        _concept(codes.INDETERMINATE, "nicht beurteilbar", "no valorable", "indéterminé", "indeterminada"),
        _concept(codes.NORMALITY, "Normalität", "Normalidad", "Normalité", "Normalidade"),
        _concept(codes.ABNORMALLY_LOW, "auffällig niedrig", "anormalmente baja", "anormalement bas", "anormalmente baixa"),
        _concept(codes.NORMALITY_NORMAL, "unauffällig", "dentro de lo normal", "dans la norme", "dentro do normal"),
        _concept(codes.ABNORMALLY_HIGH, "auffällig hoch", "anormalmente alta", "anormalement élevé", "anormalmente alta"),
        _concept(codes.NORMALITY_UNDETERMINED, "nicht bestimmt", "no determinada", "non déterminée", "não determinada"),
        _concept(
            codes.REFERENCE_AUTHORITY, "Herkunft der Referenz", "Fuente de la referencia", "Source de la référence", "Fonte da referência"
        ),
        _concept(
            codes.INTERVAL_LOWER,
            "Untere Grenze des Prädiktionsintervalls",
            "Límite inferior del intervalo de predicción",
            "Limite inférieure de l'intervalle de prédiction",
            "Limite inferior do intervalo de predição",
        ),
        _concept(
            codes.INTERVAL_UPPER,
            "Obere Grenze des Prädiktionsintervalls",
            "Límite superior del intervalo de predicción",
            "Limite supérieure de l'intervalle de prédiction",
            "Limite superior do intervalo de predição",
        ),
        _concept(
            codes.INTERVAL_COVERAGE,
            "Überdeckung des Prädiktionsintervalls",
            "Cobertura nominal del intervalo de predicción",
            "Couverture nominale de l'intervalle de prédiction",
            "Cobertura nominal do intervalo de predição",
        ),
        _concept(
            codes.DIFFERENCE,
            "Skelettalter minus chronologisches Alter",
            "Edad ósea menos edad cronológica",
            "Âge osseux moins âge chronologique",
            "Idade óssea menos idade cronológica",
        ),
        _concept(
            codes.MEMBER_SD,
            "Standardabweichung der einzelnen Netze",
            "Desviación estándar entre redes",
            "Écart-type entre réseaux",
            "Desvio padrão entre redes",
        ),
        _concept(
            codes.VELOCITY,
            "Zunahme des Skelettalters seit der früheren Untersuchung",
            "Velocidad de la edad ósea desde el estudio anterior",
            "Vitesse de l'âge osseux depuis l'examen antérieur",
            "Velocidade da idade óssea desde o exame anterior",
        ),
        _concept(
            codes.REASON,
            "Grund, aus dem kein Skelettalter bestimmt wurde",
            "Motivo por el que no se estimó la edad ósea",
            "Motif pour lequel l'âge osseux n'a pas été estimé",
            "Motivo pelo qual a idade óssea não foi estimada",
        ),
        *(_reason(reason) for reason in Reason),
    ]
)
"""By value and scheme of the code."""

UNITS: Final[Translated[Mapping[str, str]]] = Translated(
    en={"1": "", "mo": "months", "{pixels}": "pixels", "a/a": "years per year"},
    de={"1": "", "mo": "Monate", "{pixels}": "Pixel", "a/a": "Jahre pro Jahr"},
    es={"1": "", "mo": "meses", "{pixels}": "píxeles", "a/a": "años por año"},
    fr={"1": "", "mo": "mois", "{pixels}": "pixels", "a/a": "années par an"},
    pt={"1": "", "mo": "meses", "{pixels}": "pixels", "a/a": "anos por ano"},
)
"""By the code of UCUM; other units are written as their code."""
