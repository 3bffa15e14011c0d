"""The manifests are held to the schemas of Kubernetes, to the settings and command line of the node, and to what keeps a pod apart."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from baa_node.config import Config, load_config
from baa_node.roles import PROBES, ROLES
from tests.deploy.test_deploy import DEPLOY, DOCKERFILE, parse, settings_of_dockerfile, stop_s

FOLDER = DEPLOY / "kubernetes"
VERSIONS = ("1.29", "1.37")
"""The oldest that is likely to be met and the newest whose schemas are at hand."""

Manifest = dict[str, Any]


def documents(*paths: Path) -> list[Manifest]:
    return [one for path in paths for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


MANIFESTS = documents(*sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml"))
BACKUP: Manifest = next(one for one in MANIFESTS if one["kind"] == "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
PODS = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in MANIFESTS if one["kind"] == "Deployment"}
SETTINGS = next(one["data"] for one in MANIFESTS if one["kind"] == "ConfigMap")


def container(role: str) -> Manifest:
    (only,) = PODS[role]["containers"]
    return dict(only)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']}/{one['metadata']['name']}")
def test_every_manifest_is_valid(manifest: Manifest, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_misspelt_key_would_be_noticed() -> None:
    wrong = {**MANIFESTS[0], "metdata": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_settings_are_understood(tmp_path: Path) -> None:
    secrets = {"BAA_NODE_DATABASE__URL": "postgresql://u:p@h/d", "BAA_NODE_REPORT__DEVICE_UID": "2.25.1"}
    for role in PODS:
        own = {one["name"]: one["value"] for one in container(role)["env"] if "value" in one}
        assert {one["name"] for one in container(role)["env"] if "valueFrom" in one} == set(secrets)
        config = load_config(environment={**settings_of_dockerfile(), **SETTINGS, **secrets, **own})
        mounted = {one["mountPath"] for one in container(role)["volumeMounts"]}
        assert {config.spool_path, str(config.data_dir)} <= mounted
        assert config.console.host == "0.0.0.0"
        assert bool(config.health.peers_every_s) is (role == "console")


def test_every_role_is_there_and_each_command_parses() -> None:
    assert set(PODS) == set(ROLES)
    for role in PODS:
        arguments = container(role)["args"]
        parse(arguments)
        roles = arguments[2].split(",")
        assert roles[0] == role
        assert "console" in roles or PROBES in roles  # something must answer the probes


def test_ports_are_those_that_the_node_listens_on() -> None:
    config = Config(data_dir=Path())
    ports = {one["name"]: one["containerPort"] for one in container("intake")["ports"]}
    assert ports == {"dicom": config.node.port, "console": config.console.port}
    assert str(config.node.port) == SETTINGS["BAA_NODE_NODE__PORT"]
    for role in PODS:
        names = {one["name"] for one in container(role)["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container(role)[probe]["httpGet"]["port"] in names


def test_probes_ask_what_is_answered() -> None:
    for role in PODS:
        paths = [container(role)[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
        assert paths == ["/healthz", "/healthz", "/readyz"]  # a restart would cure no full disk


def test_nothing_runs_as_root_or_can_write_where_it_need_not() -> None:
    user = int(re.findall(r"--uid (\d+)", DOCKERFILE)[0])
    for role, pod in PODS.items():
        secured = container(role)["securityContext"]
        assert secured == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert pod["securityContext"]["runAsNonRoot"]
        assert {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {user}
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False


def test_there_is_time_to_stop() -> None:
    assert all(pod["terminationGracePeriodSeconds"] > stop_s() for pod in PODS.values())


def test_every_container_says_what_it_needs() -> None:
    for role in PODS:
        assert set(container(role)["resources"]) == {"requests", "limits"}
        assert {"cpu", "memory"} == set(container(role)["resources"]["requests"])


def test_what_refers_to_pods_finds_some() -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in MANIFESTS if one["kind"] == "Deployment"]
    labels.append(BACKUP["metadata"]["labels"])
    for one in MANIFESTS:
        spec = one.get("spec", {})
        chosen = spec.get("selector") if one["kind"] == "Service" else spec.get("podSelector", spec.get("selector", {})).get("matchLabels")
        if one["kind"] in {"Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment"}:
            assert any(chosen.items() <= each.items() for each in labels), one["metadata"]["name"]


def test_the_nightly_backup_is_shut_in_as_the_others_are() -> None:
    (backup,), worker = BACKUP["spec"]["containers"], container("worker")
    assert backup["securityContext"] == worker["securityContext"]
    assert backup["envFrom"] == worker["envFrom"]
    assert {one["name"] for one in backup["env"]} == {one["name"] for one in worker["env"]}
    assert BACKUP["spec"]["securityContext"] == PODS["worker"]["securityContext"]
    assert {"mountPath": "/spool", "name": "spool", "readOnly": True} in backup["volumeMounts"]


def test_the_nightly_backup_links_to_the_last_whole_copy(tmp_path: Path) -> None:
    """The script itself, with a program in place of the node that says how it was called."""
    (backup,) = BACKUP["spec"]["containers"]
    shell, flags = backup["command"]
    (script,) = backup["args"]
    called = tmp_path / "baa-node"
    called.write_text('#!/bin/sh\necho "$@"\n')
    called.chmod(0o755)
    copies = tmp_path / "backup"
    told = []
    for whole in ("", "2026-11-19", "2026-11-20"):
        if whole:
            (copies / whole).mkdir(parents=True)
            (copies / whole / "backup.json").touch()
        (copies / "2026-11-21-broken-off").mkdir(parents=True, exist_ok=True)
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run([shell, flags, script.replace("/backup/", f"{copies}/")], env=env, capture_output=True, text=True, check=True)
        told.append(done.stdout.split())
    for words in told:
        parse(words)
    assert [words[2:] for words in told] == [[], ["--like", str(copies / "2026-11-19")], ["--like", str(copies / "2026-11-20")]]
    assert re.fullmatch(rf"{copies}/\d{{4}}-\d\d-\d\dT\d{{6}}", told[0][1])


def test_pods_are_closed_but_for_what_is_named() -> None:
    policies = [one["spec"] for one in MANIFESTS if one["kind"] == "NetworkPolicy"]
    (default,) = (one for one in policies if "ingress" not in one and "egress" not in one)
    assert default == {"podSelector": {"matchLabels": {"app": "baa-node"}}, "policyTypes": ["Ingress", "Egress"]}


def test_every_file_is_listed() -> None:
    (listed,) = documents(FOLDER / "kustomization.yaml")
    assert sorted(listed["resources"]) == sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")


def built(folder: Path) -> list[Manifest]:
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def test_kustomize_builds_it() -> None:
    assert len(built(FOLDER)) == len(MANIFESTS)


def test_bucket_and_gpu_can_be_added(tmp_path: Path) -> None:
    whole = tmp_path / "kubernetes"
    shutil.copytree(FOLDER, whole)
    with (whole / "kustomization.yaml").open("a") as file:
        file.write("components: [bucket, gpu]\n")
    made = built(whole)
    for manifest in made:
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)
    assert {one["metadata"]["name"] for one in made if one["kind"] == "PersistentVolumeClaim"} == {"backup"}
    (job,) = (one for one in made if one["kind"] == "CronJob")
    assert {"secretRef": {"name": "baa-node-bucket"}} in job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    assert "claimName: spool" not in yaml.safe_dump(made)
    settings = next(one["data"] for one in made if one["kind"] == "ConfigMap")
    assert load_config(environment={**settings, "BAA_NODE_DATA_DIR": "x"}).spool_path.startswith("s3://")
    (worker,) = (one for one in made if one["kind"] == "Deployment" and one["metadata"]["name"] == "worker")
    (only,) = worker["spec"]["template"]["spec"]["containers"]
    assert only["image"].endswith("-cuda")
    assert only["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "spool" not in {one["name"] for one in only["volumeMounts"]} | {
        one["name"] for one in worker["spec"]["template"]["spec"]["volumes"]
    }
