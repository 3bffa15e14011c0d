"""Templates to answers. Whatever comes from DICOM or from people is escaped on its way in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from baa_node import __version__
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from baa_node.core.words.sentences import figure, reason_in_words
from baa_node.web.session import LANGUAGE, Visitor, console_of
from baa_node.web.words import WORDS, Words, preferred


def link(request: Request, path: str) -> str:
    """Address of one of our pages, behind a reverse proxy too."""
    return f"{request.scope.get('root_path', '')}{path}"


def render(
    request: Request,
    template: str,
    *,
    visitor: Visitor | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """Fill a template and answer with it."""
    return HTMLResponse(fill(request, template, visitor=visitor, **values), status, headers=dict(headers or {}))


def fill(request: Request, template: str, *, visitor: Visitor | None = None, **values: Any) -> str:
    """Fill a template; ``visitor`` is who looks, None for strangers."""
    language = language_of(request)
    words = WORDS[language]
    common = {
        "w": words,
        "language": language,
        "languages": list(WORDS.values()),
        "back": _way_back(request),
        "visitor": visitor,
        "version": __version__,
        "url": lambda path: link(request, path),
        "here": request.url.path.removeprefix(request.scope.get("root_path", "")),
        "said": vars(words.said).get(request.query_params.get("said", "").replace("-", "_"), ""),
    }
    return _ENVIRONMENT.get_template(template).render(**common, **values)


def _way_back(request: Request) -> str:
    """Address to come back to: of the page itself, or of its list where it is the answer to a form."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if request.method != "GET":
        return f"/{path.split('/')[1]}"
    return f"{path}?{request.url.query}" if request.url.query else path


def language_of(request: Request) -> Language:
    """Language of whoever reads: as chosen here, else as the browser likes best, else that of the site."""
    chosen, console = request.cookies.get(LANGUAGE, ""), console_of(request)
    return Language(chosen) if chosen in set(Language) else preferred(request.headers.get("accept-language", ""), console.language)


@pass_context
def in_years(context: Context, months: float | None) -> str:
    """``"9 y 2 m"``."""
    if months is None:
        return "–"
    whole = math.floor(abs(months) + 0.5)
    words: Words = context["w"]
    return ("−" if months < 0 and whole else "") + words.measures.age.format(years=whole // 12, months=whole % 12)


@pass_context
def result_in_words(context: Context, outcome: Mapping[str, Any] | None) -> str:
    """One line about what a reading gave; empty before it did."""
    if outcome is None:
        return ""
    words: Words = context["w"]
    months = outcome.get("bone_age_months")
    if months is None:
        return f"{words.trial.not_read}: {' '.join(meaning(code, words.language) for code in outcome.get('reasons', []))}"
    interval = outcome.get("interval_months")
    between = f" ({in_years(context, interval[0])} {words.trial.to} {in_years(context, interval[1])})" if interval else ""
    return in_years(context, months) + between


def meaning(code: str, language: Language) -> str:
    """Words for the code of a reason."""
    return next((reason_in_words(reason, language) for reason in Reason if reason.code == code), code)


@pass_context
def state_in_words(context: Context, state: str) -> str:
    """Say where a reading stands; in English where the language has no word for a state that came later."""
    return str(getattr(context["w"].states, state.lower(), in_words(state)))


def of(name: str, words: object) -> str:
    """Text that words have for a name of the record, such as a kind of report; the name itself where they have none."""
    return str(getattr(words, name.lower(), name))


@pass_context
def delivery_in_words(context: Context, state: str) -> str:
    """Say where a delivery stands, or how its receipt was given."""
    return str(getattr(context["w"].deliveries, state))


def in_words(name: object) -> str:
    """``"READING_DONE"`` as ``"Reading done"``."""
    return str(name).replace("_", " ").capitalize()


def sentence(text: str) -> str:
    """Begin with a capital, end with a full stop; what is between stays as it is."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def when(at: datetime | None) -> str:
    """Time of day where the node stands."""
    return "–" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


@pass_context
def since(context: Context, at: datetime | None, now: datetime) -> str:
    """How long ago, roughly."""
    if at is None:
        return "–"
    seconds, measures = max(0, int((now - at).total_seconds())), context["w"].measures
    for size, shape in ((86400, measures.days), (3600, measures.hours), (60, measures.minutes)):
        if seconds >= size:
            return str(shape.format(count=seconds // size))
    return str(measures.seconds.format(count=seconds))


@pass_context
def in_bytes(context: Context, count: int | None) -> str:
    """Size in a unit that people read."""
    measures = context["w"].measures
    if count is None:
        return str(measures.no_limit)
    for power, prefix in ((40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")):
        if count >= 1 << power:
            return f"{decimal(context, count / (1 << power))} {prefix}{measures.byte}"
    return f"{count} {measures.byte}"


@pass_context
def decimal(context: Context, value: float, places: int = 1, *, signed: bool = False) -> str:
    """Write a number with the decimal mark of the language."""
    return f"{figure(value, context['w'].language):{'+' if signed else ''}.{places}f}"


@pass_context
def plain(context: Context, value: float) -> str:
    """Write a number with as many decimals as it needs and the decimal mark of the language."""
    return f"{figure(value, context['w'].language):g}"


def segment(text: str) -> str:
    """Write a text as one part of an address."""
    return quote(text, safe="")


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("baa_node.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters |= {
    "years": in_years,
    "result": result_in_words,
    "reason": meaning,
    "state": state_in_words,
    "delivery": delivery_in_words,
    "of": of,
    "words": in_words,
    "sentence": sentence,
    "when": when,
    "since": since,
    "size": in_bytes,
    "decimal": decimal,
    "plain": plain,
    "segment": segment,
}
