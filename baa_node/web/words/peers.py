"""The list of peers, and of the callers that were turned away; why they were is a record and stays English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Peers:
    """The page; ``called`` calls for the AE ``{title}`` of the node, what concerns one peer for ``{name}``.

    Attributes
    ----------
    showed
        Certificate that a peer showed last: ``{subject}``, and the beginning of its ``{fingerprint}``.
    times
        Times that a caller called: ``{count}``.
    admit_one
        ``{caller}``, and the ``{name}`` of its entry.
    """

    add: str
    no_answer: str
    answers: str
    called: str
    holds: str
    name: str
    address: str
    may: str
    route: str
    do: str
    showed: str
    may_send: str
    may_take: str
    may_nothing: str
    nowhere: str
    test: str
    test_one: str
    edit: str
    edit_one: str
    none: str
    turned_away: str
    caller: str
    sent_by: str
    last: str
    times: str
    why: str
    blank: str
    admit: str
    admit_one: str
    nobody: str


PEERS: Final = Translated(
    en=Peers(
        add="Add a peer",
        no_answer="{name} does not answer:",
        answers="{name} answers:",
        called="This node is called <b>{title}</b>.",
        holds="A change holds from the next association on.",
        name="Name",
        address="Address",
        may="May",
        route="Its results go to",
        do="Do",
        showed="showed {subject}, {fingerprint}…",
        may_send="send",
        may_take="take results",
        may_nothing="nothing",
        nowhere="nowhere: there is no destination",
        test="Test",
        test_one="Test {name}",
        edit="Edit",
        edit_one="Edit {name}",
        none="No peers yet: every caller is turned away.",
        turned_away="Turned away",
        caller="Caller",
        sent_by="From",
        last="Last",
        times="{count} times",
        why="Why",
        blank="(blank)",
        admit="Admit",
        admit_one="Admit {caller} as {name}",
        nobody="Nobody.",
    ),
    de=Peers(
        add="Gegenstelle hinzufügen",
        no_answer="{name} antwortet nicht:",
        answers="{name} antwortet:",
        called="Dieser Knoten heißt <b>{title}</b>.",
        holds="Eine Änderung gilt ab der nächsten Assoziation.",
        name="Name",
        address="Adresse",
        may="Darf",
        route="Ergebnisse gehen an",
        do="Aktionen",
        showed="zeigte {subject}, {fingerprint}…",
        may_send="senden",
        may_take="Ergebnisse nehmen",
        may_nothing="nichts",
        nowhere="nirgendwohin: Es gibt kein Ziel",
        test="Anrufen",
        test_one="{name} anrufen",
        edit="Bearbeiten",
        edit_one="{name} bearbeiten",
        none="Noch keine Gegenstellen: Jeder Anrufer wird abgewiesen.",
        turned_away="Abgewiesen",
        caller="Anrufer",
        sent_by="Von",
        last="Zuletzt",
        times="{count}-mal",
        why="Warum",
        blank="(leer)",
        admit="Zulassen",
        admit_one="{caller} als {name} zulassen",
        nobody="Niemand.",
    ),
    es=Peers(
        add="Añadir un interlocutor",
        no_answer="{name} no responde:",
        answers="{name} responde:",
        called="Este nodo se llama <b>{title}</b>.",
        holds="Un cambio vale desde la asociación siguiente.",
        name="Nombre",
        address="Dirección",
        may="Puede",
        route="Sus resultados van a",
        do="Acciones",
        showed="mostró {subject}, {fingerprint}…",
        may_send="enviar",
        may_take="recibir resultados",
        may_nothing="nada",
        nowhere="a ninguna parte: no hay destino",
        test="Llamar",
        test_one="Llamar a {name}",
        edit="Editar",
        edit_one="Editar {name}",
        none="Aún no hay interlocutores: se rechaza a todo el que llama.",
        turned_away="Rechazados",
        caller="Quién llama",
        sent_by="De",
        last="Última vez",
        times="{count} veces",
        why="Por qué",
        blank="(vacío)",
        admit="Admitir",
        admit_one="Admitir a {caller} como {name}",
        nobody="Nadie.",
    ),
    fr=Peers(
        add="Ajouter un correspondant",
        no_answer="{name} ne répond pas :",
        answers="{name} répond :",
        called="Ce nœud s'appelle <b>{title}</b>.",
        holds="Un changement vaut dès la prochaine association.",
        name="Nom",
        address="Adresse",
        may="Peut",
        route="Ses résultats vont à",
        do="Actions",
        showed="a montré {subject}, {fingerprint}…",
        may_send="envoyer",
        may_take="recevoir les résultats",
        may_nothing="rien",
        nowhere="nulle part : il n'y a pas de destination",
        test="Appeler",
        test_one="Appeler {name}",
        edit="Modifier",
        edit_one="Modifier {name}",
        none="Pas encore de correspondant : tout appelant est refusé.",
        turned_away="Refusés",
        caller="Appelant",
        sent_by="De",
        last="Dernière fois",
        times="{count} fois",
        why="Pourquoi",
        blank="(vide)",
        admit="Admettre",
        admit_one="Admettre {caller} comme {name}",
        nobody="Personne.",
    ),
    pt=Peers(
        add="Adicionar um parceiro",
        no_answer="{name} não responde:",
        answers="{name} responde:",
        called="Este nó se chama <b>{title}</b>.",
        holds="Uma mudança vale a partir da próxima associação.",
        name="Nome",
        address="Endereço",
        may="Pode",
        route="Os seus resultados vão para",
        do="Ações",
        showed="mostrou {subject}, {fingerprint}…",
        may_send="enviar",
        may_take="receber resultados",
        may_nothing="nada",
        nowhere="a lugar nenhum: não há destino",
        test="Chamar",
        test_one="Chamar {name}",
        edit="Editar",
        edit_one="Editar {name}",
        none="Ainda não há parceiros: todo chamador é recusado.",
        turned_away="Recusados",
        caller="Chamador",
        sent_by="De",
        last="Última vez",
        times="{count} vezes",
        why="Por quê",
        blank="(vazio)",
        admit="Admitir",
        admit_one="Admitir {caller} como {name}",
        nobody="Ninguém.",
    ),
)
