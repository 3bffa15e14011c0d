from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

from baa_node.core.eligibility import refuse_header
from baa_node.core.radiograph import from_dataset
from baa_node.core.reasons import Reason
from train import samples
from train.samples import FOLDER, MAX_VALUE, SAMPLES, Sample

EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
FILES = sorted(path.name for path in FOLDER.glob("*.dcm"))
READ = [sample for sample in SAMPLES if not sample.reasons]
each_file = pytest.mark.parametrize("name", FILES)
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample_dicom")
    samples.write(folder)
    return folder


def bone_bright(ds: pydicom.Dataset) -> np.ndarray:
    return MAX_VALUE - ds.pixel_array if ds.PhotometricInterpretation == "MONOCHROME1" else ds.pixel_array


def test_folder_table_and_expectations_name_the_same_files() -> None:
    names = sorted(f"{sample.name}.dcm" for sample in SAMPLES)
    assert names == FILES == sorted(EXPECTED)


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 6_000_000


def test_readme_and_expectations_are_those_the_table_writes(written: Path) -> None:
    assert (written / "README.md").read_text(encoding="utf-8") == (FOLDER / "README.md").read_text(encoding="utf-8")
    filled_in = {name: entry | {"bone_age_months": None} for name, entry in EXPECTED.items()}
    assert json.loads((written / "expected.json").read_text(encoding="utf-8")) == filled_in


@each_file
def test_dciodvfy_finds_no_error(name: str) -> None:
    program = shutil.which("dciodvfy")
    assert program, "dciodvfy is missing: install the Debian package dicom3tools"
    done = subprocess.run([program, str(FOLDER / name)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert "Error" not in said, said
    assert "DXImageForPresentation" in said or "CRImage" in said


@each_sample
def test_the_file_is_what_the_table_says(sample: Sample) -> None:
    ds = pydicom.dcmread(FOLDER / f"{sample.name}.dcm")
    assert ds.file_meta.TransferSyntaxUID == sample.transfer_syntax
    assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID == sample.uid("instance")
    assert str(ds.PatientName) == sample.patient_name
    assert ds.PatientSex == (sample.sex or "")
    assert (ds.BitsAllocated, ds.BitsStored, ds.HighBit) == (16, 12, 11)
    assert ds.PhotometricInterpretation == ("MONOCHROME1" if sample.inverted else "MONOCHROME2")
    assert ("WindowCenter" in ds, "VOILUTSequence" in ds) == (sample.display == "window", sample.display == "lut")
    assert ("RequestAttributesSequence" in ds) == sample.requested
    assert ds.PatientID.startswith("SYNTH-")
    assert ds.QualityControlSubject == "YES"


@each_sample
def test_encoding_loses_nothing(sample: Sample, written: Path) -> None:
    drawn, _ = samples.draw(sample)
    assert np.array_equal(bone_bright(pydicom.dcmread(written / f"{sample.name}.dcm")), drawn)


@each_sample
def test_the_committed_pixels_are_the_drawn_ones(sample: Sample) -> None:
    # Another processor may round a blur differently: a few grey levels of 4096 in a few places are no other drawing.
    committed = bone_bright(pydicom.dcmread(FOLDER / f"{sample.name}.dcm"))
    drawn, _ = samples.draw(sample)
    assert committed.shape == drawn.shape
    assert np.abs(committed.astype(int) - drawn).mean() < 0.5


@pytest.mark.parametrize("sample", SAMPLES[:4], ids=lambda sample: sample.name)
def test_building_twice_gives_the_same_bytes(sample: Sample, written: Path, tmp_path: Path) -> None:
    samples.build(sample).save_as(tmp_path / "again.dcm", enforce_file_format=True)
    assert (tmp_path / "again.dcm").read_bytes() == (written / f"{sample.name}.dcm").read_bytes()


def test_all_uids_differ_and_derive_from_uuids() -> None:
    uids = [sample.uid(level) for sample in SAMPLES for level in ("study", "series", "instance")]
    assert len(set(uids)) == len(uids)
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


@each_file
def test_expectations_agree_with_the_object(name: str) -> None:
    ds, expected = pydicom.dcmread(FOLDER / name, stop_before_pixels=True), EXPECTED[name]
    radiograph_age = (pydicom.valuerep.DA(ds.StudyDate) - pydicom.valuerep.DA(ds.PatientBirthDate)).days / samples.DAYS_PER_MONTH
    assert expected["sop_instance_uid"] == ds.SOPInstanceUID
    assert expected["sex"] == (ds.PatientSex or None)
    assert expected["chronological_age_months"] == pytest.approx(radiograph_age, abs=0.01)
    assert expected["kind"] == ("refused" if expected["reasons"] else "assessed")
    assert set(expected["reasons"]) <= {reason.code for reason in Reason}


@each_sample
def test_the_header_gates_agree(sample: Sample) -> None:
    refusal = refuse_header(pydicom.dcmread(FOLDER / f"{sample.name}.dcm"), sex_required=sample.sex is not None)
    assert tuple(reason.code for reason in refusal.reasons) == sample.reasons if refusal else sample.reasons == ()


@pytest.mark.parametrize("sample", READ, ids=lambda sample: sample.name)
def test_a_viewer_sees_bone_bright_on_dark(sample: Sample) -> None:
    shown = from_dataset(pydicom.dcmread(FOLDER / f"{sample.name}.dcm")).pixels.astype(float)
    drawn, _ = samples.draw(sample)
    small = [image[::5, ::5].ravel() for image in (shown, drawn.astype(float))]
    assert np.corrcoef(*small)[0, 1] > 0.9


def test_the_samples_cover_what_modalities_send() -> None:
    assert len(READ) >= 8
    assert {sample.sop_class for sample in READ} == {DigitalXRayImageStorageForPresentation, ComputedRadiographyImageStorage}
    assert {sample.inverted for sample in READ} == {True, False}
    assert {str(sample.laterality) for sample in READ} == {"L", "R"}
    assert {str(sample.sex) for sample in READ} == {"F", "M", "None"}
    assert {sample.display for sample in READ} == {"window", "lut", "none"}
    assert len({sample.transfer_syntax for sample in READ}) >= 4
    ages = sorted(sample.bone_age_months or 0 for sample in READ)
    assert ages[0] <= 24
    assert ages[-1] >= 204
    behind = [sample.age_months - (sample.bone_age_months or 0) for sample in READ]
    assert max(behind) > 24
    assert min(behind) < -24


def test_the_codes_written_are_those_of_the_standard() -> None:
    assert (codes.SCT.Hand.value, codes.SCT.Knee.value) == ("85562004", "72696002")
    view = pydicom.dcmread(FOLDER / FILES[0], stop_before_pixels=True).ViewCodeSequence[0]
    assert codes.cid4010.PosteroAnterior.value == view.CodeValue
