"""What names an installation, kept in its data directory."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from baa_node.core.objects.identifiers import derive_uid
from baa_node.errors import ConfigError
from baa_node.spool import FolderSpool


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What names this installation for ever: made at the first start, kept in the data directory."""

    device_uid: str
    executor_id: str


def load_identity(data_dir: Path) -> Identity:
    """Read ``identity.json`` of the data directory, or make it.

    Raises
    ------
    ConfigError
        The file cannot be read or holds something else.
    """
    path = data_dir / "identity.json"
    if not path.exists():
        fresh = {"device_uid": derive_uid("installation", uuid.uuid4().hex), "executor_id": uuid.uuid4().hex}
        store = FolderSpool(data_dir)
        (data_dir / store.write("identity", "identity.json", json.dumps(fresh).encode())).rename(path)
    try:
        return Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} does not hold the identity of this installation: {error}") from error
