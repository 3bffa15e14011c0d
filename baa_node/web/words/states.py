"""Where readings and deliveries stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class States:
    """Where a reading stands; the names are those of the record in lower case."""

    received: str
    read: str
    refused: str
    reported: str
    delivered: str
    dismissed: str
    undeliverable: str
    quarantined: str
    left_alone: str


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """What became of the results at each peer."""

    title: str
    to: str
    attempts: str
    next_attempt: str
    receipt: str
    pending: str
    delivered: str
    failed: str
    sent: str
    committed: str
    found: str


STATES: Final = Translated(
    en=States(
        received="Received",
        read="Read",
        refused="Refused",
        reported="Reported",
        delivered="Delivered",
        dismissed="Dismissed",
        undeliverable="Undeliverable",
        quarantined="Quarantined",
        left_alone="Left alone",
    ),
    de=States(
        received="Empfangen",
        read="Gelesen",
        refused="Abgelehnt",
        reported="Befundet",
        delivered="Zugestellt",
        dismissed="Verworfen",
        undeliverable="Unzustellbar",
        quarantined="In Quarantäne",
        left_alone="Nicht gelesen",
    ),
    es=States(
        received="Recibido",
        read="Leído",
        refused="Rechazado",
        reported="Informado",
        delivered="Entregado",
        dismissed="Descartado",
        undeliverable="No entregable",
        quarantined="En cuarentena",
        left_alone="No leído",
    ),
    fr=States(
        received="Reçu",
        read="Lu",
        refused="Refusé",
        reported="Compte rendu fait",
        delivered="Livré",
        dismissed="Écarté",
        undeliverable="Non livrable",
        quarantined="En quarantaine",
        left_alone="Laissé",
    ),
    pt=States(
        received="Recebido",
        read="Lido",
        refused="Recusado",
        reported="Relatado",
        delivered="Entregue",
        dismissed="Descartado",
        undeliverable="Não entregável",
        quarantined="Em quarentena",
        left_alone="Não lido",
    ),
)
DELIVERIES: Final = Translated(
    en=Deliveries(
        title="Deliveries",
        to="To",
        attempts="Attempts",
        next_attempt="next",
        receipt="Receipt",
        pending="pending",
        delivered="delivered",
        failed="failed",
        sent="its answer alone",
        committed="committed",
        found="found by its query",
    ),
    de=Deliveries(
        title="Zustellungen",
        to="An",
        attempts="Versuche",
        next_attempt="nächster",
        receipt="Quittung",
        pending="unterwegs",
        delivered="zugestellt",
        failed="gescheitert",
        sent="nur seine Antwort",
        committed="zugesichert",
        found="durch Abfrage gefunden",
    ),
    es=Deliveries(
        title="Entregas",
        to="A",
        attempts="Intentos",
        next_attempt="siguiente",
        receipt="Recibo",
        pending="pendiente",
        delivered="entregado",
        failed="fallido",
        sent="solo su respuesta",
        committed="comprometido",
        found="hallado por consulta",
    ),
    fr=Deliveries(
        title="Livraisons",
        to="À",
        attempts="Tentatives",
        next_attempt="prochaine",
        receipt="Reçu",
        pending="en attente",
        delivered="livré",
        failed="échoué",
        sent="sa réponse seule",
        committed="engagement reçu",
        found="trouvé par requête",
    ),
    pt=Deliveries(
        title="Entregas",
        to="Para",
        attempts="Tentativas",
        next_attempt="próxima",
        receipt="Recibo",
        pending="pendente",
        delivered="entregue",
        failed="falhou",
        sent="só a sua resposta",
        committed="comprometido",
        found="encontrado por consulta",
    ),
)
