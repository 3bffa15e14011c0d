"""The form of a peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Wants:
    """What a peer wants of a bone age."""

    sr: str
    picture: str
    pdf: str


@dataclass(frozen=True, kw_only=True)
class WantsOfRefusals:
    """What a peer wants when none is given."""

    both: str
    sr: str
    picture: str
    none: str


@dataclass(frozen=True, kw_only=True)
class PeerForm:
    """The page; ``title`` and ``remove_one`` call for ``{name}``."""

    wants: Wants
    refusals: WantsOfRefusals
    another: str
    title: str
    kinds: str
    name: str
    name_hint: str
    ae_title: str
    ae_title_hint: str
    host: str
    port: str
    url: str
    mllp_hint: str
    https_hint: str
    user: str
    user_hint: str
    secret: str
    secret_hint: str
    may: str
    send: str
    take: str
    take_tls: str
    be_asked: str
    wants_title: str
    refusals_title: str
    route: str
    route_hint: str
    save: str
    cancel: str
    remove: str
    remove_about: str
    remove_one: str


PEER_FORM: Final = Translated(
    en=PeerForm(
        wants=Wants(sr="the report", picture="the picture", pdf="the PDF"),
        refusals=WantsOfRefusals(both="report and picture", sr="the report", picture="the picture", none="nothing"),
        another="Another peer",
        title="Peer {name}",
        kinds="Kinds of peers",
        name="Name",
        name_hint="What people call it. It cannot change later.",
        ae_title="AE title",
        ae_title_hint="1 to 16 characters; upper and lower case count.",
        host="Host name or address",
        port="Port on which it takes results",
        url="Address",
        mllp_hint="mllp:, two slashes, host, a colon and port; mllps for TLS.",
        https_hint="Base address of the service; https, or http on this machine.",
        user="User",
        user_hint="Empty: the secret is a bearer token.",
        secret="Where its secret is found",
        secret_hint="<code>env:NAME</code> or <code>file:/path</code> on the node, never the secret itself.",
        may="It may",
        send="send images",
        take="take results",
        take_tls="take them over TLS",
        be_asked="be asked for a patient's earlier reports",
        wants_title="It wants of a bone age",
        refusals_title="When none is given it wants",
        route="Results of what it sends go to",
        route_hint="Names of peers with commas between them. Empty: back to it.",
        save="Save",
        cancel="Cancel",
        remove="Remove this peer",
        remove_about="It is turned away from its next association on, and gets no more results.",
        remove_one="Remove {name}",
    ),
    de=PeerForm(
        wants=Wants(sr="den Befund", picture="das Bild", pdf="das PDF"),
        refusals=WantsOfRefusals(both="Befund und Bild", sr="den Befund", picture="das Bild", none="nichts"),
        another="Neue Gegenstelle",
        title="Gegenstelle {name}",
        kinds="Arten von Gegenstellen",
        name="Name",
        name_hint="Wie man sie nennt. Später lässt er sich nicht ändern.",
        ae_title="AE-Titel",
        ae_title_hint="1 bis 16 Zeichen; Groß- und Kleinschreibung zählt.",
        host="Rechnername oder Adresse",
        port="Port, an dem sie Ergebnisse nimmt",
        url="Adresse",
        mllp_hint="mllp:, zwei Schrägstriche, Rechner, ein Doppelpunkt und der Port; mllps für TLS.",
        https_hint="Grundadresse des Dienstes; https, oder http auf diesem Rechner.",
        user="Benutzer",
        user_hint="Leer: Das Geheimnis ist ein Bearer-Token.",
        secret="Wo ihr Geheimnis liegt",
        secret_hint="<code>env:NAME</code> oder <code>file:/path</code> auf dem Knoten, nie das Geheimnis selbst.",
        may="Sie darf",
        send="Bilder senden",
        take="Ergebnisse nehmen",
        take_tls="sie über TLS nehmen",
        be_asked="nach früheren Befunden eines Patienten gefragt werden",
        wants_title="Von einem Skelettalter will sie",
        refusals_title="Wenn keines angegeben wird, will sie",
        route="Ergebnisse zu dem, was sie sendet, gehen an",
        route_hint="Namen von Gegenstellen, durch Kommas getrennt. Leer: zurück an sie.",
        save="Speichern",
        cancel="Abbrechen",
        remove="Diese Gegenstelle entfernen",
        remove_about="Sie wird ab ihrer nächsten Assoziation abgewiesen und bekommt keine Ergebnisse mehr.",
        remove_one="{name} entfernen",
    ),
    es=PeerForm(
        wants=Wants(sr="el informe", picture="la imagen", pdf="el PDF"),
        refusals=WantsOfRefusals(both="informe e imagen", sr="el informe", picture="la imagen", none="nada"),
        another="Otro interlocutor",
        title="Interlocutor {name}",
        kinds="Tipos de interlocutores",
        name="Nombre",
        name_hint="Cómo lo llaman las personas. No se puede cambiar después.",
        ae_title="AE title",
        ae_title_hint="De 1 a 16 caracteres; se distinguen mayúsculas y minúsculas.",
        host="Nombre o dirección del equipo",
        port="Puerto en el que recibe resultados",
        url="Dirección",
        mllp_hint="mllp:, dos barras, equipo, dos puntos y puerto; mllps para TLS.",
        https_hint="Dirección base del servicio; https, o http en este equipo.",
        user="Usuario",
        user_hint="Vacío: el secreto es un token de portador (bearer).",
        secret="Dónde está su secreto",
        secret_hint="<code>env:NAME</code> o <code>file:/path</code> en el nodo, nunca el secreto mismo.",
        may="Puede",
        send="enviar imágenes",
        take="recibir resultados",
        take_tls="recibirlos por TLS",
        be_asked="ser consultado por informes anteriores de un paciente",
        wants_title="De una edad ósea quiere",
        refusals_title="Cuando no se indica ninguna quiere",
        route="Los resultados de lo que envía van a",
        route_hint="Nombres de interlocutores separados por comas. Vacío: de vuelta a él.",
        save="Guardar",
        cancel="Cancelar",
        remove="Eliminar este interlocutor",
        remove_about="Se lo rechaza desde su próxima asociación y no recibe más resultados.",
        remove_one="Eliminar {name}",
    ),
    fr=PeerForm(
        wants=Wants(sr="le compte rendu", picture="l'image", pdf="le PDF"),
        refusals=WantsOfRefusals(both="compte rendu et image", sr="le compte rendu", picture="l'image", none="rien"),
        another="Nouveau correspondant",
        title="Correspondant {name}",
        kinds="Types de correspondants",
        name="Nom",
        name_hint="Comment on l'appelle. Il ne peut plus changer ensuite.",
        ae_title="AE title",
        ae_title_hint="De 1 à 16 caractères ; majuscules et minuscules comptent.",
        host="Nom ou adresse de la machine",
        port="Port sur lequel il reçoit les résultats",
        url="Adresse",
        mllp_hint="mllp:, deux barres obliques, machine, deux-points et port ; mllps pour TLS.",
        https_hint="Adresse de base du service ; https, ou http sur cette machine.",
        user="Utilisateur",
        user_hint="Vide : le secret est un jeton porteur (bearer).",
        secret="Où se trouve son secret",
        secret_hint="<code>env:NAME</code> ou <code>file:/path</code> sur le nœud, jamais le secret lui-même.",
        may="Il peut",
        send="envoyer des images",
        take="recevoir les résultats",
        take_tls="les recevoir par TLS",
        be_asked="être interrogé sur les comptes rendus antérieurs d'un patient",
        wants_title="D'un âge osseux, il veut",
        refusals_title="Quand aucun n'est donné, il veut",
        route="Les résultats de ce qu'il envoie vont à",
        route_hint="Noms de correspondants séparés par des virgules. Vide : retour à lui-même.",
        save="Enregistrer",
        cancel="Annuler",
        remove="Supprimer ce correspondant",
        remove_about="Il est refusé dès sa prochaine association et ne reçoit plus de résultats.",
        remove_one="Supprimer {name}",
    ),
    pt=PeerForm(
        wants=Wants(sr="o relatório", picture="a imagem", pdf="o PDF"),
        refusals=WantsOfRefusals(both="relatório e imagem", sr="o relatório", picture="a imagem", none="nada"),
        another="Outro parceiro",
        title="Parceiro {name}",
        kinds="Tipos de parceiros",
        name="Nome",
        name_hint="Como as pessoas o chamam. Não pode ser mudado depois.",
        ae_title="AE title",
        ae_title_hint="De 1 a 16 caracteres; maiúsculas e minúsculas contam.",
        host="Nome ou endereço do computador",
        port="Porta na qual recebe resultados",
        url="Endereço",
        mllp_hint="mllp:, duas barras, computador, dois-pontos e porta; mllps para TLS.",
        https_hint="Endereço base do serviço; https, ou http neste computador.",
        user="Usuário",
        user_hint="Vazio: o segredo é um token de portador (bearer).",
        secret="Onde fica o seu segredo",
        secret_hint="<code>env:NAME</code> ou <code>file:/path</code> no nó, nunca o próprio segredo.",
        may="Ele pode",
        send="enviar imagens",
        take="receber resultados",
        take_tls="recebê-los por TLS",
        be_asked="ser consultado sobre relatórios anteriores de um paciente",
        wants_title="De uma idade óssea ele quer",
        refusals_title="Quando nenhuma é informada ele quer",
        route="Os resultados do que ele envia vão para",
        route_hint="Nomes de parceiros separados por vírgulas. Vazio: de volta a ele.",
        save="Salvar",
        cancel="Cancelar",
        remove="Remover este parceiro",
        remove_about="Ele é recusado a partir da próxima associação e não recebe mais resultados.",
        remove_one="Remover {name}",
    ),
)
