"""Reading a folder of images once more, as the node would: no record, no network, one image in memory at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from baa_node.core.acceptance.local_reads import LocalRead, Remark
from baa_node.core.acceptance.verdict import Case, Refused
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.radiograph import Sex
from baa_node.core.reading import ReadingPolicy, read_bone_age
from baa_node.core.words.sentences import sentences
from baa_node.errors import BaaError, InstanceError
from baa_node.process import out_of_time

_TAGS: Final = ["SOPInstanceUID", "AccessionNumber", "PatientSex"]
_DAMAGED: Final = (InvalidDicomError, ValueError, EOFError, KeyError, OverflowError, NotImplementedError, AttributeError)


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """One DICOM file of the folder; ``name`` is its path within, ``sex`` as its header says."""

    path: Path
    name: str
    sop_instance_uid: str
    accession_number: str
    sex: str


@dataclass(kw_only=True)
class Replayed:
    """What became of every row and file: nothing is lost without a remark."""

    cases: list[Case] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Match:
    """A row and the files it may mean; several where an accession number stands in several."""

    read: LocalRead
    files: tuple[ImageFile, ...]


def open_image(path: Path, *, only: Sequence[str] | None = None) -> Dataset:
    """Read a DICOM file, or a few attributes of it.

    Raises
    ------
    InstanceError
        It cannot be read, or is no DICOM file.
    """
    try:
        return dcmread(path, stop_before_pixels=only is not None, specific_tags=list(only) if only is not None else None)
    except OSError as error:
        raise InstanceError(f"{path} cannot be read: {error.strerror}") from error
    except _DAMAGED as error:
        raise InstanceError(f"{path} is not a DICOM file, or a damaged one") from error


def list_images(folder: Path, *, but: Iterable[Path] = ()) -> tuple[list[ImageFile], list[Remark]]:
    """List the DICOM files of a folder and its folders by their headers, and tell of those that are none or stand twice.

    That is no loss by itself: a row that means such a file is told when it is matched.

    Parameters
    ----------
    but
        Files that are known to be something else: the table, an earlier report.
    """
    others = {path.resolve() for path in but}
    files: dict[str, ImageFile] = {}
    remarks: list[Remark] = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and one.resolve() not in others):
        name = path.relative_to(folder).as_posix()
        try:
            image = _image_file(path, name)
        except InstanceError as error:
            remarks.append(Remark(file=name, text=str(error).replace(str(path), "the file"), lost=False))
            continue
        first = files.setdefault(image.sop_instance_uid, image)
        if first is not image:
            remarks.append(Remark(file=name, text=f"holds the same SOPInstanceUID as {first.name} and is left out", lost=False))
    return list(files.values()), remarks


def match(reads: Sequence[LocalRead], files: Sequence[ImageFile]) -> tuple[list[Match], list[Remark]]:
    """Find the images of each row, and tell of rows without one, of images in two rows and of images in none."""
    index = _Index(files)
    matches, remarks = [], []
    for read in reads:
        found = index.find(read)
        if isinstance(found, str):
            remarks.append(Remark(row=read.row, file=read.name, text=found))
        else:
            matches.append(Match(read=read, files=found))
    kept, doubled = _each_once(matches)
    named = {file.sop_instance_uid for one in matches for file in one.files}
    remarks += doubled
    remarks += [
        Remark(file=file.name, text="no row gives it a bone age", lost=False) for file in files if file.sop_instance_uid not in named
    ]
    return kept, remarks


def replay(matches: Iterable[Match], ensemble: Ensemble, policy: ReadingPolicy, *, done: Callable[[], object] = lambda: None) -> Replayed:
    """Read the images of each row through the node's own path; only numbers are kept of them.

    Parameters
    ----------
    done
        Called after each row.
    """
    replayed = Replayed()
    for one in matches:
        _replay(one, ensemble, policy, replayed)
        done()
    return replayed


def _image_file(path: Path, name: str) -> ImageFile:
    header = open_image(path, only=_TAGS)
    try:
        uid, accession, sex = (str(header.get(keyword) or "").strip() for keyword in _TAGS)
    except _DAMAGED as error:
        raise InstanceError(f"{path} is a damaged DICOM file") from error
    if not uid:
        raise InstanceError(f"{path} has no SOPInstanceUID")
    return ImageFile(path=path, name=name, sop_instance_uid=uid, accession_number=accession, sex=sex)


class _Index:
    """Files by what a row may call them."""

    def __init__(self, files: Sequence[ImageFile]) -> None:
        self._uids = {file.sop_instance_uid: file for file in files}
        self._paths = {file.name: file for file in files}
        self._names: Mapping[str, list[ImageFile]] = defaultdict(list)
        self._accessions: Mapping[str, list[ImageFile]] = defaultdict(list)
        for file in files:
            self._names[file.path.name].append(file)
            self._names[file.path.stem].append(file)
            if file.accession_number:
                self._accessions[file.accession_number].append(file)

    def find(self, read: LocalRead) -> tuple[ImageFile, ...] | str:
        """Files of a row by the surest name it gives; why there are none else."""
        if read.sop_instance_uid:
            file = self._uids.get(read.sop_instance_uid)
            return (file,) if file else "no file holds this SOPInstanceUID"
        if read.file:
            return self._by_name(read.file.replace("\\", "/").removeprefix("./"))
        found = self._accessions.get(read.accession_number)
        return tuple(found) if found else "no file holds this AccessionNumber"

    def _by_name(self, name: str) -> tuple[ImageFile, ...] | str:
        if name in self._paths:
            return (self._paths[name],)
        found = list(dict.fromkeys(file.name for file in self._names.get(name, [])))
        if len(found) > 1:
            return f"{len(found)} files have this name ({', '.join(found[:3])}); give the path within the folder"
        return (self._paths[found[0]],) if found else "there is no readable DICOM file of this name in the folder"


def _each_once(matches: Sequence[Match]) -> tuple[list[Match], list[Remark]]:
    """Leave out rows that mean one image by different names and differ; the first of those that agree is kept."""
    rows: dict[tuple[str, ...], list[Match]] = {}
    for one in matches:
        rows.setdefault(tuple(file.sop_instance_uid for file in one.files), []).append(one)
    kept, remarks = [], []
    for same in rows.values():
        if len({(one.read.months, one.read.second_months) for one in same}) == 1:
            kept.append(same[0])
            text, left = f"means the same image as row {same[0].read.row} and is counted once", same[1:]
        else:
            text, left = f"rows {', '.join(str(one.read.row) for one in same)} give one image different bone ages; none is used", same
        lost = left is same
        remarks += [Remark(row=one.read.row, file=one.files[0].name, text=text, lost=lost) for one in left]
    return kept, remarks


def _replay(one: Match, ensemble: Ensemble, policy: ReadingPolicy, replayed: Replayed) -> None:
    read, numbered, refused = one.read, [], []
    for file in one.files:
        try:
            result = _result(file, read, ensemble, policy)
        except BaaError as error:
            replayed.remarks.append(Remark(row=read.row, file=file.name, text=str(error).replace(str(file.path), "the file")))
            continue
        if isinstance(result, Refusal):
            refused.append(_refused(read, file, result))
        else:
            numbered.append(_case(read, file, result))
            replayed.remarks += _about_sex(read, file)
    if len(numbered) > 1:
        names = ", ".join(case.file for case in numbered)
        text = f"{len(numbered)} images of this AccessionNumber were read ({names}); say by file or SOPInstanceUID which one is meant"
        replayed.remarks.append(Remark(row=read.row, file=read.name, text=text))
    elif numbered:
        replayed.cases += numbered
    else:
        replayed.refused += refused


def _result(file: ImageFile, read: LocalRead, ensemble: Ensemble, policy: ReadingPolicy) -> Assessment | Refusal:
    """Read as the node would; the table's sex stands in only where the header has none."""
    stand_in = None if file.sex in set(Sex) else read.sex
    return read_bone_age(open_image(file.path), ensemble, policy, sex=stand_in, out_of_time=out_of_time(policy.gates.time_limit_s))


def _case(read: LocalRead, file: ImageFile, result: Assessment) -> Case:
    return Case(
        row=read.row,
        file=file.name,
        sex=result.sex,
        label=read.months,
        second=read.second_months,
        estimate=result.estimate.bone_age_months,
        interval=result.estimate.interval_months,
        raw=result.estimate.raw_months,
    )


def _refused(read: LocalRead, file: ImageFile, refusal: Refusal) -> Refused:
    text = " ".join(sentences(refusal).reasons) + (f" ({refusal.detail})" if refusal.detail else "")
    return Refused(row=read.row, file=file.name, codes=tuple(reason.code for reason in refusal.reasons), text=text)


def _about_sex(read: LocalRead, file: ImageFile) -> Iterator[Remark]:
    if read.sex is None:
        return
    if file.sex not in set(Sex):
        text = f"PatientSex is missing in the image; it was read with the table's {read.sex}, and in the running node it would not be"
        yield Remark(row=read.row, file=file.name, text=text, lost=False)
    elif file.sex != read.sex:
        text = f"the table says {read.sex} and PatientSex {file.sex}, by which it was read"
        yield Remark(row=read.row, file=file.name, text=text, lost=False)
