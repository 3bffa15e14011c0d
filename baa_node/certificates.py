"""Certificates of one installation: what it shows, whom it trusts, what its peers show, and what an administrator changes about that.

Decision 0018: authorities and a certificate that are given here lie in ``tls`` of the data directory, besides those of the settings,
and serve every TLS connection to peers and, where it speaks TLS, the listener.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from baa_node.bridges.tls import context_of
from baa_node.config import Config
from baa_node.db import Connection, Database, audit
from baa_node.db.audit import AuditEvent, AuditKind, Scalar
from baa_node.db.peers import Peer
from baa_node.dicom.certificate import Certificate, read_der, read_pem
from baa_node.dicom.given import read_authorities, read_own
from baa_node.dicom.keyring import OWN, TRUSTED, Keyring
from baa_node.dicom.look import Look, look_at
from baa_node.dicom.tls import ClientTls
from baa_node.errors import ConfigError
from baa_node.spool import FolderSpool, place
from baa_node.wiring.bridges import wires_of
from baa_node.wiring.lines import client_tls_of, keyring_of

GIVEN: Final = "given here"
LOOKS_AT_ONCE: Final = 4
LEFTOVER_AGE_S: Final = 3600.0
_OWN_NAME: Final = "own.pem"
_FOR_US_ALONE: Final = 0o600


class Purpose(enum.StrEnum):
    """What a file of certificates is for."""

    SHOWN_TO_PEERS = "Shown by the node to its peers"
    SHOWN_BY_CONSOLE = "Shown by the console"
    SHOWN_TO_REPOSITORY = "Shown to the audit repository"
    TRUSTED_OF_EVERY_PEER = "Trusted of every peer"
    TRUSTED_OF_DICOM = "Trusted of DICOM peers"
    TRUSTED_OF_BRIDGES = "Trusted of HL7, FHIR and DICOMweb"
    TRUSTED_OF_REPOSITORY = "Trusted of the audit repository"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A file of certificates that this installation has.

    Attributes
    ----------
    origin
        The setting that names it, or `GIVEN`.
    certificates
        The owner's first, then those that prove it.
    trouble
        Why it cannot be used; empty where it can.
    in_force
        False where another one is used in its place.
    """

    purpose: Purpose
    origin: str
    certificates: Sequence[Certificate] = ()
    trouble: str = ""
    in_force: bool = True


@dataclass(frozen=True)
class Certificates:
    """What can be seen and changed; every change is an event of the audit trail."""

    config: Config
    database: Database

    @property
    def listens(self) -> bool:
        """Whether callers are met with TLS."""
        return bool(self.config.node.tls_certificate or self.config.node.tls_listen)

    def held(self) -> list[Held]:
        """Give everything that settings name and that was given, what cannot be read among it."""
        return [*self._held()]

    def trust(self, content: bytes, *, actor: str, now: datetime) -> list[Certificate]:
        """Trust the authorities of a PEM file from the next connection on.

        Raises
        ------
        ConfigError
            From `read_authorities`.
        SpoolError
            It cannot be kept.
        """
        found = read_authorities(content, now=now)
        with self.database.transaction() as c:
            for one in found:
                certificate = _described(one)
                self._tell(c, AuditKind.CERTIFICATE_ADDED, certificate, {"purpose": "trusted", **_flat(certificate)}, actor=actor, now=now)
                name = f"{certificate.sha256}.pem"
                self._open().write(TRUSTED, name, one.public_bytes(Encoding.PEM), mode=_FOR_US_ALONE)
        return [_described(one) for one in found]

    def distrust(self, sha256: str, *, actor: str, now: datetime) -> Certificate:
        """Trust an authority that was given no longer.

        Raises
        ------
        ConfigError
            There is none with this fingerprint, the beginning given is that of several, or callers could not be met any more.
        """
        digits = sha256.replace(":", "").strip().lower()
        found = {path.stem: path for path in self._keyring.authorities if digits and path.stem.startswith(digits)}
        if len(found) != 1:
            told = "several certificates have" if found else "no certificate that was given here has"
            raise ConfigError(f"{told} a fingerprint that begins with {digits!r}: `baa-node certificates` lists them")
        if self.listens and not self.config.node.tls_ca and len(self._keyring.authorities) == 1:
            raise ConfigError("callers are met with TLS, and no caller would be trusted any more: trust another authority first")
        ((name, path),) = found.items()
        (certificate,) = read_pem(path)
        with self.database.transaction() as c:
            self._tell(c, AuditKind.CERTIFICATE_REMOVED, certificate, {"purpose": "trusted", **_flat(certificate)}, actor=actor, now=now)
            self._open().remove(place(TRUSTED, f"{name}.pem"))
        return certificate

    def take_own(self, chain: bytes, key: bytes, *, actor: str, now: datetime) -> Certificate:
        """Show another certificate from the next connection on.

        Raises
        ------
        ConfigError
            From `read_own`, or TLS cannot use it.
        SpoolError
            It cannot be kept.
        """
        found, pem = read_own(chain, key, now=now)
        self._try(pem)
        certificate = _described(found)
        with self.database.transaction() as c:
            self._tell_own(c, AuditKind.CERTIFICATE_CHANGED, certificate, actor=actor, now=now)
            self._open().write(OWN, _OWN_NAME, pem, mode=_FOR_US_ALONE)
        return certificate

    def drop_own(self, *, actor: str, now: datetime) -> Certificate | None:
        """Go back to the certificate of the settings; None where they name none.

        Raises
        ------
        ConfigError
            None was given, or the listener would be left without one.
        """
        node = self.config.node
        if self._keyring.own is None:
            raise ConfigError("no certificate of the node was given here: the one of the settings is in use, if they name one")
        if node.tls_listen and not node.tls_certificate:
            raise ConfigError("callers are met with this certificate (node.tls_listen): give another one in its place, or set false there")
        before = next(iter(read_pem(Path(node.tls_certificate))), None) if node.tls_certificate else None
        with self.database.transaction() as c:
            self._tell_own(c, AuditKind.CERTIFICATE_REMOVED, before, actor=actor, now=now)
            self._open().remove(place(OWN, _OWN_NAME))
        return before

    def look(self, peers: Sequence[Peer]) -> list[tuple[Peer, Look]]:
        """Call every peer that speaks TLS and see what it shows; no association is asked for."""
        asked = [peer for peer in peers if speaks_tls(peer)]
        with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="look") as pool:
            return list(zip(asked, pool.map(self._look, asked), strict=True))

    @property
    def _keyring(self) -> Keyring:
        return keyring_of(self.config)

    def _look(self, peer: Peer) -> Look:
        host, port = tls_address(peer)
        dicom = peer.kind == "dicom"
        tls = client_tls_of(self.config)
        context = tls.context if dicom else lambda: context_of(wires_of(self.config))
        key = "node.tls_ca" if dicom else "bridges.tls_ca"
        return look_at(host, port, context, peer=f"{peer.name} at {host}:{port}", within_s=self.config.node.connect_timeout_s, key=key)

    def _held(self) -> Iterator[Held]:
        config, keyring = self.config, self._keyring
        own = keyring.own
        if own:
            yield _in_file(Purpose.SHOWN_TO_PEERS, GIVEN, own)
        named: Sequence[tuple[Purpose, str, str]] = (
            (Purpose.SHOWN_TO_PEERS, "node.tls_certificate", config.node.tls_certificate),
            (Purpose.TRUSTED_OF_DICOM, "node.tls_ca", config.node.tls_ca),
            (Purpose.TRUSTED_OF_BRIDGES, "bridges.tls_ca", config.bridges.tls_ca),
            (Purpose.SHOWN_BY_CONSOLE, "console.tls_certificate", config.console.tls_certificate),
            (Purpose.SHOWN_TO_REPOSITORY, "atna.tls_certificate", config.atna.tls_certificate),
            (Purpose.TRUSTED_OF_REPOSITORY, "atna.tls_ca", config.atna.tls_ca),
        )
        for purpose, setting, file in named:
            if file:
                yield _in_file(purpose, setting, Path(file), in_force=not (own and setting == "node.tls_certificate"))
        for path in keyring.authorities:
            yield _in_file(Purpose.TRUSTED_OF_EVERY_PEER, GIVEN, path)

    def _open(self) -> FolderSpool:
        spool = FolderSpool(self._keyring.folder)
        self._keyring.folder.chmod(0o700)
        spool.sweep(older_than_s=LEFTOVER_AGE_S)  # a writer that was killed may have left a key behind
        return spool

    def _try(self, pem: bytes) -> None:
        """Hold a certificate with its key to what TLS itself takes, such as the length of the key."""
        spool = self._open()
        path = spool.write("tried", _OWN_NAME, pem, mode=_FOR_US_ALONE)
        tried = spool.root / path
        try:
            ClientTls(ca=tried, certificate=tried).context()
        except ConfigError as error:
            reason = getattr(error.__cause__, "reason", None) or "no reason given"
            raise ConfigError(f"TLS cannot use this certificate ({reason}): ask for one with an RSA key of 2048 bits or more") from error
        finally:
            spool.remove(path)

    def _tell_own(self, c: Connection, kind: AuditKind, after: Certificate | None, *, actor: str, now: datetime) -> None:
        before = next(
            (one.certificates[0] for one in self._held() if one.in_force and one.purpose is Purpose.SHOWN_TO_PEERS and one.certificates),
            None,
        )
        sides = {"from": before, "to": after}
        detail = {f"{key}_{side}": value for side, one in sides.items() if one for key, value in _flat(one).items()}
        about = after or before
        assert about is not None
        self._tell(c, kind, about, {"purpose": "own", **detail}, actor=actor, now=now)

    def _tell(self, c: Connection, kind: AuditKind, about: Certificate, detail: dict[str, Scalar], *, actor: str, now: datetime) -> None:
        audit.append(c, AuditEvent(kind=kind, actor=actor, subject=about.subject or about.sha256, detail=detail), now=now)


def speaks_tls(peer: Peer) -> bool:
    """Tell whether a peer is called over TLS."""
    return peer.tls or peer.url.startswith(("https:", "mllps:"))


def tls_address(peer: Peer) -> tuple[str, int]:
    """Host and port of a peer that is called over TLS."""
    if peer.kind == "dicom":
        return peer.host, peer.port
    url = urlsplit(peer.url)
    return url.hostname or "", url.port or 443


def _in_file(purpose: Purpose, origin: str, path: Path, *, in_force: bool = True) -> Held:
    try:
        return Held(purpose=purpose, origin=origin, certificates=read_pem(path), in_force=in_force)
    except ConfigError as error:
        return Held(purpose=purpose, origin=origin, trouble=str(error), in_force=in_force)


def _described(one: x509.Certificate) -> Certificate:
    return read_der(one.public_bytes(Encoding.DER))


def _flat(one: Certificate) -> dict[str, Scalar]:
    return {"subject": one.subject, "sha256": one.sha256, "until": f"{one.not_after:%Y-%m-%d}"}
