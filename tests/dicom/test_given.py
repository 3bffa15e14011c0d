from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from baa_node.dicom.given import MOST_AUTHORITIES, MOST_BYTES, read_authorities, read_own
from baa_node.errors import ConfigError
from tests.parts.certificates import Authorities

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Files:
    """What somebody may hand over, right and wrong."""

    ca: bytes
    chain: bytes
    key: bytes
    expired: bytes
    future: bytes
    other_key: bytes

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificates(self.chain)[0]

    def key_as(self, form: Encoding, *, password: bytes = b"") -> bytes:
        secrecy = BestAvailableEncryption(password) if password else NoEncryption()
        return load_pem_private_key(self.key, None).private_bytes(form, PrivateFormat.PKCS8, secrecy)

    @property
    def pkcs12(self) -> bytes:
        key = load_pem_private_key(self.key, None)
        return serialize_key_and_certificates(b"node", key, self.leaf, None, NoEncryption())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    authorities = Authorities(tmp_path_factory.mktemp("given"))
    good, expired, future, other = (authorities.issue(kind) for kind in ("good", "expired", "not yet valid", "stranger"))

    def content(path: Path) -> bytes:
        return path.read_bytes()

    return Files(
        ca=content(authorities.ca),
        chain=content(good.certificate),
        key=content(good.key),
        expired=content(expired.certificate),
        future=content(future.certificate),
        other_key=content(other.key),
    )


def test_the_authorities_of_a_file_are_read(files: Files) -> None:
    (one,) = read_authorities(files.ca, now=NOW)
    assert "Hospital" in one.subject.rfc4514_string()
    assert len(read_authorities(files.ca + trustme.CA().cert_pem.bytes(), now=NOW)) == 2


WRONG_AUTHORITY: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "nothing": (lambda files: b" \n", "is empty: choose another"),
    "text": (lambda files: b"Dear Sir or Madam", "no certificate in PEM form"),
    "DER": (lambda files: files.leaf.public_bytes(Encoding.DER), "in DER form: convert it by `openssl x509"),
    "PKCS#12": (lambda files: files.pkcs12, "such as PKCS#12: convert it by `openssl pkcs12"),
    "damaged": (lambda files: files.ca[:200] + files.ca[240:], "is damaged: it is a text between"),
    "a request": (lambda files: files.ca.replace(b"CERTIFICATE", b"CERTIFICATE REQUEST"), "is missing: it is a text between"),
    "huge": (lambda files: files.ca + b"#" * MOST_BYTES, "more than the 64 KiB"),
    "with its key": (lambda files: files.ca + files.key, "holds a private key"),
    "expired": (lambda files: files.expired, "has expired on 2021-01-01: get the one"),
    "of the future": (lambda files: files.future, "valid only from 2090-01-01 on"),
    "no authority": (lambda files: files.leaf.public_bytes(Encoding.PEM), "give the certificate of its issuer, OU="),
    "too many": (lambda files: files.ca * (MOST_AUTHORITIES + 1), "holds 21 certificates"),
}


@pytest.mark.parametrize("wrong", WRONG_AUTHORITY)
def test_what_cannot_be_trusted_is_told_with_its_cure(files: Files, wrong: str) -> None:
    make, told = WRONG_AUTHORITY[wrong]
    with pytest.raises(ConfigError) as refused:
        read_authorities(make(files), now=NOW)
    assert told in str(refused.value)


def test_a_certificate_with_its_key_becomes_one_file(files: Files) -> None:
    certificate, pem = read_own(files.chain, files.key, now=NOW)
    assert certificate == files.leaf
    assert x509.load_pem_x509_certificates(pem)[0] == files.leaf
    assert load_pem_private_key(pem[pem.index(b"-----BEGIN PRIVATE") :], None)
    assert read_own(files.chain + files.key, b"", now=NOW) == (certificate, pem)
    assert read_own(files.key + files.chain, b"", now=NOW) == (certificate, pem)


WRONG_KEY: dict[str, tuple[Callable[[Files], tuple[bytes, bytes]], str]] = {
    "none": (lambda files: (files.chain, b""), "there is no private key in this file"),
    "another": (lambda files: (files.chain, files.other_key), "the private key is not that of"),
    "that of the second certificate": (lambda files: (files.ca + files.chain, files.key), "put the node's own before"),
    "encrypted": (lambda files: (files.chain, files.key_as(Encoding.PEM, password=b"sesame")), "is encrypted"),
    "DER": (lambda files: (files.chain, files.key_as(Encoding.DER)), "in DER form: convert it by `openssl pkey"),
    "damaged": (lambda files: (files.chain, files.key[:200] + files.key[240:]), "damaged or of a kind"),
    "huge": (lambda files: (files.chain, files.key + b"#" * MOST_BYTES), "more than the 64 KiB that a private key"),
    "expired": (lambda files: (files.expired, files.key), "has expired on 2021-01-01"),
}


@pytest.mark.parametrize("wrong", WRONG_KEY)
def test_what_cannot_be_shown_is_told_with_its_cure_and_nothing_of_the_key(files: Files, wrong: str) -> None:
    make, told = WRONG_KEY[wrong]
    chain, key = make(files)
    with pytest.raises(ConfigError) as refused:
        read_own(chain, key, now=NOW)
    assert told in str(refused.value)
    assert key.decode("latin-1")[40:60] not in str(refused.value) or not key
