"""``python -m tests.bench.stock PORT FOLDER``: pynetdicom as it comes, with a handler that keeps what it acknowledges.

It writes the bytes as they came and flushes them, and does nothing else: no record, no audit, no check.
"""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path

from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.sop_class import Verification

TITLE = "STOCK"
SUCCESS = 0x0000


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    _config.LOG_HANDLER_LEVEL = "none"
    entity = AE(ae_title=TITLE)
    entity.maximum_associations = 100
    entity.maximum_pdu_size = 128 * 1024
    entity.add_supported_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
    entity.add_supported_context(Verification)
    entity.start_server(("127.0.0.1", port), evt_handlers=[(evt.EVT_C_STORE, lambda event: _keep(event, folder))])


def _keep(event: evt.Event, folder: Path) -> int:
    with (folder / f"{uuid.uuid4().hex}.dcm").open("xb") as file:
        file.write(event.encoded_dataset())
        file.flush()
        os.fsync(file.fileno())
    return SUCCESS


if __name__ == "__main__":
    main()
