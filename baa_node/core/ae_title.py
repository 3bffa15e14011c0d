"""Application entity titles held to the form of their value representation."""

from __future__ import annotations

import re
from typing import Final

from baa_node.errors import ConfigError
from baa_node.mistakes import Mistake

_AE_TITLE: Final = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")  # PS3.5 table 6.2-1


def checked_ae_title(text: str) -> str:
    """Trim an AE title and hold it to the AE value representation.

    Raises
    ------
    ConfigError
        Blank, longer than 16 characters, or with a character outside the default repertoire (PS3.5 6.2).
    """
    title = text.strip(" ")
    if not _AE_TITLE.fullmatch(title):
        raise ConfigError(Mistake.TITLE_IMPOSSIBLE.told(where="AE title", title=title))
    return title
