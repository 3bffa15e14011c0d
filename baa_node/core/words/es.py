"""Spanish: edad ósea, retrasada o adelantada, desviaciones estándar (DE)."""

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
    language=Language.SPANISH,
    decimal_mark=",",
    year=("año", "años"),
    month=("mes", "meses"),
    age="{years} y {months}",
    age_of_whole_years="{years}",
    below_zero="menos {age}",
    sexes=SexWords(female="sexo femenino", male="sexo masculino", unknown="sexo desconocido"),
    groups=Groups(female="niñas", male="niños"),
    hands=Hands(left="mano izquierda", right="mano derecha", unknown="mano"),
    determinations=Determinations(delayed="retrasada", normal="normal", advanced="adelantada", indeterminate="no valorable"),
    conclusion=(
        "Edad ósea {bone_age} ({months:.1f} meses, intervalo de predicción del {coverage:g} %: {low:.1f} a {high:.1f} meses); "
        "{chronological_age}, {sex}; {verdict}."
    ),
    chronological_age="edad cronológica {age} ({months:.1f} meses)",
    chronological_age_unknown="edad cronológica desconocida",
    verdicts=Verdicts(
        delayed="puntuación z {z}: retrasada, más de {limit:g} DE por debajo de la referencia",
        normal="puntuación z {z}: dentro de {limit:g} DE de la referencia",
        advanced="puntuación z {z}: adelantada, más de {limit:g} DE por encima de la referencia",
        indeterminate="sin comparación con una referencia",
    ),
    reference=(
        "{source}; {group}, {age}: media {mean:.1f} meses, desviación estándar (DE) {sd:.2f} meses; z = {formula}; "
        "normal: dentro de {limit:g} DE"
    ),
    source="Estudio de la Brush Foundation, niños de Ohio 1931-1942, en Greulich y Pyle 1959",
    formulas=Formulas(
        chronological_age="(edad ósea - edad cronológica) / DE",
        reference_mean="(edad ósea - media de referencia) / DE",
    ),
    calibrated=(
        "Calibrado según las lecturas de este centro (calibración {version:g}, SHA-256 {seal}); "
        "antes {months:.1f} meses ({low:.1f} a {high:.1f} meses)."
    ),
    tracking_identifier="Edad ósea {hand}",
    cautions=CautionTexts(
        borderline_by_mean=(
            "Caso límite: medida desde la media de referencia en lugar de la edad cronológica, la misma edad ósea resulta {determination}."
        ),
        borderline_by_age=(
            "Caso límite: medida desde la edad cronológica en lugar de la media de referencia, la misma edad ósea resulta {determination}."
        ),
        members_differ=(
            "Las redes neuronales difieren más de lo habitual (DE {spread_months:.1f} meses); "
            "el intervalo de predicción puede ser demasiado estrecho."
        ),
        no_birth_date="Falta la fecha de nacimiento: no se indican la edad cronológica ni la puntuación z.",
        no_examination_date="Falta la fecha del estudio: no se indican la edad cronológica ni la puntuación z.",
        born_after_examination=("La fecha de nacimiento es posterior al estudio: no se indican la edad cronológica ni la puntuación z."),
        sex_unknown="Se desconoce el sexo del paciente: sin puntuación z.",
        age_outside_reference=(
            "La edad cronológica está fuera de la tabla de referencia ({first_months:.0f} meses a {last_years:.0f} años): sin puntuación z."
        ),
        few_so_young="Edad ósea inferior a {limit_years:g} años: las redes han visto pocas imágenes así.",
        few_so_mature=(
            "Edad ósea superior a {limit_years:g} años: las redes han visto pocas imágenes así y las fisis están casi cerradas."
        ),
        sex_not_used="Estimada por redes que no tienen en cuenta el sexo del paciente.",
        by_sex=(
            "Las redes que tienen en cuenta el sexo dan {girl_bone_age_months:.1f} meses para una niña "
            "(intervalo del {coverage:g} %: {girl_low_months:.1f} a {girl_high_months:.1f}) "
            "y {boy_bone_age_months:.1f} meses para un niño ({boy_low_months:.1f} a {boy_high_months:.1f})."
        ),
        right_hand="Mano derecha: el atlas y las imágenes de entrenamiento muestran manos izquierdas.",
        negative=(
            "La imagen está guardada con claros y oscuros intercambiados respecto a lo que indica su cabecera; "
            "se leyó y se muestra como positivo."
        ),
        coarse=(
            "Calidad de imagen baja: el lado corto de la imagen tiene {short_side_px:.0f} píxeles; "
            "las redes han aprendido con imágenes de {usual_px:.0f} o más."
        ),
        faint="Calidad de imagen baja: hay poco contraste ({levels} de 256 niveles de gris).",
        noisy="Calidad de imagen baja: hay ruido de {noise_levels:.0f} niveles de gris; se suavizó antes de la lectura por las redes.",
        blocky="Calidad de imagen baja: una compresión fuerte dejó bordes de bloques; se suavizaron antes de la lectura por las redes.",
        unsharp=(
            "Calidad de imagen baja: la imagen muestra menos detalle del que permite su número de píxeles; está borrosa o fue ampliada."
        ),
        lossy="La imagen se comprimió con pérdida antes de su lectura.",
        bone_age_fell=(
            "La edad ósea bajó {change_months:.1f} meses en los {elapsed_months:.1f} meses desde "
            "{since}: más de lo que explica el error de ambas lecturas."
        ),
        bone_age_rose_too_fast=(
            "La edad ósea subió {change_months:.1f} meses en los {elapsed_months:.1f} meses desde {since}: más rápido que "
            "{limit_years_per_year:g} años por año, aun teniendo en cuenta el error de ambas lecturas."
        ),
        other_sex_before="La evaluación del {since} se hizo para el otro sexo: compruebe la identidad del paciente.",
        other_birth_date_before="La evaluación del {since} se hizo con otra fecha de nacimiento: compruebe la identidad del paciente.",
        other_hand_before="La evaluación del {since} es de la otra mano.",
        earlier_may_be_missing=(
            "No todos los archivos consultados sobre informes anteriores han respondido: pueden faltar evaluaciones anteriores."
        ),
    ),
    history=HistoryTexts(
        velocity=("La edad ósea avanzó {rate:.1f} años por año desde {since} (intervalo del {coverage:g} %: {low:.1f} a {high:.1f})."),
        earlier="Anterior: {since}, edad ósea {bone_age:.1f} meses a los {age:.1f} meses ({source}).",
        earlier_at_unknown_age="Anterior: {since}, edad ósea {bone_age:.1f} meses ({source}).",
    ),
    refusal="NO se ha estimado la edad ósea. {reasons}",
    reasons=ReasonTexts(
        no_hand="No se ha encontrado ninguna mano en la imagen.",
        several_hands="La imagen muestra más de una mano.",
        hand_cut_off="La mano o la muñeca queda parcialmente fuera de la imagen.",
        not_frontal="La proyección no es frontal.",
        poor_quality="La calidad de la imagen es insuficiente.",
        obscured="Un yeso, metal u otro objeto oculta los huesos.",
        sex_unknown="Falta el sexo del paciente o no es M ni F.",
        age_outside_use="La edad cronológica está fuera del uso previsto.",
        estimate_outside_range="La estimación está fuera del intervalo validado de edad ósea.",
        members_disagree="Las redes neuronales discrepan demasiado.",
        unlike_training="La imagen no se parece a aquellas con las que se validaron las redes.",
        undecodable="No se pueden decodificar los datos de la imagen.",
        attributes="Faltan atributos DICOM obligatorios o son incoherentes.",
        unsupported="Este tipo de imagen no es compatible.",
        internal="Se ha producido un error interno de procesamiento.",
        time_limit="El procesamiento ha superado el tiempo permitido.",
    ),
    by_hand="El programa no ha calculado ningún valor. Valore la imagen manualmente.",
    replaces="Este informe sustituye a un informe anterior de la misma imagen.",
    disclaimer=(
        "Solo para uso en investigación, no para diagnóstico. Calculado por un programa y no verificado por una persona. "
        "Los pesos de las redes son exclusivamente para investigación no comercial."
    ),
)
