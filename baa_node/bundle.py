"""The only door to the networks: a folder of weights becomes an ensemble, and nothing changed since packing gets in.

A bundle folder holds ``bundle.json`` (the manifest), one ``.onnx`` a member, for members of ``unet_edges`` the network that masks the
hand, maybe the network that sees whether there is one whole hand, ``MODEL_CARD.md``, and ``SHA256SUMS`` over all of them in the format
of ``sha256sum``. The sums show damage and careless edits; they are no signature.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnxruntime

from baa_node.core.ensemble import BundleIdentity, Calibration, Ensemble, Member
from baa_node.core.preprocess import UNET_EDGES, Preparation
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError, ConfigError
from baa_node.mistakes import Mistake
from baa_node.networks import CPU, DetectorNetwork, MaskNetwork, Network

__all__ = [
    "BUNDLES",
    "CPU",
    "CUDA",
    "FORMAT",
    "MANIFEST",
    "SUMS",
    "asked_provider",
    "default_bundle",
    "list_bundles",
    "load_bundle",
    "verify_bundle",
]

BUNDLES: Final = Path(__file__).parent / "bundles"
MANIFEST: Final = "bundle.json"
SUMS: Final = "SHA256SUMS"
CARD: Final = "MODEL_CARD.md"
FORMAT: Final = 1
"""Version of the manifest's layout; a reader refuses any other."""

CUDA: Final = "CUDAExecutionProvider"

GPU_TRACES: Final = ("/dev/nvidia0", "/dev/dxg", "/proc/driver/nvidia/version")
"""Any of these means a driver is present, so that trying CUDA is worth its time and its messages."""

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
    return _identity(folder, _manifest(folder))


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
    manifest = _manifest(folder)
    card = folder / CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    return BundleDescription(identity=_identity(folder, manifest), manifest=manifest, card=text)


def load_bundle(folder: Path, *, providers: Sequence[str] = (), threads: int = 0) -> Ensemble:
    """Verify a bundle and make its members ready to run.

    Parameters
    ----------
    folder
        Holds ``bundle.json``.
    providers
        Execution providers in order of preference; empty takes CUDA where it really works, else the CPU. The CPU always
        stands in, and `Ensemble.provider` tells what was got.
    threads
        Threads of one inference on the CPU; 0 leaves it to ONNX Runtime.

    Raises
    ------
    BundleError
        The bundle is incomplete, was changed after packing, or asks for a preprocessing unknown here.
    """
    manifest = _manifest(folder)
    identity = _identity(folder, manifest)
    wanted = _wanted(providers)
    members = tuple(_member(folder, entry, wanted, threads) for entry in _section(manifest, "members", list))
    ensemble = Ensemble(
        members=members,
        calibration=_calibration(manifest),
        identity=identity,
        disagreement_months=_disagreement(manifest),
        masker=MaskNetwork(_bytes(folder, _section(manifest["mask"], "file", str)), wanted, threads) if "mask" in manifest else None,
        detector=_detector(folder, manifest),
        validated_range_months=_validated_range(manifest),
    )
    _check_complete(ensemble)
    return ensemble


def _wanted(providers: Sequence[str]) -> list[str]:
    known = onnxruntime.get_available_providers()
    unknown = [name for name in providers if name not in known]
    if unknown:
        raise ConfigError(Mistake.PROVIDER_UNKNOWN.told(wanted=", ".join(unknown), known=", ".join(known)))
    wanted = [*dict.fromkeys([*(providers or [asked_provider(())]), CPU])]
    if CUDA in wanted:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it misses, amid the output of whoever asked
            onnxruntime.preload_dlls()
    return wanted


def asked_provider(providers: Sequence[str]) -> str:
    """Name the execution provider that a node with these settings should read on: the first, or CUDA where there is a GPU, or the CPU."""
    if providers:
        return providers[0]
    seen = CUDA in onnxruntime.get_available_providers() and any(Path(trace).exists() for trace in GPU_TRACES)
    return CUDA if seen else CPU


def _manifest(folder: Path) -> Mapping[str, Any]:
    """Check every file against ``SHA256SUMS``, then read the manifest."""
    sums = _sums(folder)
    for name, sha256 in sums.items():
        if hashlib.sha256(_bytes(folder, name)).hexdigest() != sha256:
            raise BundleError(Mistake.BUNDLE_CHANGED.told(folder=folder.name, file=name))
    if MANIFEST not in sums:
        raise BundleError(f"{folder.name}/{SUMS} does not list {MANIFEST}")
    try:
        manifest = json.loads(_bytes(folder, MANIFEST))
    except ValueError as fault:
        raise BundleError(f"{folder.name}/{MANIFEST} is no JSON: {fault}") from fault
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError(f"{folder.name}/{MANIFEST} is not of format {FORMAT}")
    return manifest


def _sums(folder: Path) -> dict[str, str]:
    sums = {}
    for number, line in enumerate(_bytes(folder, SUMS).decode("ascii", "replace").splitlines(), start=1):
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            raise BundleError(f"{folder.name}/{SUMS} line {number} is not 'sha256  name'")
        sums[match[2]] = match[1]
    return sums


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as fault:
        raise BundleError(Mistake.BUNDLE_MISSING.told(folder=folder, file=name, reason=fault.strerror)) from fault


def _identity(folder: Path, manifest: Mapping[str, Any]) -> BundleIdentity:
    """Name, version and the manifest's own SHA-256, which covers the members' sums standing in it."""
    sums = _sums(folder)
    beside = [manifest[role] for role in ("mask", "detector") if role in manifest]
    for entry in [*_section(manifest, "members", list), *beside]:
        if not isinstance(entry, dict) or sums.get(str(entry.get("file"))) != entry.get("sha256"):
            name = entry.get("file") if isinstance(entry, dict) else entry
            raise BundleError(f"{folder.name}/{MANIFEST}: member {name} has another SHA-256 than in {SUMS}, or none")
    return BundleIdentity(name=_section(manifest, "name", str), version=_section(manifest, "version", str), sha256=sums[MANIFEST])


def _member(folder: Path, entry: Mapping[str, Any], providers: Sequence[str], threads: int) -> Member:
    name = _section(entry, "name", str)
    spec = Preparation.from_json(_section(entry, "preprocessing", dict))
    needs_sex = _section(entry, "sex_required", bool)
    weight = _weight(entry, "weight", name)
    without_sex = None if needs_sex or "weight_without_sex" not in entry else _weight(entry, "weight_without_sex", name)
    if not (weight or without_sex):
        raise BundleError(f"member {name}: weight 0 takes part in nothing")
    network = Network(_bytes(folder, _section(entry, "file", str)), name, providers, threads)
    _check_ports(name, network.session, spec, needs_sex=needs_sex)
    return Member(
        name=name,
        preparation=spec,
        weight=weight,
        weight_without_sex=without_sex,
        needs_sex=needs_sex,
        run=network.run,
        provider=network.provider,
    )


def _weight(entry: Mapping[str, Any], key: str, member: str) -> float:
    weight = float(_section(entry, key, (int, float)))
    if not (math.isfinite(weight) and weight >= 0):
        raise BundleError(f"member {member}: {key} {weight} is no number from 0 up")
    return weight


def _check_ports(name: str, session: onnxruntime.InferenceSession, spec: Preparation, *, needs_sex: bool) -> None:
    """Hold the network's inputs and outputs against what the manifest says of them."""
    takes = {port.name: (port.type, list(port.shape[1:])) for port in session.get_inputs()}
    wanted = {"image": ("tensor(uint8)", [spec.size, spec.size, 1])} | ({"sex": ("tensor(float)", [1])} if needs_sex else {})
    gives = {port.name for port in session.get_outputs()}
    if takes != wanted or not {"bone_age_months", "saliency"} <= gives:
        raise BundleError(f"member {name} takes {takes} and gives {sorted(gives)}; its manifest wants {wanted}")


def _calibration(manifest: Mapping[str, Any]) -> Calibration:
    section = _section(manifest, "calibration", dict)
    residuals = _section(section, "residuals_months", dict)
    edges = _section(section, "edges_months", dict) if "edges_months" in section else {}
    estimates = _section(section, "estimates_months", dict) if edges else {}
    odd = [key for key in edges if len(estimates.get(key, ())) != len(residuals.get(key, ()))]
    if odd:
        raise BundleError(f"{MANIFEST}: calibration of sex {odd[0]} has not as many estimates as residuals")
    coverage = float(_section(section, "coverage", (int, float)))
    return Calibration(coverage=coverage, residuals_months=residuals, estimates_months=estimates, edges_months=edges)


def _disagreement(manifest: Mapping[str, Any]) -> float | None:
    """Spread that the bundle calls disagreement; bundles of one member have none."""
    return float(_section(manifest, "disagreement_months", (int, float))) if manifest.get("disagreement_months") is not None else None


def _detector(folder: Path, manifest: Mapping[str, Any]) -> DetectorNetwork | None:
    """Load the network that sees hands; bundles up to rsna-hands 0.3.0 were first packed without one."""
    if "detector" not in manifest:
        return None
    entry = _section(manifest, "detector", dict)
    return DetectorNetwork(_bytes(folder, _section(entry, "file", str)), _section(entry, "classes", list))


def _validated_range(manifest: Mapping[str, Any]) -> tuple[float, float] | None:
    if "validated_range_months" not in manifest:
        return None
    limits = _section(manifest, "validated_range_months", list)
    if len(limits) != 2 or not all(isinstance(limit, int | float) for limit in limits) or not limits[0] < limits[1]:
        raise BundleError(f"{MANIFEST}: validated_range_months {limits} is no range")
    return float(limits[0]), float(limits[1])


def _check_complete(ensemble: Ensemble) -> None:
    """Find at load what would otherwise fail at the first radiograph."""
    if not ensemble.members:
        raise BundleError(f"bundle {ensemble.identity.name} has no members")
    if not any(member.weight for member in ensemble.members):
        raise BundleError(f"bundle {ensemble.identity.name} has no member for patients whose sex is known")
    if ensemble.masker is None and any(member.preparation.variant == UNET_EDGES.variant for member in ensemble.members):
        raise BundleError(f"bundle {ensemble.identity.name} has a member for {UNET_EDGES.variant!r} and no network that masks the hand")
    for sex in Sex if ensemble.needs_sex else (*Sex, None):
        ensemble.calibration.widest_checked_months(sex)


def _section(values: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
    value = values.get(key)
    if not isinstance(value, kind):
        raise BundleError(f"{MANIFEST}: {key} is missing or of the wrong kind")
    return value


def _version(name: str) -> tuple[int, ...]:
    """Numbers of the version that ends a folder's name."""
    return tuple(int(part) for part in re.findall(r"\d+", name.rpartition("-")[2]))
