from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.acceptance.local_reads import LocalRead, TableError, Unit, parse_reads
from baa_node.core.radiograph import Sex


def one(text: str, unit: Unit | None = None) -> LocalRead:
    (read,), remarks = parse_reads(text, unit)
    assert remarks == []
    return read


def told(text: str, unit: Unit | None = None) -> list[str]:
    return [str(remark) for remark in parse_reads(text, unit)[1]]


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("file,bone_age_months\na.dcm,114.5\n", 114.5),
        ("File;Bone Age Years\r\na.dcm;9,5\r\n", 114.0),
        ("file\tBONE_AGE_MONTHS\na.dcm\t114\n", 114.0),
        ('file,bone_age\n"a.dcm",9 y 2 m\n', 110.0),
        ("file,bone_age\na.dcm,9 years\n", 108.0),
        ("file,reader1_years\na.dcm,9.25\n", 111.0),
    ],
)
def test_tables_as_people_keep_them(text: str, months: float) -> None:
    assert one(text).months == pytest.approx(months)


def test_a_row_holds_all_that_it_says() -> None:
    head = "AccessionNumber,SOPInstanceUID,path,sex,bone_age_months,second_reader_years,remarks"
    assert one(f"{head}\nA1, 1.2.3 ,sub/a.dcm,female,120,10.5,nice hand\n") == LocalRead(
        row=2, file="sub/a.dcm", sop_instance_uid="1.2.3", accession_number="A1", months=120, second_months=126, sex=Sex.FEMALE
    )


def test_a_unit_stands_in_where_no_column_names_one() -> None:
    assert one("file,bone_age\na,10\n", Unit.YEARS).months == 120
    assert one("file,bone_age_months\na,10\n", Unit.YEARS).months == 10
    assert told("file,bone_age\na,10\n") == [
        "row 2, a: bone age '10' has no unit: name the column bone_age_months or bone_age_years, or say --unit"
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("a,,", "row 2, a: has no bone age"),
        ("a,ten,", "row 2, a: bone age 'ten' is no number"),
        ("a,0,", "row 2, a: bone age '0' months is out of range"),
        ("a,-3,", "row 2, a: bone age '-3' months is out of range"),
        ("a,nan,", "row 2, a: bone age 'nan' months is out of range"),
        ("a,241,", "must be above 0 and at most 240 months (20 years)"),
        (",100,", "row 2: names no image"),
        ("a,100,x", "row 2, a: sex 'x' is neither F nor M"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_rest_is_kept(row: str, fault: str) -> None:
    reads, remarks = parse_reads(f"file,bone_age_months,sex\n{row}\nb,100,F\n")
    assert [read.name for read in reads] == ["b"]
    (remark,) = remarks
    assert remark.lost
    assert fault in str(remark)


def test_months_in_a_column_of_years_are_suspected() -> None:
    assert told("file,bone_age_years\na,114\n")[0].endswith("; are these months?")


def test_a_column_whose_values_are_all_tiny_is_told_and_kept() -> None:
    reads, (remark,) = parse_reads("file,bone_age_months\na,9.5\nb,11\nc,14\n")
    assert len(reads) == 3
    assert (str(remark), remark.lost) == ("all bone ages are at most 14 months: are these years?", False)


def test_equal_rows_count_once_and_contradicting_ones_not_at_all() -> None:
    reads, remarks = parse_reads("file,bone_age_months\na,100\na,100\nb,90\nb,95\nc,80\n")
    assert [read.name for read in reads] == ["a", "c"]
    assert [(remark.row, remark.lost) for remark in remarks] == [(3, False), (4, True), (5, True)]
    assert "contradicts row 5" in remarks[1].text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the table is empty"),
        ("name,bone_age_months\n", "no column says which image a row means"),
        ("file,age\n", "no column holds a bone age"),
        ("file,bone_age_months,bone_age_years\n", "both hold a bone age of the first reader"),
        ("file,file,bone_age_months\n", "'file' stands twice"),
    ],
)
def test_a_table_without_what_it_needs_is_refused_as_a_whole(text: str, fault: str) -> None:
    with pytest.raises(TableError, match=fault):
        parse_reads(text)


@given(st.lists(st.tuples(st.integers(0, 9), st.text(max_size=6)), max_size=8))
def test_every_row_is_kept_or_told(rows: list[tuple[int, str]]) -> None:
    cells = [(f"f{number}", age.replace('"', "").replace("\r", " ").replace("\n", " ").replace("\0", " ")) for number, age in rows]
    reads, remarks = parse_reads("file,bone_age_months\n" + "".join(f'{name},"{age}"\n' for name, age in cells))
    assert {read.row for read in reads} | {remark.row for remark in remarks if remark.row} == set(range(2, len(rows) + 2))
