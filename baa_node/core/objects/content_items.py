"""Content items as this node's reports hold them: separate, in ASCII where technical, rounded where numeric (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final, TypeAlias

from highdicom.sr import (
    CodeContentItem,
    CodedConcept,
    ContainerContentItem,
    DateContentItem,
    ImageContentItem,
    NumContentItem,
    TextContentItem,
    UIDRefContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code

from baa_node.core import codes
from baa_node.core.objects.encoded_content import shared
from baa_node.core.radiograph import Laterality

Item: TypeAlias = (
    CodeContentItem | ContainerContentItem | DateContentItem | ImageContentItem | NumContentItem | TextContentItem | UIDRefContentItem
)

CONTAINS: Final = "CONTAINS"
OBS_CONTEXT: Final = "HAS OBS CONTEXT"
CONCEPT_MOD: Final = "HAS CONCEPT MOD"
ACQ_CONTEXT: Final = "HAS ACQ CONTEXT"
INFERRED_FROM: Final = "INFERRED FROM"

SIDES: Final = {Laterality.LEFT: codes.LEFT, Laterality.RIGHT: codes.RIGHT}


@cache
def coded(code: Code) -> CodedConcept:
    """Give a code as it stands in a report, made once: a report holds ninety, and most of them stand in every report. Not to be changed."""
    return shared(CodedConcept.from_code(code))


@cache
def code_item(name: Code, value: Code, relationship: str = CONTAINS) -> CodeContentItem:
    """Give a coded value, made once for all reports that hold it. Not to be changed."""
    return shared(concept_item(name, coded(value), relationship))


def concept_item(name: Code, value: CodedConcept, relationship: str = CONTAINS) -> CodeContentItem:
    """Give a coded value of its own, to which more may be added."""
    return CodeContentItem(coded(name), value, relationship)


def text_item(name: Code, said: str, relationship: str = CONTAINS) -> TextContentItem:
    """Give text in the character set of the report."""
    return TextContentItem(coded(name), said, relationship)


def uid_item(name: Code, value: str, relationship: str = OBS_CONTEXT) -> UIDRefContentItem:
    """Give a UID."""
    return UIDRefContentItem(coded(name), value, relationship)


def container(name: Code, items: Iterable[Item], *, template_id: str | None = None) -> ContainerContentItem:
    """Give a container, SEPARATE: viewers run the values of a continuous one together (PS3.3 C.17.3)."""
    made = ContainerContentItem(coded(name), is_content_continuous=False, template_id=template_id, relationship_type=CONTAINS)
    made.ContentSequence = list(items)
    return made


def text(name: Code, said: str, relationship: str = CONTAINS) -> TextContentItem:
    """Technical text, in ASCII because not every viewer decodes text of a report by the declared character set."""
    return text_item(name, said.encode("ascii", "replace").decode("ascii") or "unknown", relationship)


@lru_cache(maxsize=128)
def shared_text(name: Code, said: str, relationship: str = CONTAINS) -> TextContentItem:
    """Give what `text` gives, made once for all reports that say the same. Not to be changed."""
    return text(name, said, relationship)


def months(name: Code | CodedConcept, value: float, *, relationship: str = CONTAINS) -> NumContentItem:
    """Give an age or a difference of ages, in months to one decimal."""
    return number(name, value, codes.MONTH, 1, relationship)


def number(name: Code | CodedConcept, value: float, unit: Code, decimals: int, relationship: str = CONTAINS) -> NumContentItem:
    """Round first: a DS holds 16 characters (PS3.5 6.2), and digits that mean nothing help nobody."""
    return NumContentItem(_coded(name), round(float(value), decimals) + 0.0, coded(unit), relationship_type=relationship)


def image(name: Code, source: Dataset, relationship: str) -> ImageContentItem:
    """Refer to the source image."""
    return ImageContentItem(coded(name), str(source.SOPClassUID), str(source.SOPInstanceUID), relationship_type=relationship)


def concept(one: Code, equivalent: Code | None) -> CodedConcept:
    """Give a concept together with the one that means the same in another scheme (Equivalent Code Sequence, 0008,0121)."""
    if equivalent is None:
        return coded(one)
    both = CodedConcept.from_code(one)
    both.EquivalentCodeSequence = Sequence([coded(equivalent)])
    return both


def _coded(one: Code | CodedConcept) -> CodedConcept:
    return one if isinstance(one, CodedConcept) else coded(one)
