from __future__ import annotations

import pytest

from baa_node.bridges import chosen_for
from tests.bridges.conftest import destination
from tests.db import made

RESULTS = [made.result("1", kind="capture"), made.result("2", kind="pdf"), made.result("3"), made.result("4", rank=1)]


def kinds(wants: tuple[str, ...], refusals: str, *, refused: bool) -> set[str]:
    return {one.kind for one in chosen_for(made.peer(wants=wants, refusals=refusals), RESULTS, refused=refused)}


def test_everything_by_default() -> None:
    for refused in (False, True):
        assert chosen_for(made.peer(), RESULTS, refused=refused) == RESULTS


@pytest.mark.parametrize(
    ("wants", "expected"), [(("sr",), {"sr"}), (("picture",), {"capture"}), (("pdf",), {"pdf"}), (("picture", "sr"), {"sr", "capture"})]
)
def test_a_destination_gets_what_it_wants(wants: tuple[str, ...], expected: set[str]) -> None:
    assert kinds(wants, "none", refused=False) == expected


@pytest.mark.parametrize(
    ("refusals", "expected"), [("both", {"sr", "capture", "pdf"}), ("sr", {"sr"}), ("picture", {"capture"}), ("none", set())]
)
def test_refusals_are_narrowed_and_bone_ages_are_not(refusals: str, expected: set[str]) -> None:
    assert kinds(("sr", "picture", "pdf"), refusals, refused=True) == expected
    assert kinds(("sr", "picture", "pdf"), refusals, refused=False) == {"sr", "capture", "pdf"}


def test_a_refusal_is_never_more_than_what_is_wanted() -> None:
    assert kinds(("sr",), "picture", refused=True) == set()


@pytest.mark.parametrize(("kind", "url"), [("hl7", "mllp://h:1"), ("fhir", "https://h/fhir")])
def test_a_message_stands_for_the_report_alone(kind: str, url: str) -> None:
    assert {one.kind for one in chosen_for(destination(kind, url), RESULTS, refused=False)} == {"sr"}
    assert chosen_for(destination(kind, url, refusals="picture"), RESULTS, refused=True) == []
    assert {one.kind for one in chosen_for(destination(kind, url, refusals="sr"), RESULTS, refused=True)} == {"sr"}


def test_a_route_narrows_what_a_destination_wants() -> None:
    def sent(*kinds: str, refused: bool = False) -> set[str]:
        return {one.kind for one in chosen_for(made.peer(wants=("sr", "pdf"), refusals="sr"), RESULTS, refused=refused, kinds=kinds)}

    assert sent("sr", "picture") == {"sr"}
    assert sent("picture") == set()
    assert sent("sr", "picture", "pdf") == {"sr", "pdf"}
    assert sent("sr", "pdf", refused=True) == {"sr"}
    assert chosen_for(destination("hl7", "mllp://h:1"), RESULTS, refused=False, kinds=("picture",)) == []
