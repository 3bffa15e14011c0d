"""The audit trail, and the journal of a study, which is a part of it; kinds and details of events are records and stay English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Events:
    """Heads of a table of events."""

    time: str
    event: str
    actor: str
    subject: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The page of the audit trail; ``whole`` calls for ``{count}`` events and the ``{hash}`` of the last one."""

    title: str
    verify: str
    export_lines: str
    export_csv: str
    changed: str
    whole: str
    search_for: str
    any_event: str
    search: str
    newest: str
    earlier: str
    none: str


EVENTS: Final = Translated(
    en=Events(time="Time", event="Event", actor="By", subject="About", detail="Detail"),
    de=Events(time="Zeit", event="Ereignis", actor="Durch", subject="Worüber", detail="Einzelheiten"),
    es=Events(time="Hora", event="Evento", actor="Por", subject="Sobre", detail="Detalles"),
    fr=Events(time="Heure", event="Événement", actor="Par", subject="À propos de", detail="Détails"),
    pt=Events(time="Hora", event="Evento", actor="Por", subject="Sobre", detail="Detalhes"),
)

AUDIT: Final = Translated(
    en=Audit(
        title="Audit trail",
        verify="Verify",
        export_lines="Export JSON lines",
        export_csv="Export CSV",
        changed="The audit trail was changed.",
        whole="{count} events, none changed. The last one's hash is <code>{hash}</code>; note it elsewhere.",
        search_for="Accession number, UID, peer or user",
        any_event="any",
        search="Search",
        newest="Newest",
        earlier="Earlier",
        none="No event matches.",
    ),
    de=Audit(
        title="Audit-Protokoll",
        verify="Prüfen",
        export_lines="Als JSON-Zeilen exportieren",
        export_csv="Als CSV exportieren",
        changed="Das Protokoll wurde verändert.",
        whole="{count} Ereignisse, keines verändert. Die Prüfsumme des letzten ist <code>{hash}</code>; notieren Sie sie anderswo.",
        search_for="Auftragsnummer, UID, Gegenstelle oder Benutzer",
        any_event="alle",
        search="Suchen",
        newest="Neueste",
        earlier="Frühere",
        none="Kein Ereignis passt dazu.",
    ),
    es=Audit(
        title="Registro de auditoría",
        verify="Comprobar",
        export_lines="Exportar líneas JSON",
        export_csv="Exportar CSV",
        changed="El registro de auditoría fue modificado.",
        whole="{count} eventos, ninguno modificado. La huella del último es <code>{hash}</code>; anótela en otro lugar.",
        search_for="Número de acceso, UID, interlocutor o usuario",
        any_event="cualquiera",
        search="Buscar",
        newest="Más recientes",
        earlier="Anteriores",
        none="Ningún evento coincide.",
    ),
    fr=Audit(
        title="Journal d'audit",
        verify="Vérifier",
        export_lines="Exporter en lignes JSON",
        export_csv="Exporter en CSV",
        changed="Le journal d'audit a été modifié.",
        whole="{count} événements, aucun modifié. L'empreinte du dernier est <code>{hash}</code> ; notez-la ailleurs.",
        search_for="Numéro d'accession, UID, correspondant ou utilisateur",
        any_event="tous",
        search="Chercher",
        newest="Plus récents",
        earlier="Plus anciens",
        none="Aucun événement ne correspond.",
    ),
    pt=Audit(
        title="Trilha de auditoria",
        verify="Verificar",
        export_lines="Exportar linhas JSON",
        export_csv="Exportar CSV",
        changed="A trilha de auditoria foi alterada.",
        whole="{count} eventos, nenhum alterado. O hash do último é <code>{hash}</code>; anote-o em outro lugar.",
        search_for="Número de acesso, UID, parceiro ou usuário",
        any_event="qualquer",
        search="Buscar",
        newest="Mais recentes",
        earlier="Anteriores",
        none="Nenhum evento corresponde.",
    ),
)
