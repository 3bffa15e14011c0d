"""Certificates that a running node was given: authorities to trust besides those of the settings, and one of its own with its key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

TRUSTED: Final = "trusted"
OWN: Final = "own"
"""Kinds of files, as a spool of the folder has them."""


@dataclass(frozen=True)
class Keyring:
    """Folder of PEM files; `certificates` writes them.

    Who makes a TLS connection looks here each time, so a change holds from the next connection on.

    Attributes
    ----------
    folder
        Need not be there.
    """

    folder: Path

    @classmethod
    def of(cls, data_dir: Path) -> Self:
        """Find that of a data directory, or of a backup of one."""
        return cls(data_dir / "tls")

    @property
    def authorities(self) -> list[Path]:
        """Files of authorities, one in each."""
        return sorted(self.folder.glob(f"{TRUSTED}/*/*.pem"))

    @property
    def own(self) -> Path | None:
        """File of our certificate, what proves it, and its private key; None where the settings alone say."""
        return next(self.folder.glob(f"{OWN}/*/*.pem"), None)
