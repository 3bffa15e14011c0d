"""A peer entry: what an administrator says of an application that the node talks with, held to what can be right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from baa_node.core.ae_title import checked_ae_title
from baa_node.core.routes.report_kinds import REPORT_KINDS
from baa_node.errors import ConfigError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SECRET: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+")
_HERE: Final = ("127.0.0.1", "localhost", "::1")
_SCHEMES: Final = {"hl7": ("mllp", "mllps"), "fhir": ("https", "http"), "stow": ("https", "http")}
KINDS: Final = ("dicom", *_SCHEMES)
"""How a peer is spoken to: C-STORE, HL7 v2 over MLLP, FHIR R4, or DICOMweb."""

WANTS: Final = REPORT_KINDS
"""What a destination may be sent of a bone age; a message stands for the report (``sr``)."""

REFUSALS: Final = ("both", "sr", "picture", "none")
"""What a destination may be sent when no bone age is given."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """An application that the node talks with.

    Attributes
    ----------
    name
        What people call it: letters, digits, ``. _ -``; never changes.
    ae_title
        Trimmed; matched case-sensitively (PS3.8 7.1.1.3). Only a DICOM peer needs one.
    source
        May send to the node: under ``ae_title``, or by DICOMweb with a token that names this peer.
    destination
        Takes results: a DICOM peer on ``host`` and ``port``, the others at ``url``.
    route_to
        Names of the destinations for what this source sends; empty for the rule of ``destinations_of``.
    kind
        One of `KINDS`.
    url
        ``mllp://host:port/APPLICATION/FACILITY`` (the receiver's, may be absent; ``mllps`` over TLS), or the base URL of a FHIR
        or DICOMweb service.
    user
        For HTTP basic authentication; without it the secret is a bearer token.
    secret
        Where the password or token is found, never itself: ``env:NAME`` or ``file:/path``.
    wants
        Of `WANTS`.
    refusals
        One of `REFUSALS`; narrows ``wants``.
    query
        May be asked, on ``host`` and ``port``, for a patient's earlier reports; DICOM peers only.

    Raises
    ------
    ConfigError
        A value that cannot be right.
    """

    name: str
    ae_title: str = ""
    host: str = ""
    port: int = 0
    source: bool
    destination: bool
    tls: bool = False
    route_to: tuple[str, ...] = ()
    kind: str = "dicom"
    url: str = ""
    user: str = ""
    secret: str = ""
    wants: tuple[str, ...] = WANTS
    refusals: str = "both"
    query: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"peer name {self.name!r}: use 1 to 64 letters, digits, dots, underscores and hyphens")
        object.__setattr__(self, "host", self.host.strip())
        object.__setattr__(self, "route_to", tuple(self.route_to))
        object.__setattr__(self, "wants", tuple(one for one in WANTS if one in self.wants) or self.wants)
        if self.kind not in KINDS:
            raise ConfigError(f"peer {self.name}: kind {self.kind!r} is none of {', '.join(KINDS)}")
        _check_wishes(self)
        if self.kind == "dicom":
            object.__setattr__(self, "ae_title", checked_ae_title(self.ae_title))
            _check_address(self)
        else:
            object.__setattr__(self, "ae_title", checked_ae_title(self.ae_title) if self.ae_title.strip() else "")
            _check_bridge(self)

    @property
    def takes_messages(self) -> bool:
        """Whether it is told a result in words of its own standard instead of being sent DICOM objects."""
        return self.kind in {"hl7", "fhir"}

    @property
    def address(self) -> str:
        """Host and port, or URL; for people."""
        return f"{self.host}:{self.port}" if self.kind == "dicom" else self.url


def _check_wishes(peer: Peer) -> None:
    if not peer.wants or set(peer.wants) - set(WANTS):
        raise ConfigError(f"peer {peer.name}: what it wants is one or more of {', '.join(WANTS)}")
    if peer.refusals not in REFUSALS:
        raise ConfigError(f"peer {peer.name}: refusals {peer.refusals!r} is none of {', '.join(REFUSALS)}")
    if peer.takes_messages and "sr" not in peer.wants:
        raise ConfigError(f"peer {peer.name}: a message stands for the report, so {peer.kind} cannot do without sr")


def _check_address(peer: Peer) -> None:
    if peer.url or peer.user or peer.secret:
        raise ConfigError(f"peer {peer.name}: a DICOM peer has no URL, user or secret")
    if not peer.host or len(peer.host) > 255 or any(mark.isspace() for mark in peer.host):
        raise ConfigError(f"peer {peer.name}: host {peer.host!r} is not a host name or address")
    if not 1 <= peer.port <= 65535:
        raise ConfigError(f"peer {peer.name}: port {peer.port} is not between 1 and 65535")


def _check_bridge(peer: Peer) -> None:
    if peer.query:
        raise ConfigError(f"peer {peer.name}: only a DICOM peer can be asked for earlier reports")
    if peer.host or peer.port or peer.tls:
        raise ConfigError(f"peer {peer.name}: a peer of kind {peer.kind} has its address, and whether it speaks TLS, in its URL alone")
    if peer.source and peer.kind != "stow":
        raise ConfigError(f"peer {peer.name}: nothing is received from a peer of kind {peer.kind}; add it with --no-source")
    if peer.destination or peer.url:
        _check_url(peer)
    _check_secret(peer)


def _check_url(peer: Peer) -> None:
    """Refuse what cannot be reached, and a URL that carries a password into tables and logs."""
    schemes = _SCHEMES[peer.kind]
    try:
        url = urlsplit(peer.url)
        port = url.port
    except ValueError as error:
        raise ConfigError(f"peer {peer.name}: {error}") from error
    if url.scheme not in schemes or not url.hostname:
        raise ConfigError(
            f"peer {peer.name}: the URL of kind {peer.kind} begins with {' or '.join(f'{one}://' for one in schemes)} and a host"
        )
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise ConfigError(f"peer {peer.name}: a URL holds neither user nor password, query nor fragment; see --user and --secret")
    if peer.kind == "hl7" and not port:
        raise ConfigError(f"peer {peer.name}: an MLLP URL needs a port, such as {url.scheme}://{url.hostname}:2575")


def _check_secret(peer: Peer) -> None:
    if not peer.secret:
        if peer.user:
            raise ConfigError(f"peer {peer.name}: a user needs a secret")
        return
    if peer.kind == "hl7":
        raise ConfigError(f"peer {peer.name}: MLLP knows no password; mllps:// shows our certificate")
    if not _SECRET.fullmatch(peer.secret):
        raise ConfigError(f"peer {peer.name}: a secret is named as env:NAME or file:/path, never given itself")
    url = urlsplit(peer.url)
    if url.scheme == "http" and url.hostname not in _HERE:
        raise ConfigError(f"peer {peer.name}: a secret is not sent over http://")
