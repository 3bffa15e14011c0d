"""What a folder of weights says of itself, and whether it is as it was packed; no network is loaded for that.

A bundle folder holds ``bundle.json`` (the manifest), one ``.onnx`` a member, for members of ``unet_edges`` the network that masks the
hand, maybe the network that sees whether there is one whole hand, ``MODEL_CARD.md``, and ``SHA256SUMS`` over all of them in the format
of ``sha256sum``. The sums show damage and careless edits; they are no signature.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from baa_node.core.ensemble import BundleIdentity
from baa_node.errors import BundleError
from baa_node.mistakes import Mistake

BUNDLES: Final = Path(__file__).parent / "bundles"
MANIFEST: Final = "bundle.json"
SUMS: Final = "SHA256SUMS"
CARD: Final = "MODEL_CARD.md"
FORMAT: Final = 1
"""Version of the manifest's layout; a reader refuses any other."""

_SUM_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]*)")


def list_bundles(folder: Path = BUNDLES) -> tuple[Path, ...]:
    """Bundle folders, oldest version first."""
    found = [manifest.parent for manifest in folder.glob(f"*/{MANIFEST}")]
    return tuple(sorted(found, key=lambda path: (_version(path.name), path.name)))


def default_bundle() -> Path:
    """Folder of the newest bundle that ships with the package.

    Raises
    ------
    BundleError
        The package was installed without one.
    """
    shipped = list_bundles()
    if not shipped:
        raise BundleError("no model bundle is installed with the package; name one in [inference] bundle")
    return shipped[-1]


def verify_bundle(folder: Path) -> BundleIdentity:
    """Compare every file of a bundle with its SHA-256, and read the manifest.

    Raises
    ------
    BundleError
        Names the file that is missing, changed or not accounted for, or the entry of the manifest that is wrong.
    """
    return identity_of(folder, manifest_of(folder))


@dataclass(frozen=True, kw_only=True)
class BundleDescription:
    """What people want to know of a bundle: its manifest and, as Markdown, its model card."""

    identity: BundleIdentity
    manifest: Mapping[str, Any]
    card: str


def describe_bundle(folder: Path) -> BundleDescription:
    """Read manifest and card of a bundle, once every file was compared with its SHA-256.

    Raises
    ------
    BundleError
        As `verify_bundle`.
    """
    manifest = manifest_of(folder)
    card = folder / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return BundleDescription(identity=identity_of(folder, manifest), manifest=manifest, card=text)


def manifest_of(folder: Path) -> Mapping[str, Any]:
    """Check every file against ``SHA256SUMS``, then read the manifest.

    Raises
    ------
    BundleError
        As `verify_bundle`.
    """
    sums = _sums(folder)
    for name, sha256 in sums.items():
        if hashlib.sha256(bytes_of(folder, name)).hexdigest() != sha256:
            raise BundleError(Mistake.BUNDLE_CHANGED.told(folder=folder.name, file=name))
    if MANIFEST not in sums:
        raise BundleError(f"{folder.name}/{SUMS} does not list {MANIFEST}")
    try:
        manifest = json.loads(bytes_of(folder, MANIFEST))
    except ValueError as fault:
        raise BundleError(f"{folder.name}/{MANIFEST} is no JSON: {fault}") from fault
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{folder.name}/{MANIFEST} is not of format {FORMAT}")
    return manifest


def _sums(folder: Path) -> dict[str, str]:
    sums = {}
    for number, line in enumerate(bytes_of(folder, SUMS).decode("ascii", "replace").splitlines(), start=1):
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            raise BundleError(f"{folder.name}/{SUMS} line {number} is not 'sha256  name'")
        sums[match[2]] = match[1]
    return sums


def bytes_of(folder: Path, name: str) -> bytes:
    """Read a file of a bundle; BundleError, which names it, where it cannot be read."""
    try:
        return (folder / name).read_bytes()
    except OSError as fault:
        raise BundleError(Mistake.BUNDLE_MISSING.told(folder=folder, file=name, reason=fault.strerror)) from fault


def identity_of(folder: Path, manifest: Mapping[str, Any]) -> BundleIdentity:
    """Name, version and the manifest's own SHA-256, which covers the members' sums standing in it."""
    sums = _sums(folder)
    beside = [manifest[role] for role in ("mask", "detector") if role in manifest]
    for entry in [*entry_of(manifest, "members", list), *beside]:
        if not isinstance(entry, dict) or sums.get(str(entry.get("file"))) != entry.get("sha256"):
            name = entry.get("file") if isinstance(entry, dict) else entry
            raise BundleError(f"{folder.name}/{MANIFEST}: member {name} has another SHA-256 than in {SUMS}, or none")
    return BundleIdentity(name=entry_of(manifest, "name", str), version=entry_of(manifest, "version", str), sha256=sums[MANIFEST])


def entry_of(values: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
    """Give what the manifest has under a key; BundleError where there is nothing of that kind."""
    value = values.get(key)
    if not isinstance(value, kind):
        raise BundleError(f"{MANIFEST}: {key} is missing or of the wrong kind")
    return value


def _version(name: str) -> tuple[int, ...]:
    """Numbers of the version that ends a folder's name."""
    return tuple(int(part) for part in re.findall(r"\d+", name.rpartition("-")[2]))
