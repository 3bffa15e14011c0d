"""Takes images: the DICOM listener, and what it does with what comes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

from baa_node.config import Config
from baa_node.dicom.server import ListenSettings, NodeServer
from baa_node.intake import Intake, no_calibration
from baa_node.roles.shared import Shared
from baa_node.wiring.bundles import calibration_of
from baa_node.wiring.lines import server_tls_of


@dataclass(frozen=True, kw_only=True)
class Listening:
    """A listener that stands.

    Attributes
    ----------
    intake
        Takes images from elsewhere, too.
    port
        The one that it got where the settings leave the choice to the system.
    """

    intake: Intake
    port: int


def start(running: ExitStack, shared: Shared) -> Listening:
    """Listen for images; they are promised by spool and record alone, whoever reads them.

    Raises
    ------
    BundleError
        The configured bundle is not as it was packed: what would be read again because of it could not be known.
    ConfigError
        The port is taken, or a setting cannot be used.
    """
    node = shared.config.node
    calibration = calibration_of(shared.config)
    digest = cache(shared.ensembles.digest)
    digest("")
    intake = Intake(
        shared.database,
        shared.spool,
        ae_title=node.ae_title,
        any_called_ae=node.any_called_ae,
        bundle=digest,
        calibrations=calibration.seals_for if calibration else no_calibration,
        arrived=shared.due.set,
    )
    server = NodeServer.start(listen_settings_of(shared.config), intake)
    running.callback(server.stop)
    return Listening(intake=intake, port=server.port)


def listen_settings_of(config: Config) -> ListenSettings:
    """Turn the ``[node]`` section into what the listener takes."""
    node = config.node
    return ListenSettings(
        ae_title=node.ae_title,
        host=node.host,
        port=node.port,
        share_port=node.share_port,
        any_called_ae=node.any_called_ae,
        processing_images=node.processing_images,
        secondary_capture=node.secondary_capture,
        digitised_film=node.digitised_film,
        max_associations=node.max_associations,
        max_associations_per_address=node.max_associations_per_address,
        max_dataset_bytes=node.max_instance_mb << 20,
        max_receiving_bytes=node.max_receiving_mb << 20,
        pdu_timeout_s=node.pdu_timeout_s,
        idle_timeout_s=node.idle_timeout_s,
        tls=server_tls_of(config),
    )
