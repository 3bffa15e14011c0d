"""Something is wrong on the host of the node: settings, ports, disk, permissions, networks, clocks, certificates."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baa_node.bundle import default_bundle
from baa_node.db import executors
from baa_node.mistakes import Mistake
from tests.mistakes.site import Site, check, is_told, shown
from tests.mistakes.test_called import PACS, stored
from tests.parts.certificates import Authorities
from tests.parts.hands import hand_cr, part10
from tests.parts.node import EXECUTABLE
from tests.parts.programs import free_port, program, run


def finding(site: Site, name: str) -> str:
    """What ``doctor`` finds wrong; it ends with 1."""
    done = site.cli("--json", "doctor")
    assert done.code == 1
    one = next(one for one in json.loads(done.out) if one["check"] == name)
    assert not one["ok"]
    assert one["codes"]
    return str(one["finding"])


# --- settings: the node has no log and no console yet; the one line on standard error is all there is ------------------


@pytest.mark.parametrize(
    "title", [" BAA_NODE", "BAA_NODE ", "", " ", "BAA\\NODE", "SEVENTEEN_LETTERS"], ids=["padded", "padded", "empty", "blank", "\\", "long"]
)
def test_an_impossible_title_of_the_node_is_explained(site: Site, title: str) -> None:
    site.settings(NODE__AE_TITLE=title)
    for command in (("config", "check"), ("serve",)):
        check(site.cli.fails(*command), Mistake.TITLE_IMPOSSIBLE, f"node.ae_title {title!r}", "no space at either end")


def test_an_impossible_title_of_a_peer_is_explained_and_a_padded_one_is_trimmed(site: Site) -> None:
    sentence = site.cli.fails("peers", "add", "pacs", "--ae-title", "  ", "--host", "h", "--port", "104")
    check(sentence, Mistake.TITLE_IMPOSSIBLE, "AE title ''")
    with site.running("console") as node:
        assert is_told(
            sentence,
            node.post("/peers/new", name="pacs", kind="dicom", ae_title="  ", host="h", port="104", wants_sr="on", refusals="both"),
        )
    site.cli.ok("peers", "add", "pacs", "--ae-title", " PACS ", "--host", "h", "--port", "104")
    assert site.cli.json("peers", "list")["peers"][0]["ae_title"] == "PACS"


@pytest.mark.parametrize(
    ("text", "mistake", "named"),
    [
        ("[node]\nprot = 104\n", Mistake.UNKNOWN_KEY, ("[node]: there is no key node.prot", "did you mean 'port'")),
        ("[nod]\nport = 1\n", Mistake.UNKNOWN_SECTION, ("'nod'", "did you mean 'node'")),
    ],
)
def test_an_unknown_key_is_explained(site: Site, text: str, mistake: Mistake, named: tuple[str, ...]) -> None:
    file = site.data / "baa-node.toml"
    file.write_text(text)
    for command in (("config", "check"), ("serve",), ("doctor",)):
        check(site.cli.fails(*command), mistake, file, *named)


# --- ports --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["node", "console"])
def test_a_taken_port_is_explained(site: Site, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        site.settings(**{f"{key.upper()}__PORT": port})
        sentence = site.start_fails("intake" if key == "node" else "console")
        check(sentence, Mistake.PORT_TAKEN, f"127.0.0.1:{port}", f"{key}.port")
        assert finding(site, "ports") == sentence


def test_a_port_that_this_user_may_not_have_is_explained(site: Site) -> None:
    """In a process of its own, which the superuser starts without the capability."""
    port = 1023
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= port:
        pytest.skip(f"anybody may listen on {port} here")
    site.settings(NODE__PORT=port)
    start = [program("setpriv"), "--bounding-set=-net_bind_service"] if os.geteuid() == 0 else []

    def node(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*start, EXECUTABLE, "--data-dir", site.data, *arguments], capture_output=True, text=True, check=False)

    done = node("serve", "--roles", "intake")
    logged, _, told = done.stderr.rstrip().rpartition("baa-node: ")
    assert done.returncode == 1
    check(told, Mistake.PORT_FORBIDDEN, f"127.0.0.1:{port}", "set node.port to 1024 or more")
    assert f"not started: {told}" in logged
    ports = next(one for one in json.loads(node("--json", "doctor").stdout) if one["check"] == "ports")
    assert ports["finding"] == told


def test_an_address_of_another_host_is_explained(site: Site) -> None:
    site.settings(NODE__HOST="192.0.2.1")
    sentence = site.start_fails("intake")
    check(sentence, Mistake.ADDRESS_ELSEWHERE, "192.0.2.1", "node.host")
    assert finding(site, "ports") == sentence


# --- disk and permissions -----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if run(program("mount"), "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield folder
    run(program("umount"), "-l", folder)


def test_a_full_disk_is_explained(site: Site, small_disk: Path) -> None:
    site.settings(SPOOL__PATH=small_disk / "spool", SPOOL__RESERVE_MB=0)
    site.cli.ok("peers", "add", "pacs", *PACS)
    with site.running() as node:
        (small_disk / "ballast").write_bytes(bytes((1 << 20) - 8192))
        assert stored(node.port, ImageComments="x" * 8000) == 0xA700
        check(site.logged(Mistake.DISK_FULL), Mistake.DISK_FULL, small_disk / "spool")
        sentence = Mistake.DISK_FULL.told(where=small_disk / "spool", free=0, reserve=0)
        assert sentence in site.log
        (small_disk / "more").write_bytes(bytes(8192))
        assert is_told(sentence, node.post("/doctor"))
    assert finding(site, "spool") == sentence


def test_a_disk_with_nothing_but_the_reserve_is_explained(site: Site) -> None:
    site.settings(SPOOL__RESERVE_MB=10**9)
    site.cli.ok("peers", "add", "pacs", *PACS)
    with site.running() as node:
        assert stored(node.port) == 0xA700
        check(site.logged(Mistake.DISK_FULL), Mistake.DISK_FULL, site.data / "spool", "1000000000 MiB are kept in reserve", "[retention]")
        assert Mistake.DISK_FULL.code in node.page("/")
        assert "less than" not in node.page("/")
    check(finding(site, "spool"), Mistake.DISK_FULL, site.data / "spool")


def test_a_folder_that_cannot_be_written_is_explained(site: Site) -> None:
    """Not even root may create files below /sys."""
    site.settings(SPOOL__PATH="/sys/kernel/spool")
    sentence = site.start_fails("intake")
    check(sentence, Mistake.NO_PERMISSION, "/sys/kernel/spool", "chown")
    assert finding(site, "spool") == sentence


def test_a_spool_that_became_read_only_is_explained(site: Site, small_disk: Path) -> None:
    spool = small_disk / "spool"
    site.settings(SPOOL__PATH=spool, SPOOL__RESERVE_MB=0)
    site.cli.ok("peers", "add", "pacs", *PACS)
    with site.running() as node:
        assert run(program("mount"), "-o", "remount,ro", small_disk).returncode == 0
        assert stored(node.port) == 0xA700
        sentence = finding(site, "spool")
        check(sentence, Mistake.NO_PERMISSION, spool, "Read-only file system")
        assert sentence in site.log
        assert is_told(sentence, node.post("/doctor"))


def test_a_data_directory_that_cannot_be_written_is_explained(site: Site) -> None:
    site.cli.folder = Path("/sys/kernel/node")
    for command in (("peers",), ("users",)):
        check(site.cli.fails(*command), Mistake.NO_PERMISSION, "/sys/kernel/node")
    check(site.start_fails(), Mistake.NO_PERMISSION, "/sys/kernel/node")


# --- networks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bundle(site: Site, tmp_path: Path) -> Path:
    """A bundle of the site's own."""
    folder = tmp_path / "rsna-hands-0.5.0"
    shutil.copytree(default_bundle(), folder)
    site.settings(INFERENCE__BUNDLE=folder)
    return folder


def edit(bundle: Path) -> None:
    with (bundle / "MODEL_CARD.md").open("a") as card:
        card.write("edited\n")


@pytest.mark.parametrize(
    ("spoil", "mistake", "named"),
    [(edit, Mistake.BUNDLE_CHANGED, "rsna-hands-0.5.0/MODEL_CARD.md"), (shutil.rmtree, Mistake.BUNDLE_MISSING, "No such file")],
    ids=["changed", "missing"],
)
def test_a_bundle_that_is_not_as_it_was_is_explained(
    site: Site, bundle: Path, spoil: Callable[[Path], None], mistake: Mistake, named: str
) -> None:
    with site.running("console") as node:
        spoil(bundle)
        sentence = site.cli.fails("bundle", "verify", str(bundle))
        check(sentence, mistake, named)
        assert is_told(sentence, node.page("/models"))
    assert finding(site, "bundle") == sentence
    assert site.start_fails("intake") == sentence


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a machine with one: ONNX Runtime then finds no device."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")


@pytest.mark.usefixtures("no_gpu")
def test_cuda_that_is_asked_for_and_not_there_is_explained(site: Site) -> None:
    site.settings(INFERENCE__PROVIDERS="CUDAExecutionProvider", NODE__PORT=free_port(), CONSOLE__PORT=free_port())
    sentence = finding(site, "inference")
    check(sentence, Mistake.CUDA_MISSING, "CPUExecutionProvider reads instead of CUDAExecutionProvider", "nvidia-smi")
    with site.running("worker", "console") as node:
        assert sentence in site.log
        assert is_told(sentence, node.page("/"))
        assert node.ready()


def test_a_provider_that_does_not_exist_is_explained(site: Site) -> None:
    site.settings(INFERENCE__PROVIDERS="AbacusExecutionProvider")
    sentence = finding(site, "inference")
    check(sentence, Mistake.PROVIDER_UNKNOWN, "AbacusExecutionProvider", "CPUExecutionProvider")
    assert site.start_fails("worker") == sentence


# --- clocks and certificates --------------------------------------------------------------------------------------------


def test_a_clock_that_is_ahead_is_explained(site: Site) -> None:
    database = site.cli.database()
    with database.transaction() as c:
        executors.sign_on(c, "other", host="reader2", now=datetime.now(UTC) + timedelta(hours=2))
    database.close()
    sentence = finding(site, "clock")
    check(sentence, Mistake.CLOCK_SKEW, "host reader2", "min ahead of", "NTP")
    with site.running("console") as node:
        assert "the clock of host reader2 is" in site.log
        check(shown(node.post("/doctor"), Mistake.CLOCK_SKEW), Mistake.CLOCK_SKEW, "of host reader2 is")


def test_our_own_certificate_that_is_over_is_explained(site: Site, authorities: Authorities) -> None:
    own = authorities.issue("expired")
    site.settings(NODE__TLS_CERTIFICATE=own.certificate, NODE__TLS_KEY=own.key, NODE__TLS_CA=authorities.ca)
    sentence = finding(site, "certificates")
    check(sentence, Mistake.CERTIFICATE_ENDS, f"node.tls_certificate {own.certificate}", "to 2021-01-01")
    with site.running() as node:
        assert sentence in site.log
        assert is_told(sentence, node.post("/doctor"))


# --- people and content -------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_explained(site: Site) -> None:
    sentence = Mistake.LOG_IN_FAILED.told()
    check(sentence, Mistake.LOG_IN_FAILED, "baa-node users password NAME --once")
    with site.running("console") as node:
        assert is_told(sentence, node.log_in("ann", "wrong"))
        assert f"log-in from 127.0.0.1: {sentence}" in site.log
        assert "ann" not in site.log


def test_a_console_without_an_admin_is_explained(site: Site) -> None:
    with sqlite3.connect(site.data / "baa_node.db") as record:
        record.execute("UPDATE users SET role = 'viewer'")
    record.close()
    sentence = Mistake.NO_ADMIN.told()
    assert finding(site, "users") == sentence
    with site.running("console") as node:
        assert is_told(sentence, node.login_page())
        assert f"users: {sentence}" in site.log


@pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom, about the very bytes
def test_text_in_another_character_set_than_declared_is_explained(site: Site, tmp_path: Path) -> None:
    """A name in Latin-1 that claims to be UTF-8."""
    content = part10(hand_cr(tmp_path, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg")).replace(b"ISO_IR 100", b"ISO_IR 192")
    file = tmp_path / "hand.dcm"
    file.write_bytes(content)
    sentence = Mistake.CHARACTER_SET.told(keyword="PatientName", declared="ISO_IR 192")
    assert sentence in site.cli("assess", str(file)).out
    with site.running("console") as node:
        assert is_told(sentence, node.upload(content))
    site.read(content)
    assert sentence in site.log
    assert "ller" not in site.log
