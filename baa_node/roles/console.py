"""Answers HTTP: pages for people, images by DICOMweb, or probes alone."""

from __future__ import annotations

from contextlib import ExitStack

from fastapi import APIRouter

from baa_node.certificates import Certificates
from baa_node.config import Config
from baa_node.core.words import Language
from baa_node.intake import Intake
from baa_node.outlook import terms_of
from baa_node.roles.shared import Provider, Shared
from baa_node.web import Console, ConsoleServer, Health, PeerWatch, build_app, build_probes
from baa_node.web.first_run import admit_first_user
from baa_node.wiring.bundles import bundle_folder, installed_bundles
from baa_node.wiring.reading import policy_of


def start(running: ExitStack, shared: Shared, provider: Provider, intake: Intake | None) -> int:
    """Serve the console and say on which port.

    Parameters
    ----------
    intake
        Of this process, for images by DICOMweb; None where there is none.

    Raises
    ------
    ConfigError
        The port is taken, or a setting cannot be used.
    """
    config = shared.config
    health = _health(running, shared, provider)
    console = Console(
        database=shared.database,
        spool=shared.spool,
        health=health,
        settings=config.console,
        ae_title=config.node.ae_title,
        data_dir=config.data_dir,
        bundle=bundle_folder(config),
        policy=policy_of(config),
        probe=shared.probe,
        bundle_identity=shared.ensembles.identity(),
        ensemble=shared.ensembles,
        others=shared.ensembles,
        bundles=lambda: sorted(installed_bundles(config)),
        terms=terms_of(config),
        certificates=Certificates(config, shared.database),
        language=Language(config.report.language),
        examine=shared.examine,
    )
    admit_first_user(console)
    stow = stow_of(config, intake) if intake is not None and config.dicomweb.enabled else None
    server = ConsoleServer.start(config.console, build_app(console, also=stow), closing=console.closing.set)
    running.callback(server.stop)
    return server.port


def start_probes(running: ExitStack, shared: Shared, provider: Provider) -> int:
    """Serve health and metrics alone and say on which port.

    Raises
    ------
    ConfigError
        As `start`.
    """
    health = _health(running, shared, provider)
    server = ConsoleServer.start(shared.config.console, build_probes(health, shared.ensembles.identity()))
    running.callback(server.stop)
    return server.port


def stow_of(config: Config, intake: Intake) -> APIRouter:
    """Turn the ``[dicomweb]`` section into routes that give images to `intake`."""
    from baa_node.web.dicomweb import Gate, routes
    from baa_node.web.instances import Reception

    node, web = config.node, config.dicomweb
    reception = Reception(handler=intake, sop_classes=terms_of(config).sop_classes, max_instance_bytes=node.max_instance_mb << 20)
    gate = Gate(tokens=web.tokens, max_request_bytes=web.max_request_mb << 20, max_requests=web.max_requests)
    return routes(intake, reception, gate)


def _health(running: ExitStack, shared: Shared, provider: Provider) -> Health:
    """Know how the parts are, and look at destinations now and then if the settings say so."""
    health = Health(database=shared.database, spool=shared.spool, asked=provider.asked, used=provider.used)
    every_s = shared.config.health.peers_every_s
    if every_s:
        health.peers = PeerWatch(shared.database, shared.probe, every_s=every_s)
        running.callback(health.peers.stop)
        health.peers.start()
    return health
