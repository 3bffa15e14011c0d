"""As what a result may be sent. Apart from the routes, so that who only asks for a peer's wishes loads no part of DICOM."""

from __future__ import annotations

from typing import Final

REPORT_KINDS: Final = ("sr", "picture", "pdf")
"""A message (HL7, FHIR) stands for the report, ``sr``."""
