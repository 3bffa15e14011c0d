"""The form of a route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class RouteForm:
    """The form; ``{name}`` of a route, ``{number}`` of a row of conditions."""

    another: str
    title: str
    name: str
    name_hint: str
    calling: str
    calling_hint: str
    called: str
    called_hint: str
    conditions: str
    attribute: str
    comparison: str
    value: str
    conditions_hint: str
    then: str
    read: str
    leave: str
    send: str
    report: str
    picture: str
    pdf: str
    to: str
    to_hint: str
    read_by: str
    configured: str
    save: str
    cancel: str
    remove: str
    remove_about: str
    remove_one: str


ROUTE_FORM: Final = Translated(
    en=RouteForm(
        another="Another route",
        title="Route {name}",
        name="Name",
        name_hint="What people call it. It cannot change later.",
        calling="Calling AE titles",
        calling_hint="Of senders, with commas between them; upper and lower case count. Empty: any.",
        called="Called AE titles",
        called_hint="The node may then be called by these titles, too. Empty: any.",
        conditions="When all of this holds",
        attribute="Attribute {number}",
        comparison="Comparison {number}",
        value="Value {number}",
        conditions_hint=(
            "Keyword or tag of an attribute. Between several values (one-of) stands a |. An empty row asks nothing; save for more rows."
        ),
        then="Then",
        read="read it",
        leave="leave it alone: keep and show it, but do not read it",
        send="Send",
        report="report (SR, or a message)",
        picture="picture",
        pdf="page of PDF",
        to="To",
        to_hint="Names of peers with commas between them. Empty: where the sender's entry says.",
        read_by="Read by",
        configured="the configured bundle",
        save="Save",
        cancel="Cancel",
        remove="Remove this route",
        remove_about="What it decided about images that came before stands.",
        remove_one="Remove {name}",
    ),
    de=RouteForm(
        another="Neue Regel",
        title="Regel {name}",
        name="Name",
        name_hint="Wie man sie nennt. Später lässt er sich nicht ändern.",
        calling="Rufende AE-Titel",
        calling_hint="Der Absender, durch Kommas getrennt; Groß- und Kleinschreibung zählt. Leer: alle.",
        called="Gerufene AE-Titel",
        called_hint="Der Knoten darf dann auch unter diesen Titeln gerufen werden. Leer: alle.",
        conditions="Wenn all dies gilt",
        attribute="Attribut {number}",
        comparison="Vergleich {number}",
        value="Wert {number}",
        conditions_hint=(
            "Schlüsselwort (Keyword) oder Tag eines Attributs. Zwischen mehreren Werten (eines von) steht ein |. "
            "Eine leere Zeile fragt nichts; nach dem Speichern gibt es weitere Zeilen."
        ),
        then="Dann",
        read="lesen",
        leave="nur behalten und zeigen, nicht lesen",
        send="Senden",
        report="Befund (SR oder eine Nachricht)",
        picture="Bild",
        pdf="PDF-Seite",
        to="An",
        to_hint="Namen von Gegenstellen, durch Kommas getrennt. Leer: wohin der Eintrag des Absenders sagt.",
        read_by="Gelesen mit",
        configured="dem eingestellten Modell",
        save="Speichern",
        cancel="Abbrechen",
        remove="Diese Regel entfernen",
        remove_about="Was sie über bereits eingegangene Bilder entschieden hat, bleibt.",
        remove_one="{name} entfernen",
    ),
    es=RouteForm(
        another="Otra ruta",
        title="Ruta {name}",
        name="Nombre",
        name_hint="Cómo la llaman las personas. No se puede cambiar después.",
        calling="AE titles que llaman",
        calling_hint="De los emisores, separados por comas; se distinguen mayúsculas y minúsculas. Vacío: cualquiera.",
        called="AE titles llamados",
        called_hint="Entonces también se puede llamar al nodo con estos AE titles. Vacío: cualquiera.",
        conditions="Cuando se cumple todo esto",
        attribute="Atributo {number}",
        comparison="Comparación {number}",
        value="Valor {number}",
        conditions_hint=(
            "Palabra clave (keyword) o etiqueta (tag) de un atributo. Entre varios valores (es uno de) se pone un |. "
            "Una fila vacía no pregunta nada; guarde para tener más filas."
        ),
        then="Entonces",
        read="leerla",
        leave="solo conservarla y mostrarla, sin leerla",
        send="Enviar",
        report="informe (SR o un mensaje)",
        picture="imagen",
        pdf="página PDF",
        to="A",
        to_hint="Nombres de interlocutores separados por comas. Vacío: adonde dice la ficha del emisor.",
        read_by="Leída con",
        configured="el modelo configurado",
        save="Guardar",
        cancel="Cancelar",
        remove="Eliminar esta ruta",
        remove_about="Lo que decidió sobre imágenes llegadas antes se mantiene.",
        remove_one="Eliminar {name}",
    ),
    fr=RouteForm(
        another="Nouvelle règle",
        title="Règle {name}",
        name="Nom",
        name_hint="Comment on l'appelle. Il ne peut plus changer ensuite.",
        calling="AE titles appelants",
        calling_hint="Des expéditeurs, séparés par des virgules ; majuscules et minuscules comptent. Vide : tous.",
        called="AE titles appelés",
        called_hint="Le nœud peut alors aussi être appelé sous ces AE titles. Vide : tous.",
        conditions="Quand tout ceci est vrai",
        attribute="Attribut {number}",
        comparison="Comparaison {number}",
        value="Valeur {number}",
        conditions_hint=(
            "Mot-clé (keyword) ou étiquette (tag) d'un attribut. Entre plusieurs valeurs (est l'un de) se place un |. "
            "Une ligne vide ne demande rien ; enregistrez pour avoir d'autres lignes."
        ),
        then="Alors",
        read="la lire",
        leave="seulement la garder et la montrer, sans la lire",
        send="Envoyer",
        report="compte rendu (SR ou un message)",
        picture="image",
        pdf="page PDF",
        to="À",
        to_hint="Noms de correspondants séparés par des virgules. Vide : là où le dit la fiche de l'expéditeur.",
        read_by="Lue avec",
        configured="le modèle configuré",
        save="Enregistrer",
        cancel="Annuler",
        remove="Supprimer cette règle",
        remove_about="Ce qu'elle a décidé d'images arrivées avant reste valable.",
        remove_one="Supprimer {name}",
    ),
    pt=RouteForm(
        another="Outra rota",
        title="Rota {name}",
        name="Nome",
        name_hint="Como as pessoas a chamam. Não pode ser mudado depois.",
        calling="AE titles que chamam",
        calling_hint="Dos remetentes, separados por vírgulas; maiúsculas e minúsculas contam. Vazio: qualquer um.",
        called="AE titles chamados",
        called_hint="O nó pode então ser chamado também por estes AE titles. Vazio: qualquer um.",
        conditions="Quando tudo isto vale",
        attribute="Atributo {number}",
        comparison="Comparação {number}",
        value="Valor {number}",
        conditions_hint=(
            "Palavra-chave (keyword) ou etiqueta (tag) de um atributo. Entre vários valores (é um de) fica um |. "
            "Uma linha vazia não pergunta nada; salve para ter mais linhas."
        ),
        then="Então",
        read="ler",
        leave="só guardar e mostrar, sem ler",
        send="Enviar",
        report="relatório (SR ou uma mensagem)",
        picture="imagem",
        pdf="página PDF",
        to="Para",
        to_hint="Nomes de parceiros separados por vírgulas. Vazio: para onde diz o cadastro do remetente.",
        read_by="Lida com",
        configured="o modelo configurado",
        save="Salvar",
        cancel="Cancelar",
        remove="Remover esta rota",
        remove_about="O que ela decidiu sobre imagens que chegaram antes continua valendo.",
        remove_one="Remover {name}",
    ),
)
