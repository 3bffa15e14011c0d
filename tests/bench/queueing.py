"""Queues as a small simulation: arrivals that come and go with the hour, so many servers, one line; times in seconds.

Seeded and plain. `tests.bench.test_queueing` holds it to the formulas for Poisson arrivals: Erlang's C for exponential service
(A. K. Erlang, 1917) and Pollaczek's and Khinchine's for one server and any service (1930, 1932).
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Draw = Callable[[random.Random], float]
"""Seconds of one service."""


@dataclass(frozen=True, kw_only=True)
class Waits:
    """What a simulation came to.

    Attributes
    ----------
    waited_s
        From arrival to the beginning of service, of each that came, in the order of service.
    busy
        Share of the time, until the last had left, in which servers worked.
    longest_line
        Most that waited at one moment.
    """

    waited_s: Sequence[float]
    busy: float
    longest_line: int

    @property
    def mean_s(self) -> float:
        return math.fsum(self.waited_s) / len(self.waited_s)

    def quantile_s(self, share: float) -> float:
        """Wait that this share of all did not exceed."""
        return sorted(self.waited_s)[min(len(self.waited_s) - 1, math.ceil(share * len(self.waited_s)) - 1)]


def poisson(rate: Callable[[float], float], most: float, until_s: float, chance: random.Random) -> Iterator[float]:
    """Give arrival times of a Poisson process whose rate changes with time, by thinning (Lewis and Shedler, 1979).

    Parameters
    ----------
    rate
        Arrivals a second at a time, never above ``most``.
    """
    at = 0.0
    while (at := at + chance.expovariate(most)) < until_s:
        if chance.random() * most < rate(at):
            yield at


def simulate(arrivals: Sequence[float], service: Draw, servers: int, chance: random.Random) -> Waits:
    """Serve in the order of arrival, each by the server that is free first.

    Parameters
    ----------
    arrivals
        Seconds, rising; at least one.
    """
    free = [0.0] * servers
    begun: list[float] = []
    worked = 0.0
    for at in arrivals:
        start = max(at, heapq.heappop(free))
        taken = service(chance)
        heapq.heappush(free, start + taken)
        begun.append(start)
        worked += taken
    return Waits(
        waited_s=[start - at for at, start in zip(arrivals, begun, strict=True)],
        busy=worked / (servers * (max(free) - arrivals[0])),
        longest_line=max(_line(arrivals, begun)),
    )


def _line(arrivals: Sequence[float], begun: Sequence[float]) -> Iterator[int]:
    """Give how many wait at each arrival; who came first begins first."""
    served = 0
    for number, at in enumerate(arrivals, start=1):
        while begun[served] <= at and served < number - 1:
            served += 1
        yield number - served - (begun[served] <= at)


def erlang_c(servers: int, load: float) -> float:
    """Give the probability that somebody waits, M/M/c; ``load`` in Erlang (arrivals a second × mean service), below ``servers``."""
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)  # Erlang's B, step by step
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait_mmc_s(servers: int, arrivals_per_s: float, service_s: float) -> float:
    """Mean wait of M/M/c."""
    load = arrivals_per_s * service_s
    return erlang_c(servers, load) * service_s / (servers - load)


def mean_wait_mg1_s(arrivals_per_s: float, service_s: float, service_variance: float) -> float:
    """Mean wait of M/G/1."""
    load = arrivals_per_s * service_s
    return arrivals_per_s * (service_variance + service_s**2) / (2 * (1 - load))


def servers_for(arrivals: Sequence[float], service: Draw, *, share: float, within_s: float, seed: int) -> int:
    """Find the fewest servers with which this share waits no longer than that; the same seed for each number of them."""
    count = 1
    while simulate(arrivals, service, count, random.Random(seed)).quantile_s(share) > within_s:
        count += 1
    return count
