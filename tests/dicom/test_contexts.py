from __future__ import annotations

from pydicom.uid import HTJ2K, ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEGLosslessSV1

from baa_node.dicom.contexts import TRANSFER_SYNTAXES, accepted_sop_classes, decodable_transfer_syntaxes, supported_contexts


def test_every_syntax_of_the_statement_is_decoded_by_what_is_installed() -> None:
    assert decodable_transfer_syntaxes() == TRANSFER_SYNTAXES


def test_what_needs_no_decoder_is_preferred_and_what_is_retired_comes_last() -> None:
    assert TRANSFER_SYNTAXES[0] == ExplicitVRLittleEndian
    assert TRANSFER_SYNTAXES[-1] == ExplicitVRBigEndian
    assert {HTJ2K, JPEGLosslessSV1} < set(TRANSFER_SYNTAXES)


def test_optional_sop_classes_are_off_unless_asked_for() -> None:
    plain = accepted_sop_classes(processing_images=False, secondary_capture=False, digitised_film=False)
    everything = accepted_sop_classes(processing_images=True, secondary_capture=True, digitised_film=True)
    assert (len(plain), len(everything)) == (2, 6)
    assert everything[:2] == plain


def test_contexts_are_few() -> None:
    contexts = supported_contexts(accepted_sop_classes(processing_images=False, secondary_capture=False, digitised_film=False))
    assert len(contexts) == 3
    assert max(len(context.transfer_syntax) for context in contexts) == len(TRANSFER_SYNTAXES)
