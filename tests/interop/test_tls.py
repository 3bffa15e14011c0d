"""DICOM TLS with DCMTK and Orthanc, in and out: certificates on both sides, and each reason why it fails in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest

from baa_node.mistakes import Mistake
from tests.parts.certificates import Authorities, Identity
from tests.parts.images import copy_in_new_study
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import Service, eventually, free_port, program, run
from tests.parts.report import evidence

KINDS = ("good", "expired", "other host", "stranger")


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(scope="module")
def identities(authorities: Authorities) -> dict[str, Identity]:
    return {kind: authorities.issue(kind) for kind in KINDS}


def settings(authorities: Authorities, shown: Identity | None) -> dict[str, object]:
    own = {"NODE__TLS_CERTIFICATE": shown.certificate, "NODE__TLS_KEY": shown.key} if shown else {}
    return {"NODE__TLS_CA": authorities.ca, **own}


# --- in: the node listens ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listener(authorities: Authorities, identities: dict[str, Identity], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("listener"), **settings(authorities, identities["good"]))
    node.add_peer("pacs", "ORTHANC", free_port())
    with node.start("--roles", "intake,console"):
        yield node


def echoes(node: Node, *options: str | Path) -> bool:
    return run(program("echoscu"), *options, "-aet", "ORTHANC", "-aec", "BAA_NODE", "127.0.0.1", str(node.port)).returncode == 0


def test_a_caller_with_a_certificate_of_the_authority_is_served(
    listener: Node, authorities: Authorities, identities: dict[str, Identity]
) -> None:
    shown = identities["good"]
    assert echoes(listener, "+tls", shown.key, shown.certificate, "+cf", authorities.ca)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("expired", "the other side's certificate is not accepted: certificate has expired"),
        ("stranger", "the other side's certificate is not accepted: unable to get local issuer certificate"),
        (None, "the caller shows no certificate"),
    ],
)
def test_another_caller_is_refused_and_the_log_says_why(
    listener: Node, authorities: Authorities, identities: dict[str, Identity], shown: str | None, reason: str
) -> None:
    options = ("+tls", identities[shown].key, identities[shown].certificate) if shown else ("+tla",)
    before = tls_failures(listener)
    assert not echoes(listener, *options, "+cf", authorities.ca)
    eventually(lambda: reason in listener.running.stderr.read_text(), what=f"the log to say: {reason}", timeout_s=5)
    assert tls_failures(listener) > before


def test_a_caller_that_speaks_no_tls_is_refused_and_the_log_says_why(listener: Node) -> None:
    assert not echoes(listener)
    eventually(lambda: "the other side does not speak TLS" in listener.running.stderr.read_text(), what="the log to say so", timeout_s=5)


def test_a_caller_that_does_not_trust_the_node_ends_it_and_the_log_says_why(listener: Node, identities: dict[str, Identity]) -> None:
    shown = identities["good"]
    assert not echoes(listener, "+tls", shown.key, shown.certificate, "+cf", identities["stranger"].certificate)
    said = "the peer does not trust the authority of our certificate"
    eventually(lambda: said in listener.running.stderr.read_text(), what="the log to say so", timeout_s=5)


def tls_failures(node: Node) -> float:
    line = next(line for line in node.http("/metrics").text.splitlines() if line.startswith('baa_node_limit_reached_total{limit="tls"}'))
    return float(line.split()[-1])


# --- out: the node calls ----------------------------------------------------------------------------------------------


@contextmanager
def storescp(folder: Path, authorities: Authorities, shown: Identity) -> Iterator[int]:
    port = free_port()
    folder.mkdir()
    command = [program("storescp"), "+tls", shown.key, shown.certificate, "+cf", authorities.ca, "-v", "-od", folder, str(port)]
    with Service("storescp", [str(word) for word in command], folder=folder.parent) as service:
        eventually(lambda: listens(port), what=f"storescp to listen\n{service.said()}", timeout_s=10)
        yield port


def listens(port: int) -> bool:
    return run(program("bash"), "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}").returncode == 0


def orthanc(folder: Path, authorities: Authorities, shown: Identity, node_port: int) -> Orthanc:
    """A PACS that speaks TLS alone, as the one who is called and as the one who calls the node."""
    return Orthanc(
        folder,
        node_port=node_port,
        settings={
            "DicomModalities": {"node": {"AET": "BAA_NODE", "Host": "127.0.0.1", "Port": node_port, "UseDicomTls": True}},
            "DicomTlsEnabled": True,
            "DicomTlsCertificate": str(shown.certificate),
            "DicomTlsPrivateKey": str(shown.key),
            "DicomTlsTrustedCertificates": str(authorities.ca),
            "DicomTlsRemoteCertificateRequired": True,
        },
    )


@contextmanager
def called_orthanc(folder: Path, authorities: Authorities, shown: Identity) -> Iterator[int]:
    with orthanc(folder, authorities, shown, free_port()) as pacs:
        yield pacs.port


PEERS = {"dcmtk": storescp, "orthanc": called_orthanc}

OUT = [
    ("good", "good", ""),
    ("expired", "good", Mistake.CERTIFICATE_EXPIRED.code),
    ("other host", "good", Mistake.CERTIFICATE_OF_ANOTHER.code),
    ("stranger", "good", Mistake.AUTHORITY_UNKNOWN.code),
    ("good", "expired", Mistake.OUR_CERTIFICATE_EXPIRED.code),
    ("good", "stranger", Mistake.OUR_AUTHORITY_UNKNOWN.code),
    ("good", None, "asks for a certificate"),
]


@pytest.mark.parametrize("peer", list(PEERS))
@pytest.mark.parametrize(("theirs", "ours", "reason"), OUT)
def test_a_peer_is_called_or_the_administrator_is_told_why_not(
    authorities: Authorities, identities: dict[str, Identity], tmp_path: Path, peer: str, theirs: str, ours: str | None, reason: str
) -> None:
    node = Node(tmp_path / "node", **settings(authorities, identities[ours] if ours else None))
    with PEERS[peer](tmp_path / "peer", authorities, identities[theirs]) as port:
        node.add_peer("pacs", "ORTHANC", port, "--tls")
        done = node.cli("peers", "echo", "pacs")
    assert (done.returncode == 0) == (not reason), done.stderr
    assert reason in done.stderr


def test_a_study_goes_in_and_its_report_out_encrypted(
    authorities: Authorities, identities: dict[str, Identity], hand: Path, tmp_path: Path
) -> None:
    node = Node(tmp_path / "node", **settings(authorities, identities["good"]), NODE__TLS_CHECK_HOSTNAME="true")
    received = tmp_path / "received"
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    shown = identities["good"]
    with storescp(received, authorities, shown) as port:
        node.add_peer("pacs", "ORTHANC", port, "--tls")
        with node.start():
            tls = ("+tls", shown.key, shown.certificate, "+cf", authorities.ca)
            titles = ("-aet", "ORTHANC", "-aec", "BAA_NODE")
            assert run(program("storescu"), "-R", *tls, *titles, "127.0.0.1", str(node.port), image).returncode == 0
            eventually(lambda: len(list(received.iterdir())) == 2, what="report and picture", timeout_s=60)
    study = pydicom.dcmread(image, stop_before_pixels=True).StudyInstanceUID
    assert {str(pydicom.dcmread(path).StudyInstanceUID) for path in received.iterdir()} == {str(study)}


def test_orthanc_sends_a_study_and_holds_its_results_all_encrypted(
    authorities: Authorities, identities: dict[str, Identity], hand: Path, tmp_path: Path
) -> None:
    node = Node(tmp_path / "node", **settings(authorities, identities["good"]))
    image = copy_in_new_study(hand, tmp_path / "image.dcm")
    study, instance = (
        str(pydicom.dcmread(image, stop_before_pixels=True)[keyword].value) for keyword in ("StudyInstanceUID", "SOPInstanceUID")
    )
    with orthanc(tmp_path / "pacs", authorities, identities["good"], node.port) as pacs:
        node.add_peer("pacs", pacs.ae_title, pacs.port, "--tls")
        with node.start():
            assert pacs.send_to_node(pacs.upload(image))["FailedInstancesCount"] == 0
            assert evidence(pacs.report_in(study)) == [(study, instance)]
            pacs.capture_in(study)
            # Its answer to the request for commitment comes over an association of its own, which it opens with TLS as well.
            eventually(
                lambda: [one["receipt"] for one in node.json("studies", "show", study)["deliveries"]] == ["found"], what="the receipt"
            )
            assert pacs.stays(3, study, for_s=1.0)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("expired", "the other side's certificate is not accepted: certificate has expired"),
        ("stranger", "the other side's certificate is not accepted: unable to get local issuer certificate"),
    ],
)
def test_orthanc_with_another_certificate_is_refused_and_the_log_says_why(
    listener: Node, authorities: Authorities, identities: dict[str, Identity], hand: Path, tmp_path: Path, shown: str, reason: str
) -> None:
    log = listener.running.stderr
    before = len(log.read_text())
    with orthanc(tmp_path / "pacs", authorities, identities[shown], listener.port) as pacs:
        job = pacs.post("/modalities/node/store", {"Resources": [pacs.upload(hand)], "Synchronous": False, "Permissive": False})
        eventually(lambda: pacs.get(f"/jobs/{job['ID']}")["State"] == "Failure", what="Orthanc to give up")
    eventually(lambda: reason in log.read_text()[before:], what=f"the log to say: {reason}", timeout_s=5)
