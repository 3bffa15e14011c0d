"""How other destinations than DICOM peers are called."""

from __future__ import annotations

from pathlib import Path

from baa_node.bridges import Wires
from baa_node.config import Config
from baa_node.wiring.lines import keyring_of, own_of


def wires_of(config: Config) -> Wires:
    """Turn the ``[bridges]`` section into what the bridges take; the certificate that we show is that of ``[node]``."""
    bridges, own = config.bridges, own_of(config)
    return Wires(
        ca=Path(bridges.tls_ca) if bridges.tls_ca else None,
        certificate=own[0],
        key=own[1],
        keyring=keyring_of(config),
        timeout_s=bridges.timeout_s,
        application=bridges.hl7_application,
        facility=bridges.hl7_facility,
    )
