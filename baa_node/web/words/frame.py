"""What stands around every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What stands around every page."""

    to_content: str
    pages: str
    dashboard: str
    studies: str
    peers: str
    routes: str
    audit: str
    model: str
    doctor: str
    try_out: str
    users: str
    change_password: str
    log_out: str
    languages: str
    research_use: str
    pages_of_list: str


FRAME: Final = Translated(
    en=Frame(
        to_content="To the content",
        pages="Pages",
        dashboard="Dashboard",
        studies="Studies",
        peers="Peers",
        routes="Routes",
        audit="Audit",
        model="Model",
        doctor="Doctor",
        try_out="Try out",
        users="Users",
        change_password="Change your password",
        log_out="Log out",
        languages="Language",
        research_use="Research use, not for diagnosis.",
        pages_of_list="Pages of the list",
    ),
    de=Frame(
        to_content="Zum Inhalt",
        pages="Seiten",
        dashboard="Übersicht",
        studies="Studien",
        peers="Gegenstellen",
        routes="Regeln",
        audit="Protokoll",
        model="Modell",
        doctor="Diagnose",
        try_out="Ausprobieren",
        users="Benutzer",
        change_password="Kennwort ändern",
        log_out="Abmelden",
        languages="Sprache",
        research_use="Für Forschungszwecke, nicht zur Diagnose.",
        pages_of_list="Seiten der Liste",
    ),
    es=Frame(
        to_content="Al contenido",
        pages="Páginas",
        dashboard="Resumen",
        studies="Estudios",
        peers="Interlocutores",
        routes="Rutas",
        audit="Auditoría",
        model="Modelo",
        doctor="Diagnóstico",
        try_out="Probar",
        users="Usuarios",
        change_password="Cambiar la contraseña",
        log_out="Salir",
        languages="Idioma",
        research_use="Para investigación, no para diagnóstico.",
        pages_of_list="Páginas de la lista",
    ),
    fr=Frame(
        to_content="Aller au contenu",
        pages="Pages",
        dashboard="Tableau de bord",
        studies="Examens",
        peers="Correspondants",
        routes="Règles",
        audit="Audit",
        model="Modèle",
        doctor="Diagnostic",
        try_out="Essayer",
        users="Utilisateurs",
        change_password="Changer le mot de passe",
        log_out="Se déconnecter",
        languages="Langue",
        research_use="Pour la recherche, pas pour le diagnostic.",
        pages_of_list="Pages de la liste",
    ),
    pt=Frame(
        to_content="Ir para o conteúdo",
        pages="Páginas",
        dashboard="Painel",
        studies="Exames",
        peers="Parceiros",
        routes="Rotas",
        audit="Auditoria",
        model="Modelo",
        doctor="Diagnóstico",
        try_out="Experimentar",
        users="Usuários",
        change_password="Mudar a senha",
        log_out="Sair",
        languages="Idioma",
        research_use="Para pesquisa, não para diagnóstico.",
        pages_of_list="Páginas da lista",
    ),
)

NAMES: Final = Translated(en="English", de="Deutsch", es="Español", fr="Français", pt="Português")
"""What each language calls itself."""
