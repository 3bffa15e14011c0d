"""What a node can find out about itself: the checks of ``baa-node doctor`` and of the console's page of the same name."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from baa_node.config import Config
from baa_node.core.ensemble import Ensemble
from baa_node.db import Connection, Database, accounts, audit, clock, executors, peers, routes, studies
from baa_node.db.admission import why_refused
from baa_node.db.audit import AuditKind
from baa_node.db.studies import counts
from baa_node.dicom.contexts import decodable_transfer_syntaxes
from baa_node.errors import BaaError, BundleError, ConfigError, DeliveryError, SpoolError, StoreError
from baa_node.faults import cannot_listen, cannot_write
from baa_node.housekeeping import Housekeeper, Retention
from baa_node.mistakes import Mistake, codes_in
from baa_node.spool import open_spool
from baa_node.wiring.bundles import bundle_of, calibration_of
from baa_node.wiring.lines import keyring_of

CERTIFICATE_WARNING: Final = timedelta(days=30)
"""Before a certificate ends."""

LATELY: Final = timedelta(days=1)
MOST_EVENTS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is examined, and with which parts.

    Attributes
    ----------
    database
        Opens the record anew, or gives the one that is open.
    ensemble
        Gives the networks; the first call may load them.
    probe
        Tries a destination in the way of its kind; DeliveryError where it does not answer.
    thorough
        Whether to compare the whole audit trail and the whole spool, which takes time.
    """

    config: Config
    now: datetime
    database: Callable[[], AbstractContextManager[Database]]
    ensemble: Callable[[], Ensemble]
    probe: Callable[[peers.Peer], str]
    thorough: bool = True


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found; ``codes`` are those of the mistakes that it explains."""

    check: str
    ok: bool
    finding: str

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of ``mistakes``."""
        return codes_in(self.finding)


AT_START: Final = ("clock", "certificates", "users")
"""Checks that cost next to nothing, of which a node tells its log at every start."""


def examine(ground: Ground, names: Sequence[str] = ()) -> list[Finding]:
    """Run every check, or those named, each by itself: one that fails does not keep the others from being run."""
    return [_run(name, _CHECKS[name], ground) for name in names or _CHECKS]


def provider_trouble(asked: str, used: str) -> str:
    """Explain that another execution provider reads than the one it should be; empty where it is that one.

    Parameters
    ----------
    used
        Of all members, with ``+`` between different ones.
    """
    return Mistake.CUDA_MISSING.told(wanted=asked, got=used) if asked and asked not in used.split("+") else ""


def _run(name: str, check: Callable[[Ground], str], ground: Ground) -> Finding:
    try:
        return Finding(check=name, ok=True, finding=check(ground))
    except BaaError as error:
        return Finding(check=name, ok=False, finding=str(error))


def _bundle(ground: Ground) -> str:
    identity = bundle_of(ground.config)
    return f"{identity.name} {identity.version} is as it was packed"


def _inference(ground: Ground) -> str:
    from baa_node.bundle import asked_provider  # here: ONNX Runtime is for those who read, and this module for every start

    provider = ground.ensemble().provider
    if trouble := provider_trouble(asked_provider(ground.config.inference.providers), provider):
        raise BundleError(trouble)
    return f"runs on {provider}"


def _database(ground: Ground) -> str:
    with ground.database() as database, database.reading() as c:
        if ground.thorough and (findings := audit.verify(c)):
            raise StoreError(f"audit trail: {findings[0]}")
    return "opens, audit trail is whole" if ground.thorough else "opens"


def _calibration(ground: Ground) -> str:
    calibration = calibration_of(ground.config)
    if calibration is None:
        return "none in force"
    return f"version {calibration.version} for {', '.join(calibration.seals)}, sealed {calibration.seal[:12]}"


def _data_directory(ground: Ground) -> str:
    folder = ground.config.data_dir
    probe = folder / ".doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(cannot_write(error, where=folder, otherwise=f"data directory {folder} cannot be used")) from error
    return f"{folder} can be written"


def _spool(ground: Ground) -> str:
    config = ground.config
    spool = open_spool(config.spool_path, min_free_bytes=config.spool.reserve_mb << 20)
    spool.remove(spool.write("doctor", "probe", b"probe"))
    if ground.thorough:
        with ground.database() as database:
            lost = Housekeeper(database, spool, Retention()).missing()
        if lost:
            raise SpoolError(f"{len(lost)} files that the record names are not in {spool.where}, the first is {lost[0]}")
    free = spool.free_bytes()
    return f"{spool.where} takes files" + (f", {free >> 20} MiB free" if free is not None else "")


def _retention(ground: Ground) -> str:
    """Tell what leaves the spool and when, and whether disk pressure finds nothing that may."""
    kept, reserve_mb = ground.config.retention, ground.config.spool.reserve_mb
    if 0 < kept.free_mb <= reserve_mb:
        raise ConfigError(
            f"retention.free_mb is {kept.free_mb}: above spool.reserve_mb, {reserve_mb}, images make room before senders are turned away"
        )
    spool = open_spool(ground.config.spool_path, min_free_bytes=reserve_mb << 20)
    free = spool.free_bytes()
    with ground.database() as database, database.reading() as c:
        may_leave = bool(studies.removable(c, before=ground.now, limit=1))
    if kept.free_mb and free is not None and free < kept.free_mb << 20 and not may_leave:
        raise SpoolError(f"{spool.where} has {free >> 20} MiB free of retention.free_mb {kept.free_mb}, and nothing in it may leave")
    when = [f"{kept.days} days after the last result was delivered"] if kept.days else []
    when += [f"when less than {kept.free_mb} MiB are free"] if kept.free_mb else []
    leaves = f"images leave {' or '.join(when)}, never before they are delivered" if when else "images are kept for ever"
    return f"{leaves}; finished work is forgotten after {kept.workflow_days} days"


def _deliveries(ground: Ground) -> str:
    """Tell what is on its way, and what was given up until somebody sends it again."""
    with ground.database() as database, database.reading() as c:
        waiting, given_up = counts.queue(c), counts.count_deliveries(c, ["failed"])["failed"]
    since = f", the oldest since {waiting.deliver_since.astimezone():%Y-%m-%d %H:%M:%S}" if waiting.deliver_since else ""
    again = " (`baa-node studies list --state UNDELIVERABLE` shows them, `baa-node studies retry` sends them again)" if given_up else ""
    return f"{waiting.to_deliver} wait{since}; {given_up} were given up{again}"


def _ports(ground: Ground) -> str:
    config = ground.config
    if _is_running(config.data_dir):
        return "in use by this node, which is running"
    for key, host, port in (("node", config.node.host, config.node.port), ("console", config.console.host, config.console.port)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            raise ConfigError(cannot_listen(error, host=host, port=port, key=key)) from error
    return f"{config.node.port} and {config.console.port} are free"


def _is_running(data_dir: Path) -> bool:
    """Tell whether a node holds the lock of this data directory."""
    try:
        with closing((data_dir / "node.lock").open("r")) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _clock(ground: Ground) -> str:
    with ground.database() as database, database.reading() as c:
        if found := clock.skews(c, ground.now):
            raise StoreError("; ".join(found))
    return f"{ground.now.astimezone():%Y-%m-%d %H:%M:%S %Z}, the record knows no later time"


def _certificates(ground: Ground) -> str:
    node, console = ground.config.node, ground.config.console
    files = {"node.tls_certificate": node.tls_certificate, "node.tls_ca": node.tls_ca, "console.tls_certificate": console.tls_certificate}
    keyring = keyring_of(ground.config)
    given = {f"certificate given here, {path.stem[:16]}": path for path in (*keyring.authorities, *([keyring.own] if keyring.own else ()))}
    named = {key: Path(file) for key, file in files.items() if file} | given
    for key, file in named.items():
        for certificate in _certificates_in(key, file):
            begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if not begins <= ground.now <= ends - CERTIFICATE_WARNING:
                shown = {"begins": f"{begins:%Y-%m-%d}", "ends": f"{ends:%Y-%m-%d}", "now": f"{ground.now:%Y-%m-%d}"}
                raise ConfigError(Mistake.CERTIFICATE_ENDS.told(key=key, file=file, **shown))
    return (
        f"valid for {CERTIFICATE_WARNING.days} days at least: {', '.join(named)}"
        if named
        else "none are named in the settings or given here"
    )


def _certificates_in(key: str, file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{key} {file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{key} {file} holds no certificate in PEM form") from error


def _workers(ground: Ground) -> str:
    with ground.database() as database, database.reading() as c:
        known = executors.list_executors(c)
    told = (f"{one.host} {one.state}, last sign of life {one.beat_at.astimezone():%Y-%m-%d %H:%M:%S}" for one in known)
    return "; ".join(told) or "none has started yet"


def _syntaxes(_: Ground) -> str:
    return f"{len(decodable_transfer_syntaxes())} are decoded here"


def _routes(ground: Ground) -> str:
    with ground.database() as database, database.reading() as c:
        known = routes.list_routes(c)
    for bundle in {route.bundle for route in known}:
        bundle_of(ground.config, bundle)
    return f"{len(known)}, and every bundle that they name is as it was packed" if known else "none: every image is read"


def _peers(ground: Ground) -> str:
    """Try every destination, and find those that send us back what we made."""
    with ground.database() as database, database.reading() as c:
        known = peers.list_peers(c)
        troubles = [*_circles(c, ground), *_wanting_nothing(known, ground)]
    troubles += [trouble for peer in known if peer.destination if (trouble := _trouble_with(peer, ground))]
    if troubles:
        raise DeliveryError("; ".join(troubles))
    if not known:
        return "none yet: every caller is refused; `baa-node peers add --help` shows how to add one"
    return f"{len(known)} known, {sum(peer.destination for peer in known)} of them answer as destinations"


def _trouble_with(peer: peers.Peer, ground: Ground) -> str:
    try:
        ground.probe(peer)
    except (DeliveryError, ConfigError) as error:
        return str(error)
    return ""


def _wanting_nothing(known: Sequence[peers.Peer], ground: Ground) -> Iterator[str]:
    for peer in known:
        if peer.destination and set(peer.wants) == {"pdf"} and not ground.config.report.pdf:
            yield f"{peer.name} wants only PDF and report.pdf is false: it gets nothing; set that to true, or let it want sr or picture"


def _circles(c: Connection, ground: Ground) -> Iterator[str]:
    events = audit.list_events(c, kind=AuditKind.INSTANCE_DUPLICATE, since=ground.now - LATELY, limit=MOST_EVENTS)
    for caller in dict.fromkeys(event.actor for event in events if event.detail.get("own")):
        yield Mistake.SENT_BACK.told(calling=caller, own=ground.config.node.ae_title)


def _callers(ground: Ground) -> str:
    """Tell of callers that got nowhere lately; a stranger at the door is no fault of the node."""
    with ground.database() as database, database.reading() as c:
        known = peers.list_peers(c)
        lately = [one for one in peers.list_refused_callers(c) if one.last_at > ground.now - LATELY]
    if not lately:
        return "nobody was turned away since yesterday"
    return f"{len(lately)} turned away since yesterday, the last: {why_refused(lately[0], known, own=ground.config.node.ae_title)}"


def _users(ground: Ground) -> str:
    with ground.database() as database, database.reading() as c:
        known = accounts.list_users(c)
    admins = [user for user in known if user.role is accounts.Role.ADMIN]
    if known and not admins:
        raise ConfigError(Mistake.NO_ADMIN.told())
    return f"{len(known)}, of which {len(admins)} may change something" if known else "none yet: the first start of the console makes one"


_CHECKS: Final[dict[str, Callable[[Ground], str]]] = {
    "bundle": _bundle,
    "inference": _inference,
    "calibration": _calibration,
    "data directory": _data_directory,
    "database": _database,
    "spool": _spool,
    "retention": _retention,
    "deliveries": _deliveries,
    "ports": _ports,
    "clock": _clock,
    "certificates": _certificates,
    "workers": _workers,
    "transfer syntaxes": _syntaxes,
    "peers": _peers,
    "routes": _routes,
    "callers": _callers,
    "users": _users,
}
