"""Settings become parts: what a reading needs, with or without a running node."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from baa_node import __version__
from baa_node.bridges import Wires
from baa_node.bundle import default_bundle, load_bundle, verify_bundle
from baa_node.config import Config
from baa_node.core.assessment import AssessmentPolicy, ZConvention
from baa_node.core.ensemble import BundleIdentity, Ensemble
from baa_node.core.gates import DEFAULT_GATES, DIGITISED_FILM, SECONDARY_CAPTURE, Gates
from baa_node.core.header import Device
from baa_node.core.identifiers import derive_uid
from baa_node.core.reading import ReadingPolicy
from baa_node.errors import ConfigError
from baa_node.spool import FolderSpool


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What names this installation for ever: made at the first start, kept in the data directory."""

    device_uid: str
    executor_id: str


def load_identity(data_dir: Path) -> Identity:
    """Read ``identity.json`` of the data directory, or make it.

    Raises
    ------
    ConfigError
        The file cannot be read or holds something else.
    """
    path = data_dir / "identity.json"
    if not path.exists():
        fresh = {"device_uid": derive_uid("installation", uuid.uuid4().hex), "executor_id": uuid.uuid4().hex}
        store = FolderSpool(data_dir)
        (data_dir / store.write("identity", "identity.json", json.dumps(fresh).encode())).rename(path)
    try:
        return Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} does not hold the identity of this installation: {error}") from error


def load_ensemble(config: Config) -> Ensemble:
    """Load the configured bundle, or the one of the package."""
    return load_bundle(bundle_folder(config), providers=config.inference.providers, threads=config.inference.threads)


def bundle_of(config: Config) -> BundleIdentity:
    """Identity of the bundle that `load_ensemble` loads, without starting a network."""
    return verify_bundle(bundle_folder(config))


def bundle_folder(config: Config) -> Path:
    """Folder of the bundle that reads."""
    return Path(config.inference.bundle) if config.inference.bundle else default_bundle()


def policy_of(config: Config) -> ReadingPolicy:
    """Turn settings into what the core calls policy."""
    convention = ZConvention[config.report.z_score.upper()]
    return ReadingPolicy(
        gates=gates_of(config),
        assessment=AssessmentPolicy(convention=convention, normal_limit_sd=config.report.normal_limit_sd),
    )


def gates_of(config: Config) -> Gates:
    """Take section ``[gates]``, whose keys are the fields of `Gates`, and the SOP classes that ``[node]`` admits."""
    chosen: dict[str, Any] = asdict(config.gates)
    return Gates(
        **chosen | {"modalities": frozenset(config.gates.modalities)}, sop_classes=DEFAULT_GATES.sop_classes | _admitted_classes(config)
    )


def _admitted_classes(config: Config) -> frozenset[str]:
    """SOP classes that a site lets in and means to be read; images for processing are let in, and refused by report."""
    captured = {SECONDARY_CAPTURE} if config.node.secondary_capture else set()
    return frozenset(captured | (DIGITISED_FILM if config.node.digitised_film else set()))


def device_of(config: Config, identity: Identity) -> Device:
    """Name this installation as its reports do."""
    return Device(
        name=config.report.station_name,
        uid=config.report.device_uid or identity.device_uid,
        manufacturer="baa_node project",
        model="baa_node",
        serial=identity.executor_id[:16],
        version=__version__,
    )


def wires_of(config: Config) -> Wires:
    """Turn the ``[bridges]`` section into what the bridges take; the certificate that we show is that of ``[node]``."""
    bridges, node = config.bridges, config.node
    own = (Path(node.tls_certificate), Path(node.tls_key)) if node.tls_certificate else (None, None)
    return Wires(
        ca=Path(bridges.tls_ca) if bridges.tls_ca else None,
        certificate=own[0],
        key=own[1],
        timeout_s=bridges.timeout_s,
        application=bridges.hl7_application,
        facility=bridges.hl7_facility,
    )
