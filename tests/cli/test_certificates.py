from __future__ import annotations

from pathlib import Path

import pytest

from baa_node.dicom.certificate import read_pem
from tests.cli.command import Command
from tests.parts.certificates import Authorities


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path / "data", monkeypatch, capsys)


@pytest.fixture
def authorities(tmp_path: Path) -> Authorities:
    return Authorities(tmp_path)


def test_certificates_are_given_listed_and_taken_away_and_each_is_on_record(command: Command, authorities: Authorities) -> None:
    assert command.ok("certificates").lines == ["none: nobody is trusted over TLS, and nothing is shown"]
    own = authorities.issue("good")
    (trusted,) = command.json("certificates", "trust", str(authorities.ca))
    assert trusted["sha256"] == read_pem(authorities.ca)[0].sha256
    command.ok("certificates", "own", str(own.certificate), str(own.key))
    listed = command.json("certificates", "list")
    assert [(one["purpose"], one["origin"]) for one in listed] == [
        ("Shown by the node to its peers", "given here"),
        ("Trusted of every peer", "given here"),
    ]
    assert all(one["certificates"][0]["days_left"] > 0 for one in listed)
    assert "days left" in command.ok("certificates", "list").out
    command.ok("certificates", "disown")
    assert "trusted no longer" in command.ok("certificates", "distrust", trusted["sha256"][:16]).out
    kinds = [event["kind"] for event in command.json("audit", "list")]
    assert kinds[:4] == ["CERTIFICATE_ADDED", "CERTIFICATE_CHANGED", "CERTIFICATE_REMOVED", "CERTIFICATE_REMOVED"]
    assert command.json("certificates", "list") == []


def test_mistakes_are_told_in_one_line(command: Command, authorities: Authorities, tmp_path: Path) -> None:
    own = authorities.issue("good")
    assert "No such file" in command.fails("certificates", "trust", str(tmp_path / "none.pem"))
    assert "holds a private key" in command.fails("certificates", "trust", str(own.key))
    assert "no private key in this file" in command.fails("certificates", "own", str(own.certificate))
    assert "no certificate that was given here" in command.fails("certificates", "distrust", "00")
    assert "no certificate of the node was given here" in command.fails("certificates", "disown")
    huge = tmp_path / "huge.pem"
    huge.write_bytes(authorities.ca.read_bytes() + b"#" * (1 << 20))
    assert "more than the 64 KiB" in command.fails("certificates", "trust", str(huge))


def test_a_look_says_who_is_not_trusted_and_fails(command: Command) -> None:
    assert command.ok("certificates", "look").lines == ["no peer is called over TLS"]
    command.ok("peers", "add", "pacs", "--ae-title", "PACS", "--host", "127.0.0.1", "--port", "1", "--tls")
    done = command("--json", "certificates", "look", "pacs")
    assert done.code == 1
    assert '"trusted": false' in done.out
