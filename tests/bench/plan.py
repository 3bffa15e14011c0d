"""How many readers a national service needs: ``python -m tests.bench.plan``, from ``bench_out/scale.json`` and the assumptions below.

Prints what `deploy/scaling.md` tells: the arrivals of a year, week, day and hour; the readers with which 95 of 100 images wait no longer
than five seconds in the busiest hour, as images come one by one, in bursts, and after a cut; load of the database and storage.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.queueing import poisson, servers_for, simulate

ROOT: Final = Path(__file__).resolve().parents[2]
STUDIES_A_YEAR: Final = 10_000_000
SITES: Final = 200
IMAGES_A_STUDY: Final = 1.07
"""As the stories of `tests.bench.record` have it."""

WEEKDAYS: Final = (0.20, 0.19, 0.185, 0.18, 0.175, 0.04, 0.03)
"""Share of a week, from Monday on: an assumption."""

HOURS: Final = (0.2, 0.2, 0.2, 0.2, 0.2, 0.4, 1.5, 5, 9, 11, 11, 10, 8, 8, 9, 8.5, 6.5, 4, 2.5, 1.6, 1.2, 0.8, 0.6, 0.4)
"""Hundredths of a day, from midnight on: an assumption."""

SEASON: Final = 1.2
"""Busiest week over the mean one: an assumption."""

BURST: Final = 5
"""Images that a modality holds back and sends at once, on average."""

CUT_S: Final = 3600.0
"""For so long nothing comes, in the busiest hour, and then all of it."""

WITHIN_S: Final = 5.0
SHARE: Final = 0.95
SEED: Final = 20261121


def main() -> None:
    runs = json.loads((ROOT / "bench_out" / "scale.json").read_text(encoding="utf-8"))["runs"]
    reading = [run for run in runs if run["kind"] == "reading"]
    hurrying = next(run for run in runs if run["kind"] == "hurrying")
    cpu_s = min(_own(run, "worker_cpu_s", "idle_worker_cpu") for run in reading)
    for line in (*_arrivals(), *_readers(cpu_s), *_database(reading[0], hurrying), *_storage(reading[0], hurrying)):
        print(line)  # noqa: T201 - what the command is for


def _own(run: dict[str, Any], of_study: str, idle: str) -> float:
    """Give what a study costs without what looking for work takes meanwhile, as far as that goes on beside work."""
    return float(run[of_study] - run[idle] * run["workers"] * run["seconds"] / run["studies"])


def peak_per_s() -> float:
    """Images a second in the busiest hour of the year."""
    hours = [share / sum(HOURS) for share in HOURS]
    return STUDIES_A_YEAR * IMAGES_A_STUDY / (365.25 / 7) * SEASON * max(WEEKDAYS) / sum(WEEKDAYS) * max(hours) / 3600


def _arrivals() -> list[str]:
    yearly = STUDIES_A_YEAR * IMAGES_A_STUDY
    return [
        f"images: {yearly / 1e6:.1f} million a year, mean {yearly / 365.25 / 86400:.2f}/s; busiest hour {peak_per_s():.2f}/s, "
        f"of one of {SITES} sites {3600 * peak_per_s() / SITES:.0f}/hour"
    ]


def _readers(cpu_s: float) -> list[str]:
    """Say how many readers do, each an image of this many processor seconds at a time."""
    chance = random.Random(SEED)
    peak = peak_per_s()
    single = list(poisson(lambda _: peak, peak, 3600.0, chance))
    held = list(poisson(lambda _: peak / BURST, peak / BURST, 3600.0, chance))
    bursts = sorted(itertools.chain.from_iterable([at] * (1 + int(chance.expovariate(1 / (BURST - 0.5)))) for at in held))
    lines = []
    for what, came in (("one by one", single), (f"in bursts of {BURST} on average", bursts)):
        count = servers_for(came, lambda _: cpu_s, share=SHARE, within_s=WITHIN_S, seed=SEED)
        found = simulate(came, lambda _: cpu_s, count, random.Random(SEED))
        lines.append(
            f"{cpu_s:.2f} s an image, {what}: {count} readers, busy {found.busy:.0%}, "
            f"p95 wait {found.quantile_s(SHARE):.1f} s, longest line {found.longest_line}"
        )
    cut = f"after a cut of {CUT_S / 3600:g} h nobody waits any more with"
    return [*lines, *(f"{cut} {count} readers: {_even_after(cpu_s, count)} later" for count in (2, 4, 8))]


def _even_after(service_s: float, readers: int) -> str:
    """Say after how long nobody waits any more, while the busiest hour goes on."""
    chance, peak = random.Random(SEED), peak_per_s()
    came = [0.0] * int(peak * CUT_S) + list(poisson(lambda _: peak, peak, 6 * 3600.0, chance))
    waits = simulate(came, lambda _: service_s, readers, chance)
    even = _first_free(came, waits.waited_s)
    return f"{even / 60:.0f} min" if even is not None else "not within six hours"


def _first_free(came: Sequence[float], waited_s: Sequence[float]) -> float | None:
    return next((at for at, wait in zip(came, waited_s, strict=True) if at > 0 and wait == 0), None)


def _database(reading: dict[str, Any], hurrying: dict[str, Any]) -> list[str]:
    """Take what a study costs from the workers that hurry: what they ask while there is nothing to do hardly counts there."""
    peak, commits = peak_per_s(), _own(hurrying, "commits", "idle_commits_per_s")
    return [
        f"database in the busiest hour: {peak * commits:.0f} commits/s ({commits:.0f} an image), "
        f"{peak * hurrying['rows_written']:.0f} rows/s, {peak * hurrying['wal_bytes'] / 1024:.0f} KiB/s of WAL, "
        f"{peak * hurrying['database_cpu_s']:.2f} processors; for each worker process besides, busy or not, "
        f"{reading['idle_commits_per_s']:.0f} commits/s and {reading['idle_database_cpu']:.2f} processors"
    ]


def _storage(reading: dict[str, Any], hurrying: dict[str, Any]) -> list[str]:
    yearly = STUDIES_A_YEAR * IMAGES_A_STUDY
    record, wal, spool = hurrying["database_bytes"], hurrying["wal_bytes"], reading["spool_bytes"]
    return [
        f"a year: record and queue {yearly * record / 1e9:.0f} GB if the queue forgot nothing, WAL archive {yearly * wal / 1e12:.2f} TB",
        f"spool with images of the size of the sample, {spool / 1e6:.2f} MB a study: {yearly * spool / 1e12:.1f} TB a year, "
        f"{30 * yearly / 365.25 * spool / 1e12:.2f} TB for 30 days",
    ]


if __name__ == "__main__":
    main()
