"""Which SOP classes and transfer syntaxes the node accepts, in order of preference."""

from __future__ import annotations

from typing import Final

from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom.presentation import PresentationContext, build_context

MOST_CONTEXTS: Final = 128
"""In one association: identifiers are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""

VERIFICATION: Final = UID("1.2.840.10008.1.1")

ALWAYS_ACCEPTED: Final = (ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation)
PROCESSING_IMAGES: Final = (DigitalXRayImageStorageForProcessing,)
SECONDARY_CAPTURE: Final = (SecondaryCaptureImageStorage,)
DIGITISED_FILM: Final = (MultiFrameGrayscaleByteSecondaryCaptureImageStorage, MultiFrameGrayscaleWordSecondaryCaptureImageStorage)

TRANSFER_SYNTAXES: Final = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    JPEGLSLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLossless,
    RLELossless,
    JPEG2000,
    JPEGLSNearLossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    HTJ2K,
    ExplicitVRBigEndian,  # retired (PS3.5 A.3), still sent by old CR readers
)
"""In our order of preference: what costs no decoder first, lossless before lossy, retired last."""


def decodable_transfer_syntaxes() -> tuple[UID, ...]:
    """Those of `TRANSFER_SYNTAXES` for which a decoder is installed and can be loaded."""
    return tuple(syntax for syntax in TRANSFER_SYNTAXES if get_decoder(syntax).is_available)


def accepted_sop_classes(*, processing_images: bool, secondary_capture: bool, digitised_film: bool) -> tuple[UID, ...]:
    """Storage SOP classes for which a presentation context is accepted."""
    return (
        *ALWAYS_ACCEPTED,
        *(PROCESSING_IMAGES if processing_images else ()),
        *(SECONDARY_CAPTURE if secondary_capture else ()),
        *(DIGITISED_FILM if digitised_film else ()),
    )


def supported_contexts(sop_classes: tuple[UID, ...]) -> list[PresentationContext]:
    """Verification and the storage classes, each with the syntaxes whose pixels can be decoded here."""
    syntaxes = list(decodable_transfer_syntaxes())
    verification = build_context(VERIFICATION, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    return [verification, *(build_context(sop_class, syntaxes) for sop_class in sop_classes)]
