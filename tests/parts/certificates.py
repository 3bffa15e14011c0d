"""Certificates of two authorities as a hospital has them: good, expired, for another host, of an authority that nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
A_YEAR_LATER = datetime(2021, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2090, 1, 1, tzinfo=UTC)
TIMES = {
    "expired": {"not_before": LONG_AGO, "not_after": A_YEAR_LATER},
    "not yet valid": {"not_before": FAR_AHEAD, "not_after": FAR_AHEAD + timedelta(days=300)},
}


@dataclass(frozen=True)
class Identity:
    """PEM files of one party."""

    certificate: Path
    key: Path


class Authorities:
    """The authority that everyone trusts, and a stranger.

    Parameters
    ----------
    folder : Path
        Empty folder for the PEM files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trusted, self._stranger = trustme.CA(organization_name="Hospital"), trustme.CA(organization_name="Stranger")
        self.ca = folder / "ca.pem"
        self._trusted.cert_pem.write_to_path(self.ca)

    def issue(self, kind: str) -> Identity:
        """``good``, ``expired``, ``not yet valid``, ``other host`` or ``stranger``."""
        authority = self._stranger if kind == "stranger" else self._trusted
        host = "pacs.example.org" if kind == "other host" else "127.0.0.1"
        times = TIMES.get(kind, {})
        made = authority.issue_cert(host, key_type=trustme.KeyType.RSA, **times)
        identity = Identity(self._folder / f"{kind}.pem", self._folder / f"{kind}.key")
        identity.certificate.write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
        made.private_key_pem.write_to_path(identity.key)
        return identity
