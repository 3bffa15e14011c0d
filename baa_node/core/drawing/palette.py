"""Colours and sizes of the picture: quiet greys for a dark room, and one amber that means "look here".

No colour says anything alone: beside each stands a word or a shape, because many of these pictures are shown on
grey-scale monitors. Sizes are for 1600 pixels of width; the smallest is still 14 pixels when the picture is shown at 1024.
"""

from __future__ import annotations

from typing import Final

from baa_node.core.drawing.canvas import Colour

GROUND: Final[Colour] = (9, 11, 14)
RAISED: Final[Colour] = (24, 27, 32)
INK: Final[Colour] = (240, 242, 245)
MUTED: Final[Colour] = (166, 174, 184)
RULE: Final[Colour] = (62, 70, 80)
GRID: Final[Colour] = (27, 31, 37)
OUTER_BAND: Final[Colour] = (33, 42, 52)
INNER_BAND: Final[Colour] = (52, 66, 80)
BAND_EDGE: Final[Colour] = (96, 112, 128)
CENTRE_LINE: Final[Colour] = (150, 164, 178)
AMBER: Final[Colour] = (255, 184, 60)
ON_AMBER: Final[Colour] = (26, 18, 2)

NUMERAL: Final = 132
UNIT: Final = 52
HEADLINE: Final = 46
LARGE: Final = 30
BODY: Final = 26
SMALL: Final = 24
FINE: Final = 22
