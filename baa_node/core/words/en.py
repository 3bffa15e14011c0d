"""English, in ASCII alone: some viewers do not decode the text of a report by its character set."""

from __future__ import annotations

from typing import Final

from baa_node.core.reference import SOURCE
from baa_node.core.words import Language
from baa_node.core.words.texts import (
    CautionTexts,
    Determinations,
    Formulas,
    Groups,
    Hands,
    HistoryTexts,
    ReasonTexts,
    SexWords,
    Texts,
    Verdicts,
)

TEXTS: Final = Texts(
    language=Language.ENGLISH,
    decimal_mark=".",
    year=("year", "years"),
    month=("month", "months"),
    age="{years} {months}",
    age_of_whole_years="{years} {months}",
    below_zero="minus {age}",
    sexes=SexWords(female="female", male="male", unknown="sex unknown"),
    groups=Groups(female="girls", male="boys"),
    hands=Hands(left="left hand", right="right hand", unknown="hand"),
    determinations=Determinations(delayed="delayed", normal="normal", advanced="advanced", indeterminate="indeterminate"),
    conclusion=(
        "Bone age {bone_age} ({months:.1f} mo, {coverage:g} % prediction interval {low:.1f} to {high:.1f} mo); "
        "{chronological_age}, {sex}; {verdict}."
    ),
    chronological_age="chronological age {age} ({months:.1f} mo)",
    chronological_age_unknown="chronological age unknown",
    verdicts=Verdicts(
        delayed="z-score {z}: delayed, more than {limit:g} SD below the reference",
        normal="z-score {z}: within {limit:g} SD of the reference",
        advanced="z-score {z}: advanced, more than {limit:g} SD above the reference",
        indeterminate="not compared with a reference",
    ),
    reference="{source}; {group}, {age}: mean {mean:.1f} mo, SD {sd:.2f} mo; z = {formula}; normal: within {limit:g} SD",
    source=SOURCE,
    formulas=Formulas(
        chronological_age="(bone age - chronological age) / SD",
        reference_mean="(bone age - reference mean) / SD",
    ),
    calibrated=(
        "Calibrated to the readings of this site (calibration {version:g}, SHA-256 {seal}); "
        "before it {months:.1f} mo ({low:.1f} to {high:.1f} mo)."
    ),
    tracking_identifier="Bone age {hand}",
    cautions=CautionTexts(
        borderline_by_mean=(
            "Borderline: measured from the reference mean instead of the chronological age, the same bone age is {determination}."
        ),
        borderline_by_age=(
            "Borderline: measured from the chronological age instead of the reference mean, the same bone age is {determination}."
        ),
        members_differ="The networks differ more than usual (SD {spread_months:.1f} mo); the interval may be too narrow.",
        no_birth_date="No birth date: chronological age and z-score are not given.",
        no_examination_date="No examination date: chronological age and z-score are not given.",
        born_after_examination="Birth date lies after the examination: chronological age and z-score are not given.",
        sex_unknown="The patient's sex is unknown: no z-score.",
        age_outside_reference=(
            "Chronological age is outside the reference table ({first_months:.0f} months to {last_years:.0f} years): no z-score."
        ),
        few_so_young="Bone age below {limit_years:g} years: the networks have seen few such images.",
        few_so_mature="Bone age above {limit_years:g} years: few such images were seen, and growth plates are nearly closed.",
        sex_not_used="Read by networks that do not use the patient's sex.",
        by_sex=(
            "Networks that use the sex give {girl_bone_age_months:.1f} mo for a girl "
            "({coverage:g} % interval {girl_low_months:.1f} to {girl_high_months:.1f}) "
            "and {boy_bone_age_months:.1f} mo for a boy ({boy_low_months:.1f} to {boy_high_months:.1f})."
        ),
        right_hand="Right hand: the atlas and the training images show left hands.",
        negative="The image is stored with bright and dark exchanged against what its header says; it was read and is shown as a positive.",
        coarse=(
            "Low image quality: the short side of the image has {short_side_px:.0f} pixels; "
            "the networks have learnt from images of {usual_px:.0f} and more."
        ),
        faint="Low image quality: there is little contrast ({levels} of 256 grey levels).",
        noisy="Low image quality: there is noise of {noise_levels:.0f} grey levels; it was smoothed before the networks read the image.",
        blocky="Low image quality: heavy compression has left block edges; they were smoothed before the networks read the image.",
        unsharp="Low image quality: the image shows less detail than its number of pixels allows; it is unsharp or was enlarged.",
        lossy="The image was compressed with loss before it was read.",
        bone_age_fell=(
            "Bone age fell by {change_months:.1f} months in the {elapsed_months:.1f} months since "
            "{since}: more than the error of both readings explains."
        ),
        bone_age_rose_too_fast=(
            "Bone age rose by {change_months:.1f} months in the {elapsed_months:.1f} months since {since}: faster than "
            "{limit_years_per_year:g} years per year, even with the error of both readings allowed for."
        ),
        other_sex_before="The assessment of {since} was made for the other sex: check the patient's identity.",
        other_birth_date_before="The assessment of {since} was made with another birth date: check the patient's identity.",
        other_hand_before="The assessment of {since} is of the other hand.",
        earlier_may_be_missing="Not every archive that was asked for earlier reports has answered: earlier assessments may be missing.",
    ),
    history=HistoryTexts(
        velocity=("Bone age advanced by {rate:.1f} years per year since {since} ({coverage:g} % interval {low:.1f} to {high:.1f})."),
        earlier="Earlier: {since}, bone age {bone_age:.1f} mo at {age:.1f} mo ({source}).",
        earlier_at_unknown_age="Earlier: {since}, bone age {bone_age:.1f} mo ({source}).",
    ),
    refusal="Bone age was NOT estimated. {reasons}",
    reasons=ReasonTexts(
        no_hand="No hand was found in the image.",
        several_hands="The image shows more than one hand.",
        hand_cut_off="Hand or wrist lies partly outside the image.",
        not_frontal="The view is not frontal.",
        poor_quality="The image quality is insufficient.",
        obscured="A cast, metal or another object hides bones.",
        sex_unknown="The patient's sex is missing or neither M nor F.",
        age_outside_use="The chronological age is outside the intended use.",
        estimate_outside_range="The estimate lies outside the validated range of bone ages.",
        members_disagree="The networks disagree too much.",
        unlike_training="The image is unlike those on which the networks were validated.",
        undecodable="The pixel data cannot be decoded.",
        attributes="Required attributes are missing or inconsistent.",
        unsupported="Images of this type are not supported.",
        internal="An internal processing error occurred.",
        time_limit="Processing took longer than allowed.",
    ),
    by_hand="No value was computed by software. Assess the image by hand.",
    replaces="This report replaces an earlier report on the same image.",
    disclaimer=(
        "Research use, not for diagnosis. Computed by software and not verified by a person. "
        "The network weights are for non-commercial research only."
    ),
)
