"""The bundle that reads; its card is part of the bundle and stays English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Models:
    """The page of the model.

    Attributes
    ----------
    version
        Of the calibration: ``{version}`` and ``{day}``.
    calibration
        Caption: ``{version}``.
    equation
        ``{slope}`` and ``{intercept}``, which is signed.
    fitted
        ``{count}`` images, ``{low}`` and ``{high}`` months.
    weight_without_sex
        ``{weight}`` and that ``{without}`` sex.
    """

    packed: str
    reads_elsewhere: str
    site_calibration: str
    version: str
    other_weights: str
    none: str
    calibration: str
    sex: str
    line: str
    fitted_on: str
    error_before: str
    error_with: str
    female: str
    male: str
    equation: str
    fitted: str
    networks: str
    name: str
    architecture: str
    input: str
    weight: str
    needed: str
    not_used: str
    weight_without_sex: str
    card: str


MODELS: Final = Translated(
    en=Models(
        packed="Every file is as it was packed. SHA-256 of the manifest:",
        reads_elsewhere="another host",
        site_calibration="Calibration of the site",
        version="version {version} of {day}",
        other_weights="for other weights: not applied",
        none="none",
        calibration="Calibration {version}",
        sex="Sex",
        line="Line",
        fitted_on="Fitted on",
        error_before="Mean absolute error before",
        error_with="with it",
        female="girls",
        male="boys",
        equation="{slope} × estimate {intercept} months",
        fitted="{count} images, {low} to {high} months",
        networks="Networks",
        name="Name",
        architecture="Architecture",
        input="Input",
        weight="Weight",
        needed="needed",
        not_used="not used",
        weight_without_sex="{weight}, {without} without sex",
        card="Model card",
    ),
    de=Models(
        packed="Jede Datei ist, wie sie gepackt wurde. SHA-256 des Verzeichnisses:",
        reads_elsewhere="einem anderen Rechner",
        site_calibration="Kalibrierung des Hauses",
        version="Version {version} vom {day}",
        other_weights="für andere Gewichte: nicht angewendet",
        none="keine",
        calibration="Kalibrierung {version}",
        sex="Geschlecht",
        line="Gerade",
        fitted_on="Angepasst an",
        error_before="Mittlerer absoluter Fehler davor",
        error_with="damit",
        female="Mädchen",
        male="Jungen",
        equation="{slope} × Schätzwert {intercept} Monate",
        fitted="{count} Bilder, {low} bis {high} Monate",
        networks="Netze",
        name="Name",
        architecture="Architektur",
        input="Eingabe",
        weight="Gewicht",
        needed="erforderlich",
        not_used="nicht verwendet",
        weight_without_sex="{weight}, ohne Geschlecht {without}",
        card="Modellkarte",
    ),
    es=Models(
        packed="Cada archivo está como se empaquetó. SHA-256 del manifiesto:",
        reads_elsewhere="otro equipo",
        site_calibration="Calibración del centro",
        version="versión {version} del {day}",
        other_weights="para otros pesos: no se aplica",
        none="ninguna",
        calibration="Calibración {version}",
        sex="Sexo",
        line="Recta",
        fitted_on="Ajustada con",
        error_before="Error absoluto medio antes",
        error_with="con ella",
        female="niñas",
        male="niños",
        equation="{slope} × estimación {intercept} meses",
        fitted="{count} imágenes, {low} a {high} meses",
        networks="Redes",
        name="Nombre",
        architecture="Arquitectura",
        input="Entrada",
        weight="Peso",
        needed="necesario",
        not_used="no utilizado",
        weight_without_sex="{weight}, sin sexo {without}",
        card="Ficha del modelo",
    ),
    fr=Models(
        packed="Chaque fichier est tel qu'il a été emballé. SHA-256 du manifeste :",
        reads_elsewhere="une autre machine",
        site_calibration="Étalonnage du site",
        version="version {version} du {day}",
        other_weights="pour d'autres poids : non appliqué",
        none="aucun",
        calibration="Étalonnage {version}",
        sex="Sexe",
        line="Droite",
        fitted_on="Ajustée sur",
        error_before="Erreur absolue moyenne avant",
        error_with="avec elle",
        female="filles",
        male="garçons",
        equation="{slope} × estimation {intercept} mois",
        fitted="{count} images, {low} à {high} mois",
        networks="Réseaux",
        name="Nom",
        architecture="Architecture du réseau",
        input="Entrée",
        weight="Poids",
        needed="nécessaire",
        not_used="non utilisé",
        weight_without_sex="{weight}, sans sexe {without}",
        card="Fiche du modèle",
    ),
    pt=Models(
        packed="Cada arquivo está como foi empacotado. SHA-256 do manifesto:",
        reads_elsewhere="outro computador",
        site_calibration="Calibração do serviço",
        version="versão {version} de {day}",
        other_weights="para outros pesos: não aplicada",
        none="nenhuma",
        calibration="Calibração {version}",
        sex="Sexo",
        line="Reta",
        fitted_on="Ajustada com",
        error_before="Erro absoluto médio antes",
        error_with="com ela",
        female="meninas",
        male="meninos",
        equation="{slope} × estimativa {intercept} meses",
        fitted="{count} imagens, {low} a {high} meses",
        networks="Redes",
        name="Nome",
        architecture="Arquitetura",
        input="Entrada",
        weight="Peso",
        needed="necessário",
        not_used="não utilizado",
        weight_without_sex="{weight}, sem sexo {without}",
        card="Ficha do modelo",
    ),
)
