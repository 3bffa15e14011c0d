"""What a bundle holds, packed into the next one byte for byte: networks whose runs are not at hand, or that are to stay as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from baa_node.bundle import MANIFEST, verify_bundle
from baa_node.core.preprocess import ESPINAL_RASTER, Preparation


class Former:
    """A bundle that was packed before.

    Parameters
    ----------
    training_raster
        Let its networks see rasters that were made as those of the training images (decision 0025), however the bundle made them.

    Raises
    ------
    BundleError
        It was changed after packing.
    """

    def __init__(self, folder: Path, *, training_raster: bool = False) -> None:
        verify_bundle(folder)
        self._training_raster = training_raster
        self._folder = folder
        self._manifest: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        self._members = {member["name"]: member for member in self._manifest["members"]}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def member(self, name: str) -> dict[str, Any]:
        """Give what `export.write_bundle.Packed` says of a network, but for its predictions and its weight in the ensemble."""
        told = self._members[name]
        return {
            "name": name,
            "architecture": told["architecture"],
            "weights": self._folder / told["file"],
            "preparation": self._preparation(told["preprocessing"]),
            "sex_required": told["sex_required"],
            "mirrored": told["mirrored_pass"],
            "training": self._manifest["training"][name],
        }

    def _preparation(self, told: Mapping[str, object]) -> Preparation:
        found = Preparation.from_json(told)
        if not (self._training_raster and found.raster):
            return found
        return replace(found, raster_filter=ESPINAL_RASTER.raster_filter, raster_quality=ESPINAL_RASTER.raster_quality)

    def masker(self) -> Path | None:
        """Give the file of the U-Net, if there is one."""
        return self._folder / self._manifest["mask"]["file"] if "mask" in self._manifest else None

    def detector(self, scratch: Path) -> Path | None:
        """Copy the network that sees hands, with what is said of it beside it, as ``train.detector`` leaves them; None if there is none."""
        if "detector" not in self._manifest:
            return None
        told = {key: value for key, value in self._manifest["detector"].items() if key not in ("file", "sha256")}
        copy = scratch / str(self._manifest["detector"]["file"])
        copy.write_bytes((self._folder / copy.name).read_bytes())
        copy.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
        return copy
