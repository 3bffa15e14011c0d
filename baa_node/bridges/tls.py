"""TLS to destinations that are no DICOM applications: 1.2 or newer, names always checked."""

from __future__ import annotations

import ssl

from baa_node.bridges.port import Wires
from baa_node.errors import DeliveryError


def context_of(wires: Wires) -> ssl.SSLContext:
    """Context that trusts the configured authorities alone, or those of the operating system where none are; and the keyring.

    Raises
    ------
    DeliveryError
        A file does not serve; another try may help, as an administrator can mend it.
    """
    try:
        context = ssl.create_default_context(cafile=wires.ca)
        for authority in wires.keyring.authorities if wires.keyring else ():
            context.load_verify_locations(authority)
        if wires.keyring and wires.keyring.own:
            context.load_cert_chain(wires.keyring.own)
        elif wires.certificate is not None:
            context.load_cert_chain(wires.certificate, wires.key)
    except OSError as error:  # ssl.SSLError is one
        raise DeliveryError(f"TLS files cannot be used (ca {wires.ca}, certificate {wires.certificate}): {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
