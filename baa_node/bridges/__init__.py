"""The ways by which results reach a destination: C-STORE, HL7 v2 over MLLP, FHIR R4, and DICOMweb. One class a kind of peer.

``port`` says what all of them have in common, ``choice`` what a destination gets at all. Whether and when a failed attempt is
made again is not decided here.
"""

from __future__ import annotations

from baa_node.bridges.choice import kinds_for, wishes_of
from baa_node.bridges.port import Attempt, Bridge, Parcel, Wires, bridge_to

__all__ = ["Attempt", "Bridge", "Parcel", "Wires", "bridge_to", "kinds_for", "wishes_of"]
