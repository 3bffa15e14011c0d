"""Why a request could not be met, where it is not the record or a part of the node that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Titles:
    """Heading of the page by the HTTP status (RFC 9110 15); ``other`` is that of any other status."""

    bad_request: str
    unauthorized: str
    forbidden: str
    not_found: str
    not_allowed: str
    conflict: str
    too_large: str
    unsupported: str
    too_many: str
    bad_gateway: str
    other: str

    def of(self, status: int) -> str:
        """Heading for a status."""
        known = {
            400: self.bad_request,
            401: self.unauthorized,
            403: self.forbidden,
            404: self.not_found,
            405: self.not_allowed,
            409: self.conflict,
            413: self.too_large,
            415: self.unsupported,
            429: self.too_many,
            502: self.bad_gateway,
        }
        return known.get(status, self.other)


@dataclass(frozen=True, kw_only=True)
class Errors:
    """One sentence or two for each; ``too_large`` may call for ``{size}``."""

    titles: Titles
    to_dashboard: str
    no_page: str
    not_this_way: str
    bad_address: str
    log_in_first: str
    admins_only: str
    foreign_form: str
    no_form: str
    damaged_form: str
    packed: str
    too_large: str
    too_many: str
    no_study: str
    no_result: str
    result_gone: str
    nothing_waits: str
    no_state: str
    no_day: str
    no_event: str
    no_kind: str
    no_position: str
    own_password: str


ERRORS: Final = Translated(
    en=Errors(
        titles=Titles(
            bad_request="Not understood",
            unauthorized="Not logged in",
            forbidden="Not allowed",
            not_found="Not found",
            not_allowed="Not in this way",
            conflict="Not possible now",
            too_large="Too large",
            unsupported="Not taken in this form",
            too_many="Too many attempts",
            bad_gateway="No answer",
            other="Error",
        ),
        to_dashboard="To the dashboard",
        no_page="There is no such page.",
        not_this_way="This page cannot be used in this way.",
        bad_address="A value in this address is not what belongs there.",
        log_in_first="You are not logged in, or your session is over.",
        admins_only="Only an admin may do this.",
        foreign_form="This form did not come from a page of this session. Go back, load the page again, and repeat.",
        no_form="This is no form.",
        damaged_form="This form is damaged.",
        packed="What is packed is not unpacked here.",
        too_large="This is more than the {size} that are taken here.",
        too_many="Too many attempts. Wait ten minutes.",
        no_study="There is no such study on record.",
        no_result="This study has no such result.",
        result_gone="This result is no longer in the spool.",
        nothing_waits="Nothing of this study waits for a delivery.",
        no_state="There is no such state.",
        no_day="A day is written as 2026-03-01.",
        no_event="There is no such event.",
        no_kind="There is no such kind of peer.",
        no_position="A position is a number.",
        own_password="Your own password is changed under your name above.",
    ),
    de=Errors(
        titles=Titles(
            bad_request="Nicht verstanden",
            unauthorized="Nicht angemeldet",
            forbidden="Nicht erlaubt",
            not_found="Nicht gefunden",
            not_allowed="So nicht möglich",
            conflict="Jetzt nicht möglich",
            too_large="Zu groß",
            unsupported="In dieser Form nicht angenommen",
            too_many="Zu viele Versuche",
            bad_gateway="Keine Antwort",
            other="Fehler",
        ),
        to_dashboard="Zur Übersicht",
        no_page="Diese Seite gibt es nicht.",
        not_this_way="So lässt sich diese Seite nicht benutzen.",
        bad_address="Ein Wert in dieser Adresse gehört nicht dorthin.",
        log_in_first="Sie sind nicht angemeldet, oder Ihre Sitzung ist abgelaufen.",
        admins_only="Das darf nur ein Administrator.",
        foreign_form=(
            "Dieses Formular kam nicht von einer Seite dieser Sitzung. Gehen Sie zurück, laden Sie die "
            "Seite neu und wiederholen Sie die Eingabe."
        ),
        no_form="Das ist kein Formular.",
        damaged_form="Dieses Formular ist beschädigt.",
        packed="Gepackte Inhalte werden hier nicht entpackt.",
        too_large="Das ist mehr als die {size}, die hier angenommen werden.",
        too_many="Zu viele Versuche. Bitte warten Sie zehn Minuten.",
        no_study="Diese Studie ist nicht verzeichnet.",
        no_result="Diese Studie hat kein solches Ergebnis.",
        result_gone="Dieses Ergebnis liegt nicht mehr in der Ablage.",
        nothing_waits="Nichts aus dieser Studie wartet auf eine Zustellung.",
        no_state="Diesen Zustand gibt es nicht.",
        no_day="Ein Tag wird als 2026-03-01 geschrieben.",
        no_event="Dieses Ereignis gibt es nicht.",
        no_kind="Diese Art von Gegenstelle gibt es nicht.",
        no_position="Eine Position ist eine Zahl.",
        own_password="Ihr eigenes Kennwort ändern Sie oben unter Ihrem Namen.",
    ),
    es=Errors(
        titles=Titles(
            bad_request="No se entiende",
            unauthorized="Sesión no iniciada",
            forbidden="No permitido",
            not_found="No encontrado",
            not_allowed="No de esta manera",
            conflict="No es posible ahora",
            too_large="Demasiado grande",
            unsupported="No se acepta en esta forma",
            too_many="Demasiados intentos",
            bad_gateway="Sin respuesta",
            other="Error",
        ),
        to_dashboard="Ir al resumen",
        no_page="Esta página no existe.",
        not_this_way="Esta página no puede usarse de esta manera.",
        bad_address="Un valor de esta dirección no es el que corresponde.",
        log_in_first="No ha iniciado sesión, o su sesión ha terminado.",
        admins_only="Solo puede hacerlo un administrador.",
        foreign_form="Este formulario no procede de una página de esta sesión. Vuelva atrás, cargue de nuevo la página y repita.",
        no_form="Esto no es un formulario.",
        damaged_form="Este formulario está dañado.",
        packed="Aquí no se descomprime contenido comprimido.",
        too_large="Es más que los {size} que se aceptan aquí.",
        too_many="Demasiados intentos. Espere diez minutos.",
        no_study="Este estudio no está registrado.",
        no_result="Este estudio no tiene ese resultado.",
        result_gone="Este resultado ya no está en el almacén.",
        nothing_waits="Nada de este estudio espera una entrega.",
        no_state="Ese estado no existe.",
        no_day="Un día se escribe así: 2026-03-01.",
        no_event="Ese evento no existe.",
        no_kind="Ese tipo de interlocutor no existe.",
        no_position="Una posición es un número.",
        own_password="Su propia contraseña se cambia arriba, bajo su nombre.",
    ),
    fr=Errors(
        titles=Titles(
            bad_request="Demande non comprise",
            unauthorized="Non connecté",
            forbidden="Non autorisé",
            not_found="Introuvable",
            not_allowed="Pas de cette façon",
            conflict="Impossible pour le moment",
            too_large="Trop volumineux",
            unsupported="Non accepté sous cette forme",
            too_many="Trop de tentatives",
            bad_gateway="Pas de réponse",
            other="Erreur",
        ),
        to_dashboard="Vers le tableau de bord",
        no_page="Cette page n'existe pas.",
        not_this_way="Cette page ne peut pas être utilisée de cette façon.",
        bad_address="Une valeur de cette adresse n'est pas celle qui convient.",
        log_in_first="Vous n'êtes pas connecté, ou votre session est terminée.",
        admins_only="Seul un administrateur peut le faire.",
        foreign_form=("Ce formulaire ne vient pas d'une page de cette session. Revenez en arrière, rechargez la page et recommencez."),
        no_form="Ce n'est pas un formulaire.",
        damaged_form="Ce formulaire est endommagé.",
        packed="Un contenu compressé n'est pas décompressé ici.",
        too_large="C'est plus que les {size} acceptés ici.",
        too_many="Trop de tentatives. Attendez dix minutes.",
        no_study="Cet examen n'est pas enregistré.",
        no_result="Cet examen n'a pas ce résultat.",
        result_gone="Ce résultat n'est plus dans le dépôt.",
        nothing_waits="Rien de cet examen n'attend d'être livré.",
        no_state="Cet état n'existe pas.",
        no_day="Un jour s'écrit 2026-03-01.",
        no_event="Cet événement n'existe pas.",
        no_kind="Ce type de correspondant n'existe pas.",
        no_position="Une position est un nombre.",
        own_password="Votre propre mot de passe se change en haut, sous votre nom.",
    ),
    pt=Errors(
        titles=Titles(
            bad_request="Pedido não compreendido",
            unauthorized="Sessão não iniciada",
            forbidden="Não permitido",
            not_found="Não encontrado",
            not_allowed="Não desta forma",
            conflict="Não é possível agora",
            too_large="Grande demais",
            unsupported="Não é aceito nesta forma",
            too_many="Tentativas demais",
            bad_gateway="Sem resposta",
            other="Erro",
        ),
        to_dashboard="Ir para o painel",
        no_page="Esta página não existe.",
        not_this_way="Esta página não pode ser usada desta forma.",
        bad_address="Um valor neste endereço não é o que deveria estar ali.",
        log_in_first="Você não entrou, ou a sua sessão terminou.",
        admins_only="Só um administrador pode fazer isto.",
        foreign_form="Este formulário não veio de uma página desta sessão. Volte, recarregue a página e repita.",
        no_form="Isto não é um formulário.",
        damaged_form="Este formulário está danificado.",
        packed="Conteúdo compactado não é descompactado aqui.",
        too_large="Isto é mais do que os {size} aceitos aqui.",
        too_many="Tentativas demais. Espere dez minutos.",
        no_study="Este exame não está registrado.",
        no_result="Este exame não tem esse resultado.",
        result_gone="Este resultado não está mais no armazenamento.",
        nothing_waits="Nada deste exame espera por uma entrega.",
        no_state="Esse estado não existe.",
        no_day="Um dia é escrito como 2026-03-01.",
        no_event="Esse evento não existe.",
        no_kind="Esse tipo de parceiro não existe.",
        no_position="Uma posição é um número.",
        own_password="A sua própria senha é mudada acima, no seu nome.",
    ),
)
