from __future__ import annotations

from pydicom import dcmread

from baa_node.dicom.scu import Endpoint, Outcome, Outgoing, echo, send
from baa_node.dicom.server import NodeServer
from tests.dicom.conftest import Recorder, data_set_bytes, part10, radiograph


def test_echo_and_store(server: NodeServer, node: Recorder) -> None:
    endpoint = Endpoint(ae_title="BAA_NODE", host="127.0.0.1", port=server.port, calling_ae="PACS")
    echo(endpoint)
    ds = radiograph()
    content = part10(ds)
    outgoing = Outgoing(
        sop_class_uid=ds.SOPClassUID,
        sop_instance_uid=ds.SOPInstanceUID,
        transfer_syntax_uid=ds.file_meta.TransferSyntaxUID,
        content=content,
    )
    results = send(endpoint, [[outgoing]])
    assert [result.outcome for result in results] == [Outcome.STORED]
    assert data_set_bytes(node.received[0].content) == data_set_bytes(content)
