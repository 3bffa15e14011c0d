"""What the node finds out about itself; what a check finds is a record and stays English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """The page of the examination."""

    title: str
    examine: str
    about: str
    codes: str
    check: str
    finding: str
    in_order: str
    trouble: str


DOCTOR: Final = Translated(
    en=Doctor(
        title="Doctor",
        examine="Examine now",
        about=(
            "Tries every part of this node and calls every destination, which takes some seconds. <code>baa-node doctor</code> also "
            "compares the whole audit trail and every file of the spool."
        ),
        codes="Codes such as BAA-M403 are explained in <code>deploy/mistakes.md</code>.",
        check="Check",
        finding="Finding",
        in_order="in order",
        trouble="trouble",
    ),
    de=Doctor(
        title="Diagnose",
        examine="Jetzt untersuchen",
        about=(
            "Probiert jeden Teil dieses Knotens aus und ruft jedes Ziel an, was einige Sekunden dauert. <code>baa-node doctor</code> "
            "vergleicht auch das ganze Protokoll und jede Datei der Ablage."
        ),
        codes="Codes wie BAA-M403 sind in <code>deploy/mistakes.md</code> erklärt.",
        check="Prüfung",
        finding="Ergebnis",
        in_order="in Ordnung",
        trouble="Störung",
    ),
    es=Doctor(
        title="Diagnóstico",
        examine="Examinar ahora",
        about=(
            "Prueba cada parte de este nodo y llama a cada destino, lo que tarda unos segundos. "
            "<code>baa-node doctor</code> compara además "
            "todo el registro de auditoría y cada archivo del almacén."
        ),
        codes="Los códigos como BAA-M403 se explican en <code>deploy/mistakes.md</code>.",
        check="Prueba",
        finding="Resultado",
        in_order="en orden",
        trouble="problema",
    ),
    fr=Doctor(
        title="Diagnostic",
        examine="Examiner maintenant",
        about=(
            "Essaie chaque partie de ce nœud et appelle chaque destination, ce qui prend quelques secondes. <code>baa-node doctor</code> "
            "compare aussi tout le journal d'audit et chaque fichier du dépôt."
        ),
        codes="Les codes tels que BAA-M403 sont expliqués dans <code>deploy/mistakes.md</code>.",
        check="Contrôle",
        finding="Résultat",
        in_order="en ordre",
        trouble="problème",
    ),
    pt=Doctor(
        title="Diagnóstico",
        examine="Examinar agora",
        about=(
            "Experimenta cada parte deste nó e chama cada destino, o que leva alguns segundos. <code>baa-node doctor</code> compara também "
            "toda a trilha de auditoria e cada arquivo do armazenamento."
        ),
        codes="Códigos como BAA-M403 são explicados em <code>deploy/mistakes.md</code>.",
        check="Verificação",
        finding="Resultado",
        in_order="em ordem",
        trouble="problema",
    ),
)
