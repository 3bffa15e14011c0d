"""Character sets, names of several groups, and texts as long as their value representation allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from tests.parts.coding import code
from tests.parts.matrix.base import Case, Change, both, item, sets
from tests.parts.results import raw

SETS: Final[dict[str, tuple[str | list[str], bytes, str]]] = {
    "none_ascii": ("", b"Doe^Jane^M^Dr^MD", "Doe^Jane^M^Dr^MD"),
    "ir6": ("ISO_IR 6", b"Doe^Jane", "Doe^Jane"),
    "ir100_latin1": ("ISO_IR 100", "Åström^Zoë".encode("latin-1"), "Åström^Zoë"),
    "ir101_latin2": ("ISO_IR 101", "Wałęsa^Łucja".encode("iso8859-2"), "Wałęsa^Łucja"),
    "ir109_latin3": ("ISO_IR 109", "Ċaruana^Ġorġ".encode("iso8859-3"), "Ċaruana^Ġorġ"),
    "ir110_latin4": ("ISO_IR 110", "Bērziņš^Jānis".encode("iso8859-4"), "Bērziņš^Jānis"),
    "ir148_latin5": ("ISO_IR 148", "Çağlar^Şükrü".encode("iso8859-9"), "Çağlar^Şükrü"),
    "ir203_latin9": ("ISO_IR 203", "Œuvrard^Šárka".encode("iso8859-15"), "Œuvrard^Šárka"),
    "ir144_cyrillic": ("ISO_IR 144", "Иванова^Алёна".encode("iso8859-5"), "Иванова^Алёна"),
    "ir127_arabic": ("ISO_IR 127", "قباني^لنزار".encode("iso8859-6"), "قباني^لنزار"),
    "ir126_greek": ("ISO_IR 126", "Διονυσιος^Άννα".encode("iso8859-7"), "Διονυσιος^Άννα"),
    "ir138_hebrew": ("ISO_IR 138", "שרון^דבורה".encode("iso8859-8"), "שרון^דבורה"),
    "ir166_thai": ("ISO_IR 166", "นามสกุล^ชื่อ".encode("tis-620"), "นามสกุล^ชื่อ"),
    "ir13_katakana": ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ".encode("shift_jis"), "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    "ir87_japanese": (  # PS3.5 H.3.1
        ["", "ISO 2022 IR 87"],
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "ir13_ir87_japanese": (  # PS3.5 H.3.2
        ["ISO 2022 IR 13", "ISO 2022 IR 87"],
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    "ir159_japanese": (
        ["", "ISO 2022 IR 87", "ISO 2022 IR 159"],
        b"Kamo^Ritsu=\x1b$(D\x30\x21\x1b(B^\x1b$BN)\x1b(B",
        "Kamo^Ritsu=丂^立",
    ),
    "ir149_korean": (  # PS3.5 I.2
        ["", "ISO 2022 IR 149"],
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    "ir58_chinese": (  # PS3.5 K.2
        ["", "ISO 2022 IR 58"],
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东=",
    ),
    "gb18030": ("GB18030", "Wang^XiaoDong=王^小东=".encode("gb18030"), "Wang^XiaoDong=王^小东="),
    "gbk": ("GBK", "Wang^XiaoDong=王^小东=".encode("gbk"), "Wang^XiaoDong=王^小东="),
    "ir192_utf8": ("ISO_IR 192", "Müller^Юля=王^花子=おう^はなこ".encode(), "Müller^Юля=王^花子=おう^はなこ"),
    "ir100_ir126_ir144_extended": (
        ["ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126"],
        b"M\xfcller^\x1b-L\xbb\xee\xda\xe1",
        "Müller^Люкс",
    ),
}
"""Defined terms of Specific Character Set (PS3.3 C.12.1.1.2), the bytes of a name as a modality writes them, and the name."""

WORDS: Final[dict[str, tuple[bytes, str]]] = {
    "ir87_japanese": (b"\x1b$B;3ED\x1b(B", "山田"),
    "ir13_ir87_japanese": (b"\xd4\xcf\x1b$B;3\x1b(J", "ﾔﾏ山"),
    "ir159_japanese": (b"\x1b$BN)\x1b(B \x1b$(D\x30\x21\x1b(B", "立 丂"),
    "ir149_korean": (b"\x1b$)C\xc8\xab", "홍"),
    "ir58_chinese": (b"\x1b$)A\xd5\xc5", "张"),
    "ir100_ir126_ir144_extended": (b"M\xfcller \x1b-L\xbb\xee\xda\xe1", "Müller Люкс"),
    "ir166_thai": ("ชื่อ".encode("tis-620"), "ชื่อ"),
    "ir126_greek": ("Άννα".encode("iso8859-7"), "Άννα"),
    "gb18030": ("王".encode("gb18030"), "王"),
    "gbk": ("王".encode("gbk"), "王"),
    "ir192_utf8": ("王Юü".encode(), "王Юü"),
}
"""A word for texts other than names, where the first component of the name has nothing of the set's own."""


def name_of(case: str) -> str:
    """Name that the file of a ``charset_…`` case means."""
    return SETS[case.removeprefix("charset_").removesuffix("_names").removesuffix("_everywhere")][2]


def _declared(key: str) -> Change:
    declared = SETS[key][0]
    return sets(SpecificCharacterSet=declared) if declared else lambda ds: ds.pop("SpecificCharacterSet", None)


def _names(key: str) -> Change:
    def change(ds: Dataset) -> None:
        raw(ds, "PatientName", "PN", SETS[key][1])
        raw(ds, "ReferringPhysicianName", "PN", SETS[key][1])

    return both(_declared(key), change)


def _everywhere(key: str) -> Change:
    """One component of the name in every text that a result copies, in items of sequences too."""
    word, meant = WORDS.get(key) or (SETS[key][1].split(b"^")[0], SETS[key][2].split("^")[0])

    def change(ds: Dataset) -> None:
        raw(ds, "PatientName", "PN", SETS[key][1])
        for keyword, vr in (
            ("PatientID", "LO"),
            ("IssuerOfPatientID", "LO"),
            ("StudyDescription", "LO"),
            ("EthnicGroup", "SH"),
            ("StudyID", "SH"),
            ("AccessionNumber", "SH"),
        ):
            raw(ds, keyword, vr, word)
        other = item(PatientID=meant, IssuerOfPatientID="X", TypeOfPatientID="TEXT")
        procedure = code("37362-1", "LN", meant)
        request = item(RequestedProcedureID="R1", ScheduledProcedureStepID="R1-1", RequestedProcedureDescription=meant)
        ds.OtherPatientIDsSequence, ds.ProcedureCodeSequence, ds.RequestAttributesSequence = [other], [procedure], [request]

    return both(_declared(key), change)


_PLAIN: Final[dict[str, str]] = {
    "family_only": "Doe",
    "family_caret": "Doe^",
    "all_five_components": "Adams^John Robert Quincy^van der^Rev.^B.A. M.Div.",
    "empty_family": "^Jane",
    "only_carets": "^^^^",
    "leading_space": " Doe^Jane",
    "space_inside": "Doe Smith^Jane  Ann",
    "lower_case": "doe^jane",
    "apostrophe_hyphen": "O'Neil-Smith^J.",
    "two_groups_alphabetic_empty": "=Doe^Jane",
    "trailing_equals": "Doe^Jane==",
    "longest_64": "A" * 40 + "^" + "B" * 23,
    "equals_of_digits": "4711^0815",
}


def _long() -> Iterator[Case]:
    longest = {"PatientID": 64, "StudyDescription": 64, "StudyID": 16, "AccessionNumber": 16, "IssuerOfPatientID": 64, "EthnicGroup": 16}
    for keyword, length in longest.items():
        yield Case(id=f"long_{keyword}_{length}", change=sets(**{keyword: ("ab cd-" * 11)[: length - 1] + "z"}))
    yield Case(id="long_utf8_63_bytes", change=sets(SpecificCharacterSet="ISO_IR 192", PatientID="東" * 21))
    # The validator counts bytes where PS3.5 6.2 counts characters.
    yield Case(id="long_utf8_64_characters", change=sets(SpecificCharacterSet="ISO_IR 192", PatientID="東" * 64), inherits=("PatientID",))
    yield Case(id="long_all", change=sets(**{keyword: "x" * length for keyword, length in longest.items()}))


def cases() -> Iterator[Case]:
    for key in SETS:
        if key in WORDS:
            yield Case(id=f"charset_{key}_names", change=_names(key))
        yield Case(id=f"charset_{key}_everywhere", change=_everywhere(key))
    for name, value in _PLAIN.items():
        yield Case(id=f"name_{name}", change=sets(PatientName=value))
    yield from _long()
