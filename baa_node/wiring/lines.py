"""How DICOM peers are called and met: addresses, certificates, patience."""

from __future__ import annotations

from pathlib import Path

from baa_node.config import Config
from baa_node.db.peers import Peer
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.keyring import Keyring
from baa_node.dicom.tls import ClientTls, ServerTls
from baa_node.errors import DeliveryError
from baa_node.faults import is_here
from baa_node.mistakes import Mistake


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
        association_timeout_s=node.association_timeout_s,
        response_timeout_s=node.response_timeout_s,
    )


def keyring_of(config: Config) -> Keyring:
    """Where certificates lie that the node was given by console or command line."""
    return Keyring.of(config.data_dir)


def client_tls_of(config: Config) -> ClientTls:
    """How DICOM peers are called over TLS."""
    node, own = config.node, own_of(config)
    ca = Path(node.tls_ca) if node.tls_ca else None
    return ClientTls(ca=ca, certificate=own[0], key=own[1], check_hostname=node.tls_check_hostname, keyring=keyring_of(config))


def server_tls_of(config: Config) -> ServerTls | None:
    """How DICOM callers are met; None where TLS is off."""
    node, own = config.node, own_of(config)
    if not (node.tls_certificate or node.tls_listen):
        return None
    return ServerTls(certificate=own[0], key=own[1], ca=Path(node.tls_ca) if node.tls_ca else None, keyring=keyring_of(config))


def own_of(config: Config) -> tuple[Path, Path] | tuple[None, None]:
    """Certificate and key of ``[node]``; neither where it has none."""
    node = config.node
    return (Path(node.tls_certificate), Path(node.tls_key)) if node.tls_certificate else (None, None)
