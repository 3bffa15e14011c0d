"""Reads images and sends results: the networks, the durable pipeline, its lease, and whoever tidies up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Final

from baa_node.bundle import asked_provider
from baa_node.core.ensemble import Ensemble
from baa_node.core.objects.header import Device
from baa_node.core.rehearsal import rehearse
from baa_node.core.words import Language
from baa_node.db.audit import KeptPatient
from baa_node.dispatch import Patience
from baa_node.doctor import provider_trouble
from baa_node.housekeeping import Housekeeper, Retention
from baa_node.lease import Lease
from baa_node.pipeline import Pipeline
from baa_node.priors import PriorSearch
from baa_node.results import ResultMaker
from baa_node.roles.shared import Provider, Shared
from baa_node.sections import REFUSALS
from baa_node.steps import Desk
from baa_node.wiring.bridges import wires_of
from baa_node.wiring.lines import endpoint_of
from baa_node.wiring.reading import device_of, policy_of

REHEARSAL_S: Final = 8.0
"""A stop waits no longer for it, after everything else; it takes half a second."""

log = logging.getLogger(__name__)


def start(running: ExitStack, shared: Shared) -> Provider:
    """Take up what is due, and whatever arrives.

    Raises
    ------
    BundleError
        The configured bundle cannot be loaded.
    ConfigError
        An execution provider is not there, or a setting cannot be used.
    """
    config = shared.config
    ensemble = shared.ensembles()
    provider = Provider(asked=asked_provider(config.inference.providers), used=lambda: ensemble.provider)
    if trouble := provider_trouble(provider.asked, ensemble.provider):
        log.warning("%s", trouble)
    desk = _desk(shared, ensemble)
    lease = Lease(
        shared.database,
        shared.identity.executor_id,
        beat_s=config.pipeline.beat_s,
        dead_after_s=config.pipeline.dead_after_s,
        take_up=lambda names: pipeline.take_up(names),
    )
    pipeline = Pipeline(
        replace(desk, permit=lease.hold),
        queue_url=config.queue_url,
        executor_id=shared.identity.executor_id,
        readers=config.pipeline.readers,
        parallel_deliveries=config.pipeline.parallel_deliveries,
    )
    _rehearse_afterwards(running, shared, ensemble, desk.maker.device)
    lease.start()
    running.callback(lease.stop)
    running.callback(pipeline.stop)
    pipeline.start()
    kept = Retention(days=config.retention.days, free_mb=config.retention.free_mb, workflow_days=config.retention.workflow_days)
    housekeeper = Housekeeper(shared.database, shared.spool, kept, forget_finished=pipeline.forget_finished, whose=_whose(shared))
    running.callback(housekeeper.stop)
    housekeeper.start()
    return provider


def _rehearse_afterwards(running: ExitStack, shared: Shared, ensemble: Ensemble, device: Device) -> None:
    """Rehearse once everything stands; a stop waits for it, as a process that ends beneath a network which computes is aborted."""
    rehearsal = threading.Thread(target=rehearse, args=(ensemble, device), name="rehearsal", daemon=True)
    shared.afterwards.append(rehearsal.start)
    running.callback(lambda: rehearsal.join(REHEARSAL_S) if rehearsal.is_alive() else None)


def _desk(shared: Shared, ensemble: Ensemble) -> Desk:
    config = shared.config
    endpoint = partial(endpoint_of, config)
    return Desk(
        database=shared.database,
        spool=shared.spool,
        ensemble=ensemble,
        others=shared.ensembles,
        maker=ResultMaker(
            spool=shared.spool,
            device=device_of(config, shared.identity),
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
        priors=PriorSearch(shared.database, endpoint, wait_s=config.priors.wait_s),
        announce=bool(config.atna.repository),
        due=shared.due,
    )


def _whose(shared: Shared) -> Callable[[str], KeptPatient | None]:
    """Tell whose an image is, where an audit repository must be told when it leaves; elsewhere nothing is looked up."""
    if not shared.config.atna.repository:
        return lambda uid: None
    from baa_node.wiring.repository import whose_of  # here: few sites have one

    return whose_of(shared.database, shared.spool)
