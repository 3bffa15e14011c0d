"""What administrators start and read is held to the code: container files, service unit, README."""

from __future__ import annotations

import ast
import configparser
import inspect
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from baa_node.cli import _common_options_first, app
from baa_node.config import Config, load_config
from baa_node.db.audit import AuditKind
from baa_node.db.studies import State
from baa_node.dicom.server import NodeServer
from baa_node.errors import ConfigError
from baa_node.mistakes import Mistake
from baa_node.pipeline import Pipeline
from tests.deploy.statement import default_of, keys_in

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
README = (DEPLOY / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "upgrade.md", "runbook.md")
CONSOLE_STOP_S = 10


COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def settings_of_dockerfile() -> dict[str, str]:
    return dict(re.findall(r"\b(BAA_NODE_\w+)=(\S+)", DOCKERFILE))


def test_environment_is_understood(tmp_path: Path) -> None:
    image = settings_of_dockerfile()
    assert load_config(environment=image).data_dir == Path("/var/lib/baa-node")
    for name in ("node", "node-gpu"):
        environment = {
            key: value.replace("${BAA_NODE_DATABASE__URL:-}", "") for key, value in COMPOSE["services"][name]["environment"].items()
        }
        config = load_config(tmp_path, environment={**image, **environment})
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


SHOWN = r"(?:^baa|exec node baa-node|-- baa-node|^(?:sudo -u baa-node )?\S*/baa-node| run --rm .* node) (.*)"
"""How a command line stands in a block: by the alias, in a container or pod, by its path, or as the arguments of an image."""


def commands_in(text: str) -> list[str]:
    """Command lines of a document, in its blocks and between back quotes."""
    lines = [line.partition("  #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    found = (re.search(SHOWN, re.sub(r"   #.*| > \S+$", "", line)) for line in lines)
    return [match[1] for match in found if match] + re.findall(r"`baa ([^`]+)`", text)


def documented() -> Iterator[Any]:
    for name in DOCUMENTS:
        for command in dict.fromkeys(commands_in((DEPLOY / name).read_text(encoding="utf-8"))):
            yield pytest.param(command, id=f"{name}: {command}")


@pytest.mark.parametrize("command", list(documented()))
def test_commands_of_the_documents_parse(command: str) -> None:
    parse(shlex.split(command))


def test_a_wrong_command_would_be_noticed() -> None:
    assert all(len(commands_in((DEPLOY / name).read_text(encoding="utf-8"))) >= 10 for name in DOCUMENTS)
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


def test_service_unit_leaves_little_open(tmp_path: Path) -> None:
    """The README names the rating: a threshold of 15 is 1.5 of 10."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    unit = DEPLOY / "baa-node.service"
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "rates the unit 1.5 of 10" in README


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", (DEPLOY / name).read_text(encoding="utf-8")) if "://" not in link]
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        path = DEPLOY / (file or name)
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def anchors(path: Path) -> set[str]:
    """Anchors of a document's headings, as the usual viewers make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_runbook_knows_every_alert() -> None:
    text = (DEPLOY / "runbook.md").read_text(encoding="utf-8")
    rules = yaml.safe_load((DEPLOY / "prometheus" / "baa-node.rules.yml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert set(re.findall(r"^## (BaaNode\w+):", text, re.MULTILINE)) == alerts


def test_what_the_runbook_quotes_is_what_the_node_says() -> None:
    """Of the table a sentence of a mistake, or one that the node says otherwise; of the prose in quotation marks the former."""
    text = (DEPLOY / "runbook.md").read_text(encoding="utf-8")
    causes = [mistake.cause for mistake in Mistake]
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "baa_node").rglob("*.py") if path.name != "faults.py")
    quoted = re.findall(r"^\| `([^`]+)`[^|]* \|", text, re.MULTILINE)
    assert len(quoted) >= 8
    for sentence in quoted:
        words = sentence.partition(" ...")[0]
        assert any(words in cause for cause in causes) or (words == "another node is running on data directory" and words in sources), words
    silent = text.partition("## BaaNodePeerSilent")[2].partition("\n## ")[0]
    for words in re.findall(r'"([^"]+)":', silent):
        assert any(words in cause for cause in causes), words


@pytest.mark.parametrize("name", DOCUMENTS)
def test_settings_and_states_of_the_documents_exist(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for key in keys_in(text):
        default_of(key)
    for state in re.findall(r"--state (\w+)", text):
        State(state)
    for kind in re.findall(r"--kind ([A-Z_]+)", text):
        AuditKind(kind)


def test_backups_in_the_image_find_their_programs() -> None:
    assert "postgresql-client" in DOCKERFILE
    debian_12 = 15
    assert COMPOSE["services"]["postgresql"]["image"] == f"postgres:{debian_12}"
