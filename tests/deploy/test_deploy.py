"""What administrators read and start is held to the code: conformance statement, container files, service unit, README."""

from __future__ import annotations

import ast
import configparser
import inspect
import itertools
import re
import shlex
import shutil
import subprocess
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_description
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from baa_node import __version__
from baa_node.bridges import hl7, web
from baa_node.cli import _common_options_first, app
from baa_node.config import SECTIONS, Config, NodeSection, load_config
from baa_node.core import codes
from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, ZConvention
from baa_node.core.codes import PRIVATE_SCHEME, Reason
from baa_node.core.document import build_document
from baa_node.core.history import MIN_APART_DAYS, Earlier
from baa_node.core.identifiers import CODING_SCHEME_UID
from baa_node.core.report import build_capture, build_report
from baa_node.daemon import listen_settings_of
from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, query, scp, scu
from baa_node.dicom.commitment import NOT_AN_ARCHIVE, STORAGE_COMMITMENT, STUDY_ROOT_FIND, UNKNOWN_TRANSACTION, contexts_of_listener
from baa_node.dicom.contexts import TRANSFER_SYNTAXES, VERIFICATION, accepted_sop_classes, supported_contexts
from baa_node.dicom.server import ListenSettings, NodeServer
from baa_node.dicom.tls import TLS12_SUITES
from baa_node.errors import ConfigError
from baa_node.pipeline import Pipeline
from baa_node.priors import LEFT_ALONE_S
from baa_node.steps import REPORT_CLASSES, Patience
from baa_node.web import instances
from baa_node.wiring import device_of, load_identity, policy_of
from tests.parts.results import WRITTEN_AT, as_received, assessment, full_dx, poor_cr, results

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
STATEMENT = (DEPLOY / "conformance.md").read_text(encoding="utf-8")
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
CONSOLE_STOP_S = 10

Row = dict[str, str]


@cache
def tables() -> list[list[Row]]:
    """Every table of the statement, each row by its column heads."""
    found: list[list[Row]] = []
    for block in re.findall(r"(?:^\|.*\|\n)+", STATEMENT, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def table(*heads: str) -> list[Row]:
    """Rows of the one table that has these column heads, these and no others."""
    (rows,) = (rows for rows in tables() if tuple(rows[0]) == heads)
    return rows


def keys_in(text: str) -> set[str]:
    """Configuration keys that a text names."""
    return set(re.findall(rf"`((?:{'|'.join(SECTIONS)})\.[a-z_]+)`", text))


def default_of(key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(Config(data_dir=Path()), section), name)


def parts_of(code: Code) -> tuple[str, str, str]:
    """Give a coded concept with its meaning, which two codes that are equal may differ by."""
    return code.value, code.scheme_designator, code.meaning


def coded(text: str) -> list[tuple[str, str, str]]:
    return [(value, scheme, meaning) for value, scheme, meaning in re.findall(r'\(([^ ,]+), (\w+), "([^"]+)"\)', text)]


# Networking


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
    sent = [
        scu.Outgoing(sop_class_uid=uid, sop_instance_uid="1.2", transfer_syntax_uid=ExplicitVRLittleEndian, content=b"") for uid in SENT
    ]
    proposed = [(str(context.abstract_syntax), str(context.transfer_syntax[0])) for context in scu._offers(sent)]
    rows = table(*OFFERED)
    assert [(row["SOP Class UID"], row["Transfer syntax UID"]) for row in rows] == proposed
    assert [row["Order"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]


SENT = (*map(str, REPORT_CLASSES), str(EncapsulatedPDFStorage), str(SecondaryCaptureImageStorage))


def test_implementation_identification() -> None:
    said = {row["Item"]: row["Value"] for row in table("Item", "Value")}
    assert said["Implementation Class UID"] == IMPLEMENTATION_CLASS_UID
    assert said["Implementation Version Name"] == IMPLEMENTATION_VERSION_NAME
    assert said["Maximum PDU length offered (octets)"] == str(scu.MAX_PDU_BYTES)
    assert listen_settings_of(Config(data_dir=Path())).max_pdu_bytes == scu.MAX_PDU_BYTES


def test_limits() -> None:
    rows = table("Limit", "Default", "Configuration")
    configured = {key: row["Default"] for row in rows for key in keys_in(row["Configuration"])}
    assert configured == {key: f"{default_of(key):g}" for key in configured}
    listener = {field.name: field.default for field in fields(ListenSettings)}
    endpoint = {field.name: field.default for field in fields(scu.Endpoint)}
    fixed = [listener["pdu_timeout_s"], listener["idle_timeout_s"]]
    fixed += [endpoint[name] for name in ("connect_timeout_s", "association_timeout_s", "response_timeout_s")]
    assert [row["Default"] for row in rows if row["Configuration"] == "fixed"] == [str(value) for value in fixed]


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
        if file.name == "scu.py":
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

    assert {status for status in range(0x10000) if said(status) != scu.outcome_of(status).name} == set()


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


@pytest.mark.parametrize("text", [STATEMENT, README], ids=["statement", "readme"])
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


# Created objects


ATTRIBUTES = ("Attribute", "Tag", "Value", "Presence", "Source")
ALL, REPORT, CAPTURE, PAGE = (rows for rows in tables() if tuple(rows[0]) == ATTRIBUTES)
RARE_TEXT = {
    "PatientBirthTime": "0101",
    "PatientSize": "1.4",
    "EthnicGroup": "1",
    "PatientIdentityRemoved": "NO",
    "DeidentificationMethod": "none",
    "AdmissionID": "V1",
    "ServiceEpisodeID": "E1",
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": "12.5",
    "LossyImageCompressionMethod": "ISO_10918_1",
}
RARE_SEQUENCES = (
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "DeidentificationMethodCodeSequence",
    "IssuerOfAccessionNumberSequence",
    "ReferencedStudySequence",
)


def rich_dx() -> Dataset:
    """A header with every attribute that is copied where it is there."""
    ds = full_dx()
    for keyword, value in RARE_TEXT.items():
        setattr(ds, keyword, value)
    for keyword in RARE_SEQUENCES:
        item = Dataset()
        item.CodeMeaning = item.PatientID = keyword  # an item without what it is about would be left out
        setattr(ds, keyword, [item])
    return as_received(ds)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("installation")
    return device_of(Config(data_dir=folder), load_identity(folder))


def outcomes() -> list[Assessment | Refusal]:
    by_mean = AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN)
    shapes = [result for kind, result in results().items() if not kind.startswith("refused_")]
    return [*shapes, assessment(policy=by_mean)]


def reports(source: Dataset, device: Any) -> list[Dataset]:
    made = [
        build_report(source, result, device, written_at=WRITTEN_AT, sop_class_uid=uid, source_sha256="ab" * 32)
        for result in outcomes()
        for uid in REPORT_CLASSES
    ]
    amended = build_report(source, outcomes()[0], device, written_at=WRITTEN_AT, revision=2, predecessor=made[0])
    later = [build_report(source, result, device, written_at=WRITTEN_AT, earlier=[PRIOR]) for result in outcomes()]
    return [*made, amended, *later]


PRIOR = Earlier(
    examined_on=date(2018, 1, 1),
    bone_age_months=90.0,
    chronological_age_months=96.0,
    study_instance_uid="2.25.1",
    series_instance_uid="2.25.2",
    sop_class_uid=REPORT_CLASSES[0],
    sop_instance_uid="2.25.3",
)


def captures(source: Dataset, device: Any) -> list[Dataset]:
    picture = np.zeros((8, 8, 3), np.uint8)
    return [build_capture(source, picture, result, device, written_at=WRITTEN_AT) for result in outcomes()]


def pages(source: Dataset, device: Any) -> list[Dataset]:
    return [build_document(source, b"%PDF-1.4 ", result, device, written_at=WRITTEN_AT) for result in outcomes()]


def tag_of(row: Row) -> int:
    return int(re.sub("[(),]", "", row["Tag"]), 16)


@pytest.mark.parametrize(("build", "own"), [(reports, REPORT), (captures, CAPTURE), (pages, PAGE)], ids=["report", "capture", "page"])
def test_attributes_of_created_objects(build: Any, own: list[Row], device: Any) -> None:
    rich = rich_dx()
    built = [(rich, made) for made in build(rich, device)] + [(None, made) for made in build(as_received(poor_cr()), device)]
    rows = {tag_of(row): row for row in (*ALL, *own)}
    for source, made in built:
        assert {int(tag) for tag in made.keys()} <= set(rows)  # noqa: SIM118 - iterating over a data set gives elements
        for tag, row in rows.items():
            assert complaint(row, tag, made, source) == ""
    for tag, row in rows.items():
        there = {tag in made for _, made in built}
        assert there == ({True, False} if row["Presence"] == "ANAP" else {True}), row["Attribute"]


def complaint(row: Row, tag: int, made: Dataset, source: Dataset | None) -> str:
    """Say what is wrong with one attribute of a created object; nothing when it is as its row says."""
    empty = tag not in made or made[tag].is_empty
    if (row["Presence"] == "ALWAYS" and empty) or (row["Presence"] == "EMPTY" and not empty):
        return f"{row['Attribute']} is {row['Presence']}"
    if row["Source"] == "FIXED" and not empty and text_of(made[tag].value) != row["Value"].split("`")[1]:
        return f"{row['Attribute']} holds {made[tag].value}"
    if row["Source"] == "COPY" and source is not None and not empty and made[tag].value != source[tag].value:
        return f"{row['Attribute']} differs from the image's"
    return ""


def text_of(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else "\\".join(value)


def test_attributes_are_named_as_in_the_data_dictionary() -> None:
    for row in (*ALL, *REPORT, *CAPTURE, *PAGE):
        assert dictionary_description(tag_of(row)) == row["Attribute"]
    for rows in (ALL, REPORT, CAPTURE, PAGE):
        assert [tag_of(row) for row in rows] == sorted({tag_of(row) for row in rows})


def content(node: Dataset, level: int = 1) -> set[tuple[str, str, str, tuple[str, str, str]]]:
    found = set()
    for item in node.get("ContentSequence") or ():
        name = item.ConceptNameCodeSequence[0]
        concept = (name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning)
        found |= {(">" * level, item.RelationshipType, item.ValueType, concept), *content(item, level + 1)}
    return found


def test_content_of_the_report(device: Any) -> None:
    made = [report for source in (rich_dx(), poor_cr()) for report in reports(source, device)]
    rows = table("Level", "Relationship", "Type", "Concept", "Value", "When")
    said = {(row["Level"], row["Relationship"], row["Type"], coded(row["Concept"])[0]) for row in rows}
    assert said == set().union(*map(content, made))
    assert len(said) == len(rows)
    always = {(row["Level"], row["Relationship"], row["Type"], coded(row["Concept"])[0]) for row in rows if row["When"] == "always"}
    assert always == set.intersection(*map(content, made))


def all_codes() -> set[Code]:
    return {value for value in vars(codes).values() if isinstance(value, Code)}


def test_private_concepts() -> None:
    said = {(row["Code"], row["Meaning"]) for row in table("Code", "Meaning")}
    assert said == {(code.value, code.meaning) for code in all_codes() if code.scheme_designator == PRIVATE_SCHEME}
    assert f"scheme {PRIVATE_SCHEME}, UID {CODING_SCHEME_UID}," in STATEMENT


REASONS = ("Code", "Meaning", "Equivalent", "Summary", "Given by this version")


def test_reasons_of_a_refusal() -> None:
    rows = table(*REASONS)
    assert [(row["Code"], row["Meaning"]) for row in rows] == [(reason.code, reason.meaning) for reason in Reason]
    for row, reason in zip(rows, Reason, strict=True):
        assert coded(row["Equivalent"]) == ([] if reason.standard_concept is None else [parts_of(reason.standard_concept)])
        assert row["Summary"] == ("Failed" if reason.attempted else "Not Attempted")


def test_reasons_given_by_this_version() -> None:
    code = [path for path in (ROOT / "baa_node").rglob("*.py") if path.name != "codes.py" and "words" not in path.parts]
    sources = [path.read_text(encoding="utf-8") for path in code]
    given = {reason.code for reason in Reason if any(re.search(rf"\bReason\.{reason.name}\b", text) for text in sources)}
    assert {row["Code"] for row in table(*REASONS) if row["Given by this version"] == "yes"} == given


def test_every_code_of_the_statement_is_in_the_code() -> None:
    known = {parts_of(code) for code in all_codes() | {reason.standard_concept for reason in Reason if reason.standard_concept}}
    assert set(coded(STATEMENT)) <= known
    assert {row["Designator"] for row in table("Designator", "Scheme")} == {code.scheme_designator for code in all_codes()}


# Container, service and README


COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def settings_of_dockerfile() -> dict[str, str]:
    return dict(re.findall(r"\b(BAA_NODE_\w+)=(\S+)", DOCKERFILE))


def test_environment_is_understood(tmp_path: Path) -> None:
    image = settings_of_dockerfile()
    assert load_config(environment=image).data_dir == Path("/var/lib/baa-node")
    for name in ("node", "node-gpu"):
        config = load_config(tmp_path, environment={**image, **COMPOSE["services"][name]["environment"]})
        assert config.console.host == "0.0.0.0"
        assert config.log.json
        assert f"{config.node.port}:{config.node.port}" in COMPOSE["services"][name]["ports"]


def test_wrong_environment_would_be_noticed() -> None:
    with pytest.raises(ConfigError, match="prot"):
        load_config(environment={"BAA_NODE_NODE__PROT": "1"})


def test_variables_of_the_readme_exist() -> None:
    variables = set(re.findall(r"BAA_NODE_([A-Z]+)__([A-Z_]+)", README))
    assert variables
    for section, key in variables:
        default_of(f"{section.lower()}.{key.lower()}")


def test_image_exposes_the_default_ports_and_keeps_its_data_in_a_volume() -> None:
    config = Config(data_dir=Path())
    assert re.search(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)[1].split() == [str(config.node.port), str(config.console.port)]
    folder = settings_of_dockerfile()["BAA_NODE_DATA_DIR"]
    assert f"VOLUME {folder}\n" in DOCKERFILE
    for name in ("node", "node-gpu"):
        assert COMPOSE["services"][name]["volumes"] == [f"data:{folder}"]


def test_image_copies_what_exists_and_runs_as_a_user() -> None:
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    assert "deploy/constraints.txt" in copied
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
    final = DOCKERFILE.rpartition("FROM")[2]
    assert final.index("USER baa-node") < final.index("ENTRYPOINT")


def test_health_check_is_valid_python_and_asks_a_route() -> None:
    (command,) = re.findall(r"CMD (\[.*healthz.*\])", DOCKERFILE)
    program, flag, source = ast.literal_eval(command)
    assert (program, flag) == ("python", "-c")
    compile(source, "healthcheck", "exec")


def parse(arguments: list[str]) -> None:
    """Let the command line parse its arguments, down to the last command, without running any; raises on wrong usage."""
    command: Any = typer.main.get_command(app)
    context, rest = command.make_context("baa-node", _common_options_first(arguments)), None
    while rest is None or hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


def readme_commands() -> list[str]:
    """Command lines of the README, by themselves, in a container, or by the alias that it defines."""
    lines = [line.partition("  #")[0] for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
    found = (re.search(r"(?:^baa|exec node baa-node|^\S*/baa-node) (.*)", line) for line in lines)
    return [match[1] for match in found if match]


@pytest.mark.parametrize("command", readme_commands())
def test_commands_of_the_readme_parse(command: str) -> None:
    parse(shlex.split(command))


def test_a_wrong_command_would_be_noticed() -> None:
    assert len(readme_commands()) >= 5
    with pytest.raises(Exception, match="No such"):
        parse(["--data-dir", "x", "peers", "admit"])


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "baa-node.service")
    return parser


def test_service_starts_the_node() -> None:
    service = unit()["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "baa-node"
    parse(arguments)
    assert arguments[:2] == ["--data-dir", f"/var/lib/{service['StateDirectory']}"]


def stop_s() -> float:
    """How long the node may take to stop: running stores, then hand-over and steps, then the console."""
    server = inspect.signature(NodeServer.stop).parameters["timeout_s"].default
    pipeline = inspect.signature(Pipeline.stop).parameters["timeout_s"].default
    return float(server + 2 * pipeline + CONSOLE_STOP_S)


def test_time_to_stop_is_enough() -> None:
    assert float(unit()["Service"]["TimeoutStopSec"]) > stop_s()
    for name in ("node", "node-gpu"):
        assert float(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) > stop_s()


def test_service_unit_verifies(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    text = (DEPLOY / "baa-node.service").read_text(encoding="utf-8")
    path = tmp_path / "baa-node.service"
    path.write_text(text.replace("/opt/baa-node/bin/baa-node", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_links_of_the_readme_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (DEPLOY / link).exists(), link
