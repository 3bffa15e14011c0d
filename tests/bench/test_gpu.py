from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from baa_node.bundle import CPU, default_bundle
from tests.bench import gpu

ROOT = Path(__file__).parents[2]


def test_without_a_gpu_it_says_so_and_is_content() -> None:
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-m", "tests.bench.gpu"], cwd=ROOT, env=hidden, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no GPU")


def test_half_precision_is_the_same_network() -> None:
    member = gpu._members()[0]
    weights = (default_bundle() / member["file"]).read_bytes()
    feeds = gpu._feeds(member, 1)
    months = [gpu._months(onnxruntime.InferenceSession(one, providers=[CPU]), feeds) for one in (weights, gpu._half(weights))]
    assert months[0].shape == (1, 1)
    assert np.abs(months[1] - months[0]).max() < 1
