"""``python -m train.samples``: draw all and read them; with ``--note-readings`` only read them, after a change of the bundle."""

from __future__ import annotations

import sys

from train.samples import note_readings, write

if __name__ == "__main__":
    if sys.argv[1:] != ["--note-readings"]:
        write()
    for file_name, months in note_readings().items():
        print(f"{file_name}  {months:.1f} months")
