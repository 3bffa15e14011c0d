"""What the conformance statement says of associations and services is held to the code."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydicom.charset import python_encoding
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from baa_node import __version__
from baa_node.bridges import hl7, web
from baa_node.config import Config
from baa_node.core.priors.history import MIN_APART_DAYS
from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, query, scp
from baa_node.dicom.commitment import NOT_AN_ARCHIVE, STORAGE_COMMITMENT, STUDY_ROOT_FIND, UNKNOWN_TRANSACTION, contexts_of_listener
from baa_node.dicom.contexts import TRANSFER_SYNTAXES, VERIFICATION, accepted_sop_classes, supported_contexts
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.outgoing import Outgoing, offers
from baa_node.dicom.requestor import MAX_PDU_BYTES
from baa_node.dicom.store_status import outcome_of
from baa_node.dicom.tls import TLS12_SUITES
from baa_node.dispatch import Patience
from baa_node.priors import LEFT_ALONE_S
from baa_node.results import REPORT_CLASSES
from baa_node.roles.intake import listen_settings_of
from baa_node.sections import NodeSection
from baa_node.web import instances
from baa_node.wiring.reading import policy_of
from tests.deploy.statement import ROOT, STATEMENT, Row, default_of, keys_in, table

ACCEPTED = ("SOP class", "SOP Class UID", "Accepted", "Then", "Transfer syntaxes", "Role")
OFFERED = ("Order", "SOP class", "SOP Class UID", "Transfer syntax UID", "Role")
OPTIONS = ("processing_images", "secondary_capture", "digitised_film")


def test_statement_is_of_this_version() -> None:
    assert f"`baa_node` {__version__}" in STATEMENT


def test_accepted_sop_classes_and_their_switches() -> None:
    off = dict.fromkeys(OPTIONS, False)
    always = set(accepted_sop_classes(**off))
    listened = {context.abstract_syntax for context in contexts_of_listener()}
    assert listened == {STORAGE_COMMITMENT}
    expected = dict.fromkeys({VERIFICATION} | listened, "always") | dict.fromkeys(always, "always")
    for option in OPTIONS:
        expected |= dict.fromkeys(set(accepted_sop_classes(**{**off, option: True})) - always, f"`node.{option}`")
    assert {row["SOP Class UID"]: row["Accepted"] for row in table(*ACCEPTED)} == expected


def test_transfer_syntaxes_in_order_of_preference() -> None:
    rows = table("Order", "Transfer syntax", "UID")
    assert [row["UID"] for row in rows] == list(TRANSFER_SYNTAXES)
    assert [row["Order"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    verification = supported_contexts(())[0]
    assert verification.transfer_syntax == [row["UID"] for row in rows[:2]]


def test_accepted_classes_are_read_or_refused_by_report() -> None:
    everything = Config(data_dir=Path(), node=NodeSection(**dict.fromkeys(OPTIONS, True)))
    rows = table(*ACCEPTED)
    assert {row["SOP Class UID"] for row in rows if row["Then"] == "read"} == policy_of(everything).gates.sop_classes
    always = {row["SOP Class UID"] for row in rows if row["Then"] == "read" and row["Accepted"] == "always"}
    assert always == policy_of(Config(data_dir=Path())).gates.sop_classes


def test_overview_agrees_with_the_details() -> None:
    overview = {row["SOP Class UID"]: row for row in table("SOP class", "SOP Class UID", *OVERVIEW_ROLES)}
    provided = {row["SOP Class UID"]: "Yes" if row["Accepted"] == "always" else "Option" for row in table(*ACCEPTED)}
    provided[str(STORAGE_COMMITMENT)] = "Refuses"
    used = {row["SOP Class UID"] for row in table(*OFFERED)} | {str(VERIFICATION), str(STORAGE_COMMITMENT)}
    used |= {str(STUDY_ROOT_FIND), str(query.STUDY_ROOT_GET)}
    assert set(overview) == set(provided) | used
    for uid, row in overview.items():
        assert row["Provider of service (SCP)"] == provided.get(uid, "No")
        assert row["User of service (SCU)"] == ("Yes" if uid in used else "No")


OVERVIEW_ROLES = ("User of service (SCU)", "Provider of service (SCP)")


def test_contexts_proposed_for_earlier_reports() -> None:
    proposed = [str(context.abstract_syntax) for context in query._contexts()]
    rows = table("Context", "SOP Class UID of the context", "Role proposed")
    assert [row["SOP Class UID of the context"] for row in rows] == proposed
    assert [row["SOP Class UID of the context"] for row in rows if row["Role proposed"] == "SCP"] == list(query.REPORT_CLASSES)
    limits = query.Limits()
    amounts = f"{limits.objects} objects, {limits.object_bytes >> 20} MiB an object and {limits.total_bytes >> 20} MiB"
    assert f"latest {limits.studies} studies, {amounts}" in STATEMENT
    assert f"not asked again for {LEFT_ALONE_S:g} s" in STATEMENT
    assert f"at least {MIN_APART_DAYS} days before" in STATEMENT


def test_contexts_proposed_for_results() -> None:
    sent = [Outgoing(sop_class_uid=uid, sop_instance_uid="1.2", transfer_syntax_uid=ExplicitVRLittleEndian, content=b"") for uid in SENT]
    proposed = [(str(context.abstract_syntax), str(context.transfer_syntax[0])) for context in offers(sent)]
    rows = table(*OFFERED)
    assert [(row["SOP Class UID"], row["Transfer syntax UID"]) for row in rows] == proposed
    assert [row["Order"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]


SENT = (*map(str, REPORT_CLASSES), str(EncapsulatedPDFStorage), str(SecondaryCaptureImageStorage))


def test_implementation_identification() -> None:
    said = {row["Item"]: row["Value"] for row in table("Item", "Value")}
    assert said["Implementation Class UID"] == IMPLEMENTATION_CLASS_UID
    assert said["Implementation Version Name"] == IMPLEMENTATION_VERSION_NAME
    assert said["Maximum PDU length offered (octets)"] == str(MAX_PDU_BYTES)
    assert listen_settings_of(Config(data_dir=Path())).max_pdu_bytes == MAX_PDU_BYTES


def test_limits() -> None:
    rows = table("Limit", "Default", "Configuration")
    configured = {key: row["Default"] for row in rows for key in keys_in(row["Configuration"])}
    assert configured == {key: f"{default_of(key):g}" for key in configured}
    assert [row["Limit"] for row in rows if row["Configuration"] == "fixed"] == []
    endpoint = {field.name: field.default for field in fields(Endpoint)}
    patience = ("connect_timeout_s", "association_timeout_s", "response_timeout_s")
    assert {name: endpoint[name] for name in patience} == {name: default_of(f"node.{name}") for name in patience}


def test_rejections() -> None:
    rows = table("Rejection", "Result", "Source", "Reason")
    said = {row["Rejection"].partition(":")[0]: tuple(int(row[part][0]) for part in ("Result", "Source", "Reason")) for row in rows}
    assert said == {admission.name: admission.value for admission in scp.Admission if admission is not scp.Admission.ADMITTED}


def returned_statuses() -> set[int]:
    """Status constants of `scp` that the code of the listener and of the intake uses, apart from defining them."""
    constants = {name: value for name, value in vars(scp).items() if name.isupper() and isinstance(value, int)}
    statuses = {name: value for name, value in constants.items() if value == 0 or 0x0100 <= value <= 0xFFFF}
    used: set[str] = set()
    for file in (*(ROOT / "baa_node" / "dicom").glob("*.py"), ROOT / "baa_node" / "intake.py"):
        if file.name in {"scu.py", "store_status.py"}:  # of what peers answer us
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
    return {value for name, value in statuses.items() if name in used}


def test_answers_about_commitment() -> None:
    said = {(row["Message"], int(row["Status"], 16)) for row in table("Message", "Status", "When")}
    assert said == {("N-ACTION", NOT_AN_ARCHIVE), ("N-EVENT-REPORT", 0x0000), ("N-EVENT-REPORT", UNKNOWN_TRANSACTION)}


def test_returned_statuses() -> None:
    rows = table("Status", "Meaning", "When", "Offending Element")
    assert {int(row["Status"], 16) for row in rows} == returned_statuses()
    assert len(rows) == len(returned_statuses())


def test_received_statuses() -> None:
    rows = {row["Status"]: row["Taken as"] for row in table("Status", "Taken as", "What follows")}
    exact = {int(status, 16): taken for status, taken in rows.items() if re.fullmatch("[0-9A-F]{4}", status)}
    ranges = {status.strip("x"): taken for status, taken in rows.items() if status.endswith("x")}

    def said(status: int) -> str:
        text = f"{status:04X}"
        within = next((taken for prefix, taken in ranges.items() if text.startswith(prefix)), rows["any other"])
        return exact.get(status, within)

    assert {status for status in range(0x10000) if said(status) != outcome_of(status).name} == set()


def test_pauses_between_deliveries() -> None:
    pipeline = Config(data_dir=Path()).pipeline
    said = {key: float(value) for value, key in re.findall(r"(\d+) [sh] \(`pipeline\.(\w+)`\)", STATEMENT)}
    assert said == {key: getattr(pipeline, key) for key in ("retry_first_s", "retry_longest_s", "give_up_after_h")}
    patience = Patience(first_s=said["retry_first_s"], longest_s=said["retry_longest_s"])
    assert [patience.pause_s(waited) for waited in (0, 1, 2, 4, 100, 10_000)] == [2, 2, 2, 4, 100, 3600]


def test_answers_to_stored_instances() -> None:
    """HTTP statuses of the statement are those that the service can give, each named in its code."""
    said = {int(row["HTTP status"]) for row in table("HTTP status", "Meaning")}
    by_instance = {instances.OK, instances.ACCEPTED, instances.CONFLICT, instances.UNAVAILABLE}
    whole = {int(status) for status in re.findall(r"RefusedError\((\d+),", (ROOT / "baa_node/web/dicomweb.py").read_text())}
    assert said == by_instance | whole


@pytest.mark.parametrize("row", table("Acknowledgement", "Error code (ERR-3 or MSA-6, HL7 table 0357)", "Then")[:-1])
def test_acknowledgements_of_messages(row: Row) -> None:
    said = row["Error code (ERR-3 or MSA-6, HL7 table 0357)"]
    faults = said.split(", ") if said[:1].isdigit() else ["", "204", "999"]
    for code, fault in itertools.product(row["Acknowledgement"].split(", "), faults):
        answer = f"MSH|^~\\&|A\rMSA|{code}|1\r" + (f"ERR|||{fault}\r" if fault else "")
        attempt = hl7.judged(answer.encode(), "1", taken="2.25.1")
        assert row["Then"] == ("done" if attempt.stored else "another try" if attempt.retry else "failed"), (code, fault)


def test_http_statuses_that_are_tried_again() -> None:
    sentence = re.search(r"HTTP ([\d,\s]+) and 5xx are tried again", STATEMENT.replace("\n", " "))
    assert sentence is not None
    assert {int(status) for status in sentence[1].replace(",", " ").split()} == web.PASSING


def test_defaults_of_the_configuration() -> None:
    rows = table("Parameter", "Default", "Configuration")
    for row in rows:
        (key,) = keys_in(row["Configuration"])
        default = default_of(key)
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert row["Default"] == (shown or "made at the first start"), key


@pytest.mark.parametrize("text", [STATEMENT, (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")], ids=["statement", "readme"])
def test_every_key_named_exists(text: str) -> None:
    assert keys_in(text)
    for key in keys_in(text):
        default_of(key)


def test_character_sets() -> None:
    terms = {term for row in table("Kind", "Defined terms") for term in row["Defined terms"].split(", ")}
    misspelt = {"ISO 2022 GBK", "ISO 2022 58"}
    assert terms == set(python_encoding) - {""} - misspelt


def test_cipher_suites() -> None:
    assert [row["Suite"] for row in table("Suite")] == list(TLS12_SUITES)
