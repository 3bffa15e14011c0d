"""Certificates in the words of those who have to renew them: of whom, by whom, until when, and the digest to compare by telephone."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from baa_node.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What an X.509 certificate says of itself (RFC 5280 4.1.2).

    Attributes
    ----------
    subject, issuer
        Distinguished names (RFC 4514).
    not_before, not_after
        Its validity, UTC.
    sha256
        Fingerprint of its DER form, in hexadecimal digits.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative when that is over."""
        return (self.not_after - now).days


def read_der(der: bytes) -> Certificate:
    """Read a certificate as it comes in a handshake; ValueError where it is none."""
    found = x509.load_der_x509_certificate(der)
    return Certificate(
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        sha256=hashlib.sha256(der).hexdigest(),
    )


def read_pem(path: Path) -> list[Certificate]:
    """Read the certificates of a PEM file, the first being the owner's.

    Raises
    ------
    ConfigError
        The file cannot be read or holds none.
    """
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} holds no certificate in PEM form") from error
    return [read_der(one.public_bytes(Encoding.DER)) for one in found]


class Handshakes:
    """The certificate that each peer showed when this process last connected to it by TLS."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, int], bytes] = {}
        self._lock = threading.Lock()

    def note(self, host: str, port: int, der: bytes) -> None:
        """Keep what a peer showed in a handshake that succeeded."""
        with self._lock:
            self._shown[host, port] = der

    def last(self, host: str, port: int) -> Certificate | None:
        """Give what a peer showed, None before any handshake."""
        with self._lock:
            der = self._shown.get((host, port))
        return None if der is None else read_der(der)


HANDSHAKES: Final = Handshakes()
"""Of this process: it holds no more entries than there are peers, and nothing when the node starts."""
