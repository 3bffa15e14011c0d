from __future__ import annotations

import pytest

from baa_node.db import Connection, studies
from tests.db import made


@pytest.fixture
def received(c: Connection) -> Connection:
    """A record that holds one image, not yet read."""
    studies.record_arrival(c, made.instance(), now=made.NOW)
    return c


@pytest.fixture
def reported(received: Connection) -> Connection:
    """The image was read, its report and picture are stored, and two deliveries are open."""
    c = received
    studies.record_outcome(c, made.IMAGE, 1, state=studies.State.READ, outcome=made.READ, now=made.later(1))
    studies.record_results(c, [made.result("2.25.1"), made.result("2.25.2", rank=1), made.result("2.25.3", kind="capture")])
    studies.open_deliveries(c, made.IMAGE, 1, ["pacs", "archive"], now=made.later(2))
    studies.set_state(c, made.IMAGE, 1, studies.State.REPORTED, now=made.later(2))
    return c
