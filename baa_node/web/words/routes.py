"""The list of routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Operators:
    """How an attribute is compared, in a sentence that begins with the attribute and ends with the value."""

    equals: str
    one_of: str
    contains: str
    missing: str


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What a destination gets."""

    sr: str
    picture: str
    pdf: str


@dataclass(frozen=True, kw_only=True)
class Routes:
    """The list.

    Attributes
    ----------
    about
        Calls for ``{entry}``, a link that says ``entry``.
    reads, reads_by
        ``{kinds}``, ``{destinations}`` and, the second one, ``{bundle}``.
    edit_one, move_up, move_down
        ``{name}``.
    """

    operators: Operators
    kinds: Kinds
    test_file: str
    add: str
    about: str
    entry: str
    holds: str
    name: str
    sent_by: str
    to: str
    when: str
    then: str
    do: str
    any: str
    always: str
    reads: str
    reads_by: str
    own_destinations: str
    leaves: str
    up: str
    down: str
    move_up: str
    move_down: str
    edit: str
    edit_one: str
    none: str


ROUTES: Final = Translated(
    en=Routes(
        operators=Operators(equals="equals", one_of="one-of", contains="contains", missing="missing"),
        kinds=Kinds(sr="report", picture="picture", pdf="PDF"),
        test_file="Test a file",
        add="Add a route",
        about=(
            "The first route that matches decides about an image, at the moment when it comes. An image that none matches is read, and its "
            "results go where the sender's {entry} says."
        ),
        entry="entry",
        holds="A change holds from the next image on.",
        name="Name",
        sent_by="From",
        to="To",
        when="When",
        then="Then",
        do="Do",
        any="any",
        always="always",
        reads="read; {kinds} to {destinations}",
        reads_by="read by {bundle}; {kinds} to {destinations}",
        own_destinations="the sender's destinations",
        leaves="leave alone",
        up="Up",
        down="Down",
        move_up="Up: {name}",
        move_down="Down: {name}",
        edit="Edit",
        edit_one="Edit {name}",
        none="No routes: every image is read.",
    ),
    de=Routes(
        operators=Operators(equals="gleich", one_of="eines von", contains="enthält", missing="fehlt"),
        kinds=Kinds(sr="Befund", picture="Bild", pdf="PDF"),
        test_file="Datei prüfen",
        add="Regel hinzufügen",
        about=(
            "Die erste Regel, die passt, entscheidet über ein Bild, in dem Augenblick, in dem es kommt. Ein Bild, zu dem keine passt, wird "
            "gelesen, und seine Ergebnisse gehen dorthin, wo der {entry} des Absenders sie haben will."
        ),
        entry="Eintrag",
        holds="Eine Änderung gilt ab dem nächsten Bild.",
        name="Name",
        sent_by="Von",
        to="An",
        when="Wenn",
        then="Dann",
        do="Aktionen",
        any="alle",
        always="immer",
        reads="lesen; {kinds} an {destinations}",
        reads_by="lesen mit {bundle}; {kinds} an {destinations}",
        own_destinations="die Ziele des Absenders",
        leaves="nicht lesen",
        up="Nach oben",
        down="Nach unten",
        move_up="Nach oben: {name}",
        move_down="Nach unten: {name}",
        edit="Bearbeiten",
        edit_one="{name} bearbeiten",
        none="Keine Regeln: Jedes Bild wird gelesen.",
    ),
    es=Routes(
        operators=Operators(equals="es igual a", one_of="es uno de", contains="contiene", missing="falta"),
        kinds=Kinds(sr="informe", picture="imagen", pdf="PDF"),
        test_file="Probar un archivo",
        add="Añadir una ruta",
        about=(
            "La primera ruta que coincide decide sobre una imagen en el momento en que llega. Una imagen "
            "con la que no coincide ninguna se lee, "
            "y sus resultados van adonde dice la {entry} del emisor."
        ),
        entry="ficha",
        holds="Un cambio vale desde la imagen siguiente.",
        name="Nombre",
        sent_by="De",
        to="A",
        when="Cuando",
        then="Entonces",
        do="Acciones",
        any="cualquiera",
        always="siempre",
        reads="leer; {kinds} a {destinations}",
        reads_by="leer con {bundle}; {kinds} a {destinations}",
        own_destinations="los destinos del emisor",
        leaves="no leer",
        up="Subir",
        down="Bajar",
        move_up="Subir: {name}",
        move_down="Bajar: {name}",
        edit="Editar",
        edit_one="Editar {name}",
        none="No hay rutas: se lee cada imagen.",
    ),
    fr=Routes(
        operators=Operators(equals="est égal à", one_of="est l'un de", contains="contient", missing="manque"),
        kinds=Kinds(sr="compte rendu", picture="image", pdf="PDF"),
        test_file="Tester un fichier",
        add="Ajouter une règle",
        about=(
            "La première règle qui convient décide d'une image au moment où elle arrive. Une image à "
            "laquelle aucune ne convient est lue, et ses "
            "résultats vont là où le dit la {entry} de l'expéditeur."
        ),
        entry="fiche",
        holds="Un changement vaut dès l'image suivante.",
        name="Nom",
        sent_by="De",
        to="À",
        when="Quand",
        then="Alors",
        do="Actions",
        any="tous",
        always="toujours",
        reads="lire ; {kinds} à {destinations}",
        reads_by="lire avec {bundle} ; {kinds} à {destinations}",
        own_destinations="les destinations de l'expéditeur",
        leaves="ne pas lire",
        up="Monter",
        down="Descendre",
        move_up="Monter : {name}",
        move_down="Descendre : {name}",
        edit="Modifier",
        edit_one="Modifier {name}",
        none="Aucune règle : chaque image est lue.",
    ),
    pt=Routes(
        operators=Operators(equals="é igual a", one_of="é um de", contains="contém", missing="falta"),
        kinds=Kinds(sr="relatório", picture="imagem", pdf="PDF"),
        test_file="Testar um arquivo",
        add="Adicionar uma rota",
        about=(
            "A primeira rota que combina decide sobre uma imagem no momento em que ela chega. Uma imagem "
            "com a qual nenhuma combina é lida, e os "
            "seus resultados vão para onde diz o {entry} do remetente."
        ),
        entry="cadastro",
        holds="Uma mudança vale a partir da próxima imagem.",
        name="Nome",
        sent_by="De",
        to="Para",
        when="Quando",
        then="Então",
        do="Ações",
        any="qualquer",
        always="sempre",
        reads="ler; {kinds} para {destinations}",
        reads_by="ler com {bundle}; {kinds} para {destinations}",
        own_destinations="os destinos do remetente",
        leaves="não ler",
        up="Subir",
        down="Descer",
        move_up="Subir: {name}",
        move_down="Descer: {name}",
        edit="Editar",
        edit_one="Editar {name}",
        none="Nenhuma rota: toda imagem é lida.",
    ),
)
