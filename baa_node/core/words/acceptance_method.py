"""Sentences of a site acceptance: what was asked of which images, what was done with them, and what a calibration is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class CriterionTexts:
    """What a site asks, by the names of ``acceptance.verdict.Criteria``; ``{limit}`` in months, percent or images."""

    max_mae: str
    max_bias: str
    max_limits: str
    min_within_12: str
    min_within_24: str
    min_coverage: str
    max_refused: str
    min_images: str


@dataclass(frozen=True, kw_only=True)
class MethodWords:
    """Sentences.

    Attributes
    ----------
    image, row, file
        Singular and plural.
    span
        An interval: ``{low}`` and ``{high}``.
    all, under, years, above
        Parts of the sample: every image, and bone ages from ``{low}`` to ``{high}`` years.
    certain
        Of a criterion: ``{asked}``.
    replayed
        ``{folder}``, ``{table}`` and its ``{sha256}``; ``{rows}``, ``{files}`` and ``{images}`` with their nouns; the number ``{refused}``.
    read_with
        ``{bundle}`` and its ``{sha256}``, ``{provider}``, ``{software}``, ``{at}``.
    was_in_force
        ``{version}`` of ``{day}`` for ``{sexes}``, sealed ``{seal}``.
    differences
        ``{coverage}`` percent.
    intervals
        ``{resamples}``, ``{few}`` images, and the ``{least}`` number of them for a calibration.
    line
        ``{slope}``, ``{intercept}`` and ``{gain}``, each with an interval of that name and ``_span``; ``{low}`` and ``{high}`` months;
        ``{before}`` and ``{after}``.
    """

    criteria: CriterionTexts
    image: tuple[str, str]
    row: tuple[str, str]
    file: tuple[str, str]
    span: str
    all: str
    under: str
    years: str
    above: str
    certain: str
    replayed: str
    read_with: str
    none_in_force: str
    was_in_force: str
    conjunction: str
    differences: str
    intervals: str
    line: str


METHOD_WORDS: Final = Translated(
    en=MethodWords(
        criteria=CriterionTexts(
            max_mae="mean absolute error at most {limit} months",
            max_bias="bias, either way, at most {limit} months",
            max_limits="limits of agreement, either way, at most {limit} months",
            min_within_12="within 12 months at least {limit} %",
            min_within_24="within 24 months at least {limit} %",
            min_coverage="inside the node's interval at least {limit} %",
            max_refused="refused at most {limit} %",
            min_images="at least {limit} images",
        ),
        image=("image", "images"),
        row=("row", "rows"),
        file=("DICOM file", "DICOM files"),
        span="{low} to {high}",
        all="all",
        under="under {high} years",
        years="{low} to {high} years",
        above="{low} years and above",
        certain="{asked}, with its whole interval",
        replayed=(
            "The DICOM files of the folder {folder} were read through the node's own path, gates and settings included; nothing was stored "
            "and nothing sent. Table {table} (SHA-256 {sha256}): {rows}; {files}; {images} compared, {refused} refused."
        ),
        read_with="Networks {bundle} (SHA-256 {sha256}) on {provider}, software {software}, {at}.",
        none_in_force="No calibration of the site was in force.",
        was_in_force="Calibration {version} of {day} was in force for {sexes} (SHA-256 {seal}).",
        conjunction="and",
        differences=(
            "A difference is node minus reader, in months. MAE is the mean absolute difference, bias the mean difference, RMSE the root of "
            "the mean squared difference; the limits of agreement are bias ± 1.96 standard deviations (Bland & Altman, Lancet "
            "1986;1:307-310). \"In interval\" is the share of readers' values inside the node's {coverage} % prediction interval."
        ),
        intervals=(
            "Intervals are 95 %: percentile bootstrap over images ({resamples} resamples, fixed seed), and Wilson's for shares (Newcombe, "
            "Stat Med 1998;17:857-872). Of fewer than {few} images only shares have an interval. Images, not patients, are drawn: several "
            "images of one child make intervals too narrow. Refused images are in no figure of agreement. A calibration takes at least "
            "{least} images of a sex and a shown benefit (ten-fold cross-validation)."
        ),
        line=(
            "slope {slope} ({slope_span}), intercept {intercept} months ({intercept_span}), estimates {low} to {high} months; mean "
            "absolute error {before} before and {after} after, gain {gain} months ({gain_span})."
        ),
    ),
    de=MethodWords(
        criteria=CriterionTexts(
            max_mae="mittlerer absoluter Fehler höchstens {limit} Monate",
            max_bias="Bias in beiden Richtungen höchstens {limit} Monate",
            max_limits="Übereinstimmungsgrenzen in beiden Richtungen höchstens {limit} Monate",
            min_within_12="innerhalb von 12 Monaten mindestens {limit} %",
            min_within_24="innerhalb von 24 Monaten mindestens {limit} %",
            min_coverage="im Intervall des Knotens mindestens {limit} %",
            max_refused="abgelehnt höchstens {limit} %",
            min_images="mindestens {limit} Bilder",
        ),
        image=("Bild", "Bilder"),
        row=("Zeile", "Zeilen"),
        file=("DICOM-Datei", "DICOM-Dateien"),
        span="{low} bis {high}",
        all="alle",
        under="unter {high} Jahren",
        years="{low} bis {high} Jahre",
        above="ab {low} Jahren",
        certain="{asked}, mit ganzem Intervall",
        replayed=(
            "Die DICOM-Dateien des Ordners {folder} wurden auf dem Weg des Knotens selbst gelesen, mit seinen Prüfungen und Einstellungen; "
            "nichts wurde gespeichert und nichts gesendet. Tabelle {table} (SHA-256 {sha256}): {rows}; {files}; {images} verglichen, "
            "{refused} abgelehnt."
        ),
        read_with="Netze {bundle} (SHA-256 {sha256}) auf {provider}, Software {software}, {at}.",
        none_in_force="Keine Kalibrierung des Hauses war in Kraft.",
        was_in_force="Kalibrierung {version} vom {day} war in Kraft für {sexes} (SHA-256 {seal}).",
        conjunction="und",
        differences=(
            "Eine Differenz ist Knoten minus Befunder, in Monaten. MAE ist die mittlere absolute Differenz, Bias die mittlere Differenz, "
            "RMSE die Wurzel der mittleren quadrierten Differenz; die Übereinstimmungsgrenzen sind Bias ± 1,96 Standardabweichungen (Bland "
            "& Altman, Lancet 1986;1:307-310). „Im Intervall“ ist der Anteil der Werte der Befunder im {coverage}-%-Prädiktionsintervall "
            "des Knotens."
        ),
        intervals=(
            "Intervalle sind 95-%-Intervalle: Perzentil-Bootstrap über Bilder ({resamples} Ziehungen, fester Startwert) und "
            "Wilson-Intervalle für Anteile (Newcombe, Stat Med 1998;17:857-872). Bei weniger als {few} Bildern haben nur Anteile ein "
            "Intervall. Gezogen werden Bilder, nicht Patienten: Mehrere Bilder eines Kindes machen die Intervalle zu schmal. Abgelehnte "
            "Bilder gehen in keine Zahl der Übereinstimmung ein. Eine Kalibrierung verlangt mindestens {least} Bilder eines Geschlechts "
            "und einen gezeigten Nutzen (zehnfache Kreuzvalidierung)."
        ),
        line=(
            "Steigung {slope} ({slope_span}), Achsenabschnitt {intercept} Monate ({intercept_span}), Schätzwerte {low} bis {high} Monate; "
            "mittlerer absoluter Fehler {before} davor und {after} danach, Gewinn {gain} Monate ({gain_span})."
        ),
    ),
    es=MethodWords(
        criteria=CriterionTexts(
            max_mae="error absoluto medio de {limit} meses como máximo",
            max_bias="sesgo, en ambos sentidos, de {limit} meses como máximo",
            max_limits="límites de concordancia, en ambos sentidos, de {limit} meses como máximo",
            min_within_12="a menos de 12 meses, al menos {limit} %",
            min_within_24="a menos de 24 meses, al menos {limit} %",
            min_coverage="dentro del intervalo del nodo, al menos {limit} %",
            max_refused="rechazadas, {limit} % como máximo",
            min_images="al menos {limit} imágenes",
        ),
        image=("imagen", "imágenes"),
        row=("fila", "filas"),
        file=("archivo DICOM", "archivos DICOM"),
        span="{low} a {high}",
        all="todas",
        under="menos de {high} años",
        years="{low} a {high} años",
        above="desde {low} años",
        certain="{asked}, con todo su intervalo",
        replayed=(
            "Los archivos DICOM de la carpeta {folder} se leyeron por el mismo camino del nodo, con sus controles y ajustes; nada se "
            "guardó y nada se envió. Tabla {table} (SHA-256 {sha256}): {rows}; {files}; {images} comparadas, {refused} rechazadas."
        ),
        read_with="Redes {bundle} (SHA-256 {sha256}) en {provider}, programa {software}, {at}.",
        none_in_force="No había ninguna calibración del centro en vigor.",
        was_in_force="La calibración {version} del {day} estaba en vigor para {sexes} (SHA-256 {seal}).",
        conjunction="y",
        differences=(
            "Una diferencia es nodo menos lector, en meses. EAM es la diferencia absoluta media, el sesgo la diferencia media, RECM la "
            "raíz de la diferencia cuadrática media; los límites de concordancia son sesgo ± 1,96 desviaciones estándar (Bland & Altman, "
            "Lancet 1986;1:307-310). «En intervalo» es la proporción de valores de los lectores dentro del intervalo de predicción del "
            "{coverage} % del nodo."
        ),
        intervals=(
            "Los intervalos son del 95 %: bootstrap de percentiles sobre imágenes ({resamples} remuestreos, semilla fija) y de Wilson para "
            "proporciones (Newcombe, Stat Med 1998;17:857-872). Con menos de {few} imágenes solo las proporciones tienen intervalo. Se "
            "sortean imágenes, no pacientes: varias imágenes de un mismo niño hacen los intervalos demasiado estrechos. Las imágenes "
            "rechazadas no entran en ninguna cifra de concordancia. Una calibración exige al menos {least} imágenes de un sexo y un "
            "beneficio demostrado (validación cruzada de diez partes)."
        ),
        line=(
            "pendiente {slope} ({slope_span}), ordenada {intercept} meses ({intercept_span}), estimaciones de {low} a {high} meses; error "
            "absoluto medio {before} antes y {after} después, ganancia {gain} meses ({gain_span})."
        ),
    ),
    fr=MethodWords(
        criteria=CriterionTexts(
            max_mae="erreur absolue moyenne d'au plus {limit} mois",
            max_bias="biais, dans les deux sens, d'au plus {limit} mois",
            max_limits="limites d'agrément, dans les deux sens, d'au plus {limit} mois",
            min_within_12="à moins de 12 mois, au moins {limit} %",
            min_within_24="à moins de 24 mois, au moins {limit} %",
            min_coverage="dans l'intervalle du nœud, au moins {limit} %",
            max_refused="refusées, au plus {limit} %",
            min_images="au moins {limit} images",
        ),
        image=("image", "images"),
        row=("ligne", "lignes"),
        file=("fichier DICOM", "fichiers DICOM"),
        span="{low} à {high}",
        all="toutes",
        under="moins de {high} ans",
        years="{low} à {high} ans",
        above="{low} ans et plus",
        certain="{asked}, avec tout son intervalle",
        replayed=(
            "Les fichiers DICOM du dossier {folder} ont été lus par le chemin même du nœud, contrôles et réglages compris ; rien n'a été "
            "enregistré ni envoyé. Tableau {table} (SHA-256 {sha256}) : {rows} ; {files} ; {images} comparées, {refused} refusées."
        ),
        read_with="Réseaux {bundle} (SHA-256 {sha256}) sur {provider}, logiciel {software}, {at}.",
        none_in_force="Aucun étalonnage du site n'était en vigueur.",
        was_in_force="L'étalonnage {version} du {day} était en vigueur pour {sexes} (SHA-256 {seal}).",
        conjunction="et",
        differences=(
            "Une différence est nœud moins lecteur, en mois. L'EAM est la différence absolue moyenne, le biais la différence moyenne, la "
            "REQM la racine de la différence quadratique moyenne ; les limites d'agrément sont biais ± 1,96 écart-type (Bland & Altman, "
            "Lancet 1986;1:307-310). « Dans l'int. » est la part des valeurs des lecteurs dans l'intervalle de prédiction à {coverage} % "
            "du nœud."
        ),
        intervals=(
            "Les intervalles sont à 95 % : bootstrap des percentiles sur les images ({resamples} tirages, graine fixe) et de Wilson pour "
            "les parts (Newcombe, Stat Med 1998;17:857-872). À moins de {few} images, seules les parts ont un intervalle. On tire des "
            "images, non des patients : plusieurs images d'un même enfant rendent les intervalles trop étroits. Les images refusées "
            "n'entrent dans aucun chiffre d'accord. Un étalonnage exige au moins {least} images d'un sexe et un bénéfice démontré "
            "(validation croisée en dix parts)."
        ),
        line=(
            "pente {slope} ({slope_span}), ordonnée {intercept} mois ({intercept_span}), estimations de {low} à {high} mois ; erreur "
            "absolue moyenne {before} avant et {after} après, gain {gain} mois ({gain_span})."
        ),
    ),
    pt=MethodWords(
        criteria=CriterionTexts(
            max_mae="erro absoluto médio de no máximo {limit} meses",
            max_bias="viés, nos dois sentidos, de no máximo {limit} meses",
            max_limits="limites de concordância, nos dois sentidos, de no máximo {limit} meses",
            min_within_12="a menos de 12 meses, pelo menos {limit} %",
            min_within_24="a menos de 24 meses, pelo menos {limit} %",
            min_coverage="dentro do intervalo do nó, pelo menos {limit} %",
            max_refused="recusadas, no máximo {limit} %",
            min_images="pelo menos {limit} imagens",
        ),
        image=("imagem", "imagens"),
        row=("linha", "linhas"),
        file=("arquivo DICOM", "arquivos DICOM"),
        span="{low} a {high}",
        all="todas",
        under="menos de {high} anos",
        years="{low} a {high} anos",
        above="a partir de {low} anos",
        certain="{asked}, com todo o seu intervalo",
        replayed=(
            "Os arquivos DICOM da pasta {folder} foram lidos pelo próprio caminho do nó, com os seus controles e ajustes; nada foi "
            "guardado e nada foi enviado. Tabela {table} (SHA-256 {sha256}): {rows}; {files}; {images} comparadas, {refused} recusadas."
        ),
        read_with="Redes {bundle} (SHA-256 {sha256}) em {provider}, programa {software}, {at}.",
        none_in_force="Nenhuma calibração do serviço estava em vigor.",
        was_in_force="A calibração {version} de {day} estava em vigor para {sexes} (SHA-256 {seal}).",
        conjunction="e",
        differences=(
            "Uma diferença é nó menos leitor, em meses. EAM é a diferença absoluta média, viés a diferença média, REQM a raiz da diferença "
            "quadrática média; os limites de concordância são viés ± 1,96 desvio padrão (Bland & Altman, Lancet 1986;1:307-310). “No "
            "intervalo” é a proporção de valores dos leitores dentro do intervalo de predição de {coverage} % do nó."
        ),
        intervals=(
            "Os intervalos são de 95 %: bootstrap de percentis sobre imagens ({resamples} reamostragens, semente fixa) e de Wilson para "
            "proporções (Newcombe, Stat Med 1998;17:857-872). Com menos de {few} imagens só as proporções têm intervalo. Sorteiam-se "
            "imagens, não pacientes: várias imagens de uma mesma criança tornam os intervalos estreitos demais. Imagens recusadas não "
            "entram em nenhum número de concordância. Uma calibração exige pelo menos {least} imagens de um sexo e um benefício "
            "demonstrado (validação cruzada em dez partes)."
        ),
        line=(
            "inclinação {slope} ({slope_span}), intercepto {intercept} meses ({intercept_span}), estimativas de {low} a {high} meses; erro "
            "absoluto médio {before} antes e {after} depois, ganho {gain} meses ({gain_span})."
        ),
    ),
)
