"""Certificates and keys as people hand them over: read, held to what can serve, and every mistake told with its cure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtensionOID

from baa_node.errors import ConfigError

MOST_BYTES: Final = 64 << 10
"""Of a file: a chain of certificates has a few thousand."""

MOST_AUTHORITIES: Final = 20
"""Of one file; the hundreds of an operating system would let anybody in."""

_PEM_BEGINS: Final = b"-----BEGIN "
_KEY: Final = b"PRIVATE KEY-----"
_DER_SEQUENCE: Final = 0x30


def read_authorities(content: bytes, *, now: datetime) -> list[x509.Certificate]:
    """Read the certificates of authorities, or of peers that signed their own.

    Raises
    ------
    ConfigError
        It is no PEM, holds a private key, too many, one that is not valid now, or one that could make nobody trusted.
    """
    if _KEY in content:
        raise ConfigError("this file holds a private key, which nobody but its owner should have: give the certificate alone")
    found = _certificates_in(content)
    if len(found) > MOST_AUTHORITIES:
        raise ConfigError(
            f"this file holds {len(found)} certificates: give those of your own authorities alone, {MOST_AUTHORITIES} at most"
        )
    for one in found:
        _check_time(one, now)
        if not _is_authority(one) and one.issuer != one.subject:
            raise ConfigError(
                f"{_name(one.subject)} is no authority and did not sign itself, so trusting it would let nobody in: "
                f"give the certificate of its issuer, {_name(one.issuer)}"
            )
    return found


def read_own(chain: bytes, key: bytes, *, now: datetime) -> tuple[x509.Certificate, bytes]:
    """Read our certificate with its private key.

    Parameters
    ----------
    chain
        The certificate, then those that prove it, in PEM form.
    key
        In PEM form; empty where ``chain`` holds it, too.

    Returns
    -------
    tuple
        The certificate, and all of it as one PEM file, the key without a password.

    Raises
    ------
    ConfigError
        Something cannot be read, is not valid now, or does not belong together.
    """
    found = _certificates_in(chain)
    private = _key_in(key or chain)
    for one in found:
        _check_time(one, now)
    if _public(found[0]) != private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise ConfigError(_why_no_match(found, private))
    parts = [one.public_bytes(Encoding.PEM) for one in found]
    return found[0], b"".join([*parts, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())])


def _certificates_in(content: bytes) -> list[x509.Certificate]:
    _check_form(content, what="certificate", convert="openssl x509 -inform DER -in FILE -out FILE.pem")
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        told = "damaged" if b"-----BEGIN CERTIFICATE-----" in content else "missing"
        raise ConfigError(
            f"the certificate in this file is {told}: it is a text between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, "
            "have the file sent again"
        ) from error


def _key_in(content: bytes) -> PrivateKeyTypes:
    _check_form(content, what="private key", convert="openssl pkey -inform DER -in FILE -out FILE.pem")
    if _KEY not in content:
        raise ConfigError("there is no private key in this file: give the one with which the certificate was asked for")
    try:
        return load_pem_private_key(content[_begin_of_key(content) :], password=None)
    except TypeError as error:
        raise ConfigError(
            "the private key is encrypted, and the node has nobody to ask for its password: give the key as "
            "`openssl pkey -in KEY -out PLAIN` writes it"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError("the private key in this file is damaged or of a kind that TLS cannot use: export it again as PEM") from error


def _begin_of_key(content: bytes) -> int:
    return content.rindex(_PEM_BEGINS, 0, content.index(_KEY))


def _check_form(content: bytes, *, what: str, convert: str) -> None:
    """Refuse what is no text of a sensible length."""
    if not content.strip():
        raise ConfigError(f"the file of the {what} is empty: choose another")
    if len(content) > MOST_BYTES:
        raise ConfigError(f"this is more than the {MOST_BYTES >> 10} KiB that a {what} may have: it is another file, choose the right one")
    if _PEM_BEGINS in content:
        return
    if content[0] == _DER_SEQUENCE:
        raise ConfigError(f"the {what} is {_binary_form(content)}")
    raise ConfigError(f"this is no {what} in PEM form, a text that begins with -----BEGIN: convert it, such as by `{convert}`")


def _binary_form(content: bytes) -> str:
    """Tell which of the binary forms it is, and how to convert it."""
    try:
        x509.load_der_x509_certificate(content)
    except ValueError:
        return _binary_key(content)
    return "in DER form: convert it by `openssl x509 -inform DER -in FILE -out FILE.pem`"


def _binary_key(content: bytes) -> str:
    try:
        load_der_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "in a binary form such as PKCS#12: convert it by `openssl pkcs12 -in FILE -nodes -out FILE.pem`"
    return "in DER form: convert it by `openssl pkey -inform DER -in FILE -out FILE.pem`"


def _check_time(one: x509.Certificate, now: datetime) -> None:
    begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
    if ends < now:
        raise ConfigError(
            f"{_name(one.subject)} has expired on {ends:%Y-%m-%d}: get the one that is valid now, or set the clock of this host"
        )
    if begins > now:
        raise ConfigError(
            f"{_name(one.subject)} is valid only from {begins:%Y-%m-%d} on: set the clock of this host if it is wrong, or wait"
        )


def _is_authority(one: x509.Certificate) -> bool:
    try:
        constraints = one.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return isinstance(constraints, x509.BasicConstraints) and constraints.ca


def _why_no_match(found: Sequence[x509.Certificate], private: PrivateKeyTypes) -> str:
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if any(_public(one) == public for one in found):
        return "the key belongs to another certificate of this file than the first: put the node's own before those that prove it"
    return f"the private key is not that of {_name(found[0].subject)}: give the one with which this certificate was asked for"


def _public(one: x509.Certificate) -> bytes:
    try:
        return one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{_name(one.subject)} has a key of a kind that is not known here: ask for one with RSA") from error


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "a certificate without a subject"
