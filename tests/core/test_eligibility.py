from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.sr._snomed_dict import mapping
from pydicom.sr.codedict import codes
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
)

from baa_node.core.codes import Reason
from baa_node.core.eligibility import refuse_header
from baa_node.core.gates.limits import DX_FOR_PROCESSING, SECONDARY_CAPTURE, Gates
from baa_node.core.gates.suitability import refuse_pixels
from baa_node.core.gates.vocabulary import REGIONS
from baa_node.core.radiograph import Radiograph, Sex, from_dataset
from tests.parts.frames import image, ramp
from train.phantom import draw_hand, draw_not_a_hand

SNOMED_RT = mapping["SCT"]


def reasons(*, gates: Gates | None = None, sex_required: bool = True, **attributes: Any) -> list[Reason]:
    refusal = refuse_header(image(ramp(), **attributes), gates or Gates(), sex_required=sex_required)
    return list(refusal.reasons) if refusal else []


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def region(meaning: str, *modifiers: Dataset) -> Dataset:
    item = code("1", "SCT", meaning)
    if modifiers:
        item.AnatomicRegionModifierSequence = list(modifiers)
    return item


def shown(pixels: NDArray[np.uint8]) -> Radiograph:
    return Radiograph(
        pixels=np.ascontiguousarray(pixels),
        sex=Sex.FEMALE,
        laterality=None,
        birth_date=date(2015, 1, 1),
        examined_on=date(2025, 1, 1),
        spacing_mm=None,
        lossy=False,
    )


def pixel_reasons(pixels: NDArray[np.uint8], gates: Gates | None = None) -> list[Reason]:
    refusal = refuse_pixels(shown(pixels), gates or Gates())
    return list(refusal.reasons) if refusal else []


def test_a_plain_hand_passes() -> None:
    assert reasons() == []


class TestKind:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"SOPClassUID": CTImageStorage, "Modality": "CT"},
            {"SOPClassUID": EnhancedSRStorage, "Modality": "SR", "PixelData": None},
            {"SOPClassUID": SecondaryCaptureImageStorage},
            {"SOPClassUID": DigitalXRayImageStorageForProcessing},
            {"Modality": "MR"},
            {"NumberOfFrames": 2},
            {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
            {"PhotometricInterpretation": "YBR_FULL_422"},
            {"PhotometricInterpretation": "PALETTE COLOR"},
            {"PixelData": None},
        ],
        ids=str,
    )
    def test_what_is_no_grey_radiograph_is_unsupported(self, wrong: dict[str, Any]) -> None:
        assert reasons(**wrong) == [Reason.UNSUPPORTED]

    def test_other_classes_are_read_where_a_site_permits_them(self) -> None:
        gates = Gates(sop_classes=frozenset({DX_FOR_PROCESSING, SECONDARY_CAPTURE}))
        assert reasons(gates=gates, SOPClassUID=DigitalXRayImageStorageForProcessing, Modality="DX") == []
        assert reasons(gates=gates, SOPClassUID=SecondaryCaptureImageStorage, Modality="RG") == []
        assert reasons(gates=gates) == [Reason.UNSUPPORTED]

    def test_dx_for_presentation_is_read(self) -> None:
        assert reasons(SOPClassUID=DigitalXRayImageStorageForPresentation, Modality="DX") == []

    @pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
    def test_a_missing_identifier_is_named(self, keyword: str) -> None:
        refusal = refuse_header(image(ramp(), **{keyword: None}))
        assert refusal is not None
        assert refusal.reasons == (Reason.ATTRIBUTES,)
        assert keyword in refusal.detail


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


class TestPatient:
    @pytest.mark.parametrize("sex", ["O", "", None])
    def test_sex_is_needed_unless_the_bundle_does_without(self, sex: str | None) -> None:
        assert reasons(PatientSex=sex) == [Reason.SEX_UNKNOWN]
        assert reasons(PatientSex=sex, sex_required=False) == []

    @pytest.mark.parametrize(
        ("born", "examined", "found"),
        [
            ("20050102", "20250101", []),
            ("20041230", "20250101", [Reason.AGE_OUTSIDE_USE]),
            ("19000101", "20110218", [Reason.AGE_OUTSIDE_USE]),
            ("20250102", "20250101", [Reason.ATTRIBUTES]),
            ("", "20250101", []),
            ("20150101", "", []),
        ],
    )
    def test_age_by_dates(self, born: str, examined: str, found: list[Reason]) -> None:
        assert reasons(PatientBirthDate=born, StudyDate=examined) == found

    @pytest.mark.parametrize(
        ("stated", "found"), [("019Y", []), ("020Y", [Reason.AGE_OUTSIDE_USE]), ("300M", [Reason.AGE_OUTSIDE_USE]), ("010D", [])]
    )
    def test_age_as_stated_without_dates(self, stated: str, found: list[Reason]) -> None:
        assert reasons(PatientBirthDate="", PatientAge=stated) == found

    @pytest.mark.parametrize(
        ("stated", "found"),
        [
            ("010Y", []),
            ("009Y", []),
            ("011Y", []),
            ("012Y", [Reason.ATTRIBUTES]),
            ("007Y", [Reason.ATTRIBUTES]),
            ("120M", []),
            ("006M", [Reason.ATTRIBUTES]),
        ],
    )
    def test_a_stated_age_against_the_dates(self, stated: str, found: list[Reason]) -> None:
        """Ten years by the dates: a stated age may be a year off before it is a contradiction."""
        assert reasons(PatientBirthDate="20141201", StudyDate="20250101", PatientAge=stated) == found

    def test_the_limit_is_configurable(self) -> None:
        assert reasons(gates=Gates(max_age_years=9)) == [Reason.AGE_OUTSIDE_USE]

    def test_all_reasons_are_listed_most_important_first(self) -> None:
        found = reasons(
            Modality="CT", StudyInstanceUID=None, BodyPartExamined="CHEST", ViewPosition="LL", PatientBirthDate="19500101", PatientSex="O"
        )
        assert found == [
            Reason.UNSUPPORTED,
            Reason.ATTRIBUTES,
            Reason.NO_HAND,
            Reason.NOT_FRONTAL,
            Reason.AGE_OUTSIDE_USE,
            Reason.SEX_UNKNOWN,
        ]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_random_headers_never_raise(data: st.DataObject) -> None:
    ds = image(ramp())
    keywords = [
        "PatientAge",
        "PatientBirthDate",
        "StudyDate",
        "Modality",
        "ViewPosition",
        "StudyDescription",
        "NumberOfFrames",
        "SOPClassUID",
    ]
    for keyword in data.draw(st.lists(st.sampled_from(keywords), unique=True)):
        raw = data.draw(st.binary(max_size=16))
        tag = pydicom.tag.Tag(pydicom.datadict.tag_for_keyword(keyword))
        ds[tag] = pydicom.dataelem.RawDataElement(tag, pydicom.datadict.dictionary_VR(tag), len(raw), raw, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusal = refuse_header(ds)
    assert refusal is None or refusal.reasons


class TestQuality:
    def test_a_small_frame(self) -> None:
        assert pixel_reasons(np.tile(np.arange(199, dtype=np.uint8), (500, 1))) == [Reason.POOR_QUALITY]

    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_a_frame_of_one_grey(self, level: int) -> None:
        assert pixel_reasons(np.full((300, 300), level, np.uint8)) == [Reason.POOR_QUALITY]

    @pytest.mark.parametrize("grain", [0, 1, 2, 4])
    def test_noise(self, grain: int) -> None:
        noise = np.random.default_rng(grain).standard_normal((700, 600)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), grain) if grain else noise
        assert pixel_reasons(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)) == [Reason.POOR_QUALITY]

    def test_an_empty_exposure_is_not_saved_by_the_stretch(self) -> None:
        words = np.random.default_rng(3).normal(800, 4, (600, 500)).astype(np.uint16)
        refusal = refuse_pixels(from_dataset(image(words)))
        assert refusal is not None
        assert refusal.reasons == (Reason.POOR_QUALITY,)


def drawn(kind: str | None, seed: int) -> NDArray[np.uint8]:
    if kind is None:
        words = draw_hand(age_months=40.0 + 15 * seed, sex=Sex.FEMALE, seed=seed, height_px=600).pixels
    else:
        words = draw_not_a_hand(kind, seed, height_px=600).pixels
    return from_dataset(image(words)).pixels


class TestPhantoms:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_drawn_hand_passes(self, seed: int) -> None:
        assert pixel_reasons(drawn(None, seed)) == []

    @pytest.mark.parametrize("seed", range(4))
    def test_two_drawn_hands_do_not(self, seed: int) -> None:
        assert pixel_reasons(drawn("two_hands", seed)) == [Reason.SEVERAL_HANDS]

    @pytest.mark.parametrize("seed", range(4))
    def test_a_drawn_knee_or_long_bone_is_no_hand(self, seed: int) -> None:
        assert pixel_reasons(drawn("foot_or_long_bone", seed)) == [Reason.NO_HAND]

    @pytest.mark.parametrize("seed", range(8))
    def test_the_negative_of_a_drawn_hand_does_not(self, seed: int) -> None:
        assert pixel_reasons(255 - drawn(None, seed)) in ([Reason.NO_HAND], [Reason.UNLIKE_TRAINING])

    def test_gates_may_be_switched_off(self) -> None:
        assert pixel_reasons(drawn("two_hands", 0), Gates(outline=False)) == []
        assert pixel_reasons(drawn("foot_or_long_bone", 0), Gates(outline=False)) == []


EXPECTED = {
    "hand_cr_j2k_lossless": ([Reason.AGE_OUTSIDE_USE], []),
    "lower_leg_cr_j2k_lossy": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "hip_cr_jpegls_near": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "hip_cr_jpeg_extended": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "hip_cr_jpeg_lossless": ([Reason.NO_HAND], [Reason.NO_HAND]),
    "chest_cr_j2k_lossy": ([Reason.NO_HAND, Reason.AGE_OUTSIDE_USE], [Reason.NO_HAND]),
    "dog_thorax_dx": ([Reason.NO_HAND, Reason.NOT_FRONTAL], [Reason.POOR_QUALITY]),
    "tiny_cr_16x16": ([Reason.NO_HAND, Reason.NOT_FRONTAL, Reason.AGE_OUTSIDE_USE, Reason.SEX_UNKNOWN], [Reason.POOR_QUALITY]),
    "voi_lut": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], [Reason.NO_HAND]),
    "deflated_sc": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], [Reason.NO_HAND]),
    "enhanced_mr_multiframe_rle": ([Reason.UNSUPPORTED, Reason.NO_HAND, Reason.SEX_UNKNOWN], None),
    "colour_jpeg_sc": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], None),
    "colour_big_endian_sc": ([Reason.UNSUPPORTED, Reason.AGE_OUTSIDE_USE], None),
    "mr_truncated": ([Reason.UNSUPPORTED], None),
    "no_meta_rtplan": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], None),
    "structured_report": ([Reason.UNSUPPORTED, Reason.SEX_UNKNOWN], None),
    "DICOMDIR": ([Reason.UNSUPPORTED, Reason.ATTRIBUTES, Reason.SEX_UNKNOWN], None),
}


class TestRealFiles:
    @pytest.mark.parametrize("name", EXPECTED)
    def test_the_answers_to_the_real_files(self, shared_data: Path, name: str) -> None:
        by_header, by_pixels = EXPECTED[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(shared_data / "dicom" / f"{name}.dcm", force=True)
            refusal = refuse_header(ds)
            assert list(refusal.reasons if refusal else ()) == by_header
            if by_pixels is not None:
                refusal = refuse_pixels(from_dataset(ds))
                assert list(refusal.reasons if refusal else ()) == by_pixels

    def test_no_hand_at_its_original_size_is_refused(self, shared_data: Path) -> None:
        files = sorted((shared_data / "originals").glob("*.jpg"))
        refused = [path.stem for path in files if pixel_reasons(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))]
        assert len(files) == 40
        assert refused == []


@pytest.mark.parametrize(
    ("charset", "name", "legible"),
    [
        ("ISO_IR 192", "Müller".encode(), True),
        ("ISO_IR 192", "Müller".encode("latin-1"), False),
        ("ISO_IR 100", "Müller".encode("latin-1"), True),
        ("GB18030", "王小明".encode("gb18030"), True),
        ("GB18030", b"\xff\xff", False),
        ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", True),
        (None, "Müller".encode("latin-1"), True),
        ("ISO_IR 203", "Šárka".encode("iso8859-15"), True),
        ("ISO_IR 999", "Müller".encode("latin-1"), False),
        ("ISO_IR 999", b"Muller", True),
    ],
)
def test_an_identity_that_cannot_be_copied_faithfully_is_refused(charset: str | None, name: bytes, legible: bool) -> None:
    ds = image(ramp())
    if charset:
        ds.SpecificCharacterSet = charset.split("\\")
    ds[0x00100010] = RawDataElement(Tag(0x00100010), "PN", len(name), name, 0, False, True)
    refusal = refuse_header(ds)
    found = refusal.reasons if refusal else ()
    assert (Reason.ATTRIBUTES in found) is not legible
    assert name.decode("latin-1") not in (refusal.detail if refusal else "")
