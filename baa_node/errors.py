"""What can go wrong, drawn once.

::

    BaaError
    ├── ConfigError         a setting is unknown, missing or impossible      fix it, start again
    ├── BundleError         a model bundle is incomplete or was changed      never helps to retry
    ├── InstanceError       this DICOM instance cannot be read               never helps to retry
    │   ├── MissingAttribute    an attribute that the reading needs
    │   ├── UndecodablePixels   the frame is corrupt, absurd or in a syntax nobody here decodes
    │   └── UnsupportedImage    colour, several frames, no pixels, not a radiograph
    ├── SpoolError          bytes cannot be made durable (disk full, read-only)   the sender keeps its copy
    ├── StoreError          the database refuses or holds something else
    └── DeliveryError       the peer did not take the object                 retry, unless it says never

Expected outcomes (a refusal to read) are values, not exceptions: see ``core.assessment.Refusal``.
"""

from __future__ import annotations


class BaaError(Exception):
    """Root of the errors that this package raises on purpose.

    Attributes
    ----------
    code : str
        Stable upper-case name; scripts and audit rows may rely on it.
    retry_helps : bool
        True when the same call may succeed later without anybody changing anything.
    """

    code = "BAA"
    retry_helps = False


class ConfigError(BaaError):
    """A setting is unknown, has the wrong type, or contradicts another; the message names the key and the file."""

    code = "CONFIG"


class BundleError(BaaError):
    """A model bundle misses a part, was changed after packing, or names a preprocessing unknown here."""

    code = "BUNDLE"


class InstanceError(BaaError):
    """A DICOM instance cannot be turned into a radiograph; no retry will change that."""

    code = "INSTANCE"


class MissingAttribute(InstanceError):  # noqa: N818 - named as the standard names the fault
    """An attribute that the reading cannot do without is absent or empty.

    Parameters
    ----------
    keyword : str
        DICOM keyword (PS3.6), never its value.
    """

    code = "MISSING_ATTRIBUTE"

    def __init__(self, keyword: str) -> None:
        super().__init__(f"{keyword} is missing or empty")
        self.keyword = keyword


class UndecodablePixels(InstanceError):  # noqa: N818 - named as the standard names the fault
    """Pixel Data is corrupt, shorter than declared, larger than the limit, or in an unknown transfer syntax."""

    code = "UNDECODABLE_PIXELS"


class UnsupportedImage(InstanceError):  # noqa: N818 - named as the standard names the fault
    """A well-formed instance of a kind that is not read: colour, several frames, no pixel data, another modality."""

    code = "UNSUPPORTED_IMAGE"


class SpoolError(BaaError):
    """Bytes could not be made durable. Whoever sent them must keep its copy."""

    code = "SPOOL"
    retry_helps = True


class StoreError(BaaError):
    """The database cannot be used, or a row asked for does not exist."""

    code = "STORE"


class DeliveryError(BaaError):
    """A peer did not take an object.

    Parameters
    ----------
    message : str
        Peer name, AE title and what was answered; no patient data.
    status : int, optional
        DIMSE status (PS3.7 annex C) if the peer gave one.
    retry_helps : bool
        False when the peer's answer will not change (for example 0x0122, SOP class not supported).
    """

    code = "DELIVERY"

    def __init__(self, message: str, *, status: int | None = None, retry_helps: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.retry_helps = retry_helps
