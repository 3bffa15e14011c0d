"""How images are read, and in whose name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from baa_node import __version__
from baa_node.config import Config
from baa_node.core.assessment import AssessmentPolicy, ZConvention
from baa_node.core.gates.limits import DEFAULT_GATES, DIGITISED_FILM, SECONDARY_CAPTURE, Gates
from baa_node.core.objects.header import Device
from baa_node.core.reading import ReadingPolicy
from baa_node.wiring.bundles import calibration_of
from baa_node.wiring.installation import Identity


def policy_of(config: Config) -> ReadingPolicy:
    """Turn settings into what the core calls policy.

    Raises
    ------
    ConfigError
        From `calibration_of`.
    """
    convention = ZConvention[config.report.z_score.upper()]
    return ReadingPolicy(
        gates=gates_of(config),
        assessment=AssessmentPolicy(convention=convention, normal_limit_sd=config.report.normal_limit_sd),
        calibration=calibration_of(config),
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
