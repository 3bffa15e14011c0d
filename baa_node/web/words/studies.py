"""The list of studies, and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Studies:
    """The list of studies."""

    search_for: str
    state: str
    sent_by: str
    received_on: str
    any_state: str
    any_peer: str
    search: str
    last_image: str
    accession: str
    result: str
    in_quarantine: str
    none: str
    later: str
    earlier: str
    page: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """The page of one study; ``{at}``, ``{peer}``, ``{who}`` and the like as they stand in each."""

    title: str
    without_accession: str
    image: str
    received: str
    removed: str
    reading: str
    ordered: str
    read_by_route: str
    left_by_route: str
    picture: str
    report: str
    conflict: str
    again: str
    send_again: str
    reason: str
    read_again: str
    journal: str


STUDIES: Final = Translated(
    en=Studies(
        search_for="Accession number or UID",
        state="State",
        sent_by="From",
        received_on="Received on",
        any_state="any",
        any_peer="any peer",
        search="Search",
        last_image="Last image",
        accession="Accession",
        result="Result",
        in_quarantine="in quarantine",
        none="No study matches.",
        later="Later",
        earlier="Earlier",
        page="Page",
    ),
    de=Studies(
        search_for="Auftragsnummer oder UID",
        state="Zustand",
        sent_by="Von",
        received_on="Empfangen am",
        any_state="jeder",
        any_peer="alle",
        search="Suchen",
        last_image="Letztes Bild",
        accession="Auftragsnummer",
        result="Ergebnis",
        in_quarantine="in Quarantäne",
        none="Keine Studie passt dazu.",
        later="Spätere",
        earlier="Frühere",
        page="Seite",
    ),
    es=Studies(
        search_for="Número de acceso o UID",
        state="Estado",
        sent_by="De",
        received_on="Recibido el",
        any_state="cualquiera",
        any_peer="cualquiera",
        search="Buscar",
        last_image="Última imagen",
        accession="Número de acceso",
        result="Resultado",
        in_quarantine="en cuarentena",
        none="Ningún estudio coincide.",
        later="Posteriores",
        earlier="Anteriores",
        page="Página",
    ),
    fr=Studies(
        search_for="Numéro d'accession ou UID",
        state="État",
        sent_by="De",
        received_on="Reçu le",
        any_state="tous",
        any_peer="tous",
        search="Chercher",
        last_image="Dernière image",
        accession="Numéro d'accession",
        result="Résultat",
        in_quarantine="en quarantaine",
        none="Aucun examen ne correspond.",
        later="Plus récents",
        earlier="Plus anciens",
        page="Page",
    ),
    pt=Studies(
        search_for="Número de acesso ou UID",
        state="Estado",
        sent_by="De",
        received_on="Recebido em",
        any_state="qualquer",
        any_peer="qualquer",
        search="Buscar",
        last_image="Última imagem",
        accession="Número de acesso",
        result="Resultado",
        in_quarantine="em quarentena",
        none="Nenhum exame corresponde.",
        later="Posteriores",
        earlier="Anteriores",
        page="Página",
    ),
)
STUDY: Final = Translated(
    en=Study(
        title="Study {accession}",
        without_accession="without accession number",
        image="Image",
        received="Received {at} from {peer} ({title}), {size}.",
        removed="Its files left the spool on {at}.",
        reading="Reading {number}",
        ordered="Ordered by {who} {at}",
        read_by_route="Read as route <b>{route}</b> says.",
        left_by_route="Kept and not read: left alone by route <b>{route}</b>.",
        picture="Picture of reading {number}",
        report="Structured Report as a page",
        conflict="In quarantine: image {uid} came again with other content {at} from {peer}.",
        again="Do it again",
        send_again="Send again now",
        reason="Reason, for the audit trail",
        read_again="Read again",
        journal="Journal",
    ),
    de=Study(
        title="Studie {accession}",
        without_accession="ohne Auftragsnummer",
        image="Bild",
        received="Empfangen {at} von {peer} ({title}), {size}.",
        removed="Die Dateien wurden am {at} aus der Ablage entfernt.",
        reading="Lesung {number}",
        ordered="Angefordert von {who} {at}",
        read_by_route="Gelesen nach Regel <b>{route}</b>.",
        left_by_route="Behalten und nicht gelesen, nach Regel <b>{route}</b>.",
        picture="Bild der Lesung {number}",
        report="Strukturierter Befund als Seite",
        conflict="In Quarantäne: Bild {uid} kam {at} von {peer} noch einmal mit anderem Inhalt.",
        again="Wiederholen",
        send_again="Jetzt noch einmal senden",
        reason="Grund, für das Protokoll",
        read_again="Noch einmal lesen",
        journal="Verlauf",
    ),
    es=Study(
        title="Estudio {accession}",
        without_accession="sin número de acceso",
        image="Imagen",
        received="Recibida {at} de {peer} ({title}), {size}.",
        removed="Sus archivos se borraron del almacén el {at}.",
        reading="Lectura {number}",
        ordered="Pedida por {who} {at}",
        read_by_route="Leída según la ruta <b>{route}</b>.",
        left_by_route="Conservada y no leída, según la ruta <b>{route}</b>.",
        picture="Imagen de la lectura {number}",
        report="Informe estructurado como página",
        conflict="En cuarentena: la imagen {uid} llegó de nuevo con otro contenido {at} de {peer}.",
        again="Repetir",
        send_again="Enviar de nuevo ahora",
        reason="Motivo, para la auditoría",
        read_again="Leer de nuevo",
        journal="Diario",
    ),
    fr=Study(
        title="Examen {accession}",
        without_accession="sans numéro d'accession",
        image="Image",
        received="Reçue {at} de {peer} ({title}), {size}.",
        removed="Ses fichiers ont quitté le dépôt le {at}.",
        reading="Lecture {number}",
        ordered="Demandée par {who} {at}",
        read_by_route="Lue selon la règle <b>{route}</b>.",
        left_by_route="Gardée et non lue, selon la règle <b>{route}</b>.",
        picture="Image de la lecture {number}",
        report="Compte rendu structuré en page",
        conflict="En quarantaine : l'image {uid} est revenue avec un autre contenu {at} de {peer}.",
        again="Recommencer",
        send_again="Renvoyer maintenant",
        reason="Motif, pour l'audit",
        read_again="Relire",
        journal="Journal",
    ),
    pt=Study(
        title="Exame {accession}",
        without_accession="sem número de acesso",
        image="Imagem",
        received="Recebida {at} de {peer} ({title}), {size}.",
        removed="Os seus arquivos saíram do armazenamento em {at}.",
        reading="Leitura {number}",
        ordered="Pedida por {who} {at}",
        read_by_route="Lida conforme a rota <b>{route}</b>.",
        left_by_route="Guardada e não lida, conforme a rota <b>{route}</b>.",
        picture="Imagem da leitura {number}",
        report="Relatório estruturado como página",
        conflict="Em quarentena: a imagem {uid} veio de novo com outro conteúdo {at} de {peer}.",
        again="Repetir",
        send_again="Enviar de novo agora",
        reason="Motivo, para a auditoria",
        read_again="Ler de novo",
        journal="Diário",
    ),
)
