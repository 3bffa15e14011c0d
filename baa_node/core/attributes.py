"""Reading one attribute of a data set that may hold anything: a value of the expected kind, or None."""

from __future__ import annotations

import functools
import math
import re
import struct
from collections.abc import Sequence as AbstractSequence
from datetime import date

from pydicom import Dataset
from pydicom.charset import CODES_TO_ENCODINGS, ENCODINGS_TO_CODES, python_encoding
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

# What pydicom raises while it converts an element on first access: bad IS/DS text, wrong length, unknown VR, bad character set, a
# sequence that ends in the middle.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


ESCAPE = b"\x1b"

_PLAIN = re.compile(rb"[ -\[\]-~]{0,64}\0?")
"""Without backslash, which would part it in two. Of these bytes every character set of PS3.3 C.12.1.1.2 makes the same text."""

_TEXTS = (None, "LO", "SH")
"""Value representations; None where the transfer syntax leaves them to the dictionary."""

# Two corrections of pydicom's table, without which names come out wrong: Latin-9 (PS3.3 C.12.1.1.2) is not in it, and of
# ISO 2022 IR 58 (GB 2312) it leaves the escape sequences in the text.
python_encoding.setdefault("ISO_IR 203", "iso8859_15")
python_encoding["ISO 2022 IR 58"] = CODES_TO_ENCODINGS[ESCAPE + b"$)A"] = "gb2312"
ENCODINGS_TO_CODES["gb2312"] = ESCAPE + b"$)A"


def value(ds: Dataset, keyword: str) -> object:
    """Value of one attribute; None when it is absent, empty, or not convertible in its value representation."""
    try:
        found = ds.get(keyword)
    except UNREADABLE:
        return None
    return None if found is None or found == "" else found


def values(ds: Dataset, keyword: str) -> tuple[object, ...]:
    """All values of a multi-valued attribute, in order; empty when absent."""
    found = value(ds, keyword)
    if found is None:
        return ()
    if isinstance(found, AbstractSequence) and not isinstance(found, str | bytes):
        return tuple(found)
    return (found,)


def short_text(ds: Dataset, keyword: str) -> str:
    """Text of one attribute as ``str(ds.get(keyword) or "")`` gives it; empty when it is absent.

    One value of printable ASCII, still as it was received, needs none of pydicom's conversion, which costs twenty times as much. For
    attributes of VR LO or SH.

    Raises
    ------
    UNREADABLE
        What pydicom raises on a value that is none.
    """
    element = ds.get_item(_tag(keyword))
    received = element.value if isinstance(element, RawDataElement) else None
    if isinstance(received, bytes) and element.VR in _TEXTS and _PLAIN.fullmatch(received):
        return received.rstrip(b"\0 ").decode("ascii")
    return str(ds.get(keyword) or "")


@functools.cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def numbers(ds: Dataset, keyword: str) -> tuple[float, ...]:
    """All values as finite floats; empty when one of them is no number, since half a pair means nothing."""
    try:
        found = tuple(float(str(item)) for item in values(ds, keyword))
    except (ValueError, TypeError):
        return ()
    return found if all(math.isfinite(item) for item in found) else ()


def is_legible(ds: Dataset, keyword: str) -> bool:
    """Tell whether a text is valid in the character set that the data set declares (PS3.5 6.1).

    Only a value still as it was received can be judged; one that was looked at before counts as legible, as do texts
    without a declared character set and those that switch between sets (ISO 2022 escapes). Under a name that is no
    defined term only ASCII is.
    """
    element = ds.get_item(keyword)
    declared = [str(item) for item in values(ds, "SpecificCharacterSet")]
    if not isinstance(element, RawDataElement) or not element.value or not declared or ESCAPE in element.value:
        return True
    try:
        element.value.decode(python_encoding.get(declared[0], "ascii"))
    except UnicodeDecodeError:
        return False
    return True


def declared_character_set(ds: Dataset) -> str:
    """First defined term of Specific Character Set (PS3.3 C.12.1.1.2); a value that is none is not repeated."""
    first = next((str(item) for item in values(ds, "SpecificCharacterSet")), "")
    return first if first in python_encoding else "of an unknown name"


def integer(ds: Dataset, keyword: str) -> int | None:
    """First value as a whole number; None when absent or fractional."""
    found = numbers(ds, keyword)
    return int(found[0]) if found and found[0].is_integer() else None


def text(ds: Dataset, keyword: str) -> str:
    """All values joined by one space, stripped; empty when absent."""
    return " ".join(str(item).strip() for item in values(ds, keyword)).strip()


def items(ds: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """Items of a sequence attribute; empty when absent or no sequence."""
    found = value(ds, keyword)
    return tuple(found) if isinstance(found, Sequence) else ()


def day(ds: Dataset, keyword: str) -> date | None:
    """Date of a DA attribute (PS3.5 6.2, also the ACR-NEMA form with points); None when it is no calendar day."""
    digits = text(ds, keyword).replace(".", "").replace("-", "")
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
