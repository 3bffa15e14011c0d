"""What to do about a refusal, by its reasons: one sentence each, in every language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from baa_node.core.reasons import Reason
from baa_node.core.words import Language

_RETAKE: Final = {
    Language.ENGLISH: "Send a frontal view of one whole hand with wrist, free of casts and other objects.",
    Language.GERMAN: "Eine frontale Aufnahme einer ganzen Hand mit Handgelenk senden, ohne Gips und andere Gegenstände.",
    Language.SPANISH: "Envíe una proyección frontal de una mano completa con muñeca, sin yeso ni otros objetos.",
    Language.FRENCH: "Envoyer une vue de face d'une seule main entière avec poignet, sans plâtre ni autre objet.",
    Language.PORTUGUESE: "Envie uma incidência frontal de uma mão inteira com punho, sem gesso nem outros objetos.",
}
_ONE_HAND: Final = {
    Language.ENGLISH: "Send each hand as an image of its own.",
    Language.GERMAN: "Jede Hand als eigenes Bild senden.",
    Language.SPANISH: "Envíe cada mano como una imagen propia.",
    Language.FRENCH: "Envoyer chaque main comme image séparée.",
    Language.PORTUGUESE: "Envie cada mão como uma imagem própria.",
}
_QUALITY: Final = {
    Language.ENGLISH: "Send the original image; if exposure or sharpness are at fault, consider another exposure.",
    Language.GERMAN: "Das Originalbild senden; liegt es an Belichtung oder Schärfe, eine neue Aufnahme erwägen.",
    Language.SPANISH: "Envíe la imagen original; si fallan la exposición o la nitidez, considere repetirla.",
    Language.FRENCH: "Envoyer l'image originale ; si l'exposition ou la netteté sont en cause, envisager un nouveau cliché.",
    Language.PORTUGUESE: "Envie a imagem original; se a exposição ou a nitidez falharem, considere repeti-la.",
}
_HEADER: Final = {
    Language.ENGLISH: "Correct sex, dates and other attributes at the modality or in the archive, and send the image again.",
    Language.GERMAN: "Geschlecht, Daten und andere Attribute an der Modalität oder im Archiv berichtigen und das Bild erneut senden.",
    Language.SPANISH: "Corrija sexo, fechas y demás atributos en la modalidad o en el archivo y vuelva a enviar la imagen.",
    Language.FRENCH: "Corriger le sexe, les dates et les autres attributs sur la modalité ou dans l'archive, puis renvoyer l'image.",
    Language.PORTUGUESE: "Corrija sexo, datas e demais atributos na modalidade ou no arquivo e envie a imagem novamente.",
}
_TYPE: Final = {
    Language.ENGLISH: "Send the original radiograph (CR or DX, for presentation).",
    Language.GERMAN: "Die Originalaufnahme senden (CR oder DX, zur Befundung).",
    Language.SPANISH: "Envíe la radiografía original (CR o DX, para presentación).",
    Language.FRENCH: "Envoyer la radiographie originale (CR ou DX, pour présentation).",
    Language.PORTUGUESE: "Envie a radiografia original (CR ou DX, para apresentação).",
}
_FAULT: Final = {
    Language.ENGLISH: "Tell the administrator of the node; the image can be read again after the fault is mended.",
    Language.GERMAN: "Den Administrator des Knotens verständigen; nach Behebung kann das Bild erneut gelesen werden.",
    Language.SPANISH: "Avise al administrador del nodo; la imagen puede leerse de nuevo cuando se repare el fallo.",
    Language.FRENCH: "Prévenir l'administrateur du nœud ; l'image pourra être relue une fois le défaut corrigé.",
    Language.PORTUGUESE: "Avise o administrador do nó; a imagem pode ser lida de novo depois de corrigida a falha.",
}

_ADVICE: Final = {
    Reason.NO_HAND: _RETAKE,
    Reason.SEVERAL_HANDS: _ONE_HAND,
    Reason.HAND_CUT_OFF: _RETAKE,
    Reason.NOT_FRONTAL: _RETAKE,
    Reason.POOR_QUALITY: _QUALITY,
    Reason.OBSCURED: _RETAKE,
    Reason.SEX_UNKNOWN: _HEADER,
    Reason.UNDECODABLE: _TYPE,
    Reason.ATTRIBUTES: _HEADER,
    Reason.UNSUPPORTED: _TYPE,
    Reason.INTERNAL: _FAULT,
    Reason.TIME_LIMIT: _FAULT,
}
"""Reasons that are not named here leave nothing to do but to assess the image by hand."""


def advice_on(reasons: Sequence[Reason], language: Language) -> tuple[str, ...]:
    """Sentences that tell what to do besides assessing the image by hand, in the order of the reasons, each once."""
    return tuple(dict.fromkeys(_ADVICE[reason][language] for reason in reasons if reason in _ADVICE))
