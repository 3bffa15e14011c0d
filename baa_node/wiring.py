"""Settings become parts: what a reading needs, with or without a running node."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from baa_node import __version__
from baa_node.atna import Courier, Line, Lookup, Node, TlsLine, Translator, UdpLine
from baa_node.bridges import Wires
from baa_node.bundle import default_bundle, list_bundles, load_bundle, verify_bundle
from baa_node.config import Config
from baa_node.core.assessment import AssessmentPolicy, ZConvention
from baa_node.core.calibration import CalibrationError, SiteCalibration, check_fits, read_calibration
from baa_node.core.ensemble import BundleIdentity, Ensemble
from baa_node.core.gates.limits import DEFAULT_GATES, DIGITISED_FILM, SECONDARY_CAPTURE, Gates
from baa_node.core.messages.atna import Source
from baa_node.core.objects.header import Device
from baa_node.core.objects.identifiers import derive_uid
from baa_node.core.reading import ReadingPolicy
from baa_node.db import Database
from baa_node.db.audit import KeptPatient
from baa_node.dicom.keyring import Keyring
from baa_node.dicom.tls import ClientTls, ServerTls
from baa_node.errors import BaaError, BundleError, ConfigError
from baa_node.sections import REPOSITORY
from baa_node.spool import FolderSpool, Spool

TLS_PORT, UDP_PORT = 6514, 514
"""Of syslog (RFC 5425 4.1, RFC 5426 3.3)."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What names this installation for ever: made at the first start, kept in the data directory."""

    device_uid: str
    executor_id: str


def load_identity(data_dir: Path) -> Identity:
    """Read ``identity.json`` of the data directory, or make it.

    Raises
    ------
    ConfigError
        The file cannot be read or holds something else.
    """
    path = data_dir / "identity.json"
    if not path.exists():
        fresh = {"device_uid": derive_uid("installation", uuid.uuid4().hex), "executor_id": uuid.uuid4().hex}
        store = FolderSpool(data_dir)
        (data_dir / store.write("identity", "identity.json", json.dumps(fresh).encode())).rename(path)
    try:
        return Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} does not hold the identity of this installation: {error}") from error


def load_ensemble(config: Config, name: str = "") -> Ensemble:
    """Load the bundle with a name; without one the configured bundle, or the one of the package.

    Raises
    ------
    BundleError
        It is not installed, incomplete, or was changed.
    """
    return load_bundle(bundle_named(config, name), providers=config.inference.providers, threads=config.inference.threads)


class Ensembles:
    """The networks of every bundle that is asked for, each loaded once, when somebody first needs them; for many threads."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._loaded: dict[Path, Ensemble] = {}
        self._loading = threading.Lock()

    def begin(self) -> None:
        """Load the configured ones in a thread of their own; whoever calls for them meanwhile waits, and is told what is wrong."""

        def load() -> None:
            with contextlib.suppress(BaaError):
                self()

        threading.Thread(target=load, name="networks", daemon=True).start()

    def identity(self, name: str = "") -> BundleIdentity:
        """Say which bundle it is; one whose networks are loaded was checked then, and its files are not read again.

        Raises
        ------
        BundleError
            As `bundle_of`.
        """
        with self._loading:
            loaded = self._loaded.get(bundle_named(self._config, name))
        return loaded.identity if loaded else bundle_of(self._config, name)

    def __call__(self, name: str = "") -> Ensemble:
        """Give those of a bundle; an empty name is the configured one.

        Raises
        ------
        BundleError
            As `load_ensemble`.
        """
        folder = bundle_named(self._config, name)
        with self._loading:
            if folder not in self._loaded:
                self._loaded[folder] = load_ensemble(self._config, name)
            return self._loaded[folder]


def installed_bundles(config: Config) -> dict[str, Path]:
    """Folders, by their names, of the bundles that a route may name: those of the package, and the configured one with those beside it."""
    return {folder.name: folder for folder in (*list_bundles(), *list_bundles(bundle_folder(config).parent))}


def bundle_named(config: Config, name: str) -> Path:
    """Folder of an installed bundle; an empty name is the configured one.

    Raises
    ------
    BundleError
        None of that name is installed.
    """
    if not name:
        return bundle_folder(config)
    installed = installed_bundles(config)
    if name not in installed:
        raise BundleError(f"no bundle called {name} is installed (there are: {', '.join(sorted(installed))})")
    return installed[name]


def none_named(name: str) -> Ensemble:
    """Stand in for `Ensembles` where no route may name a bundle."""
    raise BundleError(f"no bundle called {name} is installed")


def bundle_of(config: Config, name: str = "") -> BundleIdentity:
    """Identity of the bundle that `load_ensemble` loads, without starting a network."""
    return verify_bundle(bundle_named(config, name))


def bundle_folder(config: Config) -> Path:
    """Folder of the bundle that reads."""
    return Path(config.inference.bundle) if config.inference.bundle else default_bundle()


def calibration_of(config: Config) -> SiteCalibration | None:
    """Calibration of the site that is in force; None where none is.

    Raises
    ------
    ConfigError
        The file cannot be read, was changed after it was sealed, or was made for another bundle than the configured one.
    """
    if not config.calibration.file:
        return None
    path = Path(config.calibration.file)
    try:
        calibration = read_calibration(path.read_text(encoding="utf-8"))
        check_fits(calibration, bundle_of(config))
    except OSError as error:
        raise ConfigError(f"[calibration] file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"[calibration] file {path} cannot be used: it is no text") from error
    except CalibrationError as error:
        raise ConfigError(f"[calibration] file {path} cannot be used: {error}") from error
    return calibration


def policy_of(config: Config) -> ReadingPolicy:
    """Turn settings into what the core calls policy.

    Raises
    ------
    ConfigError
        From `calibration_of`.
    """
    convention = ZConvention[config.report.z_score.upper()]
    return ReadingPolicy(
        gates=gates_of(config),
        assessment=AssessmentPolicy(convention=convention, normal_limit_sd=config.report.normal_limit_sd),
        calibration=calibration_of(config),
    )


def gates_of(config: Config) -> Gates:
    """Take section ``[gates]``, whose keys are the fields of `Gates`, and the SOP classes that ``[node]`` admits."""
    chosen: dict[str, Any] = asdict(config.gates)
    return Gates(
        **chosen | {"modalities": frozenset(config.gates.modalities)}, sop_classes=DEFAULT_GATES.sop_classes | _admitted_classes(config)
    )


def _admitted_classes(config: Config) -> frozenset[str]:
    """SOP classes that a site lets in and means to be read; images for processing are let in, and refused by report."""
    captured = {SECONDARY_CAPTURE} if config.node.secondary_capture else set()
    return frozenset(captured | (DIGITISED_FILM if config.node.digitised_film else set()))


def device_of(config: Config, identity: Identity) -> Device:
    """Name this installation as its reports do."""
    return Device(
        name=config.report.station_name,
        uid=config.report.device_uid or identity.device_uid,
        manufacturer="baa_node project",
        model="baa_node",
        serial=identity.executor_id[:16],
        version=__version__,
    )


def keyring_of(config: Config) -> Keyring:
    """Where certificates lie that the node was given by console or command line."""
    return Keyring.of(config.data_dir)


def client_tls_of(config: Config) -> ClientTls:
    """How DICOM peers are called over TLS."""
    node, own = config.node, _own_of(config)
    ca = Path(node.tls_ca) if node.tls_ca else None
    return ClientTls(ca=ca, certificate=own[0], key=own[1], check_hostname=node.tls_check_hostname, keyring=keyring_of(config))


def server_tls_of(config: Config) -> ServerTls | None:
    """How DICOM callers are met; None where TLS is off."""
    node, own = config.node, _own_of(config)
    if not (node.tls_certificate or node.tls_listen):
        return None
    return ServerTls(certificate=own[0], key=own[1], ca=Path(node.tls_ca) if node.tls_ca else None, keyring=keyring_of(config))


def _own_of(config: Config) -> tuple[Path, Path] | tuple[None, None]:
    node = config.node
    return (Path(node.tls_certificate), Path(node.tls_key)) if node.tls_certificate else (None, None)


def wires_of(config: Config) -> Wires:
    """Turn the ``[bridges]`` section into what the bridges take; the certificate that we show is that of ``[node]``."""
    bridges, own = config.bridges, _own_of(config)
    return Wires(
        ca=Path(bridges.tls_ca) if bridges.tls_ca else None,
        certificate=own[0],
        key=own[1],
        keyring=keyring_of(config),
        timeout_s=bridges.timeout_s,
        application=bridges.hl7_application,
        facility=bridges.hl7_facility,
    )


def whose_of(config: Config, database: Database, spool: Spool) -> Callable[[str], KeptPatient | None]:
    """Tell whose an image is, where an audit repository must be told when it leaves; elsewhere nothing is looked up."""
    lookup = Lookup(database, spool)
    return lambda uid: lookup.patient([uid]) if config.atna.repository else None


def courier_of(config: Config, database: Database, spool: Spool) -> Courier | None:
    """Make whoever tells the audit repository; None where there is none to tell."""
    atna = config.atna
    found = REPOSITORY.fullmatch(atna.repository)
    if found is None:
        return None
    here, process = socket.gethostname(), str(os.getpid())
    source = Source(name=atna.source_id or config.report.station_name, site=atna.site_id)
    translator = Translator(Node(source=source, ae_title=config.node.ae_title, host=here, process=process), Lookup(database, spool))
    host = found["host"].strip("[]")
    way: Line = UdpLine(host, int(found["port"] or UDP_PORT))
    if found["way"] == "tls":
        own = (Path(atna.tls_certificate), Path(atna.tls_key)) if atna.tls_certificate else (None, None)
        tls = ClientTls(ca=Path(atna.tls_ca), certificate=own[0], key=own[1], check_hostname=atna.tls_check_hostname)
        way = TlsLine(host, int(found["port"] or TLS_PORT), context=tls.context)
    return Courier(database, translator, way, host=here, process=process, most_waiting=atna.most_waiting)
