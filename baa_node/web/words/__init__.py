"""The console in the language of whoever reads it: chosen by a cookie, else by the browser, else that of the site.

A module a page, or a group of pages: each sentence stands there once in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from baa_node.core.words import Language
from baa_node.web.words.account import LOG_IN, PASSWORD, LogIn, Password
from baa_node.web.words.audit import AUDIT, EVENTS, Audit, Events
from baa_node.web.words.certificates import CERTIFICATES, Certificates
from baa_node.web.words.dashboard import DASHBOARD, TRAFFIC, Dashboard, Traffic
from baa_node.web.words.doctor import DOCTOR, Doctor
from baa_node.web.words.errors import ERRORS, Errors
from baa_node.web.words.frame import FRAME, NAMES, Frame
from baa_node.web.words.measures import MEASURES, Measures
from baa_node.web.words.models import MODELS, Models
from baa_node.web.words.peer_form import PEER_FORM, PeerForm
from baa_node.web.words.peers import PEERS, Peers
from baa_node.web.words.report import REPORT, Report
from baa_node.web.words.route_form import ROUTE_FORM, RouteForm
from baa_node.web.words.route_test import ROUTE_TEST, RouteTest
from baa_node.web.words.routes import ROUTES, Routes
from baa_node.web.words.said import SAID, Said
from baa_node.web.words.states import DELIVERIES, STATES, Deliveries, States
from baa_node.web.words.studies import STUDIES, STUDY, Studies, Study
from baa_node.web.words.tryout import TRIAL, TRY_OUT, Trial, TryOut
from baa_node.web.words.users import USERS, Users

LONGEST_HEADER: Final = 512


@dataclass(frozen=True, kw_only=True)
class Words:
    """Every text of the console in one language; ``name`` is what the language calls itself."""

    language: Language
    name: str
    measures: Measures
    frame: Frame
    said: Said
    errors: Errors
    log_in: LogIn
    password: Password
    dashboard: Dashboard
    traffic: Traffic
    states: States
    deliveries: Deliveries
    studies: Studies
    study: Study
    report: Report
    events: Events
    audit: Audit
    peers: Peers
    peer_form: PeerForm
    certificates: Certificates
    routes: Routes
    route_form: RouteForm
    route_test: RouteTest
    models: Models
    doctor: Doctor
    try_out: TryOut
    trial: Trial
    users: Users


def _words(language: Language) -> Words:
    return Words(
        language=language,
        name=NAMES[language],
        measures=MEASURES[language],
        frame=FRAME[language],
        said=SAID[language],
        errors=ERRORS[language],
        log_in=LOG_IN[language],
        password=PASSWORD[language],
        dashboard=DASHBOARD[language],
        traffic=TRAFFIC[language],
        states=STATES[language],
        deliveries=DELIVERIES[language],
        studies=STUDIES[language],
        study=STUDY[language],
        report=REPORT[language],
        events=EVENTS[language],
        audit=AUDIT[language],
        peers=PEERS[language],
        peer_form=PEER_FORM[language],
        certificates=CERTIFICATES[language],
        routes=ROUTES[language],
        route_form=ROUTE_FORM[language],
        route_test=ROUTE_TEST[language],
        models=MODELS[language],
        doctor=DOCTOR[language],
        try_out=TRY_OUT[language],
        trial=TRIAL[language],
        users=USERS[language],
    )


WORDS: Final[Mapping[Language, Words]] = {language: _words(language) for language in Language}


def preferred(accept_language: str, otherwise: Language) -> Language:
    """Language of ours that an ``Accept-Language`` header likes best (RFC 9110 12.5.4); the first of equals."""
    best, best_weight = otherwise, 0.0
    for entry in accept_language[:LONGEST_HEADER].split(","):
        tag, _, parameter = entry.strip().partition(";")
        name, weight = tag.strip().partition("-")[0].lower(), _weight(parameter)
        if name in set(Language) and weight > best_weight:
            best, best_weight = Language(name), weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name.strip() == "q" and 0 <= weight <= 1 else 0.0
