"""TLS as PS3.15 B.10 (BCP 195, non-downgrading): 1.2 and 1.3, four suites for 1.2, certificates on both sides."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from baa_node.dicom.keyring import Keyring

logger = logging.getLogger("baa_node.dicom")

TLS12_SUITES: Final = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
)
"""The suites that the profile asks for (PS3.15 B.10); those of TLS 1.3 are on by default."""

FFDHE2048: Final = """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""
"""Group of RFC 7919 A.1, without which a server cannot offer the DHE suites: p = 2^2048 - 2^1984 + (floor(2^1918 e) +
560316) 2^64 - 1, g = 2."""


REASONS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the caller shows no certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the peer asks for a certificate and we show none (node.tls_certificate)",
    "TLSV1_ALERT_UNKNOWN_CA": "the peer does not trust the authority of our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our certificate has expired, says the peer",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the peer does not accept our certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the peer does not accept our certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "the peer does not accept our kind of certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the peer asks for a certificate that we do not show, or shares no cipher suite with us",
    "NO_SHARED_CIPHER": "no cipher suite in common",
    "UNSUPPORTED_PROTOCOL": "no TLS version in common: ours are 1.2 and 1.3",
    "TLSV1_ALERT_PROTOCOL_VERSION": "no TLS version in common: ours are 1.2 and 1.3",
    "WRONG_VERSION_NUMBER": "the other side does not speak TLS",
    "RECORD_LAYER_FAILURE": "the other side does not speak TLS",
    "HTTP_REQUEST": "the other side does not speak TLS",
}
"""What OpenSSL's reasons and the other side's alerts (RFC 8446 6.2) mean to whoever configures it."""


def reason_of(error: OSError) -> str:
    """Say in words why a connection failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the other side's certificate is not accepted: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError) and error.reason in REASONS:
        return REASONS[error.reason]
    return error.strerror or str(error)


def speaks_tls(host: str, port: int, *, within_s: float) -> bool:
    """Tell whether something answers a TLS handshake, whatever it thinks of us: nothing is trusted, and nothing said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), within_s) as plain, context.wrap_socket(plain):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


@dataclass(frozen=True, kw_only=True)
class ServerTls:
    """PEM files of a TLS listener; those of the keyring come before ours and besides the authorities."""

    certificate: Path | None
    key: Path | None
    ca: Path | None
    keyring: Keyring | None = None

    def context(self) -> ssl.SSLContext:
        """Context that asks every caller for a certificate of an authority; ConfigError where a file does not serve."""
        if self.certificate is None and (self.keyring is None or self.keyring.own is None):
            raise ConfigError("a TLS listener needs a certificate: set node.tls_certificate, or `baa-node certificates own`")
        context = _restricted(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        _load(context, self)
        with NamedTemporaryFile("w", suffix=".pem") as file:  # ssl takes the group from a file only
            file.write(FFDHE2048)
            file.flush()
            context.load_dh_params(file.name)
        return context


@dataclass(frozen=True, kw_only=True)
class ClientTls:
    """PEM files of a TLS connection to a peer.

    `check_hostname` may be off where `ca` is the peer's own certificate: PACS certificates seldom carry the address
    under which they are reached, and pinning names the peer more exactly than a host name does.
    """

    ca: Path | None
    certificate: Path | None = None
    key: Path | None = None
    check_hostname: bool = True
    keyring: Keyring | None = None

    def context(self) -> ssl.SSLContext:
        """Context that trusts `ca` and the keyring alone; ConfigError where a file does not serve."""
        context = _restricted(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = self.check_hostname
        _load(context, self)
        return context


class FreshContext:
    """Context of a listener that follows its files: who connects after one has changed is met with the new one.

    Files that do not serve, such as a new certificate beside the key of the old one, leave the context before in force.

    Raises
    ------
    ConfigError
        The files do not serve at the start.
    """

    def __init__(self, tls: ServerTls) -> None:
        self._tls, self._lock = tls, threading.Lock()
        self._seen = [*_states(tls)]
        self._context = tls.context()

    def __call__(self) -> ssl.SSLContext:
        """Give the context of now."""
        with self._lock:
            if (states := [*_states(self._tls)]) != self._seen:
                self._seen = states
                self._renew()
            return self._context

    def _renew(self) -> None:
        try:
            self._context = self._tls.context()
            logger.info("certificates changed: the listener shows and trusts the new ones")
        except ConfigError as error:
            logger.warning("certificates changed, and the listener goes on with those before: %s", error)


def _restricted(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS12_SUITES))
    return context


def _load(context: ssl.SSLContext, tls: ServerTls | ClientTls) -> None:
    authorities = [*_authorities(tls)]
    if not authorities:
        raise ConfigError("TLS needs a file of certificate authorities: nobody is trusted by default")
    own = tls.keyring.own if tls.keyring else None
    certificate, key = (own, None) if own else (tls.certificate, tls.key)
    try:
        for authority in authorities:
            context.load_verify_locations(authority)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        names = ", ".join(str(one) for one in authorities)
        raise ConfigError(f"TLS files cannot be used (certificate {certificate}, key {key}, ca {names}): {error}") from error


def _authorities(tls: ServerTls | ClientTls) -> Iterator[Path]:
    if tls.ca is not None:
        yield tls.ca
    if tls.keyring is not None:
        yield from tls.keyring.authorities


def _states(tls: ServerTls) -> Iterator[tuple[Path, int, int, int]]:
    """Give by what each file is known again: one that was replaced is another inode, one written over another time."""
    own = tls.keyring.own if tls.keyring else None
    for path in (tls.certificate, tls.key, own, *_authorities(tls)):
        if path is not None:
            with contextlib.suppress(OSError):
                now = path.stat()
                yield path, now.st_ino, now.st_mtime_ns, now.st_size
