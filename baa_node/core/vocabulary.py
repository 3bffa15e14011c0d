"""Words by which people name a hand, another body part, both hands, or a side view: Latin, Cyrillic and East Asian scripts.

Free text is folded first (``folded``), so every word here is upper case and without accents. Free text can only keep an
image from being read; it never makes one acceptable that the pixels refuse.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LETTERS: Final = str.maketrans(
    {"ß": "ss", "Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ı": "i", "Đ": "D", "đ": "d"}
)


def folded(words: str) -> str:
    """Upper case, no accents, signs and underscores as single spaces: one spelling for all devices."""
    apart = unicodedata.normalize("NFKD", words.translate(_LETTERS))
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", bare).upper()).split())


def _pattern(stems: str, words: str, anywhere: str) -> re.Pattern[str]:
    """Match a stem where a word begins, a whole word, or a sign anywhere; each list is separated by white space."""
    parts = [rf"\b(?:{_either(stems)})", rf"\b(?:{_either(words)})\b"]
    return re.compile("|".join([*parts, *anywhere.split()]))


def _either(words: str) -> str:
    """Alternatives, a tilde standing for an optional space within a name."""
    return "|".join(word.replace("~", " ?") for word in words.split())


HAND: Final = _pattern(
    stems="""
        FINGER METACARP CARPAL CARPUS PHALAN BONE~AGE BONE~AGING SKELETAL~AGE SKELETAL~MATUR GREULICH TANNER~WHITEHOUSE
        HANDGELENK HANDWURZEL MITTELHAND HAENDE KNOCHENALTER SKELETTALTER
        POIGNET AGE~OSSEUX MUNECA EDAD~OSEA POLSO POLSI ETA~OSSEA PUNHO IDADE~OSSEA
        BOTLEEFTIJD SKELETLEEFTIJD HANDLED HANDROT SKELETTALDER BENALDER KNOGLEALDER SKJELETTALDER RANTEE RANNE LUUSTOIKA
        DLON NADGARST WIEK~KOST ZAPEST KOSTNI~VEK CSUKLO CSONTKOR BILEG BILEK KEMIK~YAS КИСТ ЗАПЯСТ КОСТНЫИ~ВОЗРАСТ КОСТНОГО~ВОЗРАСТ
        """,
    words="""
        (?:[LR]|LT|RT|LEFT|RIGHT|LINKE?R?|RECHTE?R?|BOTH|BI)?HANDS? (?:[LR]|LT|RT|LEFT|RIGHT)?WRISTS? THUMBS? HANDE
        HAND(?:PA|AP|LT|RT|LEFT|RIGHT|L|R)
        MAINS? MANOS? MANI MAOS? POLS POLSEN HAANDEN HAENDER HANDER HANDEN KASI KADEN REKA REKI RAK RUKA RUKY KEZ SAG~EL SOL~EL
        """,
    anywhere="手 腕 指 骨龄 骨齢 骨齡 손 수부 수근 골연령",
)

OTHER_BODY_PART: Final = _pattern(
    stems="""
        CHEST THORA TORAX TORAC LUNG POUMON PULMO STERNUM BREAST MAMMO CARDIA ABDOM BAUCH BRZUCH PELVI BECKEN BASSIN BACINO BEKKEN MIEDNIC
        HUFT HANCHE CADERA QUADRIL HEUP HOFT BIODR BIODER KNEE KNIE GENOU RODILLA GINOCC JOELHO KOLAN PATELLA
        FOOT FEET FUSS PIEDE VOET ORTEIL ZEHE CALCAN METATARS TARSAL TARSUS ANKLE SPRUNGGELENK CHEVILLE TOBILLO CAVIGLIA TORNOZELO
        LOWER~LEG LOWER~EXTREM LOWER~LIMB TIBIA FIBUL FEMUR FEMOR THIGH UNTERSCHENKEL OBERSCHENKEL JAMBE PIERNA
        SKULL SCHADEL CRANI CRANEO SCHEDEL CZASZK BRAIN KOPF FACIAL ORBIT SINUS NASAL MANDIB MAXILL TEETH TOOTH DENTAL ZAHN CEPHAL ADENOID
        [CTLS]~SPINE SPINE SPINAL CERVIC LUMBA LUMBO SACRUM SACRAL COCCY SCOLIO VERTEB WIRBEL RACHIS RACHID COLUMNA COLONNA COLUNA
        WERVEL RYGG KREGOSLUP SHOULDER SCHULTER EPAULE HOMBRO SPALLA OMBRO SCHOUDER CLAVIC SCAPUL ACROMIO HUMER ELBOW ELLBOGEN ELLENBOGEN
        GOMITO COTOVELO ELLEBOOG LOKIEC FOREARM UNTERARM AVANT~BRAS WHOLE~BODY BABYGRAM
        ГРУДН ЛЕГКИХ КОЛЕН СТОПЫ СТОПА ТАЗОБЕДР ЧЕРЕП ПОЗВОН ЛОКТ ПЛЕЧ ГОЛЕН
        """,
    words="""
        RIBS? KUB HEART BUIK HIPS? ANCA ANCHE KNA PIEDS? PIES? FOT STOPA STOPY TOES? HEELS? ENKEL LEGS? GAMBA CRANE HEAD FACE NOSE JAW
        [CTL]SPINE [BHL]WS NECK HALS AXEL COUDE CODO ТАЗА?
        """,
    anywhere="胸 膝 足 股 骨盤 骨盆 髋 髖 头颅 頭 腹 腰 椎 肘 肩 흉부 가슴 무릎 발목 족부 고관절 골반 두개 복부 척추 어깨 팔꿈치",
)

BOTH_HANDS: Final = re.compile(
    r"\b(?:BOTH|BILATERAL|BILAT|BEIDE|BEIDER|DEUX|AMBAS|AMBE|ENTRAMBE|BEGGE|BADA|OBIE|OBE)\b.*\b(?:HANDS?|HANDE|HAENDE|WRISTS?|MAINS|MANOS|MANI|MAOS|HANDER|HANDEN)\b"
    r"|\b(?:HANDS?|HANDE|HAENDE|WRISTS?|MAINS|MANOS|MANI|MAOS)\b.*\b(?:BOTH|BILATERAL|BILAT|BEIDE|BEIDSEITS|BDS|BILATERALES?)\b|両手|双手|양손"
)

SIDE_VIEW: Final = re.compile(
    r"\b(?:LAT|LATERAL|LATERALE|OBL|OBLIQUE|OBLIQUA|OBLICUA|SEITLICH|SCHRAG|PROFIL|PERFIL|ZIJDELINGS|BOCZNE|БОКОВАЯ)\b"
)

FRONTAL_VIEW: Final = re.compile(r"\b(?:AP|PA|DP|DV|VD|DORSO ?PALMAR|DORSO ?VOLAR|FRONTAL|(?:POSTERO|ANTERO) ?(?:ANTERIOR|POSTERIOR))\b")

SIDE_POSITION: Final = re.compile(r"\b(?:LL|RL|LLD|RLD|LLO|RLO|LAO|RAO|LPO|RPO|LO|RO|ML|LM|MLO|LMO|LAT\w*|OBL\w*|SEITLICH|SCHRAG)\b")
"""View Position of CR and DX (PS3.3 C.8.1.1.3) and what devices write instead."""
