"""The limits beyond which no bone age is given. Each is a setting of the node (section ``[gates]``); each default was measured.

The figures are of ``python -m train.gates`` on the 1,262 hands of ``val`` (RSNA challenge, Halabi et al., Radiology 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

DX_FOR_PROCESSING: Final = str(DigitalXRayImageStorageForProcessing)
SECONDARY_CAPTURE: Final = str(SecondaryCaptureImageStorage)
DIGITISED_FILM: Final = frozenset(
    {str(MultiFrameGrayscaleByteSecondaryCaptureImageStorage), str(MultiFrameGrayscaleWordSecondaryCaptureImageStorage)}
)
"""Of these a single frame is read; more are refused as any multi-frame image."""


@dataclass(frozen=True, kw_only=True)
class Gates:
    """Limits beyond which no bone age is given.

    Attributes
    ----------
    sop_classes, modalities
        What is read. ``DX_FOR_PROCESSING`` and ``SECONDARY_CAPTURE`` (digitised film, Modality ``RG`` or ``OT``) are
        left out until a site adds them: raw detector values look unlike the training images, and a secondary capture
        may be anything.
    right_hands
        Whether right hands are read (with a caution): atlas and training images show left ones.
    max_age_years
        Growth references end at 18 or 19 years; nobody of 20 has open epiphyses to read.
    max_age_contradiction_months
        Patient's Age is rounded down to whole years, so a year of difference says nothing.
    hand_words, other_body_part_words, both_hands_words, side_view_words
        What a site calls these beyond ``core.gates.vocabulary``.
    min_short_side_px
        The networks look at 224 to 500 pixels; below 200 the epiphyseal lines are not there any more.
    min_grey_levels
        Grey values that occur between the 1st and the 99th percentile, a border left out (``smoothing.grey_levels``). No hand of the
        challenge has fewer than 20; of hands flattened to 12 values one in six is read more than a year wrong (``train/LOG.md``).
    min_clarity
        Coarse contrast over fine grain (``hand_shape.clarity``), once noise is smoothed (``frame.smoothing``).
    min_one_hand
        How sure the detector must be that it sees one whole, uncovered hand, 0 to 1; 0 asks no detector.
    max_unlikeness
        Greatest distance of a frame's features from those of the hands the detector learnt from (``Sight.distance``).
    refuse_negatives
        Where the outline is asked: do not read a frame as it is that shows a hand better when inverted.
    read_negatives
        Read a frame that is seen to be a negative as a positive, with a caution, where it then passes all gates; else it is refused.
    outline
        Ask the outline too (``hand_shape``), as a second opinion; without a detector it is the only one.
    sure_one_hand
        From this share on the outline is not asked: it loses hands whose fingers touch.
    max_member_sd_months
        Standard deviation of the members' estimates; 0 refuses none.
    max_noise_shift_months
        By how much the value of a noisy image may change where all its noise is taken out (`Estimate.noise_shift_months`); 0 refuses
        none. Of 69 hands with noise of 4 % it turns away 14 of the 15 that moved by more than a year, and 9 others (``train/LOG.md``).
    max_crop_shift_months
        By how much the value may change with another crop, where that hangs on a few grey levels (`Estimate.crop_shift_months`); 0 refuses
        none.
    beyond_range_months
        How far an estimate may lie outside the bone ages that the bundle was validated on; a negative value refuses none.
    time_limit_s
        Longest time from the first look at an image to the networks; 0 is no limit.
    """

    sop_classes: frozenset[str] = frozenset({str(ComputedRadiographyImageStorage), str(DigitalXRayImageStorageForPresentation)})
    modalities: frozenset[str] = frozenset({"CR", "DX", "RG", "OT"})
    right_hands: bool = True
    max_age_years: float = 20.0
    max_age_contradiction_months: float = 12.0
    hand_words: tuple[str, ...] = ()
    other_body_part_words: tuple[str, ...] = ()
    both_hands_words: tuple[str, ...] = ()
    side_view_words: tuple[str, ...] = ()
    min_short_side_px: int = 200
    min_grey_levels: int = 20
    min_clarity: float = 28.0
    min_one_hand: float = 0.5
    max_unlikeness: float = 18.0
    outline: bool = True
    refuse_negatives: bool = True
    read_negatives: bool = True
    sure_one_hand: float = 0.98
    max_member_sd_months: float = 15.0
    max_noise_shift_months: float = 15.0
    max_crop_shift_months: float = 30.0
    beyond_range_months: float = 0.0
    time_limit_s: float = 120.0


DEFAULT_GATES: Final = Gates()
