"""What a page says after something was done; the address that leads to it holds the name of a text, never a text of somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Said:
    """One sentence or two for each thing that was done."""

    welcome: str
    retry: str
    reread: str
    added: str
    saved: str
    removed: str
    certificate_trusted: str
    certificate_own: str
    certificate_removed: str
    route_added: str
    route_saved: str
    route_moved: str
    route_removed: str
    user: str
    user_removed: str
    admitted: str


SAID: Final = Translated(
    en=Said(
        welcome="Your password is set.",
        retry="What did not arrive is sent again at once.",
        reread="The images are read again; amended reports will follow.",
        added="The peer was added.",
        saved="The peer was changed.",
        removed="The peer was removed.",
        certificate_trusted="The authority is trusted from the next connection on.",
        certificate_own="The node shows this certificate from the next connection on.",
        certificate_removed="The certificate was removed. This holds from the next connection on.",
        route_added="The route was added, at the end.",
        route_saved="The route was changed.",
        route_moved="The route was moved.",
        route_removed="The route was removed. What it decided before stands.",
        user="The user was changed.",
        user_removed="The user was removed.",
        admitted="The caller is admitted from its next association on. Check address and port before results go to it.",
    ),
    de=Said(
        welcome="Ihr Kennwort ist gesetzt.",
        retry="Was nicht angekommen ist, wird sofort noch einmal gesendet.",
        reread="Die Bilder werden noch einmal gelesen; geänderte Befunde folgen.",
        added="Die Gegenstelle wurde hinzugefügt.",
        saved="Die Gegenstelle wurde geändert.",
        removed="Die Gegenstelle wurde entfernt.",
        certificate_trusted="Der Zertifizierungsstelle wird ab der nächsten Verbindung vertraut.",
        certificate_own="Der Knoten zeigt dieses Zertifikat ab der nächsten Verbindung.",
        certificate_removed="Das Zertifikat wurde entfernt. Das gilt ab der nächsten Verbindung.",
        route_added="Die Regel wurde am Ende angefügt.",
        route_saved="Die Regel wurde geändert.",
        route_moved="Die Regel wurde verschoben.",
        route_removed="Die Regel wurde entfernt. Was sie bisher entschieden hat, bleibt.",
        user="Der Benutzer wurde geändert.",
        user_removed="Der Benutzer wurde entfernt.",
        admitted="Der Anrufer wird ab seiner nächsten Assoziation zugelassen. Prüfen Sie Adresse und Port, bevor Ergebnisse dorthin gehen.",
    ),
    es=Said(
        welcome="Su contraseña está definida.",
        retry="Lo que no llegó se envía de nuevo de inmediato.",
        reread="Las imágenes se leen de nuevo; seguirán informes corregidos.",
        added="Se añadió el interlocutor.",
        saved="Se modificó el interlocutor.",
        removed="Se eliminó el interlocutor.",
        certificate_trusted="Se confía en la autoridad desde la próxima conexión.",
        certificate_own="El nodo muestra este certificado desde la próxima conexión.",
        certificate_removed="Se eliminó el certificado. Vale desde la próxima conexión.",
        route_added="Se añadió la ruta al final.",
        route_saved="Se modificó la ruta.",
        route_moved="Se movió la ruta.",
        route_removed="Se eliminó la ruta. Lo que decidió hasta ahora se mantiene.",
        user="Se modificó el usuario.",
        user_removed="Se eliminó el usuario.",
        admitted=(
            "Se admite al emisor desde su próxima asociación. Compruebe la dirección y el puerto antes de que se le envíen resultados."
        ),
    ),
    fr=Said(
        welcome="Votre mot de passe est défini.",
        retry="Ce qui n'est pas arrivé est renvoyé tout de suite.",
        reread="Les images sont relues ; des comptes rendus modifiés suivront.",
        added="Le correspondant a été ajouté.",
        saved="Le correspondant a été modifié.",
        removed="Le correspondant a été supprimé.",
        certificate_trusted="L'autorité est reconnue dès la prochaine connexion.",
        certificate_own="Le nœud montre ce certificat dès la prochaine connexion.",
        certificate_removed="Le certificat a été supprimé. Cela vaut dès la prochaine connexion.",
        route_added="La règle a été ajoutée à la fin.",
        route_saved="La règle a été modifiée.",
        route_moved="La règle a été déplacée.",
        route_removed="La règle a été supprimée. Ce qu'elle a décidé jusqu'ici reste valable.",
        user="L'utilisateur a été modifié.",
        user_removed="L'utilisateur a été supprimé.",
        admitted=(
            "L'appelant est admis dès sa prochaine association. Vérifiez l'adresse et le port avant que des résultats lui soient envoyés."
        ),
    ),
    pt=Said(
        welcome="A sua senha está definida.",
        retry="O que não chegou é enviado de novo imediatamente.",
        reread="As imagens são lidas de novo; relatórios corrigidos virão em seguida.",
        added="O parceiro foi adicionado.",
        saved="O parceiro foi alterado.",
        removed="O parceiro foi removido.",
        certificate_trusted="A autoridade é reconhecida a partir da próxima conexão.",
        certificate_own="O nó mostra este certificado a partir da próxima conexão.",
        certificate_removed="O certificado foi removido. Isto vale a partir da próxima conexão.",
        route_added="A rota foi adicionada no fim.",
        route_saved="A rota foi alterada.",
        route_moved="A rota foi movida.",
        route_removed="A rota foi removida. O que ela decidiu até agora continua valendo.",
        user="O usuário foi alterado.",
        user_removed="O usuário foi removido.",
        admitted=(
            "O chamador é admitido a partir da próxima associação. Verifique o endereço e a porta antes que "
            "resultados sejam enviados a ele."
        ),
    ),
)
