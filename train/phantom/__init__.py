"""Synthetic hand radiographs, drawn from anatomy: no patient, no image of one, and the bone age is known because it was drawn.

A phantom is a pure function of its arguments. ``adult`` is the plan of a hand, ``maturity`` knows when which centre ossifies, ``anatomy``
lays out ``bones`` and ``flesh``, ``projection`` casts their shadows, ``exposure`` makes the image, ``other`` draws what is no hand.
"""

from __future__ import annotations

from train.phantom.hand import Phantom, draw_hand
from train.phantom.other import KINDS, NotAHand, draw_not_a_hand

__all__ = ["KINDS", "NotAHand", "Phantom", "draw_hand", "draw_not_a_hand"]
