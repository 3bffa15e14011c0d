"""Tells an audit record repository what happened: IHE ATNA, audit messages of PS3.15 A.5 by syslog.

``messages`` turns events of the trail into messages, ``lookup`` knows whom and what they are about, ``syslog`` is the way out, and
``courier`` the one thread that goes it.
"""

from __future__ import annotations

from baa_node.atna.courier import Courier
from baa_node.atna.lookup import Lookup, patient_in
from baa_node.atna.messages import Node, Translator
from baa_node.atna.syslog import Line, TlsLine, UdpLine

__all__ = ["Courier", "Line", "Lookup", "Node", "TlsLine", "Translator", "UdpLine", "patient_in"]
