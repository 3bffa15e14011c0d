"""Certificates of the node and of its peers; why one is not trusted or cannot be used is a record and stays English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baa_node.core.words.translated import Translated


@dataclass(frozen=True, kw_only=True)
class Purposes:
    """What a file of certificates is for; the names are those of `baa_node.certificates.Purpose`."""

    shown_to_peers: str
    shown_by_console: str
    shown_to_repository: str
    trusted_of_every_peer: str
    trusted_of_dicom: str
    trusted_of_bridges: str
    trusted_of_repository: str


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """The page.

    Attributes
    ----------
    valid
        The days ``{begin}`` and ``{end}``.
    days_left
        ``{count}``.
    remove_one
        ``{subject}``.
    """

    purposes: Purposes
    title: str
    holds: str
    over_tls: str
    without_tls: str
    settings: str
    shown_by_peers: str
    look: str
    peer: str
    trusted: str
    subject: str
    issuer: str
    validity: str
    fingerprint: str
    valid: str
    days_left: str
    expired: str
    not_yet_valid: str
    yes: str
    no: str
    not_seen: str
    not_called: str
    last_connection: str
    compare: str
    no_peer: str
    of_node: str
    purpose: str
    origin: str
    given: str
    do: str
    not_in_use: str
    remove: str
    remove_one: str
    remove_own: str
    none: str
    trust_title: str
    authority: str
    authority_hint: str
    trust: str
    own_title: str
    chain: str
    key: str
    key_hint: str
    use: str


CERTIFICATES: Final = Translated(
    en=Certificates(
        purposes=Purposes(
            shown_to_peers="Shown by the node to its peers",
            shown_by_console="Shown by the console",
            shown_to_repository="Shown to the audit repository",
            trusted_of_every_peer="Trusted of every peer",
            trusted_of_dicom="Trusted of DICOM peers",
            trusted_of_bridges="Trusted of HL7, FHIR and DICOMweb",
            trusted_of_repository="Trusted of the audit repository",
        ),
        title="Certificates",
        holds="A change holds from the next connection on, in this process; open associations go on, and nothing is started anew.",
        over_tls="Callers are met with TLS.",
        without_tls="Callers are met without TLS: <code>node.tls_listen = true</code> in the settings and a restart change that.",
        settings=(
            "What the settings name is changed there; a file that is put in its place is noticed, too. "
            "Only the console's own certificate takes a restart."
        ),
        shown_by_peers="Shown by peers",
        look="Look now",
        peer="Peer",
        trusted="Trusted",
        subject="Subject",
        issuer="Issuer",
        validity="Valid",
        fingerprint="SHA-256 fingerprint",
        valid="{begin} to {end}",
        days_left="{count} days left",
        expired="expired",
        not_yet_valid="not yet valid",
        yes="yes",
        no="no",
        not_seen="not seen",
        not_called="not called yet",
        last_connection="at the last connection",
        compare="Compare a fingerprint with whoever runs the peer, by telephone, before you trust what you did not get from there.",
        no_peer="No peer is called over TLS.",
        of_node="Of this node",
        purpose="For",
        origin="From",
        given="given here",
        do="Do",
        not_in_use="not in use",
        remove="Remove",
        remove_one="Remove {subject}",
        remove_own="Remove the certificate of the node",
        none="None: nobody is trusted over TLS, and nothing is shown.",
        trust_title="Trust an authority",
        authority="Certificate of the authority of a peer, or of a peer that signed its own (PEM)",
        authority_hint="Whoever holds a certificate of it may be called and, where callers are met with TLS, may call.",
        trust="Trust",
        own_title="Give the node another certificate",
        chain="Certificate, followed by those that prove it (PEM)",
        key="Private key (PEM, without a password)",
        key_hint="May be left out where the file above holds it. It is kept for the user of the node alone and never shown.",
        use="Use",
    ),
    de=Certificates(
        purposes=Purposes(
            shown_to_peers="Vom Knoten den Gegenstellen gezeigt",
            shown_by_console="Von der Konsole gezeigt",
            shown_to_repository="Dem Audit-Repository gezeigt",
            trusted_of_every_peer="Vertrauensanker für jede Gegenstelle",
            trusted_of_dicom="Vertrauensanker für DICOM-Gegenstellen",
            trusted_of_bridges="Vertrauensanker für HL7, FHIR und DICOMweb",
            trusted_of_repository="Vertrauensanker für das Audit-Repository",
        ),
        title="Zertifikate",
        holds=(
            "Eine Änderung gilt in diesem Prozess ab der nächsten Verbindung; offene Assoziationen laufen weiter, "
            "und nichts wird neu gestartet."
        ),
        over_tls="Anrufer werden mit TLS empfangen.",
        without_tls=(
            "Anrufer werden ohne TLS empfangen: <code>node.tls_listen = true</code> in den Einstellungen und ein Neustart ändern das."
        ),
        settings=(
            "Was die Einstellungen nennen, wird dort geändert; auch eine Datei, die an ihre Stelle kommt, wird bemerkt. "
            "Nur das eigene Zertifikat der Konsole braucht einen Neustart."
        ),
        shown_by_peers="Von Gegenstellen gezeigt",
        look="Jetzt nachsehen",
        peer="Gegenstelle",
        trusted="Vertrauenswürdig",
        subject="Inhaber",
        issuer="Aussteller",
        validity="Gültig",
        fingerprint="SHA-256-Fingerabdruck",
        valid="{begin} bis {end}",
        days_left="noch {count} Tage",
        expired="abgelaufen",
        not_yet_valid="noch nicht gültig",
        yes="ja",
        no="nein",
        not_seen="nicht gesehen",
        not_called="noch nicht angerufen",
        last_connection="bei der letzten Verbindung",
        compare=(
            "Vergleichen Sie einen Fingerabdruck am Telefon mit denen, die die Gegenstelle betreiben, bevor Sie etwas vertrauen, "
            "das Sie nicht von dort haben."
        ),
        no_peer="Keine Gegenstelle wird über TLS angerufen.",
        of_node="Von diesem Knoten",
        purpose="Wofür",
        origin="Woher",
        given="hier übergeben",
        do="Aktionen",
        not_in_use="nicht in Gebrauch",
        remove="Entfernen",
        remove_one="{subject} entfernen",
        remove_own="Das Zertifikat des Knotens entfernen",
        none="Keine: Über TLS wird niemandem vertraut und nichts gezeigt.",
        trust_title="Einer Zertifizierungsstelle vertrauen",
        authority="Zertifikat der Zertifizierungsstelle einer Gegenstelle, oder das selbst signierte einer Gegenstelle (PEM)",
        authority_hint="Wer ein Zertifikat von ihr hat, darf angerufen werden und, wo Anrufer mit TLS empfangen werden, selbst anrufen.",
        trust="Vertrauen",
        own_title="Dem Knoten ein anderes Zertifikat geben",
        chain="Zertifikat, danach jene, die es belegen (PEM)",
        key="Privater Schlüssel (PEM, ohne Kennwort)",
        key_hint=(
            "Darf fehlen, wenn die Datei darüber ihn enthält. Er ist nur für den Benutzer des Knotens lesbar und wird nirgends gezeigt."
        ),
        use="Verwenden",
    ),
    es=Certificates(
        purposes=Purposes(
            shown_to_peers="Mostrado por el nodo a sus interlocutores",
            shown_by_console="Mostrado por la consola",
            shown_to_repository="Mostrado al repositorio de auditoría",
            trusted_of_every_peer="De confianza para todo interlocutor",
            trusted_of_dicom="De confianza para interlocutores DICOM",
            trusted_of_bridges="De confianza para HL7, FHIR y DICOMweb",
            trusted_of_repository="De confianza para el repositorio de auditoría",
        ),
        title="Certificados",
        holds=(
            "Un cambio vale en este proceso desde la próxima conexión; las asociaciones abiertas continúan y no hay que reiniciar nada."
        ),
        over_tls="A quienes llaman se los atiende con TLS.",
        without_tls=(
            "A quienes llaman se los atiende sin TLS: <code>node.tls_listen = true</code> en la configuración y un reinicio lo cambian."
        ),
        settings=(
            "Lo que nombra la configuración se cambia allí; también se advierte un archivo puesto en su lugar. "
            "Solo el certificado propio de la consola requiere un reinicio."
        ),
        shown_by_peers="Mostrados por los interlocutores",
        look="Mirar ahora",
        peer="Interlocutor",
        trusted="De confianza",
        subject="Titular",
        issuer="Emisor",
        validity="Validez",
        fingerprint="Huella digital SHA-256",
        valid="del {begin} al {end}",
        days_left="quedan {count} días",
        expired="caducado",
        not_yet_valid="aún no válido",
        yes="sí",
        no="no",
        not_seen="no visto",
        not_called="aún no llamado",
        last_connection="en la última conexión",
        compare=(
            "Compare una huella digital por teléfono con quien administra el interlocutor antes de confiar en lo que no ha recibido de él."
        ),
        no_peer="A ningún interlocutor se lo llama por TLS.",
        of_node="De este nodo",
        purpose="Para qué",
        origin="De dónde",
        given="entregado aquí",
        do="Acciones",
        not_in_use="no se usa",
        remove="Eliminar",
        remove_one="Eliminar {subject}",
        remove_own="Eliminar el certificado del nodo",
        none="Ninguno: por TLS no se confía en nadie ni se muestra nada.",
        trust_title="Confiar en una autoridad de certificación",
        authority="Certificado de la autoridad de certificación de un interlocutor, o el autofirmado de un interlocutor (PEM)",
        authority_hint=(
            "A quien tenga un certificado de ella se le puede llamar y, donde a quienes llaman se los atiende con TLS, "
            "también puede llamar."
        ),
        trust="Confiar",
        own_title="Dar otro certificado al nodo",
        chain="Certificado, seguido de los que lo acreditan (PEM)",
        key="Clave privada (PEM, sin contraseña)",
        key_hint=("Puede omitirse si el archivo anterior la contiene. Se guarda solo para el usuario del nodo y no se muestra nunca."),
        use="Usar",
    ),
    fr=Certificates(
        purposes=Purposes(
            shown_to_peers="Montré par le nœud à ses correspondants",
            shown_by_console="Montré par la console",
            shown_to_repository="Montré au dépôt d'audit",
            trusted_of_every_peer="De confiance pour tout correspondant",
            trusted_of_dicom="De confiance pour les correspondants DICOM",
            trusted_of_bridges="De confiance pour HL7, FHIR et DICOMweb",
            trusted_of_repository="De confiance pour le dépôt d'audit",
        ),
        title="Certificats",
        holds=(
            "Un changement vaut dans ce processus dès la prochaine connexion ; les associations ouvertes continuent, "
            "et rien n'est redémarré."
        ),
        over_tls="Les appelants sont accueillis en TLS.",
        without_tls=(
            "Les appelants sont accueillis sans TLS : <code>node.tls_listen = true</code> dans la configuration "
            "et un redémarrage changent cela."
        ),
        settings=(
            "Ce que nomme la configuration se change là-bas ; un fichier mis à la place d'un autre est remarqué aussi. "
            "Seul le certificat de la console elle-même demande un redémarrage."
        ),
        shown_by_peers="Montrés par les correspondants",
        look="Regarder maintenant",
        peer="Correspondant",
        trusted="De confiance",
        subject="Titulaire",
        issuer="Émetteur",
        validity="Validité",
        fingerprint="Empreinte SHA-256",
        valid="du {begin} au {end}",
        days_left="encore {count} jours",
        expired="expiré",
        not_yet_valid="pas encore valide",
        yes="oui",
        no="non",
        not_seen="non vu",
        not_called="pas encore appelé",
        last_connection="à la dernière connexion",
        compare=(
            "Comparez une empreinte par téléphone avec ceux qui exploitent le correspondant "
            "avant de faire confiance à ce qui ne vient pas d'eux."
        ),
        no_peer="Aucun correspondant n'est appelé en TLS.",
        of_node="De ce nœud",
        purpose="Pour",
        origin="Provenance",
        given="donné ici",
        do="Actions",
        not_in_use="non utilisé",
        remove="Supprimer",
        remove_one="Supprimer {subject}",
        remove_own="Supprimer le certificat du nœud",
        none="Aucun : en TLS, on ne fait confiance à personne et rien n'est montré.",
        trust_title="Faire confiance à une autorité de certification",
        authority="Certificat de l'autorité de certification d'un correspondant, ou celui qu'un correspondant a signé lui-même (PEM)",
        authority_hint=(
            "Qui détient un certificat de cette autorité peut être appelé et, là où les appelants sont accueillis en TLS, peut appeler."
        ),
        trust="Faire confiance",
        own_title="Donner un autre certificat au nœud",
        chain="Certificat, suivi de ceux qui l'attestent (PEM)",
        key="Clé privée (PEM, sans mot de passe)",
        key_hint=(
            "Peut être omise si le fichier ci-dessus la contient. Elle est gardée pour le seul utilisateur du nœud et n'est jamais montrée."
        ),
        use="Utiliser",
    ),
    pt=Certificates(
        purposes=Purposes(
            shown_to_peers="Mostrado pelo nó aos seus parceiros",
            shown_by_console="Mostrado pelo console",
            shown_to_repository="Mostrado ao repositório de auditoria",
            trusted_of_every_peer="De confiança para todo parceiro",
            trusted_of_dicom="De confiança para parceiros DICOM",
            trusted_of_bridges="De confiança para HL7, FHIR e DICOMweb",
            trusted_of_repository="De confiança para o repositório de auditoria",
        ),
        title="Certificados",
        holds="Uma mudança vale neste processo a partir da próxima conexão; as associações abertas continuam e nada é reiniciado.",
        over_tls="Os chamadores são atendidos com TLS.",
        without_tls=("Os chamadores são atendidos sem TLS: <code>node.tls_listen = true</code> na configuração e um reinício mudam isso."),
        settings=(
            "O que a configuração nomeia é mudado lá; um arquivo posto no lugar de outro também é notado. "
            "Só o certificado do próprio console exige um reinício."
        ),
        shown_by_peers="Mostrados pelos parceiros",
        look="Olhar agora",
        peer="Parceiro",
        trusted="De confiança",
        subject="Titular",
        issuer="Emissor",
        validity="Validade",
        fingerprint="Impressão digital SHA-256",
        valid="de {begin} a {end}",
        days_left="faltam {count} dias",
        expired="vencido",
        not_yet_valid="ainda não válido",
        yes="sim",
        no="não",
        not_seen="não visto",
        not_called="ainda não chamado",
        last_connection="na última conexão",
        compare=("Compare uma impressão digital por telefone com quem administra o parceiro antes de confiar no que não veio de lá."),
        no_peer="Nenhum parceiro é chamado por TLS.",
        of_node="Deste nó",
        purpose="Para",
        origin="Origem",
        given="entregue aqui",
        do="Ações",
        not_in_use="não usado",
        remove="Remover",
        remove_one="Remover {subject}",
        remove_own="Remover o certificado do nó",
        none="Nenhum: por TLS não se confia em ninguém e nada é mostrado.",
        trust_title="Confiar em uma autoridade certificadora",
        authority="Certificado da autoridade certificadora de um parceiro, ou o autoassinado de um parceiro (PEM)",
        authority_hint=("Quem tem um certificado dela pode ser chamado e, onde os chamadores são atendidos com TLS, pode chamar."),
        trust="Confiar",
        own_title="Dar outro certificado ao nó",
        chain="Certificado, seguido dos que o comprovam (PEM)",
        key="Chave privada (PEM, sem senha)",
        key_hint=("Pode ser omitida se o arquivo acima a contém. É guardada só para o usuário do nó e nunca é mostrada."),
        use="Usar",
    ),
)
