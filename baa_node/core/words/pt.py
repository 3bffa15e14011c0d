"""Portuguese, in words that are understood in Portugal and in Brazil: idade óssea, atrasada ou avançada, desvio padrão (DP)."""

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
    language=Language.PORTUGUESE,
    decimal_mark=",",
    year=("ano", "anos"),
    month=("mês", "meses"),
    age="{years} e {months}",
    age_of_whole_years="{years}",
    below_zero="menos {age}",
    sexes=SexWords(female="sexo feminino", male="sexo masculino", unknown="sexo desconhecido"),
    groups=Groups(female="meninas", male="meninos"),
    hands=Hands(left="mão esquerda", right="mão direita", unknown="mão"),
    determinations=Determinations(delayed="atrasada", normal="normal", advanced="avançada", indeterminate="indeterminada"),
    conclusion=(
        "Idade óssea {bone_age} ({months:.1f} meses, intervalo de predição de {coverage:g} %: {low:.1f} a {high:.1f} meses); "
        "{chronological_age}, {sex}; {verdict}."
    ),
    chronological_age="idade cronológica {age} ({months:.1f} meses)",
    chronological_age_unknown="idade cronológica desconhecida",
    verdicts=Verdicts(
        delayed="z-score {z}: atrasada, mais de {limit:g} DP abaixo da referência",
        normal="z-score {z}: dentro de {limit:g} DP da referência",
        advanced="z-score {z}: avançada, mais de {limit:g} DP acima da referência",
        indeterminate="sem comparação com uma referência",
    ),
    reference=(
        "{source}; {group}, {age}: média {mean:.1f} meses, desvio padrão (DP) {sd:.2f} meses; z = {formula}; normal: dentro de {limit:g} DP"
    ),
    source="Estudo da Brush Foundation, crianças de Ohio 1931-1942, em Greulich e Pyle 1959",
    formulas=Formulas(
        chronological_age="(idade óssea - idade cronológica) / DP",
        reference_mean="(idade óssea - média de referência) / DP",
    ),
    calibrated=(
        "Calibrado pelas leituras deste serviço (calibração {version:g}, SHA-256 {seal}); "
        "antes {months:.1f} meses ({low:.1f} a {high:.1f} meses)."
    ),
    tracking_identifier="Idade óssea {hand}",
    cautions=CautionTexts(
        borderline_by_mean=(
            "Caso limítrofe: medida a partir da média de referência em vez da idade cronológica, "
            "a mesma idade óssea classifica-se como {determination}."
        ),
        borderline_by_age=(
            "Caso limítrofe: medida a partir da idade cronológica em vez da média de referência, "
            "a mesma idade óssea classifica-se como {determination}."
        ),
        members_differ=(
            "As redes divergem mais do que o habitual (DP {spread_months:.1f} meses); o intervalo de predição pode ser demasiado estreito."
        ),
        no_birth_date="Falta a data de nascimento: a idade cronológica e o z-score não são indicados.",
        no_examination_date="Falta a data do exame: a idade cronológica e o z-score não são indicados.",
        born_after_examination="A data de nascimento é posterior ao exame: a idade cronológica e o z-score não são indicados.",
        sex_unknown="O sexo do paciente é desconhecido: sem z-score.",
        age_outside_reference=(
            "A idade cronológica está fora da tabela de referência ({first_months:.0f} meses a {last_years:.0f} anos): sem z-score."
        ),
        few_so_young="Idade óssea inferior a {limit_years:g} anos: as redes viram poucas imagens assim.",
        few_so_mature=(
            "Idade óssea superior a {limit_years:g} anos: as redes viram poucas imagens assim "
            "e as cartilagens de crescimento estão quase fechadas."
        ),
        sex_not_used="Estimada por redes que não consideram o sexo do paciente.",
        by_sex=(
            "As redes que consideram o sexo dão {girl_bone_age_months:.1f} meses para uma menina "
            "(intervalo de {coverage:g} %: {girl_low_months:.1f} a {girl_high_months:.1f}) "
            "e {boy_bone_age_months:.1f} meses para um menino ({boy_low_months:.1f} a {boy_high_months:.1f})."
        ),
        right_hand="Mão direita: o atlas e as imagens com que as redes aprenderam mostram mãos esquerdas.",
        negative=(
            "Na imagem, o claro e o escuro estão trocados em relação ao que indica o seu cabeçalho; foi lida e é mostrada como positivo."
        ),
        coarse=(
            "Baixa qualidade de imagem: o lado menor da imagem tem {short_side_px:.0f} pixels; "
            "as redes aprenderam com imagens de {usual_px:.0f} ou mais."
        ),
        faint="Baixa qualidade de imagem: há pouco contraste ({levels} de 256 níveis de cinza).",
        noisy="Baixa qualidade de imagem: há ruído de {noise_levels:.0f} níveis de cinza; foi suavizado antes da leitura pelas redes.",
        blocky="Baixa qualidade de imagem: uma compressão forte deixou bordas de blocos; foram suavizadas antes da leitura pelas redes.",
        unsharp=(
            "Baixa qualidade de imagem: a imagem mostra menos detalhe do que o seu número de pixels permitiria; "
            "está desfocada ou foi ampliada."
        ),
        lossy="A imagem foi comprimida com perdas antes da leitura.",
        bone_age_fell=(
            "A idade óssea diminuiu {change_months:.1f} meses nos {elapsed_months:.1f} meses desde "
            "{since}: mais do que o erro das duas leituras explica."
        ),
        bone_age_rose_too_fast=(
            "A idade óssea aumentou {change_months:.1f} meses nos {elapsed_months:.1f} meses desde {since}: mais depressa que "
            "{limit_years_per_year:g} anos por ano, mesmo considerando o erro das duas leituras."
        ),
        other_sex_before="A avaliação de {since} foi feita para o outro sexo: verifique a identidade do paciente.",
        other_birth_date_before="A avaliação de {since} foi feita com outra data de nascimento: verifique a identidade do paciente.",
        other_hand_before="A avaliação de {since} é da outra mão.",
        earlier_may_be_missing="Nem todos os arquivos consultados sobre laudos anteriores responderam: podem faltar avaliações anteriores.",
    ),
    history=HistoryTexts(
        velocity=("A idade óssea avançou {rate:.1f} anos por ano desde {since} (intervalo de {coverage:g} %: {low:.1f} a {high:.1f})."),
        earlier="Anterior: {since}, idade óssea {bone_age:.1f} meses aos {age:.1f} meses ({source}).",
        earlier_at_unknown_age="Anterior: {since}, idade óssea {bone_age:.1f} meses ({source}).",
    ),
    refusal="A idade óssea NÃO foi estimada. {reasons}",
    reasons=ReasonTexts(
        no_hand="Nenhuma mão foi encontrada na imagem.",
        several_hands="A imagem mostra mais de uma mão.",
        hand_cut_off="A mão ou o punho está parcialmente fora da imagem.",
        not_frontal="A incidência não é frontal.",
        poor_quality="A qualidade da imagem é insuficiente.",
        obscured="Gesso, metal ou outro objeto oculta os ossos.",
        sex_unknown="O sexo do paciente falta ou não é M nem F.",
        age_outside_use="A idade cronológica está fora do uso previsto.",
        estimate_outside_range="A estimativa está fora do intervalo validado de idade óssea.",
        members_disagree="As redes divergem demasiado.",
        unlike_training="A imagem difere demasiado daquelas com que as redes foram validadas.",
        undecodable="Não é possível ler os dados da imagem.",
        attributes="Faltam atributos DICOM obrigatórios ou são incoerentes.",
        unsupported="Este tipo de imagem não é suportado.",
        internal="Ocorreu um erro interno de processamento.",
        time_limit="O processamento ultrapassou o tempo permitido.",
    ),
    by_hand="Nenhum valor foi calculado pelo software. Avalie a imagem manualmente.",
    replaces="Este relatório substitui um relatório anterior sobre a mesma imagem.",
    disclaimer=(
        "Apenas para fins científicos, não para diagnóstico. Calculado por software e não verificado por uma pessoa. "
        "Os pesos das redes destinam-se apenas a fins científicos não comerciais."
    ),
)
