"""Requests made up from the application's own OpenAPI description, good and bad, without a network between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, Config, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from baa_node.db import Database
from baa_node.web import build_app
from baa_node.web.session import COOKIE, form_token
from tests.web.visit import Clock, Visit, console_in, serve

EXAMPLES = 6
ENDLESS = "/events"
LEAVING = {"/logout", "/password", "/login"}
"""Sent as they are made up, so with a wrong token: a right one would end the session that the others need."""

CONFORMS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Visit, str]]:
    """A console, and the cookie of an admin who is logged in."""
    folder = tmp_path_factory.mktemp("described")
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    console = console_in(folder, database, Clock())
    server = serve(console)
    visit = Visit(console, server.port)
    visit.add_user("ann", "admin")
    visit.log_in("ann")
    yield visit, visit.client.cookies[COOKIE]
    visit.close()
    server.stop()
    database.close()


@pytest.fixture(scope="module")
def described(session: tuple[Visit, str]) -> BaseSchema:
    visit, cookie = session
    return schemathesis.openapi.from_asgi(
        "/api/openapi.json", build_app(visit.console), headers={"Cookie": f"{COOKIE}={cookie}"}, config=Config(seed=1)
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_asked_the_answer_is_one_of_those_described(
    described: BaseSchema, session: tuple[Visit, str], mode: GenerationMode
) -> None:
    cookie = session[1]
    asked: Counter[str] = Counter()
    wrong: list[str] = []
    for operation in (one.ok() for one in described.get_all_operations()):
        if operation.path == ENDLESS or (mode is GenerationMode.NEGATIVE and not (operation.query or operation.body)):
            continue  # an address alone cannot be wrong: whatever stands in it is a name

        @given(case=operation.as_strategy(mode))
        @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        def ask(case: Case) -> None:
            if isinstance(case.body, dict) and case.operation.path not in LEAVING:
                case.body["csrf"] = form_token(cookie)
            case.call_and_validate(headers={"Cookie": f"{COOKIE}={cookie}"}, checks=CONFORMS)
            asked[case.operation.label] += 1

        try:
            ask()
        except FailureGroup as error:
            wrong.append(f"{operation.label}: {error.exceptions}")
    assert not wrong, "\n".join(wrong)
    assert len(asked) >= {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 15}[mode]
