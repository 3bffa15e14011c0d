"""What would become of an image, and why: the answer of the rule tester, on the command line and in the console.

Every question goes to the function that decides when an image really comes. Nothing is kept of the file and nothing is written.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pydicom import dcmread

from baa_node.bridges import wishes_of
from baa_node.config import Config
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.ensemble import Ensemble
from baa_node.core.reading import ReadingPolicy, read_bone_age
from baa_node.core.reasons import Reason
from baa_node.core.routes.routing import UNROUTED, Considered, Decision
from baa_node.db import Connection, Database, peers, routes
from baa_node.db.admission import Rejected, why_rejected
from baa_node.db.peers import Peer
from baa_node.db.studies import Arrival
from baa_node.dicom import scp
from baa_node.dicom.contexts import accepted_sop_classes, decodable_transfer_syntaxes
from baa_node.dicom.file import request_of
from baa_node.errors import BundleError, InstanceError
from baa_node.intake import Prospect, admission_of, look_at
from baa_node.kinds import KINDS, Kind, kinds_made
from baa_node.process import out_of_time
from baa_node.sections import REFUSALS
from baa_node.wiring.reading import policy_of

_WISHES = {"sr": "sr", "capture": "picture", "pdf": "pdf"}
"""How peers and routes call the kinds of objects."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Settings of the node on which it depends what becomes of an image.

    Attributes
    ----------
    sop_classes
        Accepted by the listener.
    max_dataset_bytes
        Of one image, after inflation too.
    pdf, refusals
        As of ``results.ResultMaker``.
    """

    ae_title: str = "BAA_NODE"
    any_called_ae: bool = False
    sop_classes: frozenset[str] = frozenset(
        map(str, accepted_sop_classes(processing_images=False, secondary_capture=False, digitised_film=False))
    )
    max_dataset_bytes: int = 512 << 20
    policy: ReadingPolicy = field(default_factory=ReadingPolicy)
    pdf: bool = False
    refusals: tuple[Kind, ...] = KINDS


def terms_of(config: Config) -> Terms:
    """Take from the settings what a `Terms` holds."""
    node = config.node
    accepted = accepted_sop_classes(
        processing_images=node.processing_images, secondary_capture=node.secondary_capture, digitised_film=node.digitised_film
    )
    return Terms(
        ae_title=node.ae_title,
        any_called_ae=node.any_called_ae,
        sop_classes=frozenset(map(str, accepted)),
        max_dataset_bytes=node.max_instance_mb << 20,
        policy=policy_of(config),
        pdf=config.report.pdf,
        refusals=REFUSALS[config.report.refusals],
    )


class Topic(enum.StrEnum):
    """What a step is about, in the order in which they come."""

    ASSOCIATION = "association"
    RECEPTION = "reception"
    ROUTE = "route"
    READING = "reading"
    DELIVERY = "delivery"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One question and its answer.

    Attributes
    ----------
    goes_on
        False where the way of the image ends here: what is told of later steps would hold if it went on.
    told
        One sentence, without its full stop.
    details
        What it rests on, a line each.
    """

    topic: Topic
    goes_on: bool
    told: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What would become of one image.

    Attributes
    ----------
    result
        What reading it gave; None for one that is left alone or not taken.
    deliveries
        Kinds of report by the name of the peer that would get them.
    """

    steps: tuple[Step, ...]
    decision: Decision = UNROUTED
    result: Assessment | Refusal | None = None
    deliveries: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ends(self) -> Step:
        """Where its way ends."""
        return next((step for step in self.steps if not step.goes_on), self.steps[-1])


@dataclass(frozen=True, kw_only=True)
class RuleTester:
    """Tries files against the rules.

    Attributes
    ----------
    ensemble
        Gives the networks of a bundle, the configured one for an empty name; BundleError where it is not installed.
    """

    database: Database
    terms: Terms
    ensemble: Callable[[str], Ensemble]

    def test(self, content: bytes, *, calling_ae: str, called_ae: str) -> Outlook:
        """Say what would become of a Part 10 file that is sent from one AE title to another.

        Raises
        ------
        InstanceError
            It is no DICOM file.
        """
        caller = scp.Caller(calling_ae=calling_ae.strip(), called_ae=called_ae.strip(), address="", tls=False)
        try:
            request = request_of(content, caller)
        except (*scp.UNREADABLE, ValueError) as error:
            raise InstanceError("the file is not a DICOM file with file meta information (PS3.10), or a damaged one") from error
        with self.database.reading() as connection:
            association = _association(connection, caller, self.terms)
            try:
                received = self._received(request)
            except scp.StoreRefusedError as refused:
                return Outlook(steps=(association, _turned_down(refused.answer)))
            prospect = look_at(connection, received, received.sha256)
            reception, route = _reception(prospect), _route(prospect.considered, prospect.decision)
        if not prospect.decision.read:
            told = f"it is kept, shown as left alone by route {prospect.decision.route}, and not read"
            unread = Step(topic=Topic.READING, goes_on=False, told=told)
            return Outlook(steps=(association, reception, route, unread), decision=prospect.decision)
        result = self._read(received.content, prospect.decision.bundle)
        deliveries = self._deliveries(prospect, result)
        return Outlook(
            steps=(association, reception, route, _reading(result, prospect.decision), self._delivery(deliveries, result)),
            decision=prospect.decision,
            result=result,
            deliveries={name: kinds for name, kinds, _ in deliveries},
        )

    def _received(self, request: scp.StoreRequest) -> scp.Received:
        """Ask what the listener asks of a C-STORE request."""
        if request.sop_class_uid not in self.terms.sop_classes:
            raise scp.StoreRefusedError(scp.SOP_CLASS_NOT_SUPPORTED, "SOP class is not accepted, so no presentation context is agreed on")
        if request.transfer_syntax not in decodable_transfer_syntaxes():
            raise scp.StoreRefusedError(
                scp.SOP_CLASS_NOT_SUPPORTED, "transfer syntax is not accepted, so no presentation context is agreed on"
            )
        if len(request.encoded) > self.terms.max_dataset_bytes:
            raise scp.StoreRefusedError(scp.OUT_OF_RESOURCES, f"more than {self.terms.max_dataset_bytes} bytes")
        return scp.read_request(request, max_dataset_bytes=self.terms.max_dataset_bytes)

    def _read(self, content: bytes, bundle: str) -> Assessment | Refusal:
        policy = self.terms.policy
        try:
            source = dcmread(BytesIO(content))
            return read_bone_age(source, self.ensemble(bundle), policy, out_of_time=out_of_time(policy.gates.time_limit_s))
        except BundleError as error:
            return Refusal(reasons=(Reason.INTERNAL,), detail=str(error))
        except (ValueError, EOFError, KeyError, OverflowError, NotImplementedError):
            return Refusal(reasons=(Reason.UNDECODABLE,), detail="the data set cannot be parsed")

    def _deliveries(self, prospect: Prospect, result: Assessment | Refusal) -> list[tuple[str, tuple[str, ...], str]]:
        """Give name, kinds and a line about each destination."""
        refused = isinstance(result, Refusal)
        made = {_WISHES[kind] for kind in kinds_made(refused=refused, pdf=self.terms.pdf, refusals=self.terms.refusals)}
        with self.database.reading() as connection:
            sender = prospect.sender.name if prospect.sender else ""
            names = routes.destinations_for(connection, prospect.decision, sender)
            known = {peer.name: peer for peer in peers.list_peers(connection)}
        return [_to(name, known.get(name), prospect.decision, made, refused=refused) for name in names]

    def _delivery(self, deliveries: Sequence[tuple[str, tuple[str, ...], str]], result: Assessment | Refusal) -> Step:
        lines = tuple(line for _, _, line in deliveries)
        refused = isinstance(result, Refusal)
        if refused and not self.terms.refusals:
            return Step(topic=Topic.DELIVERY, goes_on=False, told="no refusals are sent ([report] refusals): it stands in record and audit")
        if not deliveries:
            told = "nobody gets the result: neither a route nor the sender's entry names a destination"
            return Step(topic=Topic.DELIVERY, goes_on=False, told=told)
        if not any(kinds for _, kinds, _ in deliveries):
            return Step(topic=Topic.DELIVERY, goes_on=False, told="nobody gets anything of the result", details=lines)
        told = (
            "the refusal is sent once its study is quiet, unless another image of the study is read"
            if refused
            else "the result is sent at once"
        )
        return Step(topic=Topic.DELIVERY, goes_on=True, told=told, details=lines)


def to_json(outlook: Outlook) -> dict[str, Any]:
    """Give an outlook in JSON types, for scripts."""
    result = outlook.result
    return {
        "ends": outlook.ends.topic.value,
        "told": outlook.ends.told,
        "steps": [
            {"topic": step.topic.value, "goes_on": step.goes_on, "told": step.told, "details": list(step.details)} for step in outlook.steps
        ],
        "decision": outlook.decision.to_json(),
        "reasons": [reason.code for reason in result.reasons] if isinstance(result, Refusal) else [],
        "bone_age_months": result.estimate.bone_age_months if isinstance(result, Assessment) else None,
        "deliveries": {name: list(kinds) for name, kinds in outlook.deliveries.items()},
    }


def _association(connection: Connection, caller: scp.Caller, terms: Terms) -> Step:
    admission = admission_of(connection, caller, ae_title=terms.ae_title, any_called_ae=terms.any_called_ae)
    titles = f"{caller.calling_ae or '(blank)'} to {caller.called_ae or '(blank)'}"
    if admission is scp.Admission.ADMITTED:
        return Step(topic=Topic.ASSOCIATION, goes_on=True, told=f"the association of {titles} is accepted")
    who = {"calling_ae": caller.calling_ae, "called_ae": caller.called_ae, "address": caller.address or "that address"}
    why = why_rejected(Rejected(**who, reason=admission.name.lower(), own=terms.ae_title), peers.list_peers(connection))
    return Step(topic=Topic.ASSOCIATION, goes_on=False, told=f"the association of {titles} is rejected: {why}")


def _turned_down(answer: scp.Answer) -> Step:
    return Step(topic=Topic.RECEPTION, goes_on=False, told=f"it is not taken (0x{answer.status:04X}): {answer.comment}")


def _reception(prospect: Prospect) -> Step:
    if prospect.sender is None:
        told = f"it is answered with 0x{scp.NOT_AUTHORISED:04X}: no peer entry admits images from this sender"
        return Step(topic=Topic.RECEPTION, goes_on=False, told=told)
    if prospect.own:
        return Step(topic=Topic.RECEPTION, goes_on=False, told="it is answered with Success and ignored: a node like this one has made it")
    if prospect.arrival is Arrival.CONFLICT:
        told = f"it is answered with 0x{scp.DUPLICATE:04X} and quarantined: its UID is on record with other content"
        return Step(topic=Topic.RECEPTION, goes_on=False, told=told)
    sender = f"it is answered with Success and kept, as an image from {prospect.sender.name}"
    seen = ("This very image is on record: sent again it is read only if it was left alone, or read by another bundle.",)
    return Step(topic=Topic.RECEPTION, goes_on=True, told=sender, details=seen * prospect.known)


def _route(considered: Sequence[Considered], decision: Decision) -> Step:
    lines = tuple(f"{number}. {one.route.name}: {one.objection or 'matches'}" for number, one in enumerate(considered, start=1))
    if not considered:
        told = "there are no routes, so it is read"
    elif not decision.route:
        told = "no route matches, so it is read"
    else:
        told = f"route {decision.route} decides: {'read' if decision.read else 'leave alone'}"
    return Step(topic=Topic.ROUTE, goes_on=True, told=told, details=lines)


def _reading(result: Assessment | Refusal, decision: Decision) -> Step:
    by = f" by bundle {decision.bundle}" if decision.bundle else ""
    if isinstance(result, Refusal):
        reasons = tuple(f"{reason.code}: {reason.meaning}" for reason in result.reasons)
        told = f"no bone age is given{by}: {result.detail or result.reasons[0].meaning}"
        return Step(topic=Topic.READING, goes_on=True, told=told, details=reasons)
    estimate = result.estimate
    told = f"every gate lets it through, and a bone age of {estimate.bone_age_months:.1f} months is given"
    return Step(topic=Topic.READING, goes_on=True, told=told, details=(f"bundle {estimate.bundle.name} {estimate.bundle.version}",))


def _to(name: str, peer: Peer | None, decision: Decision, made: set[str], *, refused: bool) -> tuple[str, tuple[str, ...], str]:
    if peer is None:
        return name, (), f"{name}: nothing, since its entry was removed; the delivery fails"
    wished = wishes_of(peer, refused=refused, kinds=decision.kinds)
    kinds = tuple(kind for kind in wished if kind in made)
    if kinds:
        what = "a message" if peer.takes_messages else ", ".join(kinds)
        return name, kinds, f"{name}: {what} ({peer.kind} {peer.address})"
    return name, (), f"{name}: nothing, since {' and '.join(_why_nothing(peer, decision, made, refused=refused))}"


def _why_nothing(peer: Peer, decision: Decision, made: set[str], *, refused: bool) -> Iterator[str]:
    yield f"it wants {', '.join(peer.wants)}" + (f" and of refusals {peer.refusals}" if refused else "")
    yield f"the route sends {', '.join(decision.kinds)}"
    yield f"the node makes {', '.join(sorted(made)) or 'nothing'}"
