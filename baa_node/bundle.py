"""The only door to the networks: a folder of weights becomes an ensemble, and nothing changed since packing gets in.

What a folder holds, and how it is checked, is in ``manifest``.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnxruntime

from baa_node.core.ensemble import Calibration, Ensemble, Member
from baa_node.core.preprocess import UNET_EDGES, Preparation
from baa_node.core.radiograph import Sex
from baa_node.errors import BundleError, ConfigError
from baa_node.manifest import (
    BUNDLES,
    FORMAT,
    MANIFEST,
    SUMS,
    bytes_of,
    default_bundle,
    entry_of,
    identity_of,
    list_bundles,
    manifest_of,
    verify_bundle,
)
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

CUDA: Final = "CUDAExecutionProvider"

GPU_TRACES: Final = ("/dev/nvidia0", "/dev/dxg", "/proc/driver/nvidia/version")
"""Any of these means a driver is present, so that trying CUDA is worth its time and its messages."""


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
    manifest = manifest_of(folder)
    identity = identity_of(folder, manifest)
    wanted = _wanted(providers)
    members = tuple(_member(folder, entry, wanted, threads) for entry in entry_of(manifest, "members", list))
    ensemble = Ensemble(
        members=members,
        calibration=_calibration(manifest),
        identity=identity,
        disagreement_months=_disagreement(manifest),
        masker=MaskNetwork(bytes_of(folder, entry_of(manifest["mask"], "file", str)), wanted, threads) if "mask" in manifest else None,
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


def _member(folder: Path, entry: Mapping[str, Any], providers: Sequence[str], threads: int) -> Member:
    name = entry_of(entry, "name", str)
    spec = Preparation.from_json(entry_of(entry, "preprocessing", dict))
    needs_sex = entry_of(entry, "sex_required", bool)
    weight = _weight(entry, "weight", name)
    without_sex = None if needs_sex or "weight_without_sex" not in entry else _weight(entry, "weight_without_sex", name)
    if not (weight or without_sex):
        raise BundleError(f"member {name}: weight 0 takes part in nothing")
    network = Network(bytes_of(folder, entry_of(entry, "file", str)), name, providers, threads)
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
    weight = float(entry_of(entry, key, (int, float)))
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
    section = entry_of(manifest, "calibration", dict)
    residuals = entry_of(section, "residuals_months", dict)
    edges = entry_of(section, "edges_months", dict) if "edges_months" in section else {}
    estimates = entry_of(section, "estimates_months", dict) if edges else {}
    odd = [key for key in edges if len(estimates.get(key, ())) != len(residuals.get(key, ()))]
    if odd:
        raise BundleError(f"{MANIFEST}: calibration of sex {odd[0]} has not as many estimates as residuals")
    coverage = float(entry_of(section, "coverage", (int, float)))
    return Calibration(coverage=coverage, residuals_months=residuals, estimates_months=estimates, edges_months=edges)


def _disagreement(manifest: Mapping[str, Any]) -> float | None:
    """Spread that the bundle calls disagreement; bundles of one member have none."""
    return float(entry_of(manifest, "disagreement_months", (int, float))) if manifest.get("disagreement_months") is not None else None


def _detector(folder: Path, manifest: Mapping[str, Any]) -> DetectorNetwork | None:
    """Load the network that sees hands; bundles up to rsna-hands 0.3.0 were first packed without one."""
    if "detector" not in manifest:
        return None
    entry = entry_of(manifest, "detector", dict)
    return DetectorNetwork(bytes_of(folder, entry_of(entry, "file", str)), entry_of(entry, "classes", list))


def _validated_range(manifest: Mapping[str, Any]) -> tuple[float, float] | None:
    if "validated_range_months" not in manifest:
        return None
    limits = entry_of(manifest, "validated_range_months", list)
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
