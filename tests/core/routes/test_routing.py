from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from baa_node.core.routes.conditions import parse_condition
from baa_node.core.routes.report_kinds import REPORT_KINDS
from baa_node.core.routes.routing import UNROUTED, Arriving, Decision, Route, consider, decide
from baa_node.errors import ConfigError


def arriving(calling_ae: str = "PACS", called_ae: str = "BAA_NODE", **elements: object) -> Arriving:
    header = Dataset()
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return Arriving(calling_ae=calling_ae, called_ae=called_ae, header=header)


def route(name: str = "one", *when: str, **values: object) -> Route:
    return Route(name=name, conditions=tuple(map(parse_condition, when)), **values)  # type: ignore[arg-type]


def decision(image: Arriving, *routes: Route) -> Decision:
    return decide(consider(routes, image))


def test_without_routes_everything_is_read_and_goes_where_the_senders_entry_says() -> None:
    assert decision(arriving()) == UNROUTED
    assert (UNROUTED.read, UNROUTED.destinations, UNROUTED.kinds, UNROUTED.bundle) == (True, (), REPORT_KINDS, "")


def test_the_first_that_matches_decides() -> None:
    knees, trial, rest = (
        route("knees", "BodyPartExamined equals KNEE", read=False),
        route("trial", called_ae=("BAA_TRIAL",), destinations=("archive",), kinds=("picture", "sr"), bundle="b"),
        route("rest", destinations=("pacs",)),
    )
    assert decision(arriving(BodyPartExamined="KNEE"), knees, trial, rest) == Decision(route="knees", read=False)
    trials = Decision(route="trial", destinations=("archive",), kinds=("sr", "picture"), bundle="b")
    assert decision(arriving(called_ae="BAA_TRIAL "), knees, trial, rest) == trials
    assert decision(arriving(), knees, trial, rest).route == "rest"
    assert decision(arriving(), rest, knees, trial).route == "rest"


@pytest.mark.parametrize(
    ("rule", "image", "why"),
    [
        (route(calling_ae=("ROOM1", "ROOM2")), arriving(), "calling AE title is 'PACS', which does not equal 'ROOM1' or 'ROOM2'"),
        (route(calling_ae=("PACS",)), arriving("pacs"), "calling AE title is 'pacs', which does not equal 'PACS'"),
        (route(called_ae=("X",)), arriving(called_ae=" "), "called AE title is missing, so it does not equal 'X'"),
        (route("a", "Modality equals DX"), arriving(), "Modality is missing, so it does not equal 'DX'"),
        (route("a", "Modality equals DX"), arriving(Modality="CR"), "Modality is 'CR', which does not equal 'DX'"),
        (route("a", "Modality contains D"), arriving(Modality="CR"), "Modality is 'CR', which does not contain 'D'"),
        (route("a", "Modality missing"), arriving(Modality="CR"), "Modality has a value"),
        (route("a", "ProtocolName equals x"), arriving(ProtocolName="\x1b[2J" + "y" * 60), f"is '\N{REPLACEMENT CHARACTER}[2J{'y' * 60}'"),
    ],
)
def test_the_first_thing_that_does_not_fit_is_said(rule: Route, image: Arriving, why: str) -> None:
    (considered,) = consider([rule], image)
    assert why in str(considered.objection)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"name": "a b"}, "1 to 64 letters"),
        ({"calling_ae": ("SEVENTEEN_LETTERS",)}, "1 to 16 printable"),
        ({"called_ae": (" ",)}, "is no AE title"),
        ({"kinds": ()}, "one or more of sr, picture, pdf"),
        ({"kinds": ("fax",)}, "one or more of sr, picture, pdf"),
        ({"read": False, "destinations": ("pacs",)}, "left alone"),
        ({"read": False, "kinds": ("sr",)}, "left alone"),
        ({"read": False, "bundle": "b"}, "left alone"),
        ({"conditions": tuple(parse_condition(f"Rows equals {n}") for n in range(9))}, "at most 8 conditions"),
        ({"calling_ae": tuple(f"A{n}" for n in range(51))}, "at most 50 AE titles"),
    ],
)
def test_a_route_that_cannot_be_right_is_explained(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Route(**{"name": "one", **values})  # type: ignore[arg-type]


titles = st.sampled_from(["PACS", "ROOM", "BAA_NODE", "BAA_TRIAL"])
some_titles = st.lists(titles, max_size=2).map(tuple)
conditions = st.lists(
    st.sampled_from(["Modality equals DX", "Modality one-of CR | DX", "ProtocolName contains h", "PatientSex missing"]).map(
        parse_condition
    ),
    max_size=2,
).map(tuple)
rules = st.lists(
    st.builds(
        Route, name=st.sampled_from("abcdef"), calling_ae=some_titles, called_ae=some_titles, conditions=conditions, read=st.booleans()
    ),
    max_size=5,
)
images = st.builds(
    arriving,
    titles,
    titles,
    Modality=st.sampled_from(["CR", "DX", "DX "]),
    ProtocolName=st.sampled_from(["", "Hand"]),
    PatientSex=st.just("F"),
)


@given(routes=rules, image=images)
def test_the_decision_is_that_of_the_first_without_objection(routes: list[Route], image: Arriving) -> None:
    matching = [one for one in routes if one.objection(image) is None]
    considered = consider(routes, image)
    assert decide(considered) == (matching[0].decision if matching else UNROUTED)
    assert [one.route for one in considered] == routes[: len(considered)]
    assert all(one.objection is not None for one in considered[:-1])
    assert len(considered) == len(routes) or considered[-1].objection is None


@given(routes=rules, image=images, last=rules)
def test_what_stands_behind_a_match_or_does_not_match_changes_nothing(routes: list[Route], image: Arriving, last: list[Route]) -> None:
    first = decide(consider(routes, image))
    if first.route:
        assert decide(consider([*routes, *last], image)) == first
    assert decide(consider([one for one in routes if one.objection(image) is None], image)) == first


@given(image=images, rule=rules.filter(bool))
def test_a_further_condition_never_makes_a_route_match_more(image: Arriving, rule: list[Route]) -> None:
    strict = Route(
        name="s",
        calling_ae=rule[0].calling_ae,
        called_ae=rule[0].called_ae,
        conditions=(*rule[0].conditions, parse_condition("Rows missing")),
    )
    assert strict.objection(image) is not None or rule[0].objection(image) is None


@given(
    route_name=st.sampled_from(["", "a"]),
    read=st.booleans(),
    destinations=st.lists(st.sampled_from("abc")).map(tuple),
    bundle=st.sampled_from(["", "b"]),
)
def test_a_decision_survives_the_record(route_name: str, read: bool, destinations: tuple[str, ...], bundle: str) -> None:
    decided = Decision(route=route_name, read=read, destinations=destinations, bundle=bundle)
    assert Decision.from_json(decided.to_json()) == decided
