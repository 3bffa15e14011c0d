"""The Storage SCU of the tests: what it calls breaking off is the middle of a C-STORE to whoever receives it."""

from __future__ import annotations

import pytest

from baa_node.dicom.server import NodeServer
from tests.dicom.conftest import Recorder, data_set_bytes, part10, radiograph
from tests.parts.line import Image, Line
from tests.parts.programs import eventually


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.6, 0.99, 1.0])
def test_a_store_that_is_broken_off_is_never_whole(server: NodeServer, node: Recorder, share: float) -> None:
    ds = radiograph(rows=500, columns=400)
    image = Image(sop_class=ds.SOPClassUID, sop_instance=ds.SOPInstanceUID, data=data_set_bytes(part10(ds)))
    line = Line(server.port, calling="PACS", called="BAA_NODE", sop_class=ds.SOPClassUID)
    assert server.connections == 1
    line.break_off(line.pack(image), share)
    eventually(lambda: server.connections == 0, what="the association to end", timeout_s=5)
    assert len(node.callers) == 1
    assert node.received == []
    with Line(server.port, calling="PACS", called="BAA_NODE", sop_class=ds.SOPClassUID) as whole:
        assert whole.store(image) == 0
    assert len(node.received) == 1
