"""Logging in, and one's own password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class LogIn:
    """The page for logging in; ``first`` may call for ``{name}`` and ``{file}``."""

    title: str
    first: str
    user_name: str
    password: str
    wrong: str
    too_many: str
    too_old: str


@dataclass(frozen=True, kw_only=True)
class Password:
    """The page for one's own password; ``rule`` and ``wrong_length`` call for ``{shortest}``, the latter for ``{longest}``, too."""

    title: str
    choose: str
    serves_once: str
    old: str
    new: str
    rule: str
    again: str
    save: str
    wrong: str
    differ: str
    same: str
    wrong_length: str
    only_the_name: str


LOG_IN: Final = Translated(
    en=LogIn(
        title="Log in",
        first="This node is new. Log in as <b>{name}</b> with the password in the file <code>{file}</code> of the node's data directory.",
        user_name="User name",
        password="Password",
        wrong="User name or password is wrong: try again, or have a new password set on the host of the node "
        "(baa-node users password NAME --once) (BAA-M702).",
        too_many="Too many attempts. Wait ten minutes.",
        too_old="The page was too old. Please try again.",
    ),
    de=LogIn(
        title="Anmelden",
        first=(
            "Dieser Knoten ist neu. Melden Sie sich als <b>{name}</b> mit dem Kennwort aus der Datei <code>{file}</code> "
            "im Datenverzeichnis des Knotens an."
        ),
        user_name="Benutzername",
        password="Kennwort",
        wrong="Benutzername oder Kennwort ist falsch. "
        "Noch einmal versuchen oder am Knoten ein neues Kennwort setzen lassen (baa-node users password NAME --once) (BAA-M702).",
        too_many="Zu viele Versuche. Bitte warten Sie zehn Minuten.",
        too_old="Die Seite war zu alt. Bitte versuchen Sie es noch einmal.",
    ),
    es=LogIn(
        title="Entrar",
        first=(
            "Este nodo es nuevo. Entre como <b>{name}</b> con la contraseña del archivo <code>{file}</code> "
            "del directorio de datos del nodo."
        ),
        user_name="Usuario",
        password="Contraseña",
        wrong="El usuario o la contraseña no son correctos. "
        "Inténtelo de nuevo o pida una contraseña nueva en el equipo del nodo (baa-node users password NAME --once) (BAA-M702).",
        too_many="Demasiados intentos. Espere diez minutos.",
        too_old="La página era demasiado antigua. Inténtelo de nuevo.",
    ),
    fr=LogIn(
        title="Se connecter",
        first=(
            "Ce nœud est neuf. Connectez-vous comme <b>{name}</b> avec le mot de passe du fichier <code>{file}</code> "
            "du répertoire de données du nœud."
        ),
        user_name="Nom d'utilisateur",
        password="Mot de passe",
        wrong="Le nom d'utilisateur ou le mot de passe est incorrect. "
        "Réessayez, ou faites définir un nouveau mot de passe sur la machine du nœud (baa-node users password NAME --once) (BAA-M702).",
        too_many="Trop de tentatives. Attendez dix minutes.",
        too_old="La page était trop ancienne. Veuillez réessayer.",
    ),
    pt=LogIn(
        title="Entrar",
        first=("Este nó é novo. Entre como <b>{name}</b> com a senha do arquivo <code>{file}</code> do diretório de dados do nó."),
        user_name="Usuário",
        password="Senha",
        wrong="O usuário ou a senha está errado. "
        "Tente de novo ou peça uma nova senha no computador do nó (baa-node users password NAME --once) (BAA-M702).",
        too_many="Tentativas demais. Espere dez minutos.",
        too_old="A página era antiga demais. Tente de novo.",
    ),
)

PASSWORD: Final = Translated(
    en=Password(
        title="Change your password",
        choose="Choose a password",
        serves_once="The password you came with serves once. Choose your own to go on.",
        old="Present password",
        new="New password",
        rule="At least {shortest} characters. A few words are better than odd signs.",
        again="New password, once more",
        save="Save",
        wrong="The present password is wrong.",
        differ="The two new passwords differ.",
        same="The new password is the present one.",
        wrong_length="A password has {shortest} to {longest} characters.",
        only_the_name="A password must be more than the user's name.",
    ),
    de=Password(
        title="Kennwort ändern",
        choose="Wählen Sie ein Kennwort",
        serves_once="Das Kennwort, mit dem Sie gekommen sind, gilt nur einmal. Wählen Sie ein eigenes, um fortzufahren.",
        old="Bisheriges Kennwort",
        new="Neues Kennwort",
        rule="Mindestens {shortest} Zeichen. Ein paar Wörter sind besser als seltsame Zeichen.",
        again="Neues Kennwort, noch einmal",
        save="Speichern",
        wrong="Das bisherige Kennwort ist falsch.",
        differ="Die beiden neuen Kennwörter sind verschieden.",
        same="Das neue Kennwort ist das bisherige.",
        wrong_length="Ein Kennwort hat {shortest} bis {longest} Zeichen.",
        only_the_name="Ein Kennwort muss mehr als der Benutzername sein.",
    ),
    es=Password(
        title="Cambiar la contraseña",
        choose="Elija una contraseña",
        serves_once="La contraseña con la que ha entrado sirve una sola vez. Elija una propia para continuar.",
        old="Contraseña actual",
        new="Contraseña nueva",
        rule="Al menos {shortest} caracteres. Unas cuantas palabras son mejores que signos raros.",
        again="Contraseña nueva, otra vez",
        save="Guardar",
        wrong="La contraseña actual no es correcta.",
        differ="Las dos contraseñas nuevas son distintas.",
        same="La contraseña nueva es la actual.",
        wrong_length="Una contraseña tiene de {shortest} a {longest} caracteres.",
        only_the_name="Una contraseña debe ser más que el nombre del usuario.",
    ),
    fr=Password(
        title="Changer le mot de passe",
        choose="Choisissez un mot de passe",
        serves_once="Le mot de passe avec lequel vous êtes entré ne sert qu'une fois. Choisissez le vôtre pour continuer.",
        old="Mot de passe actuel",
        new="Nouveau mot de passe",
        rule="Au moins {shortest} caractères. Quelques mots valent mieux que des signes bizarres.",
        again="Nouveau mot de passe, encore une fois",
        save="Enregistrer",
        wrong="Le mot de passe actuel est incorrect.",
        differ="Les deux nouveaux mots de passe diffèrent.",
        same="Le nouveau mot de passe est l'actuel.",
        wrong_length="Un mot de passe compte de {shortest} à {longest} caractères.",
        only_the_name="Un mot de passe doit être plus que le nom d'utilisateur.",
    ),
    pt=Password(
        title="Mudar a senha",
        choose="Escolha uma senha",
        serves_once="A senha com que você entrou serve uma única vez. Escolha a sua para continuar.",
        old="Senha atual",
        new="Nova senha",
        rule="Pelo menos {shortest} caracteres. Algumas palavras são melhores do que sinais estranhos.",
        again="Nova senha, mais uma vez",
        save="Salvar",
        wrong="A senha atual está errada.",
        differ="As duas senhas novas são diferentes.",
        same="A nova senha é a atual.",
        wrong_length="Uma senha tem de {shortest} a {longest} caracteres.",
        only_the_name="Uma senha precisa ser mais do que o nome do usuário.",
    ),
)
