"""Which certificate a peer shows, and whether it would be trusted: a handshake and nothing after it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from baa_node.dicom.certificate import HANDSHAKES, Certificate, read_der
from baa_node.dicom.troubles import why_no_connection
from baa_node.errors import BaaError


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look found.

    Attributes
    ----------
    certificate
        Of the peer; None where none was seen.
    trouble
        Why it is not trusted, or was not seen; empty where it is trusted.
    """

    certificate: Certificate | None
    trouble: str = ""


def look_at(host: str, port: int, context: Callable[[], ssl.SSLContext], *, peer: str, within_s: float, key: str) -> Look:
    """Shake hands with a peer, and once more without trusting it where it is not trusted.

    Parameters
    ----------
    context
        Makes the context with which this peer is called.
    peer, key
        As of `why_no_connection`.
    """
    try:
        der = _shown(host, port, context(), within_s)
    except ssl.SSLCertVerificationError as error:
        told = why_no_connection(error, peer=peer, host=host, port=port, seconds=within_s, tls=True, key=key)
        return Look(certificate=_unverified(host, port, context(), within_s), trouble=told)
    except OSError as error:
        return Look(
            certificate=None, trouble=why_no_connection(error, peer=peer, host=host, port=port, seconds=within_s, tls=True, key=key)
        )
    except BaaError as error:
        return Look(certificate=None, trouble=str(error))
    HANDSHAKES.note(host, port, der)
    return Look(certificate=read_der(der))


def _unverified(host: str, port: int, context: ssl.SSLContext, within_s: float) -> Certificate | None:
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return read_der(_shown(host, port, context, within_s))
    except (OSError, ValueError):  # it was there a moment ago; why it is not trusted is told all the same
        return None


def _shown(host: str, port: int, context: ssl.SSLContext, within_s: float) -> bytes:
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "no host has such a name") from error
    with socket.create_connection((host, port), within_s) as plain, context.wrap_socket(plain, server_hostname=host) as encrypted:
        return encrypted.getpeercert(binary_form=True) or b""
