"""Words by which people name a hand, another body part, both hands, or a side view, in some thirty languages.

Free text is folded first (``folded``), and so are the words here. Free text can only keep an image from being read; it
never makes one acceptable that the pixels refuse. A site may add words of its own (`Words`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pydicom.sr.codedict import codes as standard_codes

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
    return re.compile("|".join([*parts, *map(folded, anywhere.split())]))


def _either(words: str) -> str:
    """Alternatives, a tilde standing for an optional space within a name."""
    return "|".join(word.replace("~", " ?") for word in words.split())


HAND: Final = _pattern(
    stems="""
        FINGER METACARP CARPAL CARPUS PHALAN BONE~AGE BONE~AGING SKELETAL~AGE SKELETAL~MATUR GREULICH TANNER~WHITEHOUSE
        HANDGELENK HANDWURZEL MITTELHAND HAENDE KNOCHENALTER SKELETTALTER
        POIGNET AGE~OSSEUX MUNECA EDAD~OSEA CANELL EDAT~OSSIA POLSO POLSI ETA~OSSEA PUNHO IDADE~OSSEA VARSTA~OSOASA
        BOTLEEFTIJD SKELETLEEFTIJD HANDLED HANDROT SKELETTALDER BENALDER KNOGLEALDER SKJELETTALDER RANTEE RANNE LUUSTOIKA RANDME LUUVANUS
        DLON NADGARST WIEK~KOST ZAPEST KOSTNI~VEK KOSTNY~VEK CSUKLO CSONTKOR ZAPESC ZAPESTJ KOSTANA~DOB KOSNA~STAROST KOSTANE~STAROST
        PLAUKST KAULU~VECUM PLASTAK KAULU~AMZI KAULIN BILEG BILEK KEMIK~YAS MOSHA~KOCKO
        КИСТ ЛАДОН ЗАПЯСТ ЗАП~ЯСТ КОСТНЫИ~ВОЗРАСТ КОСТНОГО~ВОЗРАСТ КІСТКОВ КИТКА ДЛАН КОСТНА~ВЪЗРАСТ ШАКА КОШТАН
        ΧΕΡΙ ΧΕΙΡ ΚΑΡΠ ΟΣΤΙΚ PERGELANGAN USIA~TULANG UMUR~TULANG TUOI~XUONG BAN~TAY CO~TAY
        """,
    words="""
        (?:[LR]|LT|RT|LEFT|RIGHT|LINKE?R?|RECHTE?R?|BOTH|BI)?HANDS? (?:[LR]|LT|RT|LEFT|RIGHT)?WRISTS? THUMBS? HANDE
        HAND(?:PA|AP|LT|RT|LEFT|RIGHT|L|R)
        MAINS? MANOS? MANI MAOS? MANA MAINI PUMN POLS POLSEN HAANDEN HAENDER HANDER HANDEN KASI KADEN LABAKASI
        REKA REKI RAK RUKA RUKY RUKE SAKA SAKE ROKA ROKE KEZ SAG~EL SOL~EL EL~GRAFI TANGAN
        РУКА РУКИ РЪКА РЪЦЕ
        (?:ال)?يد اليدين الكف رسغ الرسغ المعصم יד ידיים دست مچ
        """,
    anywhere="手 腕 指 骨龄 骨齢 骨齡 손 수부 수근 골연령 العظمي العمر~العظم استخوانی גיל_עצמות שורש_כף มือ อายุกระดูก हाथ कलाई",
)

OTHER_BODY_PART: Final = _pattern(
    stems="""
        CHEST THORA TORAX TORAC LUNG POUMON PULMO STERNUM BREAST MAMMO CARDIA ABDOM BAUCH BRZUCH PELVI BECKEN BASSIN BACINO BEKKEN MIEDNIC
        HUFT HANCHE CADERA QUADRIL HEUP HOFT BIODR BIODER KNEE KNIE GENOU RODILLA GINOCC JOELHO KOLAN PATELLA
        FOOT FEET FUSS PIEDE VOET ORTEIL ZEHE CALCAN METATARS TARSAL TARSUS ANKLE SPRUNGGELENK CHEVILLE TOBILLO CAVIGLIA TORNOZELO
        LOWER~LEG LOWER~EXTREM LOWER~LIMB TIBIA FIBUL FEMUR FEMOR THIGH UNTERSCHENKEL OBERSCHENKEL JAMBE PIERNA
        SKULL SCHADEL CRANI CRANEO SCHEDEL CZASZK BRAIN KOPF FACIAL ORBIT SINUS NASAL MANDIB MAXILL TEETH TOOTH DENTAL ZAHN CEPHAL ADENOID
        [CTLS]~SPINE SPINE SPINAL CERVIC LUMBA LUMBO SACRUM SACRAL COCCY SCOLIO VERTEB WIRBEL RACHIS RACHID COLUMNA COLONNA COLUNA COLOANA
        WERVEL RYGG KREGOSLUP SHOULDER SCHULTER EPAULE HOMBRO SPALLA OMBRO SCHOUDER CLAVIC SCAPUL ACROMIO HUMER ELBOW ELLBOGEN ELLENBOGEN
        GOMITO COTOVELO ELLEBOOG LOKIEC FOREARM UNTERARM AVANT~BRAS ANTEBRA UPPER~ARM OBERARM WHOLE~BODY BABYGRAM BRUSTKORB
        GENUNCHI PICIOR GLEZN BAZIN GENOLL MALUC ESPATLLA BRYST HOFTE BAEKKEN SKULDER ALBUE POLVI JALKATERA NILKKA KEUHKO LANTIO LONKKA
        SELKARANKA OLKAPA KYYNAR KOLEN CHODIDL HRUDNI PANEV KYCEL BEDERN LEBK RAMEN LOKET KOTNIK CLENOK
        KOLJEN STOPAL PRSNI~KOS ZDJELIC KARLIC LUBANJ KRALJESN KICM LAKAT GLEZAN TERD LABFEJ MELLKAS MEDENCE CSIPO KOPONYA GERINC KONYOK
        DIRSEK OMURG OMUZ GOGUS AKCIGER KALCA AYAK KOLJU VAAGEN KRUTIN KRUSU~KURV IEGURN DUBEN GALVASKAUS LUTUT PANGGUL TENGKORAK
        KHOP~GOI BAN~CHAN LONG~NGUC KHUNG~CHAU HOP~SO COT~SONG TULANG~BELAKANG
        ГРУДН ЛЕГКИХ КОЛЕН КОЛІН КОЛЯН СТОПЫ СТОПА СТОПИ СТЪПАЛ ТАЗОБЕДР ЧЕРЕП ПОЗВОН ХРЕБ ГРЪБН ГРЪДЕН ГРЪДН ГЛЕЗЕН
        ЛОКТ ЛІКТ ЛАКЪТ ПЛЕЧ ГОЛЕН
        ΘΩΡΑΚ ΓΟΝΑΤ ΠΟΔΙ ΠΟΔΟ ΛΕΚΑΝ ΙΣΧΙ ΚΡΑΝΙ ΣΠΟΝΔΥΛ ΑΓΚΩΝ ΩΜΟΥ ΚΟΙΛΙ
        """,
    words="""
        RIBS? KUB HEART BUIK HIPS? ANCA ANCHE KNA KNAE PIEDS? PIES? PEU FOT FOD STOPA STOPY STOPE NOHA NOHY TOES?
        HEELS? ENKEL LEGS? GAMBA CRANE HEAD FACE NOSE JAW [CTL]SPINE [BHL]WS NECK HALS AXEL COUDE CODO COLZE UMAR KUK RAME DIZ RYG
        ROKAS~LOCITAVA CELIS PEDA JALG POLV PUUS KAKI DADA BAHU SIKU THAX CXR ТАЗА? РАМО ОГК
        (?:ال)?(?:صدر|ركبه|ركبة|قدم|حوض|جمجمة|مرفق|كوع|كتف|كاحل|بطن) زانو پا لگن جمجمه شانه ارنج
        חזה ברך רגל אגן גולגולת מרפק כתף קרסול
        """,
    anywhere="""
        胸 膝 足 股 骨盤 骨盆 髋 髖 头颅 颅 頭 顎 腹 腰 椎 脊 肘 肩 踝 肺 锁骨 鎖骨 跟骨 鼻骨 歯
        흉부 가슴 무릎 발목 발가락 족부 고관절 골반 두개 복부 척추 어깨 팔꿈치
        العمود_الفقري עמוד_שדרה قفسه ทรวงอก เข่า เท้า เชิงกราน กะโหลก ข้อศอก กระดูกสันหลัง छाती घुटन
        """,
)

_BOTH: Final = _either("""
    BOTH BILATERAL BILAT BEIDER? DEUX AMBAS AMBE AMBELE ENTRAMBE DUES BEGGE BADA MOLEMMAT OBIE OBE OBIDVE OBJE MINDKET HER~IKI KEDUA
    ОБЕИХ ОБЕ ОБИДВІ
    """)
_HANDS: Final = _either(r"""
    HANDS? HANDE HAENDE WRISTS? MAINS MANOS MANI MAOS MAINI HANDER HANDEN HAENDER KADET REKI RUCE RUKY SAKE ROKI KEZ EL TANGAN
    КИСТ\w* РУК\w*
    """)

BOTH_HANDS: Final = re.compile(
    rf"\b(?:{_BOTH})\b.*\b(?:{_HANDS})\b"
    r"|\b(?:HANDS?|HANDE|HAENDE|WRISTS?|MAINS|MANOS|MANI|MAOS)\b.*\b(?:BOTH|BILATERAL|BILAT|BEIDE|BEIDSEITS|BDS|BILATERALES?)\b"
    r"|両手|雙手|双手|양손|اليدين|ידיים"
)

SIDE_VIEW: Final = re.compile(
    r"\b(?:LAT|LATERAL|LATERALE|OBL|OBLIQUE|OBLIQUA|OBLICUA|SEITLICH|SCHRAG|PROFIL|PERFIL|ZIJDELINGS|BOCZNE|BOCNI|BOCNA|SIVUKUVA|OLDALIRANYU"
    r"|БОКОВАЯ|БОКОВА|БІЧНА|ΠΛΑΓΙΑ|YAN GRAFI)\b|側面|側位|侧位|斜位|측면"
)

FRONTAL_VIEW: Final = re.compile(r"\b(?:AP|PA|DP|DV|VD|DORSO ?PALMAR|DORSO ?VOLAR|FRONTAL|(?:POSTERO|ANTERO) ?(?:ANTERIOR|POSTERIOR))\b")

SIDE_POSITION: Final = re.compile(r"\b(?:LL|RL|LLD|RLD|LLO|RLO|LAO|RAO|LPO|RPO|LO|RO|ML|LM|MLO|LMO|LAT\w*|OBL\w*|SEITLICH|SCHRAG)\b")
"""View Position of CR and DX (PS3.3 C.8.1.1.3) and what devices write instead."""

REGIONS: Final = {
    **{code.value: folded(code.meaning) for code in standard_codes.CID4031.concepts.values()},
    **dict.fromkeys(("8205005", "T-D8600", "T-15460"), "WRIST"),
    **dict.fromkeys(("51185008", "T-D3000"), "CHEST"),
    **dict.fromkeys(("113345001", "T-D4000"), "ABDOMEN"),
    **dict.fromkeys(("12921003", "T-D6000"), "PELVIS"),
    "T-D8700": "HAND",
    "T-D8800": "FINGER",
    "T-D8810": "THUMB",
    "T-D9700": "FOOT",
    "T-D9200": "KNEE",
    "T-D9400": "LOWER LEG",
    "T-15750": "ANKLE",
    "T-15710": "HIP",
    "T-D2500": "HIP",
    "T-15430": "ELBOW",
    "T-D8500": "FOREARM",
    "T-D1100": "HEAD",
}
"""English for the codes of body parts, whatever language their meaning is in: PS3.16 CID 4031, and SNOMED RT of older devices."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What names a hand, another body part, both hands and a side view at one site: the words here and its own."""

    hand: re.Pattern[str]
    other_body_part: re.Pattern[str]
    both_hands: re.Pattern[str]
    side_view: re.Pattern[str]


@lru_cache(maxsize=8)
def words_with(
    hand: Sequence[str] = (), other_body_part: Sequence[str] = (), both_hands: Sequence[str] = (), side_view: Sequence[str] = ()
) -> Words:
    """Add a site's words; each counts where a word begins with it, in scripts that part no words anywhere."""
    return Words(
        hand=_extended(HAND, hand),
        other_body_part=_extended(OTHER_BODY_PART, other_body_part),
        both_hands=_extended(BOTH_HANDS, both_hands),
        side_view=_extended(SIDE_VIEW, side_view),
    )


def _extended(pattern: re.Pattern[str], words: Sequence[str]) -> re.Pattern[str]:
    ours = [folded(word) for word in words]
    added = [(r"\b" if word[0] < _UNPARTED else "") + re.escape(word) for word in ours if word]
    return re.compile("|".join([pattern.pattern, *added])) if added else pattern


_UNPARTED: Final = "\u0e00"
"""From Thai on, most scripts put no space between words."""
