"""The texts of the pages that radiologists read, by name: a language that lacks one does not pass the type checker.

``<b>`` and ``<code>`` in a text are markup; what is put in at ``{name}`` is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass

from baa_node.core.words import Language


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What stands around every page."""

    to_content: str
    pages: str
    dashboard: str
    studies: str
    peers: str
    routes: str
    audit: str
    model: str
    doctor: str
    try_out: str
    users: str
    change_password: str
    log_out: str
    languages: str
    research_use: str


@dataclass(frozen=True, kw_only=True)
class LogIn:
    """The page for logging in; ``first`` may call for ``{name}`` and ``{file}``."""

    title: str
    first: str
    user_name: str
    password: str
    wrong: str
    too_many: str
    too_old: str


@dataclass(frozen=True, kw_only=True)
class States:
    """Where a reading stands; the names are those of the record in lower case."""

    received: str
    read: str
    refused: str
    reported: str
    delivered: str
    dismissed: str
    undeliverable: str
    quarantined: str
    left_alone: str


@dataclass(frozen=True, kw_only=True)
class Studies:
    """The list of studies."""

    search_for: str
    state: str
    sent_by: str
    received_on: str
    any_state: str
    any_peer: str
    search: str
    last_image: str
    accession: str
    result: str
    in_quarantine: str
    none: str
    later: str
    earlier: str
    page: str


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """What became of the results at each peer."""

    title: str
    to: str
    attempts: str
    next_attempt: str
    receipt: str
    pending: str
    delivered: str
    failed: str
    sent: str
    committed: str
    found: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """The page of one study; ``{at}``, ``{peer}``, ``{who}`` and the like as they stand in each."""

    title: str
    without_accession: str
    image: str
    received: str
    removed: str
    reading: str
    ordered: str
    read_by_route: str
    left_by_route: str
    picture: str
    report: str
    conflict: str
    again: str
    send_again: str
    reason: str
    read_again: str
    journal: str


@dataclass(frozen=True, kw_only=True)
class TryOut:
    """The form for a try-out reading; ``file`` may call for ``{limit}``."""

    title: str
    about: str
    file: str
    sex: str
    as_in_file: str
    female: str
    male: str
    birth_date: str
    birth_hint: str
    read: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The answer of a try-out; ``{age}`` of the drawn hand and its ``{sex}``, ``{coverage}`` of the interval."""

    notice: str
    months: str
    attention_image: str
    attention: str
    scale: str
    low: str
    high: str
    hand: str
    synthetic: str
    as_read_image: str
    as_read: str
    as_received_image: str
    as_received: str
    interval: str
    to: str
    chronological_age: str
    z_score: str
    sex_used: str
    no_sex: str
    model: str
    on: str
    not_read: str
    another: str


@dataclass(frozen=True, kw_only=True)
class Words:
    """Every text of these pages in one language; ``age`` is short and calls for ``{years}`` and ``{months}``."""

    language: Language
    name: str
    age: str
    frame: Frame
    log_in: LogIn
    states: States
    studies: Studies
    deliveries: Deliveries
    study: Study
    try_out: TryOut
    trial: Trial
