"""``python -m tests.bench.intake``: images a second that a receiver acknowledges, and what one costs.

The node, over TLS too, and its peers (`tests.bench.receivers`) in turn, same sender, same images; then how they answer senders of
different manners (`tests.bench.senders`). Part of ``make bench``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import generate_uid

from tests.bench import senders
from tests.bench.receivers import MOST_LINES, Receiver, all_receivers, cpu_ms
from tests.bench.tables import grid
from tests.parts.images import plain_cr
from tests.parts.line import Image, Line
from tests.parts.sender import encoded_dataset

ROUNDS = 3
SINGLES = 100
"""Associations of one image each, for the time that one takes."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """One kind of image, and how many of them at how many associations make a round."""

    name: str
    rows: int
    columns: int
    images_per_line: dict[int, int]


SMALL = Size(name="128 KiB", rows=256, columns=256, images_per_line={1: 150, 4: 150, 16: 40, MOST_LINES: 10})
LARGE = Size(name="6 MiB", rows=2048, columns=1536, images_per_line={1: 12, 4: 4, 16: 1})


@dataclass(frozen=True, kw_only=True)
class Round:
    """One receiver at one number of associations: images/s, and ms of CPU time an image where that is known."""

    images_per_s: float
    cpu_ms: float | None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Medians over the rounds by receiver and number of associations, and ms from connecting to released for one image."""

    small: dict[str, dict[int, Round]]
    large: dict[str, dict[int, Round]]
    single_p50_ms: dict[str, float]
    single_p99_ms: dict[str, float]
    manners: senders.Measured


def measure(folder: Path) -> Measured:
    """Measure every receiver; each round visits each of them, so that all see the same machine."""
    folder.mkdir()
    with ExitStack() as running:
        receivers = all_receivers(folder, running)
        manners = senders.measure(receivers, images(folder, SMALL))
        singles = _singles(receivers, images(folder, SMALL))
        return Measured(
            small=_rates(receivers, SMALL, images(folder, SMALL)),
            large=_rates(receivers, LARGE, images(folder, LARGE)),
            single_p50_ms={name: statistics.median(times) for name, times in singles.items()},
            single_p99_ms={name: statistics.quantiles(times, n=100)[-1] for name, times in singles.items()},
            manners=manners,
        )


def table(measured: Measured) -> list[str]:
    """Lines of Markdown."""
    return [
        *_size_table(SMALL, measured.small),
        "",
        *_size_table(LARGE, measured.large),
        "",
        f"One {SMALL.name} image on an association of its own, from connecting to released, {SINGLES} times:",
        "",
        *grid(
            ("receiver", "p50", "p99"),
            [(name, f"{p50:.1f} ms", f"{measured.single_p99_ms[name]:.1f} ms") for name, p50 in measured.single_p50_ms.items()],
        ),
        "",
        *senders.table(measured.manners),
    ]


def _size_table(size: Size, rounds: dict[str, dict[int, Round]]) -> list[str]:
    shares = ", ".join(f"{count} at {lines}" for lines, count in size.images_per_line.items())
    return [
        f"Intake of {size.name} images, acknowledged images/s (ms of CPU time an image); one sender for all, median of {ROUNDS} rounds;",
        f"images an association by associations: {shares}.",
        "",
        *grid(
            ("receiver", *(f"{lines} association{'s' if lines > 1 else ''}" for lines in size.images_per_line)),
            [(name, *(_cell(by_lines[lines]) for lines in size.images_per_line)) for name, by_lines in rounds.items()],
        ),
    ]


def _cell(one: Round) -> str:
    cpu = "" if one.cpu_ms is None else f" ({one.cpu_ms:.1f} ms)"
    return f"{one.images_per_s:.0f}{cpu}"


def images(folder: Path, size: Size) -> Iterator[Image]:
    path = folder / f"template_{size.rows}.dcm"
    template, ds = encoded_dataset(plain_cr(path, rows=size.rows, columns=size.columns))
    return _copies(template, str(ds.SOPClassUID), str(ds.SOPInstanceUID))


def _rates(receivers: list[Receiver], size: Size, images: Iterator[Image]) -> dict[str, dict[int, Round]]:
    rounds: dict[str, dict[int, list[Round]]] = {receiver.name: {} for receiver in receivers}
    for _ in range(ROUNDS):
        for lines, count in size.images_per_line.items():
            for receiver in receivers:
                one = _round(receiver, [[next(images) for _ in range(count)] for _ in range(lines)])
                rounds[receiver.name].setdefault(lines, []).append(one)
    return {name: {lines: _median(some) for lines, some in by_lines.items()} for name, by_lines in rounds.items()}


def _median(rounds: list[Round]) -> Round:
    cpu = [one.cpu_ms for one in rounds if one.cpu_ms is not None]
    return Round(images_per_s=statistics.median(one.images_per_s for one in rounds), cpu_ms=statistics.median(cpu) if cpu else None)


def _round(receiver: Receiver, batches: list[list[Image]]) -> Round:
    before = cpu_ms(receiver)
    images_per_s = rate(receiver, batches)
    after = cpu_ms(receiver)
    spent = None if before is None or after is None else (after - before) / sum(map(len, batches))
    return Round(images_per_s=images_per_s, cpu_ms=spent)


def _singles(receivers: list[Receiver], images: Iterator[Image]) -> dict[str, list[float]]:
    """Time one-image associations in ms, receivers taking turns."""
    times: dict[str, list[float]] = {receiver.name: [] for receiver in receivers}
    for _ in range(SINGLES):
        for receiver in receivers:
            image = next(images)
            begun = time.monotonic()
            with receiver.line(image.sop_class) as line:
                line.send(line.pack(image))
            times[receiver.name].append(1000 * (time.monotonic() - begun))
    return times


def _copies(template: bytes, sop_class: str, sop_instance: str) -> Iterator[Image]:
    """Endless copies under new UIDs of the same length, made by exchanging the bytes."""
    while True:
        fresh = generate_uid().ljust(len(sop_instance), "1")[: len(sop_instance)]
        yield Image(sop_class=sop_class, sop_instance=fresh, data=template.replace(sop_instance.encode(), fresh.encode(), 1))


def rate(receiver: Receiver, batches: list[list[Image]]) -> float:
    """Images/s over all associations at once, from the first byte of an image to the last answer; handshakes are left out."""
    with ExitStack() as open_lines:
        lines = [open_lines.enter_context(receiver.line(batch[0].sop_class)) for batch in batches]
        packed = [[line.pack(image) for image in batch] for line, batch in zip(lines, batches, strict=True)]
        with ThreadPoolExecutor(len(lines)) as pool:
            begun = time.monotonic()
            list(pool.map(Line.send_all, lines, packed))
        return sum(map(len, batches)) / (time.monotonic() - begun)


def main() -> None:
    out = Path(__file__).resolve().parents[2] / "bench_out"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="intake_", dir=out) as name:  # beside the code: /tmp may be memory, where fsync costs nothing
        print("\n".join(table(measure(Path(name) / "intake"))))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
