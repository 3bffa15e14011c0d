"""Routes: which images are read, by which bundle, and who gets what of the result. The first route that matches decides.

Listener, command line and console ask the same functions. Without any route everything is read and goes where the sender's entry says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydicom import Dataset

from baa_node.core.ae_title import checked_ae_title
from baa_node.core.routes.conditions import Condition, Operator, found_in
from baa_node.core.routes.report_kinds import REPORT_KINDS
from baa_node.errors import ConfigError

MOST_CONDITIONS: Final = 8
MOST_TITLES: Final = 50

LONGEST_SHOWN: Final = 64
"""Characters of a value that an explanation repeats."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Arriving:
    """An image as routes see it: the association it comes by, and its attributes up to the pixels."""

    calling_ae: str
    called_ae: str
    header: Dataset


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of an image.

    Attributes
    ----------
    route
        Name of the route that decided; empty where none matched.
    read
        False for an image that is kept and shown, and left alone.
    bundle
        Name of the bundle that reads; empty for the configured one.
    destinations
        Names of peers; empty for those of the sender's entry.
    kinds
        Of `REPORT_KINDS`.
    """

    route: str = ""
    read: bool = True
    bundle: str = ""
    destinations: tuple[str, ...] = ()
    kinds: tuple[str, ...] = REPORT_KINDS

    def to_json(self) -> dict[str, Any]:
        """Give it in JSON types."""
        return {**asdict(self), "destinations": list(self.destinations), "kinds": list(self.kinds)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Decision:
        """Build what `to_json` wrote."""
        return cls(**{**record, "destinations": tuple(record["destinations"]), "kinds": tuple(record["kinds"])})


UNROUTED: Final = Decision()
"""What becomes of an image that no route matches."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One rule: an image that meets everything is treated as it says.

    Attributes
    ----------
    name
        What people call it: letters, digits, ``. _ -``; never changes.
    calling_ae, called_ae
        AE titles, one of which must be the caller's, and the one it called; empty for any. Case counts. The node accepts
        associations that call it by a title named here.
    conditions
        All of them must hold.
    read, bundle, destinations, kinds
        As of a `Decision`.

    Raises
    ------
    ConfigError
        A value that cannot be right.
    """

    name: str
    calling_ae: tuple[str, ...] = ()
    called_ae: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    read: bool = True
    bundle: str = ""
    destinations: tuple[str, ...] = ()
    kinds: tuple[str, ...] = REPORT_KINDS

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"route name {self.name!r}: use 1 to 64 letters, digits, dots, underscores and hyphens")
        for field in ("calling_ae", "called_ae"):
            object.__setattr__(self, field, _once(checked_ae_title(title) for title in getattr(self, field)))
        object.__setattr__(self, "conditions", _once(self.conditions))
        object.__setattr__(self, "destinations", _once(self.destinations))
        object.__setattr__(self, "kinds", tuple(kind for kind in REPORT_KINDS if kind in self.kinds) or tuple(self.kinds))
        _check_size(self)
        _check_outcome(self)

    @property
    def decision(self) -> Decision:
        """What becomes of an image that matches."""
        return Decision(route=self.name, read=self.read, bundle=self.bundle, destinations=self.destinations, kinds=self.kinds)

    def objection(self, arriving: Arriving) -> Objection | None:
        """Say what keeps an image from matching: the first thing that does not fit, None where everything does."""
        for subject, found, wanted in (
            ("calling AE title", arriving.calling_ae.strip(" \0"), self.calling_ae),
            ("called AE title", arriving.called_ae.strip(" \0"), self.called_ae),
        ):
            if wanted and found not in wanted:
                return Objection(subject=subject, found=(found,) if found else (), wanted=wanted)
        for condition in self.conditions:
            if not condition.holds(arriving.header):
                found_values = found_in(arriving.header, condition.attribute)
                return Objection(subject=condition.attribute, found=found_values, wanted=condition.values, operator=condition.operator)
        return None


@dataclass(frozen=True, kw_only=True)
class Objection:
    """What does not fit, as a sentence by ``str()``, fit for a terminal; the values are the image's own."""

    subject: str
    found: tuple[str, ...]
    wanted: tuple[str, ...]
    operator: Operator = Operator.ONE_OF

    def __str__(self) -> str:
        if self.operator is Operator.MISSING:
            return f"{self.subject} has a value"
        wanted = " or ".join(_shown(value) for value in self.wanted)
        verb = "contain" if self.operator is Operator.CONTAINS else "equal"
        if not self.found:
            return f"{self.subject} is missing, so it does not {verb} {wanted}"
        return f"{self.subject} is {', '.join(_shown(value) for value in self.found[:3])}, which does not {verb} {wanted}"


@dataclass(frozen=True, kw_only=True)
class Considered:
    """A route that was looked at, and what spoke against it; None for the one that matched."""

    route: Route
    objection: Objection | None


def consider(routes: Iterable[Route], arriving: Arriving) -> tuple[Considered, ...]:
    """Look at routes in their order, up to the first that matches."""
    looked_at: list[Considered] = []
    for route in routes:
        looked_at.append(Considered(route=route, objection=route.objection(arriving)))
        if looked_at[-1].objection is None:
            break
    return tuple(looked_at)


def decide(considered: tuple[Considered, ...]) -> Decision:
    """Say what becomes of an image by what `consider` gave for it."""
    matched = considered[-1] if considered and considered[-1].objection is None else None
    return UNROUTED if matched is None else matched.route.decision


def _check_size(route: Route) -> None:
    if len(route.conditions) > MOST_CONDITIONS:
        raise ConfigError(f"route {route.name}: at most {MOST_CONDITIONS} conditions")
    if max(len(route.calling_ae), len(route.called_ae)) > MOST_TITLES:
        raise ConfigError(f"route {route.name}: at most {MOST_TITLES} AE titles")


def _check_outcome(route: Route) -> None:
    if not route.kinds or set(route.kinds) - set(REPORT_KINDS):
        raise ConfigError(f"route {route.name}: what is sent is one or more of {', '.join(REPORT_KINDS)}")
    if not route.read and (route.bundle or route.destinations or route.kinds != REPORT_KINDS):
        raise ConfigError(f"route {route.name}: an image that is left alone has no bundle, destinations or kinds of report")


def _once(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _shown(value: str) -> str:
    """Quote a value of an image: cut, and without characters that a terminal would obey."""
    cut = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    return f"'{''.join(mark if mark.isprintable() else chr(0xFFFD) for mark in cut)}'"
