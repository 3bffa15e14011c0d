"""How long something took on this machine, without what the machine beneath it kept for others.

A virtual machine may stand still for seconds while its neighbours compute; what is promised in seconds is promised of processors that are
there. Linux counts what was kept from each processor (proc(5), ``/proc/stat``, steal); where nothing is counted nothing is taken off.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STAT: Final = Path("/proc/stat")
STEAL: Final = 8
"""Which number of a processor's line, its name being the first."""


def stolen_s() -> tuple[float, ...]:
    """Seconds kept from each processor since the machine started; empty where the system does not tell."""
    if not STAT.exists():
        return ()
    lines = [line.split() for line in STAT.read_text().splitlines() if line.startswith("cpu")]
    return tuple(int(line[STEAL]) / os.sysconf("SC_CLK_TCK") for line in lines if line[0] != "cpu" and len(line) > STEAL)


@dataclass(frozen=True)
class Moment:
    """When it is, and what was kept from each processor until then."""

    at: float = field(default_factory=time.monotonic)
    stolen: tuple[float, ...] = field(default_factory=stolen_s)

    def since(self, before: Moment) -> float:
        """Seconds from ``before``, less what was kept."""
        return max(0.0, self.at - before.at - self.kept_s(before))

    def kept_s(self, before: Moment) -> float:
        """Seconds since ``before`` that were kept from the processor from which most was kept."""
        return max((now - then for now, then in zip(self.stolen, before.stolen, strict=False)), default=0.0)


def own_s(began: Moment) -> float:
    """Seconds since ``began``, as `Moment.since` has them."""
    return Moment().since(began)
