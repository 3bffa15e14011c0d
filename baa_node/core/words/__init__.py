"""What people read, in their language; codes and their meanings stay as the standards have them."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Languages of the texts, by their RFC 5646 tag (PS3.16 CID 5000 writes them so)."""

    ENGLISH = "en"
    GERMAN = "de"
    SPANISH = "es"
    FRENCH = "fr"
    PORTUGUESE = "pt"
