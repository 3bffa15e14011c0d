from __future__ import annotations

import dataclasses
import itertools
import tomllib
from pathlib import Path

import pytest

from baa_node.config import SECTIONS, Config, load_config
from baa_node.errors import ConfigError

EXAMPLE = Path(__file__).parents[1] / "deploy" / "baa-node.example.toml"


def test_the_example_names_every_key_with_its_default() -> None:
    example = tomllib.loads(EXAMPLE.read_text())
    known = {name: {f.name for f in dataclasses.fields(section)} for name, section in SECTIONS.items()}
    assert {name: set(values) for name, values in example.items()} == known
    assert load_config(Path("x"), EXAMPLE, {}) == Config(data_dir=Path("x"))


def test_every_key_of_the_example_stands_under_a_comment() -> None:
    lines = EXAMPLE.read_text().splitlines()
    uncommented = [
        line for before, line in itertools.pairwise(lines) if " = " in line and not line.startswith("#") and before.startswith("[")
    ]
    assert uncommented == []


def test_environment_overrides_file(tmp_path: Path) -> None:
    (tmp_path / "baa-node.toml").write_text('[node]\nport = 1\nae_title = "A"\n')
    config = load_config(
        tmp_path, None, {"BAA_NODE_NODE__PORT": "2", "BAA_NODE_INFERENCE__PROVIDERS": "X, Y", "BAA_NODE_LOG__JSON": "true"}
    )
    assert (config.node.port, config.node.ae_title) == (2, "A")
    assert config.inference.providers == ("X", "Y")
    assert config.log.json is True


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("[node]\nprot = 1", ["baa-node.toml", "node.prot", "'port'"]),
        ("[nod]\nport = 1", ["'nod'", "'node'"]),
        ('[node]\nport = "abc"', ["node.port", "abc", "whole number"]),
        ("[node]\nport = 70000", ["node.port", "70000"]),
        ("[node]\nport = true", ["node.port", "whole number"]),
        ('[node]\nae_title = " PADDED"', ["node.ae_title"]),
        ('[node]\nae_title = "   "', ["node.ae_title"]),
        ('[node]\nae_title = "SEVENTEEN_LETTERS"', ["node.ae_title", "16"]),
        ("port = 1", ["'port'", "outside a section"]),
        ("[node", ["not valid TOML"]),
        ('[report]\nz_score = "gp"', ["report.z_score", "gp"]),
        ('[report]\nlanguage = "it"', ["report.language", "'it'", "en, de, es, fr, pt"]),
        ('[node]\ntls_key = "k.pem"', ["tls_certificate"]),
        ("[pipeline]\nreaders = 0", ["pipeline.readers"]),
        ("[priors]\nwait_s = -1", ["priors.wait_s"]),
        ('[report]\nrefusals = "fax"', ["report.refusals", "fax", "picture"]),
        ("[gates]\nmin_one_hand = 50", ["gates.min_one_hand", "0 and 1"]),
        ("[gates]\nmin_one_hand = 0\noutline = false", ["gates.outline", "nothing"]),
        ("[gates]\nmax_unlikeness = 0", ["max_unlikeness", "above 0"]),
        ("[gates]\ntime_limit_s = -1", ["time_limit_s", "negative"]),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, content: str, parts: list[str]) -> None:
    (tmp_path / "baa-node.toml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, None, {})
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml"):
        load_config(tmp_path, tmp_path / "nothing.toml", {})


def test_an_unknown_variable_is_named() -> None:
    with pytest.raises(ConfigError, match=r"BAA_NODE_NODE__PROT.*'port'"):
        load_config(Path("x"), None, {"BAA_NODE_NODE__PROT": "1"})
