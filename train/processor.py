"""What the machine that learns can do, where TensorFlow does not look by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

CPUINFO: Final = Path("/proc/cpuinfo")
BFLOAT16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Of x86 processors and of ARM's that multiply in bfloat16."""


def prepare() -> None:
    """Let TensorFlow, imported afterwards, say only what matters and use oneDNN on every processor; what the environment says stands.

    By itself it uses oneDNN only on processors with AVX-512 VNNI and better. On one with AVX2 alone VGG-6 learns 4.4 times as fast with it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def precision_for(asked: str, cpuinfo: Path = CPUINFO) -> str:
    """Give the precision to learn with: as asked, but float32 instead of a bfloat16 that TensorFlow would have to emulate.

    Emulated, VGG-6 learns at a third, VGG-11 at an eighth of the speed of float32. Weights are float32 in either case, so a run may go on
    on another machine.
    """
    return "float32" if asked == "mixed_bfloat16" and _emulates_bfloat16(cpuinfo) else asked


def _emulates_bfloat16(cpuinfo: Path) -> bool:
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return False
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    named = {name.strip().lower(): told.split() for name, _, told in (line.partition(":") for line in lines)}
    flags = named.get("flags") or named.get("features") or []  # as x86 and ARM call them
    return bool(flags) and BFLOAT16_FLAGS.isdisjoint(flags)
