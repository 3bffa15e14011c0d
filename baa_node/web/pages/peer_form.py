"""The form of a peer: what stands in it at first, what was typed, and what becomes of that."""

from __future__ import annotations

from typing import Any, Final

from baa_node.db.peer import WANTS
from baa_node.errors import ConfigError
from baa_node.web.session import Posted

FLAGS: Final = ("source", "destination", "tls", "query")
TEXTS: Final = ("ae_title", "host", "port", "url", "user", "secret", "refusals")
FIELDS: Final = (*FLAGS, *TEXTS, "route_to", *(f"wants_{one}" for one in WANTS))
"""Names of the fields; each of the things that a destination wants is one."""

_OF_KIND: Final = {"dicom": ("ae_title", "host"), "hl7": ("url",), "fhir": ("url", "user", "secret"), "stow": ("url", "user", "secret")}


def blank(kind: str) -> dict[str, Any]:
    """Values of the form for another peer of a kind."""
    values = {**dict.fromkeys(("name", *TEXTS), ""), "port": "104", "refusals": "both"}
    return {
        **values,
        "kind": kind,
        "source": kind == "dicom",
        "destination": True,
        "tls": False,
        "query": False,
        "route_to": [],
        "wants": WANTS,
    }


def typed(form: Posted, kind: str) -> dict[str, Any]:
    """Keep what somebody typed, to be shown again with what is wrong about it."""
    flags = {key: key in form.fields for key in FLAGS}
    texts = {key: form.fields.get(key, "") for key in ("name", *TEXTS)}
    return {**texts, "kind": kind, **flags, "route_to": _route(form), "wants": _wants(form)}


def values_of(form: Posted, kind: str) -> dict[str, Any]:
    """Fields of `Peer` as the form has them; those that its kind does not know are left out.

    Raises
    ------
    ConfigError
        The port is no number.
    """
    fields = form.fields
    values: dict[str, Any] = {
        "source": "source" in fields,
        "destination": "destination" in fields,
        "route_to": tuple(_route(form)),
        "wants": _wants(form),
        "refusals": fields.get("refusals", "both"),
        **{key: fields.get(key, "").strip() for key in _OF_KIND.get(kind, ())},
    }
    return values if kind != "dicom" else {**values, "tls": "tls" in fields, "query": "query" in fields, "port": _port(fields)}


def _port(fields: dict[str, str]) -> int:
    port = fields.get("port", "").strip()
    if not (port.isascii() and port.isdigit()):
        raise ConfigError("the port is a number between 1 and 65535")
    return int(port[:6])


def _route(form: Posted) -> list[str]:
    return [part.strip() for part in form.fields.get("route_to", "").split(",") if part.strip()]


def _wants(form: Posted) -> tuple[str, ...]:
    return tuple(one for one in WANTS if f"wants_{one}" in form.fields)
