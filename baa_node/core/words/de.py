"""German, in the words of paediatric radiology: Skelettalter, retardiert, akzeleriert."""

from __future__ import annotations

from typing import Final

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
    language=Language.GERMAN,
    decimal_mark=",",
    year=("Jahr", "Jahre"),
    month=("Monat", "Monate"),
    age="{years} {months}",
    age_of_whole_years="{years} {months}",
    below_zero="minus {age}",
    sexes=SexWords(female="weiblich", male="männlich", unknown="Geschlecht unbekannt"),
    groups=Groups(female="Mädchen", male="Jungen"),
    hands=Hands(left="linke Hand", right="rechte Hand", unknown="Hand"),
    determinations=Determinations(delayed="retardiert", normal="normal", advanced="akzeleriert", indeterminate="nicht beurteilbar"),
    conclusion=(
        "Skelettalter {bone_age} ({months:.1f} Monate, {coverage:g}-%-Prädiktionsintervall {low:.1f} bis {high:.1f} Monate); "
        "{chronological_age}, {sex}; {verdict}."
    ),
    chronological_age="chronologisches Alter {age} ({months:.1f} Monate)",
    chronological_age_unknown="chronologisches Alter unbekannt",
    verdicts=Verdicts(
        delayed="z-Score {z}: retardiert, mehr als {limit:g} SD unter der Referenz",
        normal="z-Score {z}: innerhalb von {limit:g} SD um die Referenz",
        advanced="z-Score {z}: akzeleriert, mehr als {limit:g} SD über der Referenz",
        indeterminate="nicht mit einer Referenz verglichen",
    ),
    reference=(
        "{source}; {group}, {age}: Mittelwert {mean:.1f} Monate, Standardabweichung (SD) {sd:.2f} Monate; z = {formula}; "
        "normal: innerhalb von {limit:g} SD"
    ),
    source="Brush-Foundation-Studie, Kinder aus Ohio 1931-1942, in Greulich und Pyle 1959",
    formulas=Formulas(
        chronological_age="(Skelettalter - chronologisches Alter) / SD",
        reference_mean="(Skelettalter - Referenzmittelwert) / SD",
    ),
    calibrated=(
        "An die Befundung dieses Hauses angepasst (Kalibrierung {version:g}, SHA-256 {seal}); "
        "davor {months:.1f} Monate ({low:.1f} bis {high:.1f} Monate)."
    ),
    tracking_identifier="Skelettalter {hand}",
    cautions=CautionTexts(
        borderline_by_mean=(
            "Grenzwertig: Vom Referenzmittelwert statt vom chronologischen Alter aus gemessen ist dasselbe Skelettalter {determination}."
        ),
        borderline_by_age=(
            "Grenzwertig: Vom chronologischen Alter statt vom Referenzmittelwert aus gemessen ist dasselbe Skelettalter {determination}."
        ),
        members_differ=(
            "Die neuronalen Netze weichen stärker als üblich voneinander ab (SD {spread_months:.1f} Monate); "
            "das Prädiktionsintervall ist möglicherweise zu schmal."
        ),
        no_birth_date="Kein Geburtsdatum: Chronologisches Alter und z-Score werden nicht angegeben.",
        no_examination_date="Kein Untersuchungsdatum: Chronologisches Alter und z-Score werden nicht angegeben.",
        born_after_examination="Das Geburtsdatum liegt nach der Untersuchung: Chronologisches Alter und z-Score werden nicht angegeben.",
        sex_unknown="Das Geschlecht ist unbekannt: kein z-Score.",
        age_outside_reference=(
            "Das chronologische Alter liegt außerhalb der Referenztabelle "
            "({first_months:.0f} Monate bis {last_years:.0f} Jahre): kein z-Score."
        ),
        few_so_young="Skelettalter unter {limit_years:g} Jahren: Die Netze haben nur wenige solche Aufnahmen gesehen.",
        few_so_mature=(
            "Skelettalter über {limit_years:g} Jahren: Die Netze haben nur wenige solche Aufnahmen gesehen, "
            "und die Wachstumsfugen sind fast geschlossen."
        ),
        sex_not_used="Bestimmt von Netzen, die das Geschlecht nicht berücksichtigen.",
        by_sex=(
            "Netze, die das Geschlecht berücksichtigen, ergeben für ein Mädchen {girl_bone_age_months:.1f} Monate "
            "({coverage:g}-%-Intervall {girl_low_months:.1f} bis {girl_high_months:.1f}), "
            "für einen Jungen {boy_bone_age_months:.1f} Monate ({boy_low_months:.1f} bis {boy_high_months:.1f})."
        ),
        right_hand="Rechte Hand: Atlas und Trainingsaufnahmen zeigen linke Hände.",
        negative=(
            "Hell und Dunkel sind in der Aufnahme gegenüber der Angabe im Header vertauscht; "
            "sie wurde als Positiv ausgewertet und ist so gezeigt."
        ),
        coarse=(
            "Eingeschränkte Bildqualität: Die kurze Bildseite hat {short_side_px:.0f} Pixel; "
            "die Netze haben an Aufnahmen ab {usual_px:.0f} Pixeln gelernt."
        ),
        faint="Eingeschränkte Bildqualität: geringer Kontrast ({levels} von 256 Graustufen).",
        noisy=(
            "Eingeschränkte Bildqualität: Rauschen von {noise_levels:.0f} Graustufen; "
            "es wurde vor der Auswertung durch die Netze geglättet."
        ),
        blocky=(
            "Eingeschränkte Bildqualität: Starke Kompression hat Blockkanten hinterlassen; "
            "sie wurden vor der Auswertung durch die Netze geglättet."
        ),
        unsharp=(
            "Eingeschränkte Bildqualität: Die Aufnahme zeigt weniger Einzelheiten, als ihre Pixelzahl zuließe; "
            "sie ist unscharf oder wurde vergrößert."
        ),
        lossy="Die Aufnahme wurde vor der Auswertung verlustbehaftet komprimiert.",
        bone_age_fell=(
            "Das Skelettalter ist in den {elapsed_months:.1f} Monaten seit {since} um {change_months:.1f} "
            "Monate gesunken: mehr, als der Fehler beider Bestimmungen erklärt."
        ),
        bone_age_rose_too_fast=(
            "Das Skelettalter ist in den {elapsed_months:.1f} Monaten seit {since} um {change_months:.1f} Monate gestiegen: schneller als "
            "{limit_years_per_year:g} Jahre pro Jahr, auch wenn der Fehler beider Bestimmungen berücksichtigt wird."
        ),
        other_sex_before="Die Bestimmung vom {since} galt dem anderen Geschlecht: Identität prüfen.",
        other_birth_date_before="Die Bestimmung vom {since} ging von einem anderen Geburtsdatum aus: Identität prüfen.",
        other_hand_before="Die Bestimmung vom {since} betrifft die andere Hand.",
        earlier_may_be_missing=(
            "Nicht jedes Archiv, das nach früheren Befunden gefragt wurde, hat geantwortet: Frühere Bestimmungen können fehlen."
        ),
    ),
    history=HistoryTexts(
        velocity=(
            "Das Skelettalter nahm seit {since} um {rate:.1f} Jahre pro Jahr zu ({coverage:g}-%-Intervall {low:.1f} bis {high:.1f})."
        ),
        earlier="Früher: {since}, Skelettalter {bone_age:.1f} Monate mit {age:.1f} Monaten ({source}).",
        earlier_at_unknown_age="Früher: {since}, Skelettalter {bone_age:.1f} Monate ({source}).",
    ),
    refusal="Das Skelettalter wurde NICHT bestimmt. {reasons}",
    reasons=ReasonTexts(
        no_hand="Auf der Aufnahme wurde keine Hand gefunden.",
        several_hands="Die Aufnahme zeigt mehr als eine Hand.",
        hand_cut_off="Hand oder Handgelenk ist nicht vollständig abgebildet.",
        not_frontal="Es ist keine dorsopalmare (frontale) Aufnahme.",
        poor_quality="Die Bildqualität reicht nicht aus.",
        obscured="Ein Gips, Metall oder ein anderer Gegenstand verdeckt Knochen.",
        sex_unknown="Das Geschlecht fehlt oder ist weder M noch F.",
        age_outside_use="Das chronologische Alter liegt außerhalb des Anwendungsbereichs.",
        estimate_outside_range="Der Schätzwert liegt außerhalb des validierten Bereichs.",
        members_disagree="Die neuronalen Netze weichen zu stark voneinander ab.",
        unlike_training="Die Aufnahme unterscheidet sich zu sehr von denen, an denen die Netze validiert wurden.",
        undecodable="Die Bilddaten lassen sich nicht dekodieren.",
        attributes="Erforderliche DICOM-Attribute fehlen oder widersprechen sich.",
        unsupported="Aufnahmen dieser Art werden nicht unterstützt.",
        internal="Bei der Verarbeitung ist ein interner Fehler aufgetreten.",
        time_limit="Die Verarbeitung hat die zulässige Zeit überschritten.",
    ),
    by_hand="Die Software hat keinen Wert berechnet. Bitte die Aufnahme manuell auswerten.",
    replaces="Dieser Befund ersetzt einen früheren Befund zu derselben Aufnahme.",
    disclaimer=(
        "Nur für Forschungszwecke, nicht zur Diagnose. Von Software berechnet und nicht von einem Menschen geprüft. "
        "Die Gewichte der Netze sind nur für nichtkommerzielle Forschung bestimmt."
    ),
)
