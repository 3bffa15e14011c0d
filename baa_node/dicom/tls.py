"""TLS as PS3.15 B.10 (BCP 195, non-downgrading): 1.2 and 1.3, four suites for 1.2, certificates on both sides."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

TLS12_SUITES: Final = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
)
"""The suites that the profile asks for (PS3.15 B.10); those of TLS 1.3 are on by default."""


@dataclass(frozen=True, kw_only=True)
class ServerTls:
    """PEM files of a TLS listener; `dh_parameters` are needed for the DHE suites only."""

    certificate: Path | None
    key: Path | None
    ca: Path | None
    dh_parameters: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Context that asks every caller for a certificate which `ca` has signed; ConfigError where a file does not serve."""
        if self.certificate is None:
            raise ConfigError("a TLS listener needs a certificate")
        context = _restricted(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        _load(context, ca=self.ca, certificate=self.certificate, key=self.key)
        if self.dh_parameters is not None:
            context.load_dh_params(str(self.dh_parameters))
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

    def context(self) -> ssl.SSLContext:
        """Context that trusts `ca` alone; ConfigError where a file does not serve."""
        context = _restricted(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = self.check_hostname
        _load(context, ca=self.ca, certificate=self.certificate, key=self.key)
        return context


def _restricted(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS12_SUITES))
    return context


def _load(context: ssl.SSLContext, *, ca: Path | None, certificate: Path | None, key: Path | None) -> None:
    if ca is None:
        raise ConfigError("TLS needs a file of certificate authorities: nobody is trusted by default")
    try:
        context.load_verify_locations(ca)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"TLS files cannot be used (certificate {certificate}, key {key}, ca {ca}): {error}") from error
