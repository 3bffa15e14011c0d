"""What people get wrong around a node, explained once: command line, console and log all say these sentences.

A sentence says the cause, what to do about it, and a code under which ``deploy/mistakes.md`` lists it::

    PACS at 10.0.0.5:104 refuses connections, nothing listens there: start the PACS, or correct host and port of this peer (BAA-M104)

Whoever finds a mistake fills in where it is (``Mistake.NOBODY_LISTENS.told(peer=...)``) and raises or logs the text; nothing of a
patient may stand in it. Codes are stable: 1xx we call, 2xx TLS, 3xx we are called, 4xx this host, 5xx database, 6xx networks,
7xx content and people.
"""

from __future__ import annotations

import enum
import re
from typing import Final

CODE: Final = re.compile(r"\((BAA-M\d{3})\)")


class Mistake(enum.Enum):
    """One mistake: code, cause, cure; words in braces are filled in by `told`."""

    CALLED_TITLE_REJECTED = (
        "BAA-M101",
        "{peer} rejects associations because it is not called {called}",
        "give this peer the AE title under which the PACS answers, upper and lower case as there",
    )
    CALLING_TITLE_REJECTED = (
        "BAA-M102",
        "{peer} rejects associations because it does not know {calling}",
        "enter AE title {calling} with the address of this node in the PACS",
    )
    REJECTED = (
        "BAA-M103",
        "{peer} rejects associations ({reason})",
        "look into the log of the PACS, which may admit only certain AE titles and addresses: ours is {calling}",
    )
    NOBODY_LISTENS = (
        "BAA-M104",
        "{peer} refuses connections, nothing listens there",
        "start it, or correct host and port of this peer",
    )
    NO_SIGN = (
        "BAA-M105",
        "{peer} gives no sign within {seconds:g} s, as behind a firewall that drops packets or when the host is off",
        "let TCP from this node to port {port} pass, or correct the host",
    )
    NO_WAY = (
        "BAA-M106",
        "{peer} cannot be reached ({reason})",
        "check cable, address, routes and firewalls between this node and it",
    )
    HOST_UNKNOWN = (
        "BAA-M107",
        "{peer} cannot be called, no address is known for host name {host}",
        "correct the name, have it entered in DNS, or give the address instead",
    )
    NOT_DICOM = (
        "BAA-M108",
        "{peer} answers with something that is no DICOM",
        "correct the port, another service listens on this one",
    )
    NO_ANSWER = (
        "BAA-M109",
        "{peer} takes the connection and gave no answer to the association request within {seconds:g} s",
        "restart it if it hangs, or correct the port if another service listens there",
    )
    HUNG_UP = (
        "BAA-M110",
        "{peer} ended the connection instead of answering the association request",
        "enter AE title and address of this node in the PACS, or correct the port if another service listens there",
    )
    NO_COMMON_SYNTAX = (
        "BAA-M111",
        "{peer} takes {sop_class}, but with none of our transfer syntaxes",
        "let it accept {syntaxes} for this SOP class",
    )
    SOP_CLASS_REFUSED = (
        "BAA-M112",
        "{peer} does not accept {sop_class}",
        "switch this SOP class on in the PACS, or say what it gets instead (baa-node peers edit --wants)",
    )
    ITSELF = (
        "BAA-M113",
        "peer {name} is this node itself ({peer}), so results would go round in a circle",
        "give it AE title, host and port of the PACS",
    )
    PEER_WITHOUT_TLS = (
        "BAA-M201",
        "{peer} is called with TLS, and the other side does not speak TLS",
        "switch TLS on there, or off for this peer (baa-node peers edit --no-tls, or by its URL)",
    )
    PEER_WITH_TLS = (
        "BAA-M202",
        "{peer} speaks TLS, and is called without",
        "switch TLS on for this peer (baa-node peers edit --tls), or correct the port",
    )
    AUTHORITY_UNKNOWN = (
        "BAA-M203",
        "{peer} shows a certificate of an authority that is not trusted here ({reason})",
        "let the node trust that authority (console's page Certificates, baa-node certificates trust), or put it into the file of {key}",
    )
    CERTIFICATE_EXPIRED = (
        "BAA-M204",
        "{peer} shows a certificate that has expired",
        "have that certificate renewed, or set the clock of this host if it is wrong",
    )
    CERTIFICATE_NOT_YET_VALID = (
        "BAA-M205",
        "{peer} shows a certificate that is not yet valid, so one of the clocks is wrong",
        "set this host and the one that made the certificate by NTP",
    )
    CERTIFICATE_OF_ANOTHER = (
        "BAA-M206",
        "{peer} shows a certificate for another name ({reason})",
        "give this peer the host name of its certificate, or {otherwise}",
    )
    OUR_AUTHORITY_UNKNOWN = (
        "BAA-M207",
        "{peer} does not accept our certificate ({reason})",
        "let it trust the authority of node.tls_certificate, or of the one given to the node (baa-node certificates shows both)",
    )
    OUR_CERTIFICATE_EXPIRED = (
        "BAA-M208",
        "{peer} says that our certificate has expired",
        "have it renewed and give it to the node (console's page Certificates, baa-node certificates own), "
        "or renew node.tls_certificate and node.tls_key",
    )
    OUR_CERTIFICATE_MISSING = (
        "BAA-M209",
        "{peer} asks for a certificate and we show none",
        "give the node one (console's page Certificates, baa-node certificates own), or set node.tls_certificate and node.tls_key",
    )
    CERTIFICATE_ENDS = (
        "BAA-M210",
        "{key} {file} is valid from {begins} to {ends}, now is {now}",
        "renew it, and set the clock of this host if it is wrong",
    )
    NO_TRUST = (
        "BAA-M211",
        "peer {name} speaks TLS, but neither node.tls_ca nor a certificate given to the node says whom to trust",
        "give the node the certificate of the authority of the PACS (console's page Certificates, baa-node certificates trust)",
    )
    CALLED_ANOTHER_TITLE = (
        "BAA-M301",
        "{calling} at {address} called {called}, and this node is {own}",
        "enter {own} in the PACS as the AE title to send to, or name {called} in a route",
    )
    CALLED_OTHER_CASE = (
        "BAA-M302",
        "{calling} at {address} called {called}, which differs from {own} in upper and lower case",
        "enter {own} in the PACS exactly so",
    )
    CALLED_BLANK = (
        "BAA-M303",
        "{calling} at {address} called without an AE title, and this node is {own}",
        "enter {own} in the PACS as the AE title to send to",
    )
    CALLER_UNKNOWN = (
        "BAA-M304",
        "{calling} at {address} is not known here as a source",
        "admit it (baa-node peers shows the command, the console's page of peers the button)",
    )
    CALLER_OTHER_CASE = (
        "BAA-M305",
        "{calling} at {address} differs from {known} of peer {peer} in upper and lower case",
        "give peer {peer} the AE title {calling}, or let the PACS call itself {known}",
    )
    CALLER_UNDER_ANOTHER_TITLE = (
        "BAA-M306",
        "{calling} at {address} has the address of peer {peer}, which answers as {known} and so sends under another AE title",
        "admit {calling} as a source of its own whose results go to {peer}",
    )
    CALLER_BLANK = (
        "BAA-M307",
        "a caller at {address} gives no AE title of its own, or one that is none",
        "enter an AE title of 1 to 16 characters in the PACS as its own",
    )
    CALLER_WITHOUT_TLS = (
        "BAA-M308",
        "a caller at {address} does not speak TLS, and this node takes only TLS",
        "switch TLS on in the PACS for this destination",
    )
    CALLER_WITH_TLS = (
        "BAA-M309",
        "a caller at {address} speaks TLS, and this node listens without",
        "switch TLS off in the PACS for this destination, or set node.tls_certificate, node.tls_key and node.tls_ca",
    )
    CALLER_CERTIFICATE = (
        "BAA-M310",
        "TLS with a caller at {address} fails ({reason})",
        "let the PACS show a certificate of an authority in node.tls_ca and trust the one of node.tls_certificate",
    )
    CALLER_OFFERS_NOTHING = (
        "BAA-M311",
        "{calling} at {address} offers no SOP class that is taken here ({offered})",
        "let the PACS send hand radiographs (CR, DX) only, or see node.secondary_capture and node.digitised_film",
    )
    CALLER_SYNTAX = (
        "BAA-M312",
        "{calling} at {address} offers {sop_class} only in transfer syntaxes that are not decoded here ({offered})",
        "let the PACS send it uncompressed or in JPEG, JPEG-LS, JPEG 2000 or RLE",
    )
    NO_SOURCE = (
        "BAA-M313",
        "{calling} at {address} may not send",
        "let it: baa-node peers edit NAME --source",
    )
    SENT_BACK = (
        "BAA-M314",
        "{calling} sends back objects that this node made; they are ignored",
        "take Structured Reports and pictures of {own} out of the routing rule of the PACS",
    )
    TITLE_IMPOSSIBLE = (
        "BAA-M401",
        "{where} {title!r} is no AE title",
        "give 1 to 16 printable ASCII characters, no backslash, no space at either end",
    )
    UNKNOWN_KEY = (
        "BAA-M402",
        "{where}: there is no key {key}",
        "{hint}",
    )
    PORT_TAKEN = (
        "BAA-M403",
        "another program listens on {address} already",
        "stop that program, or set {key} to a free port",
    )
    PORT_FORBIDDEN = (
        "BAA-M404",
        "this user may not listen on {address}, as for ports below 1024",
        "give the service CAP_NET_BIND_SERVICE, or set {key} to 1024 or more",
    )
    ADDRESS_ELSEWHERE = (
        "BAA-M405",
        "{address} is no address of this host",
        "set {key} to one of its own, or to 0.0.0.0 for all",
    )
    DISK_FULL = (
        "BAA-M406",
        "the disk of the spool {where} is full ({free} MiB free, {reserve} MiB are kept in reserve)",
        "make room or enlarge it, and let [retention] remove what was delivered; senders keep their images until then",
    )
    NO_PERMISSION = (
        "BAA-M407",
        "{where} cannot be written by user {user} ({reason})",
        "give it to the user of the service (chown -R), or mount it writable",
    )
    CLOCK_SKEW = (
        "BAA-M408",
        "the clock of {whose} is {minutes:.0f} min {direction} that of this host",
        "set both by NTP (timedatectl set-ntp true)",
    )
    UNKNOWN_SECTION = (
        "BAA-M409",
        "{where}: there is no section {section!r}",
        "{hint}",
    )
    DATABASE_DOWN = (
        "BAA-M501",
        "{database} does not answer ({reason})",
        "start the database, or correct host and port in database.url; images wait at their senders until then",
    )
    DATABASE_LOCKED = (
        "BAA-M502",
        "{database} is locked by another process",
        "end the program that holds it (a copy, a database browser); the node tries again by itself",
    )
    DATABASE_TOO_NEW = (
        "BAA-M503",
        "the database is at schema revision {found}, newer than revision {own} of this version",
        "install the version that wrote it, or restore the copy made before the upgrade",
    )
    DATABASE_PASSWORD = (
        "BAA-M504",
        "{database} does not accept user or password ({reason})",
        "correct them in database.url",
    )
    DATABASE_ABSENT = (
        "BAA-M505",
        "{database} does not exist ({reason})",
        "create it (createdb), or correct its name in database.url",
    )
    BUNDLE_MISSING = (
        "BAA-M601",
        "the model bundle {folder} is not complete, {file} cannot be read ({reason})",
        "copy the whole bundle again, or correct inference.bundle; empty takes the one of the package",
    )
    BUNDLE_CHANGED = (
        "BAA-M602",
        "{folder}/{file} was changed after packing: its SHA-256 is not the one in SHA256SUMS",
        "copy the bundle again from where it came; a changed one is never used",
    )
    CUDA_MISSING = (
        "BAA-M603",
        "{got} reads instead of {wanted}, with the same numbers but slower, because driver or libraries are missing or the GPU was lost",
        "install baa_node[cuda] and a driver for it (nvidia-smi shows it), or set inference.providers to what there is",
    )
    PROVIDER_UNKNOWN = (
        "BAA-M604",
        "inference.providers asks for {wanted}, which this ONNX Runtime does not have",
        "give one of {known}, or leave it empty",
    )
    CHARACTER_SET = (
        "BAA-M701",
        "{keyword} is not valid in SpecificCharacterSet {declared}, so it cannot be copied faithfully",
        "set in the PACS or modality the character set in which it writes, and send the image again",
    )
    LOG_IN_FAILED = (
        "BAA-M702",
        "user name or password is wrong",
        "try again, or have a new password set on the host of the node (baa-node users password NAME --once)",
    )
    NO_ADMIN = (
        "BAA-M703",
        "nobody can administer the console, there is no user with role admin",
        "make one on the host of the node (baa-node users add NAME --role admin)",
    )

    def __init__(self, code: str, cause: str, cure: str) -> None:
        self.code, self.cause, self.cure = code, cause, cure

    def told(self, **where: object) -> str:
        """One sentence: cause, cure and code, with names and places filled in; KeyError where one is not given."""
        return f"{self.cause.format(**where)}: {self.cure.format(**where)} ({self.code})"


def codes_in(text: str) -> tuple[str, ...]:
    """Codes of the mistakes that a text explains."""
    return tuple(CODE.findall(text))
