from __future__ import annotations

import json
import logging
import socket
from dataclasses import fields, replace
from pathlib import Path

import httpx
import pytest

from baa_node import traces
from baa_node.bundle import default_bundle
from baa_node.config import Config, load_config
from baa_node.core.calibration import write_calibration
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.gates.limits import DIGITISED_FILM, SECONDARY_CAPTURE, Gates
from baa_node.daemon import Daemon
from baa_node.db import Database, audit
from baa_node.db.audit import AuditKind
from baa_node.db.peers import Peer
from baa_node.dicom.scu import Endpoint, echo
from baa_node.errors import BaaError, ConfigError, DeliveryError
from baa_node.logs import set_up_log
from baa_node.sections import CalibrationSection, ConsoleSection, GatesSection, NodeSection, TracesSection
from baa_node.wiring.bundles import bundle_of
from baa_node.wiring.installation import load_identity
from baa_node.wiring.lines import endpoint_of
from baa_node.wiring.reading import policy_of
from tests.parts.calibrations import calibration


@pytest.fixture
def config(tmp_path: Path) -> Config:
    node, console = NodeSection(host="127.0.0.1", port=0), ConsoleSection(port=0)
    return replace(load_config(tmp_path / "data", None, {}), node=node, console=console)


def test_every_role_answers_and_start_and_stop_are_on_record(config: Config) -> None:
    daemon = Daemon(config)
    daemon.start()
    try:
        assert httpx.get(f"http://127.0.0.1:{daemon.console_port}/readyz").json()["ready"] is True
        with pytest.raises(DeliveryError, match="rejects"):  # nobody is a peer yet
            echo(Endpoint(ae_title="BAA_NODE", host="127.0.0.1", port=daemon.dicom_port or 0, calling_ae="NOBODY"))
    finally:
        daemon.stop()
    database = Database.open(config.database_url)
    with database.reading() as connection:
        kinds = [event.kind for event in audit.list_events(connection)]
    database.close()
    assert [kind for kind in kinds if kind != "SETTING_CHANGED"] == ["NODE_STARTED", "USER_ADDED", "ASSOCIATION_REFUSED", "NODE_STOPPED"]


def calibrated(config: Config, path: Path, bundle: BundleIdentity, version: int = 1) -> Config:
    path.write_text(write_calibration(calibration(bundle, version=version)))
    return replace(config, calibration=CalibrationSection(file=str(path)))


def test_which_calibration_is_in_force_and_each_change_of_it_is_on_record(config: Config, tmp_path: Path) -> None:
    first = calibrated(config, tmp_path / "first.json", bundle_of(config))
    second = calibrated(config, tmp_path / "second.json", bundle_of(config), version=2)
    for one in (config, first, first, second, config):
        daemon = Daemon(one, ["console"])
        daemon.start()
        daemon.stop()
    told = {version: f"version {version}, {calibration(bundle_of(config), version=version).seal}" for version in (1, 2)}
    database = Database.open(config.database_url)
    with database.reading() as connection:
        changes = [event.detail for event in audit.list_events(connection, subject="calibration.file, content")]
        files = [event.detail["to"] for event in audit.list_events(connection, subject="calibration.file")]
        starts = [event.detail.get("calibration") for event in audit.list_events(connection, kind=AuditKind.NODE_STARTED)]
        assert audit.verify(connection) == []
    database.close()
    assert [(change["from"], change["to"]) for change in changes] == [(None, told[1]), (told[1], told[2]), (told[2], None)]
    assert files == [str(tmp_path / "first.json"), str(tmp_path / "second.json"), ""]
    assert starts == [None, told[1], told[1], told[2], None]


def test_a_calibration_that_is_gone_changed_or_of_another_bundle_stops_the_start(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    other = calibrated(config, path, BundleIdentity(name="other", version="9", sha256="cd" * 32))
    with pytest.raises(ConfigError, match=r"calibration.json cannot be used: version 1 was made for the networks other 9 \(cdcd"):
        Daemon(other).start()
    fitting = calibrated(config, path, bundle_of(config))
    path.write_text(path.read_text().replace("0.9,", "0.8,", 1))
    with pytest.raises(ConfigError, match="cannot be used: it was changed after it was made"):
        Daemon(fitting).start()
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="it is no text"):
        Daemon(fitting).start()
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        Daemon(fitting).start()
    daemon = Daemon(config, ["console"])  # nothing was left locked
    daemon.start()
    daemon.stop()


def test_a_second_node_on_the_same_data_is_refused(config: Config) -> None:
    first = Daemon(config, ["console"])
    first.start()
    try:
        with pytest.raises(ConfigError, match="another node is running"):
            Daemon(config, ["console"]).start()
    finally:
        first.stop()
    again = Daemon(config, ["console"])
    again.start()
    again.stop()


def test_a_taken_port_is_named_and_what_had_started_is_stopped(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)):
            Daemon(replace(config, node=replace(config.node, port=port)), ["intake"]).start()
    free = Daemon(config, ["intake"])
    free.start()
    free.stop()


def test_a_worker_without_console_answers_probes_and_nothing_else(config: Config) -> None:
    daemon = Daemon(config, ["worker", "probes"])
    daemon.start()
    try:
        base = f"http://127.0.0.1:{daemon.console_port}"
        told = httpx.get(f"{base}/readyz").json()
        assert (told["ready"], told["warnings"]) == (True, [])
        assert told["checks"]["workers"] == {"state": "ok", "told": "1 alive"}
        assert told["checks"]["inference"]["told"] == f"reads on {told['provider']}"
        assert f'bundle="{default_bundle().name}"' in httpx.get(f"{base}/metrics").text
        assert [httpx.get(base + path).status_code for path in ("/healthz", "/login", "/", "/api/openapi.json")] == [200, 404, 404, 404]
    finally:
        daemon.stop()
    assert not (config.data_dir / "console-password").exists()


def test_spans_are_sent_only_where_a_collector_is_named(config: Config) -> None:
    daemon = Daemon(replace(config, traces=TracesSection(endpoint="http://127.0.0.1:9/v1/traces")), ["intake"])
    daemon.start()
    assert traces._Tracing.tracer is not None
    daemon.stop()
    assert traces._Tracing.tracer is None


def test_an_unknown_role_is_named(config: Config) -> None:
    with pytest.raises(ConfigError, match="reader"):
        Daemon(config, ["reader"])


def test_the_identity_of_an_installation_stays(tmp_path: Path) -> None:
    first = load_identity(tmp_path)
    assert load_identity(tmp_path) == first
    assert load_identity(tmp_path / "other") != first
    (tmp_path / "identity.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"identity\.json"):
        load_identity(tmp_path)


def test_a_bundle_that_is_not_there_is_named(config: Config, tmp_path: Path) -> None:
    wrong = replace(config, inference=replace(config.inference, bundle=str(tmp_path / "no_bundle")))
    with pytest.raises(BaaError, match="no_bundle"):
        Daemon(wrong, ["worker"]).start()


def test_secondary_capture_is_read_only_where_it_is_let_in(config: Config) -> None:
    assert SECONDARY_CAPTURE not in policy_of(config).gates.sop_classes
    assert policy_of(replace(config, node=replace(config.node, digitised_film=True))).gates.sop_classes >= DIGITISED_FILM
    assert SECONDARY_CAPTURE in policy_of(replace(config, node=replace(config.node, secondary_capture=True))).gates.sop_classes


def test_a_tls_peer_needs_an_authority(config: Config) -> None:
    peer = Peer(name="p", ae_title="P", host="h", port=2762, source=False, destination=True, tls=True)
    with pytest.raises(DeliveryError, match="tls_ca"):
        endpoint_of(config, peer)


def test_the_log_is_json_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    try:
        set_up_log("info", as_json=True)
        logging.getLogger("baa_node.test").warning("something happened", extra={"sop_instance_uid": "1.2.3"})
    finally:
        root.handlers, root.level = before[0], before[1]
    entry = json.loads(capsys.readouterr().err)
    assert (entry["event"], entry["level"], entry["sop_instance_uid"]) == ("something happened", "warning", "1.2.3")


def test_every_gate_is_a_setting_and_by_default_what_the_core_has() -> None:
    settings = {f.name for f in fields(GatesSection)}
    assert settings == {f.name for f in fields(Gates)} - {"sop_classes"}
    assert policy_of(Config(data_dir=Path())).gates == Gates()


def test_settings_reach_the_gates() -> None:
    chosen = GatesSection(modalities=("CR",), hand_words=("Pfötchen",), min_one_hand=0.7, max_member_sd_months=9.0, time_limit_s=3.0)
    gates = policy_of(Config(data_dir=Path(), gates=chosen)).gates
    assert gates.modalities == {"CR"}
    assert gates.hand_words == ("Pfötchen",)
    assert (gates.min_one_hand, gates.max_member_sd_months, gates.time_limit_s) == (0.7, 9.0, 3.0)
