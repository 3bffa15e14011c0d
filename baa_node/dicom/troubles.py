"""Why a peer cannot be called, in the sentences of ``mistakes``."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

from pydicom.uid import UID

from baa_node.dicom.tls import REASONS, reason_of, speaks_tls
from baa_node.mistakes import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pynetdicom.pdu_primitives import A_ASSOCIATE
    from pynetdicom.presentation import PresentationContext

    from baa_node.dicom.endpoint import Endpoint

NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNEXPECTED_EOF_WHILE_READING"})
NOT_TRUSTED: Final = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    }
)
"""Reasons and alerts (RFC 8446 6.2) as OpenSSL names them."""

VERIFICATION_FAULTS: Final = {
    9: Mistake.CERTIFICATE_NOT_YET_VALID,
    10: Mistake.CERTIFICATE_EXPIRED,
    62: Mistake.CERTIFICATE_OF_ANOTHER,
    64: Mistake.CERTIFICATE_OF_ANOTHER,
}
"""By ``X509_V_ERR_`` number: not yet valid, expired, host name mismatch, IP address mismatch."""

NEW_CERTIFICATE: Final = "have it make a certificate for the name under which it is called"
OTHERWISE: Final = {"node.tls_ca": "set node.tls_check_hostname = false"}
"""What else helps where a certificate is for another name, by the setting that names the authorities: bridges always check the name."""

TLS_ALERT, TLS_HANDSHAKE = 0x15, 0x16
"""Content types of a TLS record (RFC 8446 5.1), where a PDU has its type."""

CALLED_NOT_RECOGNISED, CALLING_NOT_RECOGNISED = (1, 7), (1, 3)
"""Source and reason of a rejection (PS3.8 table 9-21)."""

SYNTAXES_NOT_SUPPORTED: Final = 4
"""Result of a presentation context (PS3.8 table 9-18)."""

LOOK_FOR_TLS_S: Final = 1.0


def why_no_connection(error: OSError, *, peer: str, host: str, port: int, seconds: float, tls: bool, key: str = "node.tls_ca") -> str:
    """Explain a connection that failed, or its TLS handshake.

    Parameters
    ----------
    peer
        As people know it, with its address.
    seconds
        How long was waited.
    tls
        Whether TLS was to be spoken.
    key
        Setting that names the trusted authorities.
    """
    if isinstance(error, ssl.SSLError):
        return why_no_tls(error, peer=peer, key=key)
    if isinstance(error, socket.gaierror):
        return Mistake.HOST_UNKNOWN.told(peer=peer, host=host)
    if isinstance(error, ConnectionRefusedError):
        return Mistake.NOBODY_LISTENS.told(peer=peer)
    if tls and isinstance(error, ConnectionError):
        return Mistake.PEER_WITHOUT_TLS.told(peer=peer)
    if isinstance(error, TimeoutError):
        return Mistake.NO_SIGN.told(peer=peer, seconds=seconds, port=port)
    return Mistake.NO_WAY.told(peer=peer, reason=reason_of(error))


def why_no_tls(error: ssl.SSLError, *, peer: str, key: str = "node.tls_ca") -> str:
    """Explain a TLS handshake that failed, or that the peer regretted."""
    if isinstance(error, ssl.SSLCertVerificationError):
        mistake = VERIFICATION_FAULTS.get(error.verify_code, Mistake.AUTHORITY_UNKNOWN)
        return mistake.told(peer=peer, reason=error.verify_message.rstrip("."), key=key, otherwise=OTHERWISE.get(key, NEW_CERTIFICATE))
    reason = error.reason or ""
    if isinstance(error, ssl.SSLEOFError) or reason in NO_TLS:
        return Mistake.PEER_WITHOUT_TLS.told(peer=peer)
    if reason == "SSLV3_ALERT_CERTIFICATE_EXPIRED":
        return Mistake.OUR_CERTIFICATE_EXPIRED.told(peer=peer)
    if reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
        return Mistake.OUR_CERTIFICATE_MISSING.told(peer=peer)
    if reason in NOT_TRUSTED:
        return Mistake.OUR_AUTHORITY_UNKNOWN.told(peer=peer, reason=REASONS[reason])
    return Mistake.NO_WAY.told(peer=peer, reason=reason_of(error))


def why_rejected(endpoint: Endpoint, answer: A_ASSOCIATE) -> str:
    """Explain the rejection of an association (PS3.8 9.3.4)."""
    why = (answer.result_source, answer.diagnostic)
    if why == CALLED_NOT_RECOGNISED:
        return Mistake.CALLED_TITLE_REJECTED.told(peer=endpoint, called=endpoint.ae_title)
    if why == CALLING_NOT_RECOGNISED:
        return Mistake.CALLING_TITLE_REJECTED.told(peer=endpoint, calling=endpoint.calling_ae)
    reason = f"{answer.reason_str}, {answer.result_str}, {answer.source_str}"
    return Mistake.REJECTED.told(peer=endpoint, reason=reason, calling=endpoint.calling_ae)


def why_hung_up(endpoint: Endpoint) -> str:
    """Explain a connection that was closed without an answer; one more, with TLS, shows whether that was what it wanted."""
    if endpoint.tls is None and speaks_tls(endpoint.host, endpoint.port, within_s=min(endpoint.connect_timeout_s, LOOK_FOR_TLS_S)):
        return Mistake.PEER_WITH_TLS.told(peer=endpoint)
    return Mistake.HUNG_UP.told(peer=endpoint)


def why_no_dicom(endpoint: Endpoint, first_octet: int) -> str:
    """Explain an answer that begins with something else than a type of PDU."""
    mistake = Mistake.PEER_WITH_TLS if first_octet in {TLS_ALERT, TLS_HANDSHAKE} else Mistake.NOT_DICOM
    return mistake.told(peer=endpoint)


def why_not_taken(peer: object, sop_classes: Sequence[str], rejected: Iterable[PresentationContext]) -> str:
    """Explain that none of these SOP classes, best first, is taken, given the presentation contexts that were rejected."""
    for_syntax = [one for one in rejected if one.abstract_syntax in sop_classes and one.result == SYNTAXES_NOT_SUPPORTED]
    if not for_syntax:
        return sop_class_refused(peer, *sop_classes)
    syntaxes = dict.fromkeys(syntax.name for one in for_syntax for syntax in one.transfer_syntax)
    name = UID(for_syntax[0].abstract_syntax).name
    return Mistake.NO_COMMON_SYNTAX.told(peer=peer, sop_class=name, syntaxes=" or ".join(syntaxes))


def sop_class_refused(peer: object, *sop_classes: str) -> str:
    """Explain that a peer takes none of these SOP classes."""
    return Mistake.SOP_CLASS_REFUSED.told(peer=peer, sop_class=" or ".join(UID(one).name for one in sop_classes))
