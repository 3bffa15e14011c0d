"""The dashboard, and how traffic with a peer goes, which the list of peers says, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """The first page; ``oldest`` calls for ``{span}``, ``worker`` for ``{host}``, ``no_peers`` for ``{peers}``, a link of that name."""

    live: str
    not_connected: str
    today: str
    nothing_today: str
    queue: str
    to_read: str
    to_deliver: str
    oldest: str
    node: str
    reads_on: str
    reads_elsewhere: str
    free: str
    worker: str
    alive: str
    stopped: str
    lost: str
    peer: str
    last_from: str
    last_to: str
    no_peers: str


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How deliveries to a peer stand; ``{count}`` of them."""

    given_up: str
    waiting: str
    on_the_way: str
    in_order: str
    nothing_yet: str


DASHBOARD: Final = Translated(
    en=Dashboard(
        live="live",
        not_connected="not connected",
        today="Images of today",
        nothing_today="Nothing has come in today.",
        queue="Queue",
        to_read="To be read",
        to_deliver="On their way to peers",
        oldest="{count}, the oldest since {span}",
        node="Node",
        reads_on="Reads on",
        reads_elsewhere="another host: no worker in this process",
        free="Spool, free",
        worker="Worker {host}",
        alive="alive",
        stopped="stopped",
        lost="lost",
        peer="Peer",
        last_from="Last image from it",
        last_to="Last results to it",
        no_peers="No peers yet: every caller is turned away. {peers} shows who called, and admits them.",
    ),
    de=Dashboard(
        live="laufend aktuell",
        not_connected="nicht verbunden",
        today="Bilder von heute",
        nothing_today="Heute ist noch nichts eingegangen.",
        queue="Warteschlange",
        to_read="Noch zu lesen",
        to_deliver="Unterwegs zu Gegenstellen",
        oldest="{count}, das älteste seit {span}",
        node="Knoten",
        reads_on="Liest auf",
        reads_elsewhere="einem anderen Rechner: kein Leseprozess in diesem Prozess",
        free="Ablage, frei",
        worker="Leseprozess {host}",
        alive="läuft",
        stopped="beendet",
        lost="verloren",
        peer="Gegenstelle",
        last_from="Letztes Bild von dort",
        last_to="Letzte Ergebnisse dorthin",
        no_peers="Noch keine Gegenstellen: Jeder Anrufer wird abgewiesen. {peers} zeigt, wer angerufen hat, und lässt ihn zu.",
    ),
    es=Dashboard(
        live="en directo",
        not_connected="sin conexión",
        today="Imágenes de hoy",
        nothing_today="Hoy no ha llegado nada.",
        queue="Cola",
        to_read="Por leer",
        to_deliver="En camino a interlocutores",
        oldest="{count}, la más antigua desde hace {span}",
        node="Nodo",
        reads_on="Lee en",
        reads_elsewhere="otro equipo: ningún lector en este proceso",
        free="Almacén, libre",
        worker="Lector {host}",
        alive="activo",
        stopped="detenido",
        lost="perdido",
        peer="Interlocutor",
        last_from="Última imagen recibida",
        last_to="Últimos resultados enviados",
        no_peers="Aún no hay interlocutores: se rechaza a todo el que llama. {peers} muestra quién llamó y permite admitirlo.",
    ),
    fr=Dashboard(
        live="en direct",
        not_connected="déconnecté",
        today="Images d'aujourd'hui",
        nothing_today="Rien n'est arrivé aujourd'hui.",
        queue="File d'attente",
        to_read="À lire",
        to_deliver="En route vers les correspondants",
        oldest="{count}, la plus ancienne depuis {span}",
        node="Nœud",
        reads_on="Lit sur",
        reads_elsewhere="une autre machine : pas de lecteur dans ce processus",
        free="Dépôt, libre",
        worker="Lecteur {host}",
        alive="actif",
        stopped="arrêté",
        lost="perdu",
        peer="Correspondant",
        last_from="Dernière image reçue",
        last_to="Derniers résultats envoyés",
        no_peers="Pas encore de correspondant : tout appelant est refusé. {peers} montre qui a appelé et permet de l'admettre.",
    ),
    pt=Dashboard(
        live="ao vivo",
        not_connected="sem conexão",
        today="Imagens de hoje",
        nothing_today="Nada chegou hoje.",
        queue="Fila",
        to_read="A ler",
        to_deliver="A caminho dos parceiros",
        oldest="{count}, a mais antiga há {span}",
        node="Nó",
        reads_on="Lê em",
        reads_elsewhere="outro computador: nenhum leitor neste processo",
        free="Armazenamento, livre",
        worker="Leitor {host}",
        alive="ativo",
        stopped="parado",
        lost="perdido",
        peer="Parceiro",
        last_from="Última imagem recebida",
        last_to="Últimos resultados enviados",
        no_peers="Ainda não há parceiros: todo chamador é recusado. {peers} mostra quem chamou e permite admiti-lo.",
    ),
)

TRAFFIC: Final = Translated(
    en=Traffic(
        given_up="{count} given up",
        waiting="{count} waiting",
        on_the_way="{count} on the way",
        in_order="in order",
        nothing_yet="nothing yet",
    ),
    de=Traffic(
        given_up="{count} aufgegeben",
        waiting="{count} wartend",
        on_the_way="{count} unterwegs",
        in_order="in Ordnung",
        nothing_yet="noch nichts",
    ),
    es=Traffic(
        given_up="{count} sin entregar",
        waiting="{count} en espera",
        on_the_way="{count} en camino",
        in_order="en orden",
        nothing_yet="nada todavía",
    ),
    fr=Traffic(
        given_up="{count} sans suite",
        waiting="{count} en attente",
        on_the_way="{count} en route",
        in_order="en ordre",
        nothing_yet="rien encore",
    ),
    pt=Traffic(
        given_up="{count} não entregues",
        waiting="{count} em espera",
        on_the_way="{count} a caminho",
        in_order="em ordem",
        nothing_yet="nada ainda",
    ),
)
