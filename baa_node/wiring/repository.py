"""Who tells an audit record repository, and of whom."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from baa_node.atna import Courier, Line, Lookup, Node, TlsLine, Translator, UdpLine
from baa_node.config import Config
from baa_node.core.messages.atna import Source
from baa_node.db import Database
from baa_node.db.audit import KeptPatient
from baa_node.dicom.tls import ClientTls
from baa_node.sections import REPOSITORY
from baa_node.spool import Spool

TLS_PORT, UDP_PORT = 6514, 514
"""Of syslog (RFC 5425 4.1, RFC 5426 3.3)."""


def whose_of(database: Database, spool: Spool) -> Callable[[str], KeptPatient | None]:
    """Tell whose an image is, for a repository that must be told when it leaves."""
    lookup = Lookup(database, spool)
    return lambda uid: lookup.patient([uid])


def courier_of(config: Config, database: Database, spool: Spool) -> Courier | None:
    """Make whoever tells the audit repository; None where there is none to tell."""
    atna = config.atna
    found = REPOSITORY.fullmatch(atna.repository)
    if found is None:
        return None
    here, process = socket.gethostname(), str(os.getpid())
    source = Source(name=atna.source_id or config.report.station_name, site=atna.site_id)
    translator = Translator(Node(source=source, ae_title=config.node.ae_title, host=here, process=process), Lookup(database, spool))
    host = found["host"].strip("[]")
    way: Line = UdpLine(host, int(found["port"] or UDP_PORT))
    if found["way"] == "tls":
        own = (Path(atna.tls_certificate), Path(atna.tls_key)) if atna.tls_certificate else (None, None)
        tls = ClientTls(ca=Path(atna.tls_ca), certificate=own[0], key=own[1], check_hostname=atna.tls_check_hostname)
        way = TlsLine(host, int(found["port"] or TLS_PORT), context=tls.context)
    return Courier(database, translator, way, host=here, process=process, most_waiting=atna.most_waiting)
