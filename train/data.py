"""Hand radiographs with their bone age: reading, checking and caching the prepared images.

The folder holds ``rsna_train.csv`` and ``rsna_train/*.zip`` (members ``<image_id>.jpg``), or is a download of the challenge itself
(`train.challenge`). Terms of use of the RSNA Pediatric Bone Age Challenge apply: research and education, never committed, never shipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from baa_node.core.preprocess import UNET_EDGES, Preparation, prepare
from baa_node.core.radiograph import Sex
from baa_node.networks import MaskNetwork
from train import stress
from train.challenge import is_challenge, read_files, read_set
from train.labels import DataError, Label, read_labels
from train.stress import degraded, recoded

__all__ = [
    "DataError",
    "Examples",
    "Label",
    "cached",
    "check_labelled",
    "fingerprint",
    "joined",
    "load_phantoms",
    "load_split",
    "masker_for",
    "read_images",
    "read_labels",
]

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Prepared images beside their labels, in one order.

    Attributes
    ----------
    images
        ``(N, size, size, 1) uint8``, possibly memory-mapped.
    months
        ``(N,) float32``.
    male
        ``(N,) float32``, 0 female and 1 male.
    ids
        ``N`` image ids.
    """

    images: Pixels
    months: NDArray[np.float32]
    male: NDArray[np.float32]
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def read_images(archives: Sequence[Path], wanted: Sequence[str]) -> Iterator[Pixels]:
    """Grey images in the order of ``wanted``, from ZIP files with members ``<image_id>.jpg``.

    Raises
    ------
    DataError
        An archive is corrupt, a wanted image is in none of them, or a member does not decode.
    """
    opened = {archive.name: _archive(archive) for archive in archives}
    where = {Path(name).stem: (shelf, name) for shelf, archive in opened.items() for name in archive.namelist()}
    try:
        for image_id in wanted:
            if image_id not in where:
                raise DataError(f"image {image_id} is labelled but in none of {', '.join(opened)}")
            shelf, name = where[image_id]
            yield _decoded(opened[shelf], shelf, name)
    finally:
        for archive in opened.values():
            archive.close()


def check_labelled(archives: Sequence[Path], labels: Sequence[Label]) -> None:
    """Refuse a data set in which an image has no label.

    Raises
    ------
    DataError
        Names the archive and the first such image.
    """
    known = {label.image_id for label in labels}
    for path in archives:
        with _archive(path) as archive:
            stray = next((name for name in archive.namelist() if Path(name).stem not in known), None)
        if stray is not None:
            raise DataError(f"{path.name}: {stray} has no label")


def masker_for(spec: Preparation, runs: Path) -> MaskNetwork | None:
    """Give the U-Net that ``python -m train.segment`` left in ``runs``, if this preparation asks for one.

    Raises
    ------
    DataError
        It was not trained yet.
    """
    if spec.variant != UNET_EDGES.variant:
        return None
    stored = runs / "unet" / "mask.onnx"
    if not stored.is_file():
        raise DataError(f"{spec.variant} needs {stored.name} in {runs.name}/unet; python -m train.segment makes it")
    return MaskNetwork(stored.read_bytes(), threads=1)


def load_split(
    folder: Path,
    split: str,
    spec: Preparation,
    *,
    cache: Path,
    limit: int | None = None,
    masker: MaskNetwork | None = None,
    copy: int = 0,
    recode: bool = False,
) -> Examples:
    """Read one split as prepared images, made once and then kept in ``cache``.

    Parameters
    ----------
    folder
        Where ``rsna_train.csv`` and ``rsna_train/`` lie, or a download of the challenge; which it is shows from the files.
    split
        ``"train"`` or ``"val"``; of the challenge also its own ``"validation"`` and ``"test"``.
    spec
        Preparation of the network; part of the cache's name.
    cache
        Folder for one ``.npy`` a split and preparation.
    limit
        Use only the first so many rows.
    masker
        For ``unet_edges``; its weights are part of the cache's name.
    copy
        0 for the images as they are; each further number degrades every frame in another way before it is prepared (`train.stress`).
    recode
        Show every frame as if its JPEG coding had been another one (`train.stress.recoded`).
    """
    labels, frames, source = _challenge(folder, split, limit) if is_challenge(folder) else _zipped(folder, split, limit)
    names = [label.image_id for label in labels]
    if copy:
        frames = (degraded(frame, np.random.default_rng([copy, index])) for index, frame in enumerate(frames))
        source = [*source, f"copy {copy}", Path(stress.__file__).read_text(encoding="utf-8")]
    if recode:
        frames = (recoded(frame, np.random.default_rng([80, copy, index])) for index, frame in enumerate(frames))
        source = [*source, "recoded", Path(stress.__file__).read_text(encoding="utf-8")]
    stored = cache / f"{split}-{len(names)}-{fingerprint(spec, [*source, *_masked(masker), *names])}.npy"
    return Examples(
        images=cached(stored, frames, len(names), spec, masker),
        months=np.array([label.bone_age_months for label in labels], np.float32),
        male=np.array([label.sex is Sex.MALE for label in labels], np.float32),
        ids=tuple(f"{name}~{copy}" for name in names) if copy else tuple(names),
    )


def _masked(masker: MaskNetwork | None) -> list[str]:
    return [] if masker is None else [masker.sha256]


def cached(stored: Path, frames: Iterable[Pixels], count: int, spec: Preparation, masker: MaskNetwork | None = None) -> Pixels:
    """``count`` prepared frames as one array, computed only if ``stored`` does not exist yet.

    The file appears whole or not at all; it is written piece by piece, so that a full disk is an error and not the end of the process.

    Raises
    ------
    DataError
        The file cannot be written, or is not the array that it should be.
    """
    shape = (count, spec.size, spec.size, 1)
    if not stored.exists():
        stored.parent.mkdir(parents=True, exist_ok=True)
        unfinished = stored.with_suffix(f".{os.getpid()}.part")
        try:
            _write(unfinished, frames, shape, spec, masker)
            unfinished.replace(stored)
        except OSError as fault:
            raise DataError(f"{stored.name} cannot be written to {stored.parent.name}: {fault.strerror}") from fault
        finally:
            unfinished.unlink(missing_ok=True)
    return _read(stored, shape)


def _write(unfinished: Path, frames: Iterable[Pixels], shape: tuple[int, ...], spec: Preparation, masker: MaskNetwork | None) -> None:
    with unfinished.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        number = 0
        for number, frame in enumerate(frames, start=1):  # noqa: B007 - counted
            file.write(np.ascontiguousarray(prepare(frame, spec, masker).image).tobytes())
        if number != shape[0]:
            raise DataError(f"{number} images came where {shape[0]} are labelled")
        file.flush()
        os.fsync(file.fileno())


def _read(stored: Path, shape: tuple[int, ...]) -> Pixels:
    try:
        images = np.load(stored, allow_pickle=False)
    except (ValueError, EOFError) as fault:
        raise DataError(f"{stored.name} in {stored.parent.name} is damaged: {fault}; delete it and it is made anew") from fault
    if images.shape != shape or images.dtype != np.uint8:
        raise DataError(f"{stored.name} in {stored.parent.name} holds {images.dtype} {images.shape}, not uint8 {shape}; delete it")
    return np.asarray(images)


def _zipped(folder: Path, split: str, limit: int | None) -> tuple[Sequence[Label], Iterator[Pixels], list[str]]:
    archives = sorted((folder / "rsna_train").glob("*.zip"))
    if not archives:
        raise DataError(f"no .zip file in {folder.name}/rsna_train, and no download of the challenge in {folder.name}")
    every = read_labels(folder / "rsna_train.csv")
    check_labelled(archives, every)
    labels = [label for label in every if label.split == split][:limit]
    if not labels:
        raise DataError(f"rsna_train.csv has no image of the split {split!r}")
    return labels, read_images(archives, [label.image_id for label in labels]), []


def _challenge(folder: Path, split: str, limit: int | None) -> tuple[Sequence[Label], Iterator[Pixels], list[str]]:
    """As `_zipped`; the third value keeps the full-size images' cache apart from that of the small ones."""
    every, files = read_set(folder, split)
    labels = every[:limit]
    return labels, read_files(files, [label.image_id for label in labels]), ["challenge"]


def fingerprint(spec: Preparation, names: Sequence[str]) -> str:
    """Twelve hexadecimal digits that change with the preparation or the choice of images."""
    text = json.dumps([spec.to_json(), list(names)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def joined(parts: Sequence[Examples]) -> Examples:
    """Several sets of examples as one, in order."""
    return Examples(
        images=np.concatenate([part.images for part in parts]),
        months=np.concatenate([part.months for part in parts]),
        male=np.concatenate([part.male for part in parts]),
        ids=tuple(name for part in parts for name in part.ids),
    )


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as fault:
        raise DataError(f"{path.name} is no readable ZIP file: {fault}") from fault


def _decoded(archive: zipfile.ZipFile, shelf: str, name: str) -> Pixels:
    try:
        coded = archive.read(name)
    except (zipfile.BadZipFile, EOFError) as fault:
        raise DataError(f"{shelf}: {name} is damaged: {fault}") from fault
    pixels = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_GRAYSCALE) if coded else None
    if pixels is None:
        raise DataError(f"{shelf}: {name} is no image")
    return np.asarray(pixels, np.uint8)


def load_phantoms(count: int, spec: Preparation, *, cache: Path, seed: int = 1, masker: MaskNetwork | None = None) -> Examples:
    """Draw hands of known age, squashed to the raster of the radiographs and prepared like them; ids ``phantom-...``.

    Ages are uniform from 12 to 216 months, sexes alternate, no two seeds share a drawing.
    """
    months = np.random.default_rng([seed, count]).uniform(12, 216, count).astype(np.float32)
    sexes = [Sex.MALE if index % 2 else Sex.FEMALE for index in range(count)]
    names = tuple(f"phantom-{seed}-{index:04d}" for index in range(count))
    drawn = (_drawn(float(months[index]), sexes[index], seed * 100_000 + index) for index in range(count))
    stored = cache / f"phantoms-{count}-{fingerprint(spec, [*_masked(masker), *names, *_drawing_code()])}.npy"
    images = cached(stored, drawn, count, spec, masker)
    return Examples(images=images, months=months, male=np.array([sex is Sex.MALE for sex in sexes], np.float32), ids=names)


def _drawing_code() -> list[str]:
    """Read the sources of the drawings: a hand drawn in another way is another hand."""
    return [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "phantom").glob("*.py"))]


def _drawn(months: float, sex: Sex, seed: int) -> Pixels:
    """One phantom as the training radiographs come: 8 bits, then Pillow's antialiased bilinear resize to 299 × 299.

    Every other drawing has its grey values stretched between its 0.5 and 99.5 percentiles, as the node does without a window.
    """
    from train.phantom import draw_hand

    stored = draw_hand(age_months=months, sex=sex, seed=seed, height_px=600).pixels.astype(np.float32)
    black, white = np.percentile(stored, (0.5, 99.5)) if seed % 4 >= 2 else (0.0, 4095.0)
    shown = np.rint(255 * np.clip((stored - black) / (white - black), 0, 1)).astype(np.uint8)
    return np.asarray(Image.fromarray(shown).resize((299, 299), Image.Resampling.BILINEAR))
