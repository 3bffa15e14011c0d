"""Wires the parts, starts them in order, stops them in reverse. Threads and signals live here."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial

from fastapi import APIRouter

from baa_node import __version__, traces
from baa_node.bridges import bridge_to
from baa_node.bundle import asked_provider
from baa_node.certificates import Certificates
from baa_node.config import Config
from baa_node.core.rehearsal import rehearse
from baa_node.core.words import Language
from baa_node.db import Database, audit
from baa_node.db.peers import Peer
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.server import ListenSettings, NodeServer
from baa_node.dispatch import Patience
from baa_node.doctor import AT_START, Finding, Ground, examine, provider_trouble
from baa_node.errors import BaaError, BundleError, ConfigError, DeliveryError
from baa_node.faults import is_here
from baa_node.housekeeping import Housekeeper, Retention
from baa_node.intake import Intake, no_calibration
from baa_node.lease import Lease
from baa_node.mistakes import Mistake
from baa_node.outlook import terms_of
from baa_node.pipeline import Pipeline
from baa_node.priors import PriorSearch
from baa_node.process import settle, sole_use
from baa_node.results import ResultMaker
from baa_node.sections import REFUSALS
from baa_node.settings import note_start
from baa_node.spool import Spool, open_spool
from baa_node.steps import Desk
from baa_node.web import Console, ConsoleServer, Health, PeerWatch, build_app, build_probes
from baa_node.web.first_run import admit_first_user
from baa_node.wiring import (
    Ensembles,
    Identity,
    bundle_folder,
    calibration_of,
    client_tls_of,
    courier_of,
    device_of,
    installed_bundles,
    keyring_of,
    load_identity,
    policy_of,
    server_tls_of,
    whose_of,
    wires_of,
)

log = logging.getLogger(__name__)

ROLES = ("intake", "worker", "console")
"""What a node does unless told otherwise."""

PROBES = "probes"
"""Health and metrics alone on the console's port: for a process whose pages nobody needs."""
LEFTOVER_AGE_S = 3600.0


class Daemon:
    """One node in this process.

    Parameters
    ----------
    roles
        Any of `ROLES`, or `PROBES`. Without ``worker`` nothing is read here, without ``intake`` nothing is received.
    ensembles
        Networks that somebody has begun to load.

    Raises
    ------
    ConfigError
        From `start`: port taken, data directory in use by another node, unusable setting.
    """

    def __init__(self, config: Config, roles: Sequence[str] = ROLES, *, ensembles: Ensembles | None = None) -> None:
        if unknown := [role for role in roles if role not in {*ROLES, PROBES}]:
            raise ConfigError(f"there is no role {unknown[0]!r}; roles are {', '.join((*ROLES, PROBES))}")
        self.config = config
        self._roles = tuple(roles)
        self._running = ExitStack()
        self._ensembles = ensembles or Ensembles(config)
        self.dicom_port: int | None = None
        self.console_port: int | None = None

    def start(self) -> None:
        """Return when every role is ready; on an error everything that had started is stopped again."""
        with ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()

    def stop(self) -> None:
        """Stop listening first, then let the running steps end."""
        self._running.close()

    def _start(self, running: ExitStack) -> None:
        config = self.config
        running.enter_context(sole_use(config.data_dir))
        identity = load_identity(config.data_dir)
        calibration_of(config)  # one that does not fit stops the start, whatever the roles
        database = Database.open(config.database_url)
        running.callback(database.close)
        spool = open_spool(config.spool_path, min_free_bytes=config.spool.reserve_mb << 20)
        # Beside the start, as a long spool takes a while: nobody waits for leftovers to be gone.
        threading.Thread(target=_sweep, args=(spool,), name="sweep", daemon=True).start()
        health = Health(database=database, spool=spool)
        if config.traces.endpoint:
            traces.start(config.traces.endpoint, version=__version__)
            running.callback(traces.stop)
        for finding in self._examine(database, AT_START):
            if not finding.ok:
                log.warning("%s: %s", finding.check, finding.finding)
        self._start_courier(running, database, spool)
        running.callback(note_start(database, config, identity))
        arrived = self._start_worker(running, identity, database, spool, health) if "worker" in self._roles else _nobody
        intake = self._start_intake(running, database, spool, arrived) if "intake" in self._roles else None
        if {"console", PROBES} & {*self._roles}:
            self._watch_peers(running, database, health)
        if "console" in self._roles:
            stow = stow_of(config, intake) if intake is not None and config.dicomweb.enabled else None
            self._start_console(running, database, spool, health, stow)
        elif PROBES in self._roles:
            server = ConsoleServer.start(config.console, build_probes(health, self._ensembles.identity()))
            running.callback(server.stop)
            self.console_port = server.port

    def _start_courier(self, running: ExitStack, database: Database, spool: Spool) -> None:
        """Let the audit repository hear of what follows, or of nothing; on stopping it is the last to go."""
        courier = courier_of(self.config, database, spool)
        with database.transaction() as connection:
            if courier is None:
                audit.close_queue(connection)
            else:
                audit.open_queue(connection)
        if courier is not None:
            running.callback(courier.stop)
            courier.start()

    def _start_worker(self, running: ExitStack, identity: Identity, database: Database, spool: Spool, health: Health) -> Callable[[], None]:
        config = self.config
        ensemble = self._ensembles()
        health.asked, health.used = asked_provider(config.inference.providers), lambda: ensemble.provider
        if trouble := provider_trouble(health.asked, ensemble.provider):
            log.warning("%s", trouble)
        endpoint = partial(endpoint_of, config)
        desk = Desk(
            database=database,
            spool=spool,
            ensemble=ensemble,
            others=self._ensembles,
            maker=ResultMaker(
                spool=spool,
                device=device_of(config, identity),
                language=Language(config.report.language),
                pdf=config.report.pdf,
                refusals=REFUSALS[config.report.refusals],
            ),
            policy=policy_of(config),
            endpoint=endpoint,
            study_quiet_s=config.pipeline.study_quiet_s,
            patience=Patience(
                first_s=config.pipeline.retry_first_s,
                longest_s=config.pipeline.retry_longest_s,
                give_up_after_s=config.pipeline.give_up_after_h * 3600,
            ),
            confirm=config.pipeline.confirm,
            commitment_wait_s=config.pipeline.commitment_wait_s,
            wires=wires_of(config),
            priors=PriorSearch(database, endpoint, wait_s=config.priors.wait_s),
            announce=bool(config.atna.repository),
        )
        lease = Lease(
            database,
            identity.executor_id,
            beat_s=config.pipeline.beat_s,
            dead_after_s=config.pipeline.dead_after_s,
            take_up=lambda names: pipeline.take_up(names),
        )
        desk = replace(desk, permit=lease.hold)
        pipeline = Pipeline(
            desk,
            queue_url=config.queue_url,
            executor_id=identity.executor_id,
            readers=config.pipeline.readers,
            parallel_deliveries=config.pipeline.parallel_deliveries,
        )
        threading.Thread(target=rehearse, args=(ensemble, desk.maker.device), name="rehearsal", daemon=True).start()
        lease.start()
        running.callback(lease.stop)
        running.callback(pipeline.stop)
        pipeline.start()
        kept = Retention(days=config.retention.days, free_mb=config.retention.free_mb, workflow_days=config.retention.workflow_days)
        whose = whose_of(config, database, spool)
        housekeeper = Housekeeper(database, spool, kept, forget_finished=pipeline.forget_finished, whose=whose)
        running.callback(housekeeper.stop)
        housekeeper.start()
        return pipeline.arrived

    def _start_intake(self, running: ExitStack, database: Database, spool: Spool, arrived: Callable[[], None]) -> Intake:
        node = self.config.node
        calibration = calibration_of(self.config)
        digest = cache(partial(_digest_of, self._ensembles))
        digest("")
        intake = Intake(
            database,
            spool,
            ae_title=node.ae_title,
            any_called_ae=node.any_called_ae,
            bundle=digest,
            calibrations=calibration.seals_for if calibration else no_calibration,
            arrived=arrived,
        )
        server = NodeServer.start(listen_settings_of(self.config), intake)
        running.callback(server.stop)
        self.dicom_port = server.port
        return intake

    def _start_console(self, running: ExitStack, database: Database, spool: Spool, health: Health, stow: APIRouter | None) -> None:
        config = self.config
        console = Console(
            database=database,
            spool=spool,
            health=health,
            settings=config.console,
            ae_title=config.node.ae_title,
            data_dir=config.data_dir,
            bundle=bundle_folder(config),
            policy=policy_of(config),
            probe=self._probe,
            bundle_identity=self._ensembles.identity(),
            ensemble=self._ensembles,
            others=self._ensembles,
            bundles=lambda: sorted(installed_bundles(config)),
            terms=terms_of(config),
            certificates=Certificates(config, database),
            language=Language(config.report.language),
            examine=lambda: self._examine(database),
        )
        admit_first_user(console)
        server = ConsoleServer.start(config.console, build_app(console, also=stow), closing=console.closing.set)
        running.callback(server.stop)
        self.console_port = server.port

    def _watch_peers(self, running: ExitStack, database: Database, health: Health) -> None:
        every_s = self.config.health.peers_every_s
        if every_s:
            health.peers = PeerWatch(database, self._probe, every_s=every_s)
            running.callback(health.peers.stop)
            health.peers.start()

    def _probe(self, peer: Peer) -> str:
        return bridge_to(peer, wires_of(self.config), endpoint=partial(endpoint_of, self.config)).probe()

    def _examine(self, database: Database, names: Sequence[str] = ()) -> list[Finding]:
        config = self.config
        ground = Ground(
            config=config,
            now=datetime.now(UTC),
            database=lambda: nullcontext(database),
            ensemble=self._ensembles,
            probe=self._probe,
            thorough=False,
        )
        return examine(ground, names)


def serve(config: Config, roles: Sequence[str], *, ready: Callable[[Daemon], None], ensembles: Ensembles | None = None) -> None:
    """Run a node until SIGTERM or SIGINT; ``ensembles`` as of a `Daemon`."""
    settle()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        daemon = Daemon(config, roles, ensembles=ensembles)
        daemon.start()
    except BaaError as error:  # said by the command line, too, but a collector of logs sees only these lines
        log.error("not started: %s", error)  # noqa: TRY400 - the sentence says it all
        raise
    try:
        ready(daemon)
        stopping.wait()
    finally:
        daemon.stop()


def endpoint_of(config: Config, peer: Peer) -> Endpoint:
    """Address a peer with our own AE title as calling AE."""
    node = config.node
    if peer.ae_title == node.ae_title and peer.port == node.port and is_here(peer.host):
        raise DeliveryError(Mistake.ITSELF.told(name=peer.name, peer=f"{peer.ae_title} at {peer.address}"))
    if peer.tls and not node.tls_ca and not keyring_of(config).authorities:
        raise DeliveryError(Mistake.NO_TRUST.told(name=peer.name))
    return Endpoint(
        ae_title=peer.ae_title,
        host=peer.host,
        port=peer.port,
        calling_ae=node.ae_title,
        tls=client_tls_of(config) if peer.tls else None,
        connect_timeout_s=node.connect_timeout_s,
    )


def stow_of(config: Config, intake: Intake) -> APIRouter:
    """Turn the ``[dicomweb]`` section into routes that give images to `intake`."""
    from baa_node.web.dicomweb import Gate, routes
    from baa_node.web.instances import Reception

    node, web = config.node, config.dicomweb
    reception = Reception(handler=intake, sop_classes=terms_of(config).sop_classes, max_instance_bytes=node.max_instance_mb << 20)
    gate = Gate(tokens=web.tokens, max_request_bytes=web.max_request_mb << 20, max_requests=web.max_requests)
    return routes(intake, reception, gate)


def listen_settings_of(config: Config) -> ListenSettings:
    """Turn the ``[node]`` section into what the listener takes."""
    node = config.node
    return ListenSettings(
        ae_title=node.ae_title,
        host=node.host,
        port=node.port,
        any_called_ae=node.any_called_ae,
        processing_images=node.processing_images,
        secondary_capture=node.secondary_capture,
        digitised_film=node.digitised_film,
        max_associations=node.max_associations,
        max_associations_per_address=node.max_associations_per_address,
        max_dataset_bytes=node.max_instance_mb << 20,
        max_receiving_bytes=node.max_receiving_mb << 20,
        tls=server_tls_of(config),
    )


def _digest_of(ensembles: Ensembles, bundle: str) -> str:
    """SHA-256 of a bundle; empty for one that a route names and that is no longer installed: nothing is read again for its sake."""
    try:
        return ensembles.identity(bundle).sha256
    except BundleError:
        if not bundle:
            raise
        return ""


def _sweep(spool: Spool) -> None:
    try:
        spool.sweep(older_than_s=LEFTOVER_AGE_S)
    except (BaaError, OSError) as error:
        log.warning("leftovers of killed writers could not be removed from the spool: %s", error)


def _nobody() -> None:
    """Wake no pipeline: this process has none, another one searches the database."""
