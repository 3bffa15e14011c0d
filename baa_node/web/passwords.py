"""Passwords of the console: Argon2id with the library's defaults (RFC 9106, second recommended option)."""

from __future__ import annotations

import enum
import functools
import secrets
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from baa_node.errors import ConfigError

SHORTEST: Final = 10
LONGEST: Final = 256

_HASHER: Final = PasswordHasher()
_ONE_AT_A_TIME: Final = threading.Lock()
"""Each hash takes 64 MiB: many log-ins at once must not take the memory that images need."""


@functools.cache
def _nobody() -> str:
    """Hash of a password that nobody knows: made when first somebody logs in, as it takes a tenth of a second."""
    return _HASHER.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """Hash a password that was checked before."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Compare a password with a hash; for a user that does not exist it takes as long and says no."""
    with _ONE_AT_A_TIME:
        nobody = _nobody()  # whoever comes first waits for it, known or not
        try:
            return _HASHER.verify(stored or nobody, password[: LONGEST + 1]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


class Flaw(enum.Enum):
    """Why a new password will not do."""

    LENGTH = "length"
    ONLY_THE_NAME = "only the name"


def flaw_of(password: str, *, user: str) -> Flaw | None:
    """Hold a new password to the rules; None where it will do."""
    if not SHORTEST <= len(password) <= LONGEST:
        return Flaw.LENGTH
    if user.casefold() in password.casefold() and len(password) < len(user) + SHORTEST:
        return Flaw.ONLY_THE_NAME
    return None


def checked(password: str, *, user: str) -> str:
    """Hold a new password to the rules.

    Raises
    ------
    ConfigError
        Too short, too long, or the user's own name.
    """
    flaw = flaw_of(password, user=user)
    if flaw is Flaw.LENGTH:
        raise ConfigError(f"a password has {SHORTEST} to {LONGEST} characters")
    if flaw is Flaw.ONLY_THE_NAME:
        raise ConfigError("a password must be more than the user's name")
    return password


def one_time_password() -> str:
    """Draw a password of 96 bits that a person can type."""
    return secrets.token_urlsafe(12)
