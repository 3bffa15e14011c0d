"""The real programs that the outside tests drive: Orthanc, DCMTK, dciodvfy and the node itself, each on its own free loopback ports."""
