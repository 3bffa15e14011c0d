"""ONNX sessions: what a bundle's files become. Only ``bundle`` and the workshop use this."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as native

from baa_node.core.frame.detection import VIEW_SIDE, Sight, sight
from baa_node.core.preprocess import MASK_SIDE
from baa_node.errors import BundleError

CPU: Final = "CPUExecutionProvider"

THREAD_MANNERS: Final[Mapping[str, str]] = {"session.intra_op.allow_spinning": "0", "session.dynamic_block_base": "8"}
"""What ONNX Runtime is told of the threads of a session: sleep while there is nothing to do, and share work out in small pieces, so that
no thread waits long for one whose core was lent to another program (decision 0023). The numbers stay the same, bit for bit."""

_UNLOADABLE: Final = (
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.NotImplemented,
    native.RuntimeException,
)
_LOST: Final = (native.DeviceReset, native.EngineError, native.EPFail, native.Fail, native.RuntimeException)


class MaskNetwork:
    """The U-Net of ``unet_edges``: a ``Masker`` of ``baa_node.core.preprocess`` from the bytes of an ONNX file.

    Raises
    ------
    BundleError
        The bytes are no such network.
    """

    def __init__(self, weights: bytes, providers: Sequence[str] = (CPU,), threads: int = 0) -> None:
        self.sha256 = hashlib.sha256(weights).hexdigest()
        self._session = started(weights, "mask", providers, threads)
        takes = {port.name: (port.type, list(port.shape[1:])) for port in self._session.get_inputs()}
        gives = [port.name for port in self._session.get_outputs()]
        if takes != {"image": ("tensor(uint8)", [MASK_SIDE, MASK_SIDE, 1])} or gives != ["mask"]:
            raise BundleError(f"the network that masks the hand takes {takes} and gives {gives}")

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of one square, ``(MASK_SIDE, MASK_SIDE)``."""
        return np.asarray(self._session.run(["mask"], {"image": pixels[np.newaxis, :, :, np.newaxis]})[0][0], np.float32)


class DetectorNetwork:
    """Sees whether a frame holds one whole hand: a ``Detector`` of ``baa_node.core.frame.detection`` from the bytes of an ONNX file.

    It is small and always runs on the CPU: every node then turns away the same images.

    Parameters
    ----------
    words
        What its shares are called, in their order.

    Raises
    ------
    BundleError
        The bytes are no such network, or the words are not known here.
    """

    def __init__(self, weights: bytes, words: Sequence[str], threads: int = 1) -> None:
        self._words = tuple(words)
        self._session = started(weights, "detector", [CPU], threads)
        takes = {port.name: (port.type, list(port.shape[1:])) for port in self._session.get_inputs()}
        gives = {port.name for port in self._session.get_outputs()}
        if takes != {"image": ("tensor(uint8)", [VIEW_SIDE, VIEW_SIDE, 1])} or not {"shares", "distance"} <= gives:
            raise BundleError(f"the network that sees hands takes {takes} and gives {sorted(gives)}")
        try:
            self(np.zeros((VIEW_SIDE, VIEW_SIDE), np.uint8))
        except ValueError as fault:
            raise BundleError(f"the network that sees hands: {fault}") from fault

    def __call__(self, view: NDArray[np.uint8]) -> Sight:
        """Look at one frame, ``(VIEW_SIDE, VIEW_SIDE)``.

        Raises
        ------
        BundleError
            It gave something that is no number, which must not pass for a hand.
        """
        shares, distance = self._session.run(["shares", "distance"], {"image": view[np.newaxis, :, :, np.newaxis]})
        if not (np.isfinite(shares).all() and np.isfinite(distance).all()):
            raise BundleError("the network that sees hands gave a value that is no number")
        return sight(self._words, [float(share) for share in shares[0]], float(distance[0]))


class Network:
    """One ONNX session, and the provider it has at the moment."""

    def __init__(self, weights: bytes, name: str, providers: Sequence[str], threads: int) -> None:
        self._weights, self._name, self._threads = weights, name, threads
        self._session = started(weights, name, providers, threads)

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """Session that runs at present."""
        return self._session

    def provider(self) -> str:
        """Name what ONNX Runtime says it got: asking for CUDA where there is none silently gives the CPU."""
        return str(self._session.get_providers()[0])

    def run(self, image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Infer; a GPU that fails under way is given up for the CPU, which `provider` then says."""
        feeds = {"image": image, "sex": sex}
        wanted = {port.name: feeds[port.name] for port in self._session.get_inputs()}
        try:
            months, saliency = self._session.run(["bone_age_months", "saliency"], wanted)
        except _LOST:
            if self.provider() == CPU:
                raise
            self._session = started(self._weights, self._name, [CPU], self._threads)
            months, saliency = self._session.run(["bone_age_months", "saliency"], wanted)
        return np.asarray(months, np.float32)[:, 0], np.asarray(saliency, np.float32)


def started(weights: bytes, name: str, providers: Sequence[str], threads: int) -> onnxruntime.InferenceSession:
    """Start a session with these providers, first choice first.

    Raises
    ------
    BundleError
        ONNX Runtime cannot load the bytes.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    for key, value in THREAD_MANNERS.items():
        options.add_session_config_entry(key, value)
    try:
        session = onnxruntime.InferenceSession(weights, options, providers=list(providers))
    except _UNLOADABLE as fault:
        raise BundleError(f"member {name} is no network that ONNX Runtime can load: {fault}") from fault
    session.disable_fallback()
    return session
