"""Try-out readings: the form and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class TryOut:
    """The form for a try-out reading; ``file`` may call for ``{limit}``."""

    title: str
    about: str
    file: str
    sex: str
    as_in_file: str
    female: str
    male: str
    birth_date: str
    birth_hint: str
    read: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The answer of a try-out; ``{age}`` of the drawn hand and its ``{sex}``, ``{coverage}`` of the interval."""

    notice: str
    attention_image: str
    attention: str
    scale: str
    low: str
    high: str
    hand: str
    synthetic: str
    as_read_image: str
    as_read: str
    as_received_image: str
    as_received: str
    interval: str
    to: str
    chronological_age: str
    z_score: str
    sex_used: str
    no_sex: str
    model: str
    on: str
    not_read: str
    another: str


TRY_OUT: Final = Translated(
    en=TryOut(
        title="Try-out reading",
        about=(
            "One file is read in memory, by the same rules and networks as an image from a PACS. Nothing is sent to a PACS, "
            "nothing enters the record, and nothing is kept when you leave the page."
        ),
        file="Radiograph: DICOM, PNG or JPEG, up to {limit} MiB",
        sex="Sex",
        as_in_file="as the file says",
        female="female",
        male="male",
        birth_date="Birth date, if known",
        birth_hint="A picture that is no DICOM file counts as made today.",
        read="Read",
    ),
    de=TryOut(
        title="Probelesung",
        about=(
            "Eine Datei wird im Arbeitsspeicher gelesen, nach denselben Regeln und mit denselben Netzen wie ein Bild aus einem PACS. "
            "Nichts geht an ein PACS, nichts wird aufgezeichnet, und nichts bleibt, wenn Sie die Seite verlassen."
        ),
        file="Röntgenbild: DICOM, PNG oder JPEG, bis {limit} MiB",
        sex="Geschlecht",
        as_in_file="wie in der Datei",
        female="weiblich",
        male="männlich",
        birth_date="Geburtsdatum, wenn bekannt",
        birth_hint="Ein Bild, das keine DICOM-Datei ist, gilt als heute aufgenommen.",
        read="Lesen",
    ),
    es=TryOut(
        title="Lectura de prueba",
        about=(
            "Se lee un archivo en memoria, con las mismas reglas y redes que una imagen de un PACS. Nada se envía a un PACS, "
            "nada queda registrado y nada se conserva cuando sale de la página."
        ),
        file="Radiografía: DICOM, PNG o JPEG, hasta {limit} MiB",
        sex="Sexo",
        as_in_file="como dice el archivo",
        female="femenino",
        male="masculino",
        birth_date="Fecha de nacimiento, si se conoce",
        birth_hint="Una imagen que no es un archivo DICOM se considera hecha hoy.",
        read="Leer",
    ),
    fr=TryOut(
        title="Lecture d'essai",
        about=(
            "Un fichier est lu en mémoire, avec les mêmes règles et réseaux qu'une image d'un PACS. Rien n'est envoyé à un PACS, "
            "rien n'est enregistré et rien n'est gardé quand vous quittez la page."
        ),
        file="Radiographie : DICOM, PNG ou JPEG, jusqu'à {limit} Mio",
        sex="Sexe",
        as_in_file="selon le fichier",
        female="féminin",
        male="masculin",
        birth_date="Date de naissance, si connue",
        birth_hint="Une image qui n'est pas un fichier DICOM est réputée faite aujourd'hui.",
        read="Lire",
    ),
    pt=TryOut(
        title="Leitura de teste",
        about=(
            "Um arquivo é lido na memória, com as mesmas regras e redes que uma imagem de um PACS. Nada é enviado a um PACS, "
            "nada é registrado e nada é guardado quando você sai da página."
        ),
        file="Radiografia: DICOM, PNG ou JPEG, até {limit} MiB",
        sex="Sexo",
        as_in_file="como diz o arquivo",
        female="feminino",
        male="masculino",
        birth_date="Data de nascimento, se conhecida",
        birth_hint="Uma imagem que não é um arquivo DICOM conta como feita hoje.",
        read="Ler",
    ),
)
TRIAL: Final = Translated(
    en=Trial(
        notice="<b>Try-out.</b> Not sent to any PACS, not in the record, gone when you leave this page.",
        attention_image="The radiograph with the attention of the networks in colour",
        attention="Attention of the networks, no evidence.",
        scale="Colours from dark, low attention, to bright, high attention",
        low="low",
        high="high",
        hand="Drawn hand of bone age {age}",
        synthetic="Synthetic hand of {age}, {sex}: drawn by this project, no patient and no atlas.",
        as_read_image="The radiograph as it was read",
        as_read="As it was read.",
        as_received_image="The picture as it was received",
        as_received="As it was received.",
        interval="Interval ({coverage} %)",
        to="to",
        chronological_age="Chronological age",
        z_score="z-score",
        sex_used="Sex used",
        no_sex="none",
        model="Model",
        on="on",
        not_read="Not read",
        another="Another file",
    ),
    de=Trial(
        notice="<b>Probelesung.</b> An kein PACS gesendet, nicht aufgezeichnet, fort, wenn Sie diese Seite verlassen.",
        attention_image="Das Röntgenbild mit der Aufmerksamkeit der Netze in Farbe",
        attention="Aufmerksamkeit der Netze, kein Beweis.",
        scale="Farben von dunkel, wenig Aufmerksamkeit, bis hell, viel Aufmerksamkeit",
        low="wenig",
        high="viel",
        hand="Gezeichnete Hand mit Skelettalter {age}",
        synthetic="Synthetische Hand von {age}, {sex}: von diesem Projekt gezeichnet, kein Patient und kein Atlas.",
        as_read_image="Das Röntgenbild, wie es gelesen wurde",
        as_read="Wie es gelesen wurde.",
        as_received_image="Das Bild, wie es empfangen wurde",
        as_received="Wie es empfangen wurde.",
        interval="Intervall ({coverage} %)",
        to="bis",
        chronological_age="Chronologisches Alter",
        z_score="z-Wert",
        sex_used="Verwendetes Geschlecht",
        no_sex="keines",
        model="Modell",
        on="auf",
        not_read="Nicht gelesen",
        another="Weitere Datei",
    ),
    es=Trial(
        notice="<b>Prueba.</b> No se envía a ningún PACS, no queda registrada y desaparece cuando sale de esta página.",
        attention_image="La radiografía con la atención de las redes en color",
        attention="Atención de las redes, no una prueba.",
        scale="Colores de oscuro, poca atención, a claro, mucha atención",
        low="poca",
        high="mucha",
        hand="Mano dibujada con edad ósea de {age}",
        synthetic="Mano sintética de {age}, sexo {sex}: dibujada por este proyecto, ni paciente ni atlas.",
        as_read_image="La radiografía tal como se leyó",
        as_read="Tal como se leyó.",
        as_received_image="La imagen tal como se recibió",
        as_received="Tal como se recibió.",
        interval="Intervalo ({coverage} %)",
        to="a",
        chronological_age="Edad cronológica",
        z_score="Puntuación z",
        sex_used="Sexo utilizado",
        no_sex="ninguno",
        model="Modelo",
        on="en",
        not_read="No leída",
        another="Otro archivo",
    ),
    fr=Trial(
        notice="<b>Essai.</b> Envoyé à aucun PACS, non enregistré, perdu quand vous quittez cette page.",
        attention_image="La radiographie avec l'attention des réseaux en couleur",
        attention="Attention des réseaux, pas une preuve.",
        scale="Couleurs du sombre, peu d'attention, au clair, beaucoup d'attention",
        low="peu",
        high="beaucoup",
        hand="Main dessinée d'âge osseux {age}",
        synthetic="Main synthétique de {age}, sexe {sex} : dessinée par ce projet, ni patient ni atlas.",
        as_read_image="La radiographie telle qu'elle a été lue",
        as_read="Telle qu'elle a été lue.",
        as_received_image="L'image telle qu'elle a été reçue",
        as_received="Telle qu'elle a été reçue.",
        interval="Intervalle ({coverage} %)",
        to="à",
        chronological_age="Âge chronologique",
        z_score="z-score",
        sex_used="Sexe utilisé",
        no_sex="aucun",
        model="Modèle",
        on="sur",
        not_read="Non lue",
        another="Un autre fichier",
    ),
    pt=Trial(
        notice="<b>Teste.</b> Não é enviado a nenhum PACS, não é registrado e some quando você sai desta página.",
        attention_image="A radiografia com a atenção das redes em cores",
        attention="Atenção das redes, não uma prova.",
        scale="Cores do escuro, pouca atenção, ao claro, muita atenção",
        low="pouca",
        high="muita",
        hand="Mão desenhada com idade óssea de {age}",
        synthetic="Mão sintética de {age}, sexo {sex}: desenhada por este projeto, nem paciente nem atlas.",
        as_read_image="A radiografia como foi lida",
        as_read="Como foi lida.",
        as_received_image="A imagem como foi recebida",
        as_received="Como foi recebida.",
        interval="Intervalo ({coverage} %)",
        to="a",
        chronological_age="Idade cronológica",
        z_score="Escore z",
        sex_used="Sexo usado",
        no_sex="nenhum",
        model="Modelo",
        on="em",
        not_read="Não lida",
        another="Outro arquivo",
    ),
)
