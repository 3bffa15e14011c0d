"""A record with something on every page of the console."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import trustme

from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.routing import Route
from baa_node.db import peers, routes, studies
from baa_node.dicom.certificate import HANDSHAKES
from tests.db import made
from tests.web.visit import Visit

LONG: Final = "W" * 16
HIS: Final = f"https://his.example/{LONG}/{LONG}"
STUDIES: Final = {"read": "9.1", "refused": "9.2"}


def fill(visit: Visit, folder: Path) -> None:
    """Put studies, peers, refused callers, routes and a failed delivery on record."""
    now, database = visit.console.now(), visit.console.database
    give_certificates(visit)
    image = visit.report(folder, StudyInstanceUID=STUDIES["read"], AccessionNumber=LONG, SOPInstanceUID="9.1.1")
    visit.report(folder, StudyInstanceUID=STUDIES["refused"], AccessionNumber="A-2", SOPInstanceUID="9.2.1", BodyPartExamined="KNEE")
    with database.transaction() as c:
        peers.add_peer(c, made.peer("pacs", host="127.0.0.1", port=1), actor="test", now=now)
        peers.add_peer(c, made.peer(LONG * 4, ae_title=LONG, host=f"{LONG.lower()}.example", tls=True), actor="test", now=now)
        peers.add_peer(
            c,
            peers.Peer(name="his", source=False, destination=True, kind="fhir", url=HIS),
            actor="test",
            now=now,
        )
        for caller in ("CR_ROOM_2", " "):
            peers.note_refused_caller(
                c, calling_ae=caller, called_ae="BAA_NODE", address="2001:db8::1234:5678", reason="unknown_caller", now=now
            )
        left_alone = Route(name="adults", calling_ae=("CR_ROOM_2",), read=False)
        condition = parse_condition("BodyPartExamined one-of HAND | WRIST")
        for route in (left_alone, Route(name="hands", conditions=(condition,), destinations=("pacs",))):
            routes.add_route(c, route, actor="test", now=now, bundles=[])
        studies.open_deliveries(c, image.sop_instance_uid, 1, ["pacs"], now=now)
        (delivery,) = studies.list_deliveries(c, image.sop_instance_uid, 1)
        studies.record_attempt(
            c,
            delivery,
            state="failed",
            status=0xA700,
            error="pacs at 127.0.0.1:1 answered A700: out of resources",
            next_attempt_at=None,
            now=now,
        )


def give_certificates(visit: Visit) -> None:
    """Give the node an authority and a certificate, and let a peer have shown one that is trusted."""
    given, now, hospital = visit.console.certificates, visit.console.now(), trustme.CA(organization_name="Hospital")
    given.trust(hospital.cert_pem.bytes(), actor="test", now=now)
    own = hospital.issue_cert("baa.example", key_type=trustme.KeyType.RSA)
    given.take_own(own.cert_chain_pems[0].bytes(), own.private_key_pem.bytes(), actor="test", now=now)
    shown = hospital.issue_cert("his.example").cert_chain_pems[0].bytes().decode()
    HANDSHAKES.note("his.example", 443, ssl.PEM_cert_to_DER_cert(shown))
