"""Users of the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What a user may do; the names are those of the record."""

    viewer: str
    admin: str
    disabled: str


@dataclass(frozen=True, kw_only=True)
class Users:
    """The page of users; what concerns one of them calls for ``{name}``, ``once`` for the ``{password}``, too."""

    roles: Roles
    once: str
    name: str
    may: str
    password: str
    since: str
    do: str
    role_of: str
    save: str
    save_role_of: str
    serves_once: str
    its_own: str
    one_time: str
    one_time_for: str
    remove: str
    remove_one: str
    add_title: str
    add: str
    hint: str


USERS: Final = Translated(
    en=Users(
        roles=Roles(viewer="see everything", admin="change everything", disabled="not log in"),
        once='Password of <b>{name}</b>, which serves once and is shown once: <code class="once">{password}</code>',
        name="Name",
        may="May",
        password="Password",
        since="Since",
        do="Do",
        role_of="Role of {name}",
        save="Save",
        save_role_of="Save the role of {name}",
        serves_once="serves once",
        its_own="its own",
        one_time="One-time password",
        one_time_for="One-time password for {name}",
        remove="Remove",
        remove_one="Remove {name}",
        add_title="Add a user",
        add="Add",
        hint="The password is made here, shown once, and serves once.",
    ),
    de=Users(
        roles=Roles(viewer="alles sehen", admin="alles ändern", disabled="sich nicht anmelden"),
        once='Kennwort von <b>{name}</b>, einmal gültig und nur einmal gezeigt: <code class="once">{password}</code>',
        name="Name",
        may="Darf",
        password="Kennwort",
        since="Seit",
        do="Aktionen",
        role_of="Rolle von {name}",
        save="Speichern",
        save_role_of="Rolle von {name} speichern",
        serves_once="gilt einmal",
        its_own="eigenes",
        one_time="Einmalkennwort",
        one_time_for="Einmalkennwort für {name}",
        remove="Entfernen",
        remove_one="{name} entfernen",
        add_title="Benutzer hinzufügen",
        add="Hinzufügen",
        hint="Das Kennwort entsteht hier, wird einmal gezeigt und gilt einmal.",
    ),
    es=Users(
        roles=Roles(viewer="ver todo", admin="cambiar todo", disabled="no entrar"),
        once='Contraseña de <b>{name}</b>, que sirve y se muestra una sola vez: <code class="once">{password}</code>',
        name="Nombre",
        may="Puede",
        password="Contraseña",
        since="Desde",
        do="Acciones",
        role_of="Función de {name}",
        save="Guardar",
        save_role_of="Guardar la función de {name}",
        serves_once="de un solo uso",
        its_own="propia",
        one_time="Contraseña de un solo uso",
        one_time_for="Contraseña de un solo uso para {name}",
        remove="Eliminar",
        remove_one="Eliminar a {name}",
        add_title="Añadir un usuario",
        add="Añadir",
        hint="La contraseña se genera aquí, se muestra una vez y sirve una vez.",
    ),
    fr=Users(
        roles=Roles(viewer="tout voir", admin="tout modifier", disabled="ne pas se connecter"),
        once='Mot de passe de <b>{name}</b>, à usage unique et montré une seule fois : <code class="once">{password}</code>',
        name="Nom",
        may="Peut",
        password="Mot de passe",
        since="Depuis",
        do="Actions",
        role_of="Rôle de {name}",
        save="Enregistrer",
        save_role_of="Enregistrer le rôle de {name}",
        serves_once="à usage unique",
        its_own="personnel",
        one_time="Mot de passe à usage unique",
        one_time_for="Mot de passe à usage unique pour {name}",
        remove="Supprimer",
        remove_one="Supprimer {name}",
        add_title="Ajouter un utilisateur",
        add="Ajouter",
        hint="Le mot de passe est créé ici, montré une fois et ne sert qu'une fois.",
    ),
    pt=Users(
        roles=Roles(viewer="ver tudo", admin="mudar tudo", disabled="não entrar"),
        once='Senha de <b>{name}</b>, que serve e é mostrada uma única vez: <code class="once">{password}</code>',
        name="Nome",
        may="Pode",
        password="Senha",
        since="Desde",
        do="Ações",
        role_of="Função de {name}",
        save="Salvar",
        save_role_of="Salvar a função de {name}",
        serves_once="de uso único",
        its_own="própria",
        one_time="Senha de uso único",
        one_time_for="Senha de uso único para {name}",
        remove="Remover",
        remove_one="Remover {name}",
        add_title="Adicionar um usuário",
        add="Adicionar",
        hint="A senha é criada aqui, mostrada uma vez, e serve uma vez.",
    ),
)
