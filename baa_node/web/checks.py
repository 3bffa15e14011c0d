"""What a look at one part of the node found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Check:
    """What one look found.

    Attributes
    ----------
    state
        ``failed`` keeps this node from its work; a ``warning`` does not, and wants somebody to look.
    told
        One sentence without names of patients or peers.
    """

    name: str
    state: Literal["ok", "warning", "failed"]
    told: str
