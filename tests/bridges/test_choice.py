from __future__ import annotations

import pytest

from baa_node.bridges import kinds_for
from tests.bridges.conftest import destination
from tests.db import made


def kinds(wants: tuple[str, ...], refusals: str, *, refused: bool) -> frozenset[str]:
    return kinds_for(made.peer(wants=wants, refusals=refusals), refused=refused)


def test_everything_by_default() -> None:
    for refused in (False, True):
        assert kinds_for(made.peer(), refused=refused) == {"sr", "capture", "pdf"}


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
    assert kinds_for(destination(kind, url), refused=False) == {"sr"}
    assert kinds_for(destination(kind, url, refusals="picture"), refused=True) == set()
    assert kinds_for(destination(kind, url, refusals="sr"), refused=True) == {"sr"}


def test_a_route_narrows_what_a_destination_wants() -> None:
    def sent(*kinds: str, refused: bool = False) -> frozenset[str]:
        return kinds_for(made.peer(wants=("sr", "pdf"), refusals="sr"), refused=refused, kinds=kinds)

    assert sent("sr", "picture") == {"sr"}
    assert sent("picture") == set()
    assert sent("sr", "picture", "pdf") == {"sr", "pdf"}
    assert sent("sr", "pdf", refused=True) == {"sr"}
    assert kinds_for(destination("hl7", "mllp://h:1"), refused=False, kinds=("picture",)) == set()
