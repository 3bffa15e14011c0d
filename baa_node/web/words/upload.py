"""Why a file is not read that somebody uploads for a try-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Upload:
    """``swells`` calls for ``{limit}`` in MiB, ``too_large`` for ``{limit}`` in millions of pixels."""

    no_file: str
    no_date: str
    damaged: str
    neither: str
    in_colour: str
    swells: str
    too_large: str


UPLOAD: Final = Translated(
    en=Upload(
        no_file="Choose a file first.",
        no_date="A birth date is written as 2014-01-02.",
        damaged="The file is a damaged DICOM file.",
        neither="The file is neither a DICOM file nor a PNG or JPEG picture, or a damaged one.",
        in_colour="The picture is in colour; a radiograph is grey.",
        swells="The file swells beyond {limit} MiB when it is inflated.",
        too_large="The picture has more than {limit} million pixels.",
    ),
    de=Upload(
        no_file="Wählen Sie zuerst eine Datei.",
        no_date="Ein Geburtsdatum wird als 2014-01-02 geschrieben.",
        damaged="Die Datei ist eine beschädigte DICOM-Datei.",
        neither="Die Datei ist weder eine DICOM-Datei noch ein Bild in PNG oder JPEG, oder sie ist beschädigt.",
        in_colour="Das Bild ist farbig; ein Röntgenbild ist grau.",
        swells="Die Datei wird beim Entpacken größer als {limit} MiB.",
        too_large="Das Bild hat mehr als {limit} Millionen Bildpunkte.",
    ),
    es=Upload(
        no_file="Elija primero un archivo.",
        no_date="La fecha de nacimiento se escribe como 2014-01-02.",
        damaged="El archivo es un archivo DICOM dañado.",
        neither="El archivo no es un archivo DICOM ni una imagen PNG o JPEG, o está dañado.",
        in_colour="La imagen es en color; una radiografía es gris.",
        swells="El archivo supera {limit} MiB al descomprimirse.",
        too_large="La imagen tiene más de {limit} millones de píxeles.",
    ),
    fr=Upload(
        no_file="Choisissez d'abord un fichier.",
        no_date="Une date de naissance s'écrit 2014-01-02.",
        damaged="Le fichier est un fichier DICOM endommagé.",
        neither="Le fichier n'est ni un fichier DICOM ni une image PNG ou JPEG, ou il est endommagé.",
        in_colour="L'image est en couleur ; une radiographie est grise.",
        swells="Le fichier dépasse {limit} Mio une fois décompressé.",
        too_large="L'image a plus de {limit} millions de pixels.",
    ),
    pt=Upload(
        no_file="Escolha primeiro um arquivo.",
        no_date="A data de nascimento é escrita como 2014-01-02.",
        damaged="O arquivo é um arquivo DICOM danificado.",
        neither="O arquivo não é um arquivo DICOM nem uma imagem PNG ou JPEG, ou está danificado.",
        in_colour="A imagem é colorida; uma radiografia é cinza.",
        swells="O arquivo passa de {limit} MiB quando é descomprimido.",
        too_large="A imagem tem mais de {limit} milhões de pixels.",
    ),
)
