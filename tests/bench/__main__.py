"""Run all measurements; print the tables, leave them in ``bench_out/``, and write that of the README between its marks."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import compute, intake, latency, walk
from tests.bench.tables import between_marks, grid
from tests.parts.node import Node

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "bench_out"


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="running_", dir=OUT) as name:  # beside the code: /tmp may be memory, where fsync costs nothing
        folder = Path(name)
        samples = walk.readable(ROOT / "sample_dicom", Node(folder / "offline"))
        measured: dict[str, Any] = {
            "machine": _machine(),
            "frames": compute.frame_sizes(samples),
            "compute": [dataclasses.asdict(stage) for stage in compute.measure(samples)],
            "walk": dataclasses.asdict(walk.measure(folder / "walk", samples)),
            "latency": dataclasses.asdict(stages := latency.measure(folder / "latency", samples)[0]),
        }
        taken_in = intake.measure(folder / "intake")
    speed = _table(measured, taken_in)
    table = "\n".join([speed, *latency.table([stages], ["now"])]) + "\n"
    measured["intake"] = dataclasses.asdict(taken_in)
    (OUT / "bench.json").write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (OUT / "bench.md").write_text(table, encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(between_marks(readme.read_text(encoding="utf-8"), speed), encoding="utf-8")
    print(table)  # noqa: T201 - what the command is for


def _machine() -> dict[str, Any]:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    return {
        "cpu": model or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _table(measured: dict[str, Any], taken_in: intake.Measured) -> str:
    machine, walked = measured["machine"], measured["walk"]
    count = f"{walked['images']} images"
    rows = [
        (f"last byte of an image to its SR stored in Orthanc, {count} one after the other, p50", f"{walked['latency_p50_s']:.2f} s"),
        ("the same, p95", f"{walked['latency_p95_s']:.2f} s"),
        (f"{count} at once: reports stored", f"{walked['burst_images_per_s']:.1f} images/s"),
        (f"start to `listening` (median of {walk.STARTS})", f"{walked['start_up_s']:.1f} s"),
        ("memory (RSS), idle / after the run", f"{walked['rss_idle_mib']:.0f} / {walked['rss_after_mib']:.0f} MiB"),
        *(_stage_row(stage, measured["frames"]) for stage in measured["compute"]),
    ]
    lines = [
        f"Measured by `make bench` on {machine['cores']} cores ({machine['cpu']}), Python {machine['python']}, {machine['at']},",
        f"load {machine['load_before']:.1f} before the start. Other machines give other times: it is the ratios that matter.",
        "",
        *grid(("what", "value"), rows),
        "",
        *intake.table(taken_in),
    ]
    return "\n".join(lines) + "\n"


def _stage_row(stage: dict[str, Any], frames: str) -> tuple[str, str]:
    threads = f"{stage['threads']} thread{'s' if stage['threads'] > 1 else ''}"
    values = f"{stage['decode_ms']:.1f} / {stage['preprocess_ms']:.1f} / {stage['infer_ms']:.1f} ms"
    return f"decoding / preprocessing / inference of one image ({frames}), {threads}", values


if __name__ == "__main__":
    main()
