"""A DICOM node that reads paediatric bone age from hand radiographs and reports it back to the PACS."""

__version__ = "0.1.0"
