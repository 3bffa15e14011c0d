"""Why no bone age is given. The reasons as coded entries are in ``codes``, whose dictionaries an intake can do without."""

from __future__ import annotations

import enum


class Reason(enum.Enum):
    """Why no bone age is given: code of scheme ``99BAANODE``, its meaning, and the equivalent DCM code value if any.

    A reason found before inference means "not attempted"; one found after it means "failed".
    """

    NO_HAND = ("BAA101", "No hand found in image", None)
    SEVERAL_HANDS = ("BAA102", "More than one hand in image", None)
    HAND_CUT_OFF = ("BAA103", "Hand or wrist partly outside image", "111209")
    NOT_FRONTAL = ("BAA104", "View is not frontal", "111209")
    POOR_QUALITY = ("BAA105", "Image quality insufficient", "110531")
    OBSCURED = ("BAA106", "Cast, metal or other object hides bones", None)
    SEX_UNKNOWN = ("BAA107", "Patient sex missing or not M or F", None)
    AGE_OUTSIDE_USE = ("BAA108", "Chronological age outside intended use", None)
    ESTIMATE_OUTSIDE_RANGE = ("BAA109", "Estimate outside validated bone age range", None)
    MEMBERS_DISAGREE = ("BAA110", "Ensemble members disagree", None)
    UNLIKE_TRAINING = ("BAA111", "Image unlike the images the model was validated on", None)
    UNDECODABLE = ("BAA112", "Pixel data cannot be decoded", "110521")
    ATTRIBUTES = ("BAA113", "Required attributes missing or inconsistent", "110521")
    UNSUPPORTED = ("BAA114", "Type of image not supported", "110522")
    INTERNAL = ("BAA115", "Internal processing error", "111218")
    TIME_LIMIT = ("BAA116", "Processing time limit exceeded", "110527")

    def __init__(self, code: str, meaning: str, equivalent: str | None) -> None:
        self.code = code
        self.meaning = meaning
        self.equivalent = equivalent

    @property
    def attempted(self) -> bool:
        """True when the reading was begun and failed; False when it was not attempted."""
        return self.code in {"BAA109", "BAA110", "BAA111", "BAA112", "BAA115", "BAA116"}
