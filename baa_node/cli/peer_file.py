"""Peers as JSON: what ``peers export`` writes and ``peers import`` reads."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baa_node.errors import ConfigError

if TYPE_CHECKING:
    from baa_node.db.peers import Peer


def value_of(peer: Peer) -> dict[str, Any]:
    """Give every field of a peer in JSON types."""
    return {**dataclasses.asdict(peer), "route_to": list(peer.route_to), "wants": list(peer.wants)}


def parse(file: Path) -> list[Peer]:
    """Read the peers of a file, or of standard input for ``-``.

    Raises
    ------
    ConfigError
        Naming the file, the peer and what is wrong with it.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        entries = json.loads(text)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{file} is not JSON: {error}") from error
    if not isinstance(entries, list):
        raise ConfigError(f"{file} does not hold a list of peers")
    return [_peer_from(entry, f"{file}, peer {number}") for number, entry in enumerate(entries, start=1)]


_FIELDS: dict[str, type] = {
    "name": str,
    "ae_title": str,
    "host": str,
    "port": int,
    "source": bool,
    "destination": bool,
    "tls": bool,
    "route_to": list,
    "kind": str,
    "url": str,
    "user": str,
    "secret": str,
    "wants": list,
    "refusals": str,
    "query": bool,
}
_DEFAULTS: dict[str, Any] = {"source": True, "destination": True, "tls": False, "route_to": [], "kind": "dicom", "refusals": "both"}
_DEFAULTS |= {"url": "", "user": "", "secret": "", "wants": ["sr", "picture", "pdf"], "query": False}
_BRIDGE_DEFAULTS: dict[str, Any] = {"ae_title": "", "host": "", "port": 0, "source": False}


def _peer_from(entry: object, where: str) -> Peer:
    from baa_node.db.peers import Peer

    if not isinstance(entry, dict):
        raise ConfigError(f"{where} is not an object")
    bridge = {} if entry.get("kind", "dicom") == "dicom" else _BRIDGE_DEFAULTS
    values = {**_DEFAULTS, **bridge, **entry}
    for key in values.keys() - _FIELDS.keys():
        raise ConfigError(f"{where}: {key} is unknown; known are {', '.join(_FIELDS)}")
    for key, kind in _FIELDS.items():
        if type(values.get(key)) is not kind:
            raise ConfigError(f"{where}: {key} is {'missing' if key not in values else f'not {_KINDS[kind]}'}")
    lists = {key: tuple(str(name) for name in values[key]) for key in ("route_to", "wants")}
    return Peer(**{**values, **lists})


_KINDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list of names"}
