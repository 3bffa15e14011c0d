"""What words and codes of a header say of region, view and side."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.sr._snomed_dict import mapping
from pydicom.sr.codedict import codes

from baa_node.core.eligibility import refuse_header
from baa_node.core.gates.limits import Gates
from baa_node.core.gates.vocabulary import REGIONS
from baa_node.core.reasons import Reason
from tests.parts.coding import code
from tests.parts.frames import header_reasons as reasons
from tests.parts.frames import image, ramp

SNOMED_RT = mapping["SCT"]


def region(meaning: str, *modifiers: Dataset) -> Dataset:
    item = code("1", "SCT", meaning)
    if modifiers:
        item.AnatomicRegionModifierSequence = list(modifiers)
    return item


class TestAnatomy:
    @pytest.mark.parametrize(
        "words",
        [
            "CHEST", "KNEE", "Thorax p.a.", "FOOT LT", "Hüfte links", "HIP", "SKULL", "Schädel 2 Ebenen", "genou droit", "pied gauche",
            "Rodilla AP y lateral", "tórax", "CSPINE", "LSPINE", "C-SPINE", "Wirbelsäule gesamt", "BWS", "radiografia torace", "joelho",
            "voet links", "kolano prawe", "грудная клетка", "коленный сустав", "胸部", "膝関節", "흉부", "ELBOW", "Unterarm", "PELVIS",
            "XR ANKLE 3 VIEWS", "Panoramic dental", "Fußgelenk", "колінний суглоб", "гръден кош",
            "ακτινογραφία θώρακος", "γόνατο δεξί", "genunchi drept", "torace", "koljeno lijevo", "hrudník", "térd", "diz grafisi", "polvi",
            "rodilla izq", "صدر", "الركبة اليمنى", "חזה", "زانو", "เข่า", "ทรวงอก", "khớp gối", "lutut kanan", "छाती", "ankle",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("keyword", ["SeriesDescription", "StudyDescription", "ProtocolName"])
    def test_another_body_part_in_many_languages(self, words: str, keyword: str) -> None:
        assert reasons(BodyPartExamined="", **{keyword: words}) == [Reason.NO_HAND]

    @pytest.mark.parametrize(
        "words",
        [
            "HAND", "Bone Age", "BONEAGE", "Hand links d.p.", "main gauche", "Mano izquierda", "Handwurzel", "age osseux", "Knochenalter",
            "edad ósea", "LHAND", "XR WRIST LT", "dłoń lewa", "hånd", "kemik yaşı", "кисть левая", "костный возраст", "手", "骨龄", "손",
            "metacarpal neck", "Left hand and knee", "", "EXTREMITY", "UPPER LIMB", "2 views", "Follow-up", "Arm",
            "кисть і коліно", "кістковий вік, коліно", "китка лява, коляно", "χέρι και γόνατο", "mâna stângă și genunchi", "šaka i koljeno",
            "zápěstí, koleno", "csukló és térd", "el bilek, diz",
            "ranne ja polvi", "يد والركبة", "כף יד וברך", "مچ دست و زانو", "มือ เข่า", "bàn tay, khớp gối", "tangan, lutut", "हाथ, छाती",
        ],
    )  # fmt: skip
    def test_a_hand_or_nothing_in_particular_passes(self, words: str) -> None:
        assert reasons(BodyPartExamined="", StudyDescription=words) == []

    def test_body_part_extremity_leaves_it_to_the_pixels(self) -> None:
        assert reasons(BodyPartExamined="EXTREMITY") == []

    def test_one_hand_named_anywhere_outweighs_the_rest(self) -> None:
        assert reasons(BodyPartExamined="CHEST", StudyDescription="Bone age") == []

    def test_region_codes_are_heard(self) -> None:
        assert reasons(BodyPartExamined="", AnatomicRegionSequence=[region("Knee")]) == [Reason.NO_HAND]
        assert reasons(BodyPartExamined="", StudyDescription="Knee", AnatomicRegionSequence=[region("Wrist joint")]) == []

    @pytest.mark.parametrize(
        ("value", "found"), [("72696002", [Reason.NO_HAND]), ("T-D9200", [Reason.NO_HAND]), ("85562004", []), ("T-D8700", [])]
    )
    def test_a_known_code_speaks_for_itself(self, value: str, found: list[Reason]) -> None:
        coded = code(value, "SCT", "в другом языке")
        assert reasons(BodyPartExamined="", AnatomicRegionSequence=[coded], StudyDescription="Knee" if not found else "") == found

    def test_retired_codes_of_regions_say_what_their_successors_say(self) -> None:
        retired = {value: words for value, words in REGIONS.items() if value.startswith("T-")}
        assert len(retired) >= 15
        for value, words in retired.items():
            assert set(words.split()) <= set(REGIONS[mapping["SRT"][value]].split()), value

    def test_a_site_adds_words_of_its_own(self) -> None:
        ours = Gates(
            hand_words=("Pfötchen",),
            other_body_part_words=("Haxe", "脛"),
            both_hands_words=("Händchen bds.",),
            side_view_words=("von der Seite",),
        )
        assert reasons(BodyPartExamined="", StudyDescription="Haxe links") == []
        assert reasons(gates=ours, BodyPartExamined="", StudyDescription="Haxe links") == [Reason.NO_HAND]
        assert reasons(gates=ours, BodyPartExamined="", StudyDescription="右脛骨") == [Reason.NO_HAND]
        assert reasons(gates=ours, BodyPartExamined="", StudyDescription="Haxe und PFÖTCHEN") == []
        assert reasons(gates=ours, SeriesDescription="haendchen Händchen bds") == [Reason.SEVERAL_HANDS]
        assert reasons(gates=ours, SeriesDescription="Hand von der Seite") == [Reason.NOT_FRONTAL]

    def test_the_detail_names_keywords_and_no_words_of_the_patient(self) -> None:
        refusal = refuse_header(image(ramp(), BodyPartExamined="", StudyDescription="Knee of Doe^Jane"))
        assert refusal is not None
        assert "StudyDescription" in refusal.detail
        assert "Doe" not in refusal.detail


class TestView:
    @pytest.mark.parametrize("view", ["LL", "RL", "LLO", "RLO", "LAT", "LATERAL", "OBL", "LLD", "ML"])
    def test_lateral_and_oblique_positions(self, view: str) -> None:
        assert reasons(ViewPosition=view) == [Reason.NOT_FRONTAL]

    @pytest.mark.parametrize("view", ["PA", "AP", "", "DP", "UNK"])
    def test_frontal_or_unknown_positions(self, view: str) -> None:
        assert reasons(ViewPosition=view) == []

    @pytest.mark.parametrize(
        ("value", "scheme", "meaning", "frontal"),
        [
            ("399067008", "SCT", "lateral", False),
            ("399182000", "SCT", "oblique", False),
            ("R-10236", "SRT", "left lateral", False),
            ("272479007", "SCT", "postero-anterior", True),
            ("399348003", "SCT", "antero-posterior", True),
        ],
    )
    def test_view_codes(self, value: str, scheme: str, meaning: str, frontal: bool) -> None:
        found = reasons(ViewCodeSequence=[code(value, scheme, meaning)])
        assert found == ([] if frontal else [Reason.NOT_FRONTAL])

    def test_retired_codes_say_what_their_successors_say(self) -> None:
        pairs = {c.value: SNOMED_RT[c.value] for c in codes.CID4010.concepts.values() if c.value in SNOMED_RT}
        assert len(pairs) > 30
        for value, retired in pairs.items():
            assert reasons(ViewCodeSequence=[code(retired, "SRT", "")]) == reasons(ViewCodeSequence=[code(value, "SCT", "")]), retired

    @pytest.mark.parametrize(
        ("words", "frontal"), [("Hand lat", False), ("HAND OBLIQUE", False), ("Hand PA/LAT", True), ("Hand schräg", False)]
    )
    def test_words_count_where_no_view_is_given(self, words: str, frontal: bool) -> None:
        assert reasons(SeriesDescription=words) == ([] if frontal else [Reason.NOT_FRONTAL])
        assert reasons(SeriesDescription=words, ViewPosition="PA") == []


class TestSides:
    @pytest.mark.parametrize(
        "both",
        [
            {"ImageLaterality": "B"},
            {"Laterality": "B"},
            {"SeriesDescription": "Both hands PA"},
            {"ProtocolName": "HANDS BILATERAL"},
            {"SeriesDescription": "Beide Hände"},
            {"SeriesDescription": "mains bilatérales, deux mains"},
            {"SeriesDescription": "рентген обеих кистей"},
            {"SeriesDescription": "obě ruce"},
            {"ProtocolName": "両手 正面"},
        ],
        ids=str,
    )
    def test_both_hands_in_so_many_words(self, both: dict[str, str]) -> None:
        assert reasons(**both) == [Reason.SEVERAL_HANDS]

    def test_a_bilateral_region(self) -> None:
        bilateral = region("Hand", code("51440002", "SCT", "Bilateral"))
        assert reasons(AnatomicRegionSequence=[bilateral]) == [Reason.SEVERAL_HANDS]

    @pytest.mark.parametrize(
        "one",
        [
            {"ImageLaterality": "L", "Laterality": "B"},
            {"ImageLaterality": "L", "SeriesDescription": "Both hands"},
            {"StudyDescription": "XR HANDS BILATERAL"},
            {"SeriesDescription": "HAND"},
            {"Laterality": "R"},
        ],
        ids=str,
    )
    def test_a_study_of_both_may_hold_an_image_of_one(self, one: dict[str, str]) -> None:
        assert reasons(**one) == []

    def test_right_hands_may_be_turned_away(self) -> None:
        left_only = Gates(right_hands=False)
        assert reasons(gates=left_only, Laterality="R") == [Reason.UNSUPPORTED]
        assert reasons(gates=left_only, Laterality="L") == reasons(gates=left_only) == []
