"""Codes as sequences of a data set hold them."""

from __future__ import annotations

from pydicom.dataset import Dataset


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
