"""Headings and labels of the report of a site acceptance, which somebody signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class PageWords:
    """Everything on the sheets but figures, sentences of the method and remarks.

    Attributes
    ----------
    compared
        ``{images}`` with their noun, and the number ``{refused}``.
    networks
        ``{bundle}``, ``{software}``, ``{calibration}``.
    in_force, made
        ``{version}`` of a calibration, the second one its ``{seal}``, too.
    in_interval
        ``{coverage}`` percent.
    months
        ``{value}``, abbreviated.
    few
        ``{few}`` images.
    trial
        ``{sex}``, ``{images}`` with their noun, ``{fate}``; ``refused`` is one, with its ``{reason}``.
    row
        ``{row}`` of the table.
    page
        ``{page}`` of ``{total}``.
    """

    title: str
    compared: str
    networks: str
    in_force: str
    none_in_force: str
    criteria_met: str
    criteria_not_met: str
    no_criteria: str
    figures_alone: str
    met: str
    not_met: str
    unsure: str
    mae: str
    bias: str
    limits: str
    limits_of: str
    in_interval: str
    months: str
    plots_note: str
    by_group: str
    by_group_note: str
    few: str
    readers: str
    readers_note: str
    second_first: str
    node_first: str
    node_second: str
    calibration: str
    calibration_note: str
    trial: str
    refused: str
    fitted: str
    none_made: str
    made: str
    refused_by_node: str
    left_out: str
    to_look_at: str
    row: str
    more: str
    method: str
    for_readings: str
    for_node: str
    sign: str
    page: str


PAGE_WORDS: Final = Translated(
    en=PageWords(
        title="Site acceptance: bone age",
        compared="{images} read by the people of this site and by the node, {refused} more refused by the node.",
        networks="Networks {bundle}, {software}, {calibration}.",
        in_force="calibration {version} in force",
        none_in_force="no calibration in force",
        criteria_met="Criteria met",
        criteria_not_met="Criteria not met",
        no_criteria="No criteria were set",
        figures_alone="The figures stand for themselves; limits are set by options of the command (baa-node accept --help).",
        met="met",
        not_met="NOT MET",
        unsure="the interval holds the limit",
        mae="Mean absolute error",
        bias="Bias (node − reader)",
        limits="Limits of agreement",
        limits_of="bias ± 1.96 SD",
        in_interval="In the {coverage} % interval",
        months="{value} mo",
        plots_note="Dashed: 95 % limits of agreement; grey: 95 % intervals of bias and limits. A point is an image.",
        by_group="By sex and age",
        by_group_note="ages are bone ages by the reader; below each figure its 95 % interval",
        few="* fewer than {few} images: the figures say little.",
        readers="Readers among themselves",
        readers_note="the same images, read by both; the node can hardly agree better with people than they do",
        second_first="second reader − reader",
        node_first="node − reader",
        node_second="node − second reader",
        calibration="Calibration",
        calibration_note="bone age = slope × estimate + intercept, by Theil and Sen; the benefit is that on images left out of the fit",
        trial="{sex}, {images}: {fate}",
        refused="refused: {reason}",
        fitted="fitted",
        none_made="No calibration was made.",
        made="Calibration {version} was made and sealed (SHA-256 {seal}). It is in force once [calibration] file names it.",
        refused_by_node="Refused by the node",
        left_out="Rows and files that were left out",
        to_look_at="To be looked at",
        row="row {row}",
        more="{count} more are in the output of --json.",
        method="Method",
        for_readings="Responsible for the readings of this site",
        for_node="Responsible for the node",
        sign="name, date, signature",
        page="page {page} of {total}",
    ),
    de=PageWords(
        title="Abnahme am Standort: Skelettalter",
        compared="{images}, von den Befundern dieses Hauses und vom Knoten gelesen; {refused} weitere vom Knoten abgelehnt.",
        networks="Netze {bundle}, {software}, {calibration}.",
        in_force="Kalibrierung {version} in Kraft",
        none_in_force="keine Kalibrierung in Kraft",
        criteria_met="Kriterien erfüllt",
        criteria_not_met="Kriterien nicht erfüllt",
        no_criteria="Keine Kriterien gesetzt",
        figures_alone="Die Zahlen stehen für sich; Grenzen setzen die Optionen des Befehls (baa-node accept --help).",
        met="erfüllt",
        not_met="VERFEHLT",
        unsure="das Intervall enthält die Grenze",
        mae="Mittlerer absoluter Fehler",
        bias="Bias (Knoten − Befunder)",
        limits="Übereinstimmungsgrenzen",
        limits_of="Bias ± 1,96 SD",
        in_interval="Im {coverage}-%-Intervall",
        months="{value} Mon.",
        plots_note="Gestrichelt: 95-%-Übereinstimmungsgrenzen; grau: 95-%-Intervalle von Bias und Grenzen. Ein Punkt ist ein Bild.",
        by_group="Nach Geschlecht und Alter",
        by_group_note="Alter ist das Skelettalter nach dem Befunder; unter jeder Zahl ihr 95-%-Intervall",
        few="* weniger als {few} Bilder: Die Zahlen sagen wenig.",
        readers="Befunder untereinander",
        readers_note="dieselben Bilder, von beiden gelesen; der Knoten kann mit Menschen kaum besser übereinstimmen als sie untereinander",
        second_first="Zweitbefunder − Befunder",
        node_first="Knoten − Befunder",
        node_second="Knoten − Zweitbefunder",
        calibration="Kalibrierung",
        calibration_note=(
            "Skelettalter = Steigung × Schätzwert + Achsenabschnitt, nach Theil und Sen; der Nutzen ist der an Bildern außerhalb der "
            "Anpassung"
        ),
        trial="{sex}, {images}: {fate}",
        refused="abgelehnt: {reason}",
        fitted="angepasst",
        none_made="Es entstand keine Kalibrierung.",
        made="Kalibrierung {version} wurde erstellt und versiegelt (SHA-256 {seal}). Sie gilt, sobald [calibration] file sie nennt.",
        refused_by_node="Vom Knoten abgelehnt",
        left_out="Ausgelassene Zeilen und Dateien",
        to_look_at="Bitte ansehen",
        row="Zeile {row}",
        more="{count} weitere stehen in der Ausgabe von --json.",
        method="Methode",
        for_readings="Für die Befundung verantwortlich",
        for_node="Für den Knoten verantwortlich",
        sign="Name, Datum, Unterschrift",
        page="Seite {page} von {total}",
    ),
    es=PageWords(
        title="Prueba de aceptación en el centro: edad ósea",
        compared="{images}, leídas por las personas de este centro y por el nodo; {refused} más rechazadas por el nodo.",
        networks="Redes {bundle}, {software}, {calibration}.",
        in_force="calibración {version} en vigor",
        none_in_force="ninguna calibración en vigor",
        criteria_met="Criterios cumplidos",
        criteria_not_met="Criterios no cumplidos",
        no_criteria="No se fijaron criterios",
        figures_alone="Las cifras hablan por sí mismas; los límites se fijan con opciones de la orden (baa-node accept --help).",
        met="cumplido",
        not_met="FALLADO",
        unsure="el intervalo contiene el límite",
        mae="Error absoluto medio",
        bias="Sesgo (nodo − lector)",
        limits="Límites de concordancia",
        limits_of="sesgo ± 1,96 DE",
        in_interval="En el intervalo del {coverage} %",
        months="{value} meses",
        plots_note="Trazos: límites de concordancia del 95 %; gris: intervalos del 95 % de sesgo y límites. Un punto es una imagen.",
        by_group="Por sexo y edad",
        by_group_note="la edad es la edad ósea según el lector; bajo cada cifra, su intervalo del 95 %",
        few="* menos de {few} imágenes: las cifras dicen poco.",
        readers="Los lectores entre sí",
        readers_note=(
            "las mismas imágenes, leídas por ambos; el nodo difícilmente puede concordar con las personas mejor que ellas entre sí"
        ),
        second_first="segundo lector − lector",
        node_first="nodo − lector",
        node_second="nodo − segundo lector",
        calibration="Calibración",
        calibration_note=(
            "edad ósea = pendiente × estimación + ordenada, según Theil y Sen; el beneficio es el de imágenes excluidas del ajuste"
        ),
        trial="{sex}, {images}: {fate}",
        refused="rechazado: {reason}",
        fitted="ajustado",
        none_made="No se hizo ninguna calibración.",
        made="Se hizo y selló la calibración {version} (SHA-256 {seal}). Está en vigor cuando [calibration] file la nombra.",
        refused_by_node="Rechazadas por el nodo",
        left_out="Filas y archivos excluidos",
        to_look_at="Por revisar",
        row="fila {row}",
        more="{count} más están en la salida de --json.",
        method="Método",
        for_readings="Responsable de las lecturas de este centro",
        for_node="Responsable del nodo",
        sign="nombre, fecha, firma",
        page="página {page} de {total}",
    ),
    fr=PageWords(
        title="Recette sur site : âge osseux",
        compared="{images}, lues par les lecteurs de ce site et par le nœud ; {refused} de plus refusées par le nœud.",
        networks="Réseaux {bundle}, {software}, {calibration}.",
        in_force="étalonnage {version} en vigueur",
        none_in_force="aucun étalonnage en vigueur",
        criteria_met="Critères remplis",
        criteria_not_met="Critères non remplis",
        no_criteria="Aucun critère n'a été fixé",
        figures_alone="Les chiffres parlent d'eux-mêmes ; les limites se fixent par des options de la commande (baa-node accept --help).",
        met="rempli",
        not_met="MANQUÉ",
        unsure="l'intervalle contient la limite",
        mae="Erreur absolue moyenne",
        bias="Biais (nœud − lecteur)",
        limits="Limites d'agrément",
        limits_of="biais ± 1,96 DS",
        in_interval="Dans l'intervalle à {coverage} %",
        months="{value} mois",
        plots_note="Tirets : limites d'agrément à 95 % ; gris : intervalles à 95 % du biais et des limites. Un point est une image.",
        by_group="Par sexe et par âge",
        by_group_note="l'âge est l'âge osseux selon le lecteur ; sous chaque chiffre, son intervalle à 95 %",
        few="* moins de {few} images : les chiffres disent peu.",
        readers="Les lecteurs entre eux",
        readers_note="les mêmes images, lues par les deux ; le nœud ne peut guère mieux s'accorder avec les personnes qu'elles entre elles",
        second_first="second lecteur − lecteur",
        node_first="nœud − lecteur",
        node_second="nœud − second lecteur",
        calibration="Étalonnage",
        calibration_note=(
            "âge osseux = pente × estimation + ordonnée, selon Theil et Sen ; le bénéfice est celui sur des images hors ajustement"
        ),
        trial="{sex}, {images} : {fate}",
        refused="refusé : {reason}",
        fitted="ajusté",
        none_made="Aucun étalonnage n'a été fait.",
        made="L'étalonnage {version} a été fait et scellé (SHA-256 {seal}). Il est en vigueur dès que [calibration] file le nomme.",
        refused_by_node="Refusées par le nœud",
        left_out="Lignes et fichiers laissés de côté",
        to_look_at="À examiner",
        row="ligne {row}",
        more="{count} de plus sont dans la sortie de --json.",
        method="Méthode",
        for_readings="Responsable des lectures de ce site",
        for_node="Responsable du nœud",
        sign="nom, date, signature",
        page="page {page} sur {total}",
    ),
    pt=PageWords(
        title="Teste de aceitação no serviço: idade óssea",
        compared="{images}, lidas pelas pessoas deste serviço e pelo nó; outras {refused} recusadas pelo nó.",
        networks="Redes {bundle}, {software}, {calibration}.",
        in_force="calibração {version} em vigor",
        none_in_force="nenhuma calibração em vigor",
        criteria_met="Critérios cumpridos",
        criteria_not_met="Critérios não cumpridos",
        no_criteria="Nenhum critério foi fixado",
        figures_alone="Os números falam por si; os limites são fixados por opções do comando (baa-node accept --help).",
        met="cumprido",
        not_met="FALHOU",
        unsure="o intervalo contém o limite",
        mae="Erro absoluto médio",
        bias="Viés (nó − leitor)",
        limits="Limites de concordância",
        limits_of="viés ± 1,96 DP",
        in_interval="No intervalo de {coverage} %",
        months="{value} meses",
        plots_note="Tracejado: limites de concordância de 95 %; cinza: intervalos de 95 % do viés e dos limites. Um ponto é uma imagem.",
        by_group="Por sexo e idade",
        by_group_note="a idade é a idade óssea segundo o leitor; abaixo de cada número, o seu intervalo de 95 %",
        few="* menos de {few} imagens: os números dizem pouco.",
        readers="Os leitores entre si",
        readers_note="as mesmas imagens, lidas por ambos; o nó dificilmente concorda melhor com as pessoas do que elas entre si",
        second_first="segundo leitor − leitor",
        node_first="nó − leitor",
        node_second="nó − segundo leitor",
        calibration="Calibração",
        calibration_note=(
            "idade óssea = inclinação × estimativa + intercepto, segundo Theil e Sen; o benefício é o de imagens fora do ajuste"
        ),
        trial="{sex}, {images}: {fate}",
        refused="recusado: {reason}",
        fitted="ajustado",
        none_made="Nenhuma calibração foi feita.",
        made="A calibração {version} foi feita e selada (SHA-256 {seal}). Está em vigor quando [calibration] file a nomeia.",
        refused_by_node="Recusadas pelo nó",
        left_out="Linhas e arquivos deixados de fora",
        to_look_at="A verificar",
        row="linha {row}",
        more="Outros {count} estão na saída de --json.",
        method="Método",
        for_readings="Responsável pelas leituras deste serviço",
        for_node="Responsável pelo nó",
        sign="nome, data, assinatura",
        page="página {page} de {total}",
    ),
)
