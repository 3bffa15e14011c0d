from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from baa_node.bundle import default_bundle
from baa_node.config import Config
from baa_node.errors import BundleError
from baa_node.wiring.bundles import Ensembles, bundle_of, installed_bundles


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A node with a bundle of its own, and another one beside it."""
    for name in ("mine", "other"):
        (tmp_path / "bundles" / name).mkdir(parents=True)
        for file in default_bundle().iterdir():
            (tmp_path / "bundles" / name / file.name).symlink_to(file)
    plain = Config(data_dir=tmp_path)
    return replace(plain, inference=replace(plain.inference, bundle=str(tmp_path / "bundles" / "mine")))


def test_bundles_of_the_package_and_those_beside_the_configured_one_may_be_named(config: Config) -> None:
    assert set(installed_bundles(config)) == {"mine", "other", default_bundle().name}
    assert set(installed_bundles(Config(data_dir=Path()))) >= {default_bundle().name}


def test_networks_are_loaded_once_for_every_name_of_a_folder(config: Config) -> None:
    ensembles = Ensembles(config)
    assert ensembles() is ensembles("mine")
    with pytest.raises(BundleError, match=r"no bundle called gone is installed \(there are: mine, other"):
        ensembles("gone")


def test_a_bundle_that_is_gone_has_no_digest_and_the_configured_one_must_have_one(config: Config) -> None:
    assert Ensembles(config).digest("other") == bundle_of(config).sha256
    assert Ensembles(config).digest("gone") == ""
    with pytest.raises(BundleError):
        Ensembles(replace(config, inference=replace(config.inference, bundle="/nowhere"))).digest()


def test_what_was_checked_when_its_networks_were_loaded_is_not_read_again(config: Config) -> None:
    ensembles = Ensembles(config)
    assert ensembles.identity() == bundle_of(config)
    loaded = ensembles()
    assert ensembles.identity("mine") is loaded.identity


def test_networks_begun_in_a_thread_are_waited_for_and_their_fault_is_told_to_who_asks(config: Config) -> None:
    ensembles = Ensembles(config)
    ensembles.begin()
    assert ensembles() is ensembles()
    broken = Ensembles(replace(config, inference=replace(config.inference, bundle="/nowhere")))
    broken.begin()
    with pytest.raises(BundleError):
        broken()
