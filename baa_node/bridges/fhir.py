"""Results as FHIR R4 resources: one transaction a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from baa_node.bridges.port import Attempt, Parcel, Wires
from baa_node.bridges.web import WebClient, failed
from baa_node.core.messages.fhir import bundle_of
from baa_node.db.peers import Peer
from baa_node.errors import DeliveryError

MEDIA_TYPE: Final = "application/fhir+json"
ENTRIES: Final = 2
"""Observation and DiagnosticReport."""


class _Issue(BaseModel):
    code: str = ""


class _Outcome(BaseModel):
    issue: list[_Issue] = Field(default_factory=list)


class _Answered(BaseModel):
    status: str


class _Entry(BaseModel):
    response: _Answered


class _TransactionResponse(BaseModel):
    """The part of a transaction's answer that says what became of its entries."""

    entry: list[_Entry]


class _Capability(BaseModel):
    fhirVersion: str  # noqa: N815 - as FHIR spells it


class FhirBridge:
    """FHIR client of one server."""

    def __init__(self, peer: Peer, wires: Wires, *, permit: Callable[[], None]) -> None:
        self._web = WebClient(peer, wires)
        self._permit = permit

    def send(self, parcel: Parcel) -> Attempt:
        """Put both resources in place."""
        transaction = bundle_of(parcel.told)
        headers = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
        self._permit()
        try:
            response = self._web.request("POST", "", headers=headers, content=transaction.model_dump_json().encode())
        except DeliveryError as error:
            return Attempt(retry=True, error=str(error))
        if not response.is_success:
            return failed(response, self._web.base, also=_issues(response))
        return self._judged(response, ENTRIES, taken=parcel.told.report_uid)

    def probe(self) -> str:
        """Ask for the server's capability statement, which needs no permission on any resource."""
        response = self._web.request("GET", "/metadata", headers={"Accept": MEDIA_TYPE})
        if not response.is_success:
            raise DeliveryError(failed(response, self._web.base).error)
        try:
            version = _Capability.model_validate_json(response.content).fhirVersion
        except ValidationError as error:
            raise DeliveryError(f"{self._web.base} gives no capability statement") from error
        if not version.startswith("4."):
            raise DeliveryError(f"{self._web.base} speaks FHIR {version}; R4 is needed", retry_helps=False)
        return f"{self._web.base} speaks FHIR {version}"

    def _judged(self, response: httpx.Response, expected: int, *, taken: str) -> Attempt:
        """Believe in success only when each entry is said to be in place; another answer may come from something in between."""
        try:
            entries = _TransactionResponse.model_validate_json(response.content).entry
        except ValidationError:
            return Attempt(retry=True, error=f"{self._web.base} answered HTTP {response.status_code} without a transaction's response")
        statuses = [entry.response.status for entry in entries]
        if len(statuses) != expected or not all(status.startswith("2") for status in statuses):
            return Attempt(retry=True, error=f"{self._web.base} answered the entries with {', '.join(statuses)[:80]}")
        return Attempt(stored=True, taken=(taken,))


def _issues(response: httpx.Response) -> str:
    """Codes of an OperationOutcome; its texts may quote the patient."""
    try:
        outcome = _Outcome.model_validate_json(response.content)
    except ValidationError:
        return ""
    return ", ".join(issue.code for issue in outcome.issue if issue.code.replace("-", "").isalpha())[:80]
