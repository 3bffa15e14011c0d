"""The test of a file against the routes; what it tells of each step is a record and stays English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Steps on the way of an image."""

    association: str
    reception: str
    route: str
    reading: str
    delivery: str


@dataclass(frozen=True, kw_only=True)
class RouteTest:
    """The test of a file; ``sends`` calls for ``{calling}`` and ``{called}``, ``file`` for ``{limit}``."""

    topics: Topics
    title: str
    sends: str
    blank: str
    if_so_far: str
    ends_here: str
    about: str
    file: str
    calling: str
    called: str
    test: str


ROUTE_TEST: Final = Translated(
    en=RouteTest(
        topics=Topics(association="Association", reception="Reception", route="Route", reading="Reading", delivery="Delivery"),
        title="What would become of a file?",
        sends="{calling} sends it to {called}",
        blank="(blank)",
        if_so_far="if it came so far",
        ends_here="the way ends here",
        about="The file goes through the same questions as an image from a PACS. Nothing of it is kept, nothing is sent.",
        file="DICOM file, up to {limit} MiB",
        calling="Calling AE title",
        called="Called AE title",
        test="Test",
    ),
    de=RouteTest(
        topics=Topics(association="Assoziation", reception="Empfang", route="Regel", reading="Lesung", delivery="Zustellung"),
        title="Was würde aus einer Datei?",
        sends="{calling} sendet sie an {called}",
        blank="(leer)",
        if_so_far="wenn sie so weit käme",
        ends_here="hier endet der Weg",
        about="Die Datei wird dasselbe gefragt wie ein Bild aus einem PACS. Nichts davon wird behalten, nichts gesendet.",
        file="DICOM-Datei, bis {limit} MiB",
        calling="Rufender AE-Titel",
        called="Gerufener AE-Titel",
        test="Prüfen",
    ),
    es=RouteTest(
        topics=Topics(association="Asociación", reception="Recepción", route="Ruta", reading="Lectura", delivery="Entrega"),
        title="¿Qué pasaría con un archivo?",
        sends="{calling} lo envía a {called}",
        blank="(vacío)",
        if_so_far="si llegara hasta aquí",
        ends_here="el camino termina aquí",
        about="El archivo pasa por las mismas preguntas que una imagen de un PACS. Nada de él se conserva, nada se envía.",
        file="Archivo DICOM, hasta {limit} MiB",
        calling="AE title que llama",
        called="AE title llamado",
        test="Probar",
    ),
    fr=RouteTest(
        topics=Topics(association="Association DICOM", reception="Réception", route="Règle", reading="Lecture", delivery="Livraison"),
        title="Que deviendrait un fichier ?",
        sends="{calling} l'envoie à {called}",
        blank="(vide)",
        if_so_far="s'il arrivait jusque-là",
        ends_here="le chemin s'arrête ici",
        about="Le fichier passe par les mêmes questions qu'une image d'un PACS. Rien n'en est gardé, rien n'est envoyé.",
        file="Fichier DICOM, jusqu'à {limit} Mio",
        calling="AE title appelant",
        called="AE title appelé",
        test="Tester",
    ),
    pt=RouteTest(
        topics=Topics(association="Associação", reception="Recepção", route="Rota", reading="Leitura", delivery="Entrega"),
        title="O que aconteceria com um arquivo?",
        sends="{calling} o envia para {called}",
        blank="(vazio)",
        if_so_far="se chegasse até aqui",
        ends_here="o caminho termina aqui",
        about="O arquivo passa pelas mesmas perguntas que uma imagem de um PACS. Nada dele é guardado, nada é enviado.",
        file="Arquivo DICOM, até {limit} MiB",
        calling="AE title que chama",
        called="AE title chamado",
        test="Testar",
    ),
)
