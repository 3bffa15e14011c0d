"""Patient names in six character sets come back as the same text, whatever the report is encoded in."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from tests.parts.dcmtk import dcmsend
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.report import differing_identifiers

NAMES: dict[str, tuple[str | list[str], str]] = {
    "latin": ("ISO_IR 100", "Åström^Zoë"),
    "cyrillic": ("ISO_IR 144", "Иванова^Алёна"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Hanako=山田^花子=やまだ^はなこ"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "chinese": ("GB18030", "Wang^XiaoDong=王^小东"),
    "utf8": ("ISO_IR 192", "Müller^Юля=王^花子"),
}


@pytest.fixture(scope="module")
def sent(round_trip: tuple[Orthanc, Node], hand: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("names")
    files = {
        key: copy_in_new_study(hand, folder / f"{key}.dcm", SpecificCharacterSet=charset, PatientName=name, InstitutionName=None)
        for key, (charset, name) in NAMES.items()
    }
    assert dcmsend(round_trip[1].port, *files.values()) == len(files)
    return files


@pytest.mark.parametrize("key", NAMES)
def test_the_name_comes_back(sent: dict[str, Path], orthanc: Orthanc, key: str) -> None:
    source = pydicom.dcmread(sent[key], stop_before_pixels=True)
    report = orthanc.report_in(source.StudyInstanceUID, timeout_s=60)
    picture = orthanc.capture_in(source.StudyInstanceUID)
    assert str(report.PatientName) == str(picture.PatientName) == NAMES[key][1]
    assert differing_identifiers(report, source) == differing_identifiers(picture, source) == []
