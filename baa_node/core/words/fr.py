"""French: âge osseux, retardé ou avancé, déviations standard (DS); a space before colon and semicolon."""

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
    language=Language.FRENCH,
    decimal_mark=",",
    year=("an", "ans"),
    month=("mois", "mois"),
    age="{years} et {months}",
    age_of_whole_years="{years}",
    below_zero="moins {age}",
    sexes=SexWords(female="sexe féminin", male="sexe masculin", unknown="sexe inconnu"),
    groups=Groups(female="filles", male="garçons"),
    hands=Hands(left="main gauche", right="main droite", unknown="main"),
    determinations=Determinations(delayed="retardé", normal="normal", advanced="avancé", indeterminate="indéterminé"),
    conclusion=(
        "Âge osseux {bone_age} ({months:.1f} mois, intervalle de prédiction à {coverage:g} % : {low:.1f} à {high:.1f} mois) ; "
        "{chronological_age}, {sex} ; {verdict}."
    ),
    chronological_age="âge chronologique {age} ({months:.1f} mois)",
    chronological_age_unknown="âge chronologique inconnu",
    verdicts=Verdicts(
        delayed="z-score {z} : retardé, plus de {limit:g} DS au-dessous de la référence",
        normal="z-score {z} : dans l'intervalle de ±{limit:g} DS autour de la référence",
        advanced="z-score {z} : avancé, plus de {limit:g} DS au-dessus de la référence",
        indeterminate="non comparé à une référence",
    ),
    reference=(
        "{source} ; {group}, {age} : moyenne {mean:.1f} mois, déviation standard (DS) {sd:.2f} mois ; z = {formula} ; "
        "normal : dans l'intervalle de ±{limit:g} DS"
    ),
    source="Étude de la Brush Foundation, enfants de l'Ohio 1931-1942, dans Greulich et Pyle 1959",
    formulas=Formulas(
        chronological_age="(âge osseux - âge chronologique) / DS",
        reference_mean="(âge osseux - moyenne de référence) / DS",
    ),
    calibrated=(
        "Étalonné sur les lectures de ce site (étalonnage {version:g}, SHA-256 {seal}) ; auparavant "
        "{months:.1f} mois ({low:.1f} à {high:.1f} mois)."
    ),
    tracking_identifier="Âge osseux {hand}",
    cautions=CautionTexts(
        borderline_by_mean=(
            "Cas limite : mesuré à partir de la moyenne de référence au lieu de l'âge chronologique, "
            "le même âge osseux est {determination}."
        ),
        borderline_by_age=(
            "Cas limite : mesuré à partir de l'âge chronologique au lieu de la moyenne de référence, "
            "le même âge osseux est {determination}."
        ),
        members_differ=(
            "Les réseaux de neurones divergent plus que d'habitude (DS {spread_months:.1f} mois) ; "
            "l'intervalle de prédiction est peut-être trop étroit."
        ),
        no_birth_date="Date de naissance absente : l'âge chronologique et le z-score ne sont pas indiqués.",
        no_examination_date="Date d'examen absente : l'âge chronologique et le z-score ne sont pas indiqués.",
        born_after_examination=(
            "La date de naissance est postérieure à l'examen : l'âge chronologique et le z-score ne sont pas indiqués."
        ),
        sex_unknown="Le sexe du patient est inconnu : pas de z-score.",
        age_outside_reference=(
            "L'âge chronologique est en dehors de la table de référence ({first_months:.0f} mois à {last_years:.0f} ans) : pas de z-score."
        ),
        few_so_young="Âge osseux inférieur à {limit_years:g} ans : les réseaux ont vu peu d'images de ce type.",
        few_so_mature=(
            "Âge osseux supérieur à {limit_years:g} ans : les réseaux ont vu peu d'images de ce type, "
            "et les cartilages de croissance sont presque fermés."
        ),
        sex_not_used="Estimé par des réseaux qui ne tiennent pas compte du sexe du patient.",
        by_sex=(
            "Les réseaux qui tiennent compte du sexe donnent {girl_bone_age_months:.1f} mois pour une fille "
            "(intervalle à {coverage:g} % : {girl_low_months:.1f} à {girl_high_months:.1f}) "
            "et {boy_bone_age_months:.1f} mois pour un garçon ({boy_low_months:.1f} à {boy_high_months:.1f})."
        ),
        right_hand="Main droite : l'atlas et les images d'apprentissage montrent des mains gauches.",
        negative=(
            "Le clair et le foncé de l'image sont inversés par rapport à ce qu'indique son en-tête ; "
            "elle a été lue et est montrée en positif."
        ),
        coarse=(
            "Qualité d'image faible : le petit côté de l'image compte {short_side_px:.0f} pixels ; "
            "les réseaux ont appris sur des images de {usual_px:.0f} pixels et plus."
        ),
        faint="Qualité d'image faible : le contraste est faible ({levels} niveaux de gris sur 256).",
        noisy=(
            "Qualité d'image faible : il y a un bruit de {noise_levels:.0f} niveaux de gris ; "
            "il a été lissé avant la lecture par les réseaux."
        ),
        blocky=(
            "Qualité d'image faible : une forte compression a laissé des bords de blocs ; "
            "ils ont été lissés avant la lecture par les réseaux."
        ),
        unsharp=(
            "Qualité d'image faible : l'image montre moins de détails que son nombre de pixels ne le permettrait ; "
            "elle est floue ou a été agrandie."
        ),
        lossy="L'image a été compressée avec perte avant la lecture.",
        bone_age_fell=(
            "L'âge osseux a diminué de {change_months:.1f} mois dans les {elapsed_months:.1f} mois depuis le "
            "{since} : plus que l'erreur des deux lectures n'explique."
        ),
        bone_age_rose_too_fast=(
            "L'âge osseux a augmenté de {change_months:.1f} mois dans les {elapsed_months:.1f} mois depuis le {since} : plus vite que "
            "{limit_years_per_year:g} ans par an, même en tenant compte de l'erreur des deux lectures."
        ),
        other_sex_before="L'évaluation du {since} a été faite pour l'autre sexe : vérifier l'identité du patient.",
        other_birth_date_before="L'évaluation du {since} a été faite avec une autre date de naissance : vérifier l'identité du patient.",
        other_hand_before="L'évaluation du {since} porte sur l'autre main.",
        earlier_may_be_missing=(
            "Les archives interrogées sur des comptes rendus antérieurs n'ont pas toutes répondu "
            ": des évaluations antérieures peuvent manquer."
        ),
    ),
    history=HistoryTexts(
        velocity=(
            "L'âge osseux a progressé de {rate:.1f} ans par an depuis le {since} (intervalle à {coverage:g} % : {low:.1f} à {high:.1f})."
        ),
        earlier="Antérieur : {since}, âge osseux {bone_age:.1f} mois à {age:.1f} mois ({source}).",
        earlier_at_unknown_age="Antérieur : {since}, âge osseux {bone_age:.1f} mois ({source}).",
    ),
    refusal="L'âge osseux n'a PAS été estimé. {reasons}",
    reasons=ReasonTexts(
        no_hand="Aucune main n'a été trouvée sur l'image.",
        several_hands="L'image montre plus d'une main.",
        hand_cut_off="La main ou le poignet est en partie hors de l'image.",
        not_frontal="L'incidence n'est pas de face.",
        poor_quality="La qualité de l'image est insuffisante.",
        obscured="Un plâtre, du métal ou un autre objet masque des os.",
        sex_unknown="Le sexe du patient est absent ou n'est ni M ni F.",
        age_outside_use="L'âge chronologique est en dehors du domaine d'utilisation prévu.",
        estimate_outside_range="L'estimation est en dehors du domaine d'âge osseux validé.",
        members_disagree="Les réseaux de neurones divergent trop.",
        unlike_training="L'image diffère trop de celles sur lesquelles les réseaux ont été validés.",
        undecodable="Les données de l'image ne peuvent pas être décodées.",
        attributes="Des attributs DICOM obligatoires sont absents ou incohérents.",
        unsupported="Ce type d'image n'est pas pris en charge.",
        internal="Une erreur interne de traitement s'est produite.",
        time_limit="Le traitement a dépassé le temps autorisé.",
    ),
    by_hand="Aucune valeur n'a été calculée par le logiciel. L'image doit être évaluée manuellement.",
    replaces="Ce compte rendu remplace un compte rendu antérieur de la même image.",
    disclaimer=(
        "Réservé à la recherche, ne pas utiliser pour le diagnostic. Calculé par un logiciel et non vérifié par une personne. "
        "Les poids des réseaux sont réservés à la recherche non commerciale."
    ),
)
