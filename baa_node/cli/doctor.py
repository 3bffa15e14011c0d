"""``baa-node doctor``: what works on this machine and what does not."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from baa_node.cli.context import emit, load, open_database

if TYPE_CHECKING:
    from baa_node.config import Config
    from baa_node.db.peers import Peer
    from baa_node.doctor import Ground

PEER_TIMEOUT_S = 3.0


def doctor() -> None:
    """Try every part the node needs and every destination, one line each; exit 1 when one fails.

    Codes such as BAA-M403 are explained in deploy/mistakes.md.
    """
    from baa_node.doctor import examine

    found = examine(_ground(load()))
    values = [{**dataclasses.asdict(one), "codes": one.codes} for one in found]
    emit(values, [f"{'ok  ' if one.ok else 'FAIL'}  {one.check}: {one.finding}" for one in found])
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def _ground(config: Config) -> Ground:
    from functools import partial

    from baa_node.doctor import Ground
    from baa_node.wiring.bundles import load_ensemble

    return Ground(
        config=config,
        now=datetime.now(UTC),
        database=open_database,
        ensemble=partial(load_ensemble, config),
        probe=partial(_probe, config),
    )


def _probe(config: Config, peer: Peer) -> str:
    from baa_node.bridges import bridge_to
    from baa_node.dicom.endpoint import Endpoint
    from baa_node.wiring.bridges import wires_of
    from baa_node.wiring.lines import endpoint_of

    def hurried(one: Peer) -> Endpoint:
        patience_s = min(PEER_TIMEOUT_S, config.node.connect_timeout_s)
        return dataclasses.replace(endpoint_of(config, one), connect_timeout_s=patience_s, association_timeout_s=PEER_TIMEOUT_S)

    wires = dataclasses.replace(wires_of(config), timeout_s=PEER_TIMEOUT_S)
    return bridge_to(peer, wires, endpoint=hurried).probe()
