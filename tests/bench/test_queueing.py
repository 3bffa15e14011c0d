from __future__ import annotations

import random

import pytest

from tests.bench.queueing import erlang_c, mean_wait_mg1_s, mean_wait_mmc_s, poisson, servers_for, simulate

LONG_S = 60_000.0


def steady(per_s: float, seed: int = 1) -> list[float]:
    return list(poisson(lambda _: per_s, per_s, LONG_S, random.Random(seed)))


@pytest.mark.parametrize(("servers", "per_s"), [(1, 0.6), (2, 1.5), (4, 3.2), (10, 8.0)])
def test_exponential_service_waits_as_erlang_says(servers: int, per_s: float) -> None:
    waits = simulate(steady(per_s), lambda chance: chance.expovariate(1.0), servers, random.Random(2))
    assert waits.mean_s == pytest.approx(mean_wait_mmc_s(servers, per_s, 1.0), rel=0.1)
    assert waits.busy == pytest.approx(per_s / servers, rel=0.03)
    assert sum(wait > 0 for wait in waits.waited_s) / len(waits.waited_s) == pytest.approx(erlang_c(servers, per_s), rel=0.06)


def test_constant_service_waits_as_pollaczek_and_khinchine_say() -> None:
    waits = simulate(steady(0.7), lambda _: 1.0, 1, random.Random(2))
    assert waits.mean_s == pytest.approx(mean_wait_mg1_s(0.7, 1.0, 0.0), rel=0.06)
    assert mean_wait_mg1_s(0.7, 1.0, 1.0) == pytest.approx(mean_wait_mmc_s(1, 0.7, 1.0))


def test_erlang_c_by_hand() -> None:
    assert erlang_c(1, 0.5) == pytest.approx(0.5)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)


def test_a_burst_is_served_in_turn() -> None:
    waits = simulate([0.0] * 6, lambda _: 2.0, 2, random.Random(1))
    assert waits.waited_s == [0, 0, 2, 2, 4, 4]
    assert waits.busy == 1.0
    assert waits.longest_line == 4
    assert (waits.quantile_s(0.5), waits.quantile_s(1.0)) == (2, 4)


def test_who_finds_a_free_server_does_not_wait() -> None:
    waits = simulate([0.0, 1.0, 2.0], lambda _: 0.5, 1, random.Random(1))
    assert (waits.waited_s, waits.longest_line) == ([0, 0, 0], 0)


def test_arrivals_follow_their_rate() -> None:
    came = list(poisson(lambda at: 1.0 if at < 1000 else 3.0, 3.0, 2000, random.Random(3)))
    first = sum(at < 1000 for at in came)
    assert came == sorted(came)
    assert first == pytest.approx(1000, rel=0.1)
    assert len(came) - first == pytest.approx(3000, rel=0.1)


def test_the_fewest_servers_that_do_are_found() -> None:
    came = steady(3.0)[:5000]
    count = servers_for(came, lambda _: 1.0, share=0.95, within_s=1.0, seed=4)
    enough, fewer = (simulate(came, lambda _: 1.0, servers, random.Random(4)) for servers in (count, count - 1))
    assert enough.quantile_s(0.95) <= 1.0 < fewer.quantile_s(0.95)
