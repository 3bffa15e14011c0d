from __future__ import annotations

import re

import pytest
from pydicom.sr.codedict import codes as standard
from pydicom.sr.coding import Code

from baa_node.core import codes
from baa_node.core.reasons import Reason

EVERY_CODE = {name: value for name, value in vars(codes).items() if isinstance(value, Code)}
UNKNOWN_TO_PYDICOM = {
    "BONE_AGE": "LOINC is not part of the dictionary",
    "BONE_AGE_EXAMINATION": "LOINC is not part of the dictionary",
    "BONE_AGE_METHOD": "LOINC is not part of the dictionary",
    "GREULICH_PYLE": "a SNOMED CT procedure outside every DICOM context group",
    **dict.fromkeys(("ENGLISH", "GERMAN", "SPANISH", "FRENCH", "PORTUGUESE"), "RFC 5646"),
    "PIXELS": "UCUM annotation, as TID 1603 writes it",
    "YEARS_PER_YEAR": "UCUM, of no DICOM context group",
}
OTHER_MEANING = {"SOURCE": "the template (TID 1600) shortens the SNOMED CT name"}


@pytest.fixture(scope="module")
def meanings() -> dict[tuple[str, str], set[str]]:
    """Words of the dictionary by scheme and value; a few values have two."""
    found: dict[tuple[str, str], set[str]] = {}
    for scheme in ("DCM", "SCT", "UCUM"):
        collection = getattr(standard, scheme)
        for known in map(collection.__getattr__, collection.dir()):
            found.setdefault((scheme, known.value), set()).add(known.meaning)
    return found


def test_standard_codes_carry_the_words_of_the_standard(meanings: dict[tuple[str, str], set[str]]) -> None:
    ours = {name: code for name, code in EVERY_CODE.items() if code.scheme_designator in {"DCM", "SCT", "UCUM"}}
    checked = {name: code for name, code in ours.items() if name not in UNKNOWN_TO_PYDICOM and name not in OTHER_MEANING}
    assert len(checked) > 60
    wrong = {name for name, code in checked.items() if code.meaning not in meanings[code.scheme_designator, code.value]}
    assert not wrong


def test_only_named_codes_are_unknown_to_the_dictionary(meanings: dict[tuple[str, str], set[str]]) -> None:
    unknown = {name for name, code in EVERY_CODE.items() if (code.scheme_designator, code.value) not in meanings}
    elsewhere = {name for name, code in EVERY_CODE.items() if code.scheme_designator in {"RADELEMENT", codes.PRIVATE_SCHEME}}
    assert unknown - elsewhere == set(UNKNOWN_TO_PYDICOM)


def test_no_code_is_written_down_twice() -> None:
    keys = [(code.scheme_designator, code.value) for code in EVERY_CODE.values()]
    assert len(keys) == len(set(keys))


def test_every_code_fits_its_attributes() -> None:
    for code in (*EVERY_CODE.values(), *map(codes.concept_of, Reason)):
        assert len(code.value) <= 16
        assert len(code.scheme_designator) <= 16
        assert 0 < len(code.meaning) <= 64
        assert code.meaning.isascii()


def test_reasons_are_numbered_without_gap_or_clash() -> None:
    assert [reason.code for reason in Reason] == [f"BAA{number}" for number in range(101, 101 + len(Reason))]
    private = {code.value for code in EVERY_CODE.values() if code.scheme_designator == codes.PRIVATE_SCHEME}
    assert private.isdisjoint(reason.code for reason in Reason)
    assert all(re.fullmatch(r"BAA\d{3}", value) for value in private)


def test_equivalents_of_reasons_are_codes_of_the_standard(meanings: dict[tuple[str, str], set[str]]) -> None:
    for reason in Reason:
        concept = codes.standard_concept_of(reason)
        assert (concept is None) == (reason.equivalent is None)
        if concept is not None:
            assert concept.value == reason.equivalent
            assert concept.meaning in meanings["DCM", concept.value]
