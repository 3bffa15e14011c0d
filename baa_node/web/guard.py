"""Slows down whoever guesses passwords: a few failures for one user from one address, more for either alone."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=10)
PER_USER_AND_ADDRESS: Final = 5
PER_EITHER: Final = 30
"""Higher, so that a stranger cannot lock a colleague out with five attempts, nor one colleague the others behind one proxy."""

KEYS_KEPT: Final = 10_000


class Guard:
    """Attempts of the last minutes by user and address; in memory, of this process."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, str], deque[datetime]] = {}
        self._lock = threading.Lock()

    def admit(self, user: str, address: str, *, now: datetime) -> bool:
        """Count an attempt before its password is looked at; False when there were too many."""
        with self._lock:
            self._forget_old(now)
            kept = [(self._attempts.setdefault(key, deque()), limit) for key, limit in _keys(user, address)]
            if any(len(times) >= limit for times, limit in kept):
                return False
            for times, _ in kept:
                times.append(now)
            return True

    def succeeded(self, user: str, address: str) -> None:
        """Forget what somebody who knows the password got wrong before."""
        with self._lock:
            for key, _ in _keys(user, address):
                self._attempts.pop(key, None)

    def _forget_old(self, now: datetime) -> None:
        for key, times in list(self._attempts.items()):
            while times and now - times[0] >= WINDOW:
                times.popleft()
            if not times:
                del self._attempts[key]
        while len(self._attempts) > KEYS_KEPT:
            del self._attempts[next(iter(self._attempts))]


def _keys(user: str, address: str) -> list[tuple[tuple[str, str], int]]:
    name = user.casefold()[:64]
    return [((name, address), PER_USER_AND_ADDRESS), ((name, ""), PER_EITHER), (("", address), PER_EITHER)]
