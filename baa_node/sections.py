"""The sections of the configuration: keys, defaults, and which values are refused and why.

Nothing here reads a file or the environment: that is ``config.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from baa_node.core.words import Language
from baa_node.errors import ConfigError
from baa_node.kinds import Kind
from baa_node.mistakes import Mistake

TOKEN = re.compile(r"[A-Za-z0-9._-]+=(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)")
"""Name of a peer, and where the token that stands for it is found."""

MOST_NICENESS: Final = 19
"""As far as a process can stand back (nice(1))."""


@dataclass(frozen=True, kw_only=True)
class NodeSection:
    """The DICOM listener."""

    ae_title: str = "BAA_NODE"
    host: str = "0.0.0.0"
    port: int = 11112
    share_port: bool = False
    any_called_ae: bool = False
    processing_images: bool = False
    secondary_capture: bool = False
    digitised_film: bool = False
    max_associations: int = 64
    max_associations_per_address: int = 32
    max_instance_mb: int = 512
    max_receiving_mb: int = 2048
    pdu_timeout_s: float = 30.0
    idle_timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    association_timeout_s: float = 30.0
    response_timeout_s: float = 60.0
    tls_certificate: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    tls_listen: bool = False
    tls_check_hostname: bool = True

    def __post_init__(self) -> None:
        title = self.ae_title
        if not title.strip() or title != title.strip() or len(title) > 16 or "\\" in title or not title.isprintable():
            raise ConfigError(Mistake.TITLE_IMPOSSIBLE.told(where="node.ae_title", title=title))
        _port("node.port", self.port)
        if not 0 < self.max_instance_mb <= self.max_receiving_mb:
            raise ConfigError("node.max_instance_mb must be above 0 and node.max_receiving_mb at least as much")
        for name in ("pdu_timeout_s", "idle_timeout_s", "connect_timeout_s", "association_timeout_s", "response_timeout_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"node.{name} must be above 0")
        listener = (self.tls_certificate, self.tls_key)
        if any(listener) and not all((*listener, self.tls_listen or self.tls_ca)):
            raise ConfigError("node.tls_certificate, node.tls_key and node.tls_ca go together: one of them is empty")


@dataclass(frozen=True, kw_only=True)
class ConsoleSection:
    """The HTTP port for health, metrics and the console."""

    host: str = "127.0.0.1"
    port: int = 8080
    tls_certificate: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    root_path: str = ""
    idle_minutes: int = 30
    session_hours: int = 12
    max_upload_mb: int = 64

    def __post_init__(self) -> None:
        _port("console.port", self.port)
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ConfigError("console.tls_certificate and console.tls_key go together: one of them is empty")
        if self.root_path and (not self.root_path.startswith("/") or self.root_path.endswith("/")):
            raise ConfigError(f'console.root_path {self.root_path!r} must begin with a slash and not end with one, such as "/bone-age"')
        if min(self.idle_minutes, self.session_hours, self.max_upload_mb) < 1:
            raise ConfigError("console.idle_minutes, console.session_hours and console.max_upload_mb must be at least 1")


@dataclass(frozen=True, kw_only=True)
class DatabaseSection:
    """Where the record is kept; empty means SQLite in the data directory."""

    url: str = ""


@dataclass(frozen=True, kw_only=True)
class SpoolSection:
    """Where files are kept; empty means ``spool`` in the data directory."""

    path: str = ""
    reserve_mb: int = 256


@dataclass(frozen=True, kw_only=True)
class RetentionSection:
    """How long files and finished work are kept."""

    days: int = 0
    free_mb: int = 0
    workflow_days: int = 30

    def __post_init__(self) -> None:
        if self.days < 0 or self.free_mb < 0 or self.workflow_days < 1:
            raise ConfigError("retention.days and retention.free_mb must not be negative, retention.workflow_days must be at least 1")


@dataclass(frozen=True, kw_only=True)
class PipelineSection:
    """The durable work behind the listener."""

    study_quiet_s: float = 5.0
    readers: int = 1
    parallel_deliveries: int = 4
    retry_first_s: float = 2.0
    retry_longest_s: float = 3600.0
    give_up_after_h: float = 168.0
    confirm: bool = True
    commitment_wait_s: float = 60.0
    beat_s: float = 3.0
    dead_after_s: float = 12.0
    niceness: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.niceness <= MOST_NICENESS:
            raise ConfigError(f"pipeline.niceness is {self.niceness}: it lies between 0 and {MOST_NICENESS}")
        if self.readers < 1 or self.parallel_deliveries < 1:
            raise ConfigError("pipeline.readers and pipeline.parallel_deliveries must be at least 1")
        if self.commitment_wait_s <= 0:
            raise ConfigError("pipeline.commitment_wait_s must be above 0")
        if not 0 < self.beat_s <= self.dead_after_s / 3:
            raise ConfigError("pipeline.dead_after_s must be at least three times pipeline.beat_s, and that above 0")
        if self.study_quiet_s < 0 or self.retry_first_s <= 0 or self.retry_longest_s < self.retry_first_s:
            raise ConfigError("pipeline: study_quiet_s must not be negative and 0 < retry_first_s <= retry_longest_s")


@dataclass(frozen=True, kw_only=True)
class InferenceSection:
    """Which weights read, and on what."""

    bundle: str = ""
    providers: tuple[str, ...] = ()
    threads: int = 0


@dataclass(frozen=True, kw_only=True)
class GatesSection:
    """What is read and what is refused; the meaning of each key is that of the field of ``core.gates.limits.Gates``."""

    modalities: tuple[str, ...] = ("CR", "DX", "RG", "OT")
    right_hands: bool = True
    hand_words: tuple[str, ...] = ()
    other_body_part_words: tuple[str, ...] = ()
    both_hands_words: tuple[str, ...] = ()
    side_view_words: tuple[str, ...] = ()
    max_age_years: float = 20.0
    max_age_contradiction_months: float = 12.0
    min_short_side_px: int = 200
    min_grey_levels: int = 20
    min_clarity: float = 28.0
    min_one_hand: float = 0.5
    max_unlikeness: float = 18.0
    outline: bool = True
    refuse_negatives: bool = True
    read_negatives: bool = True
    sure_one_hand: float = 0.98
    max_member_sd_months: float = 15.0
    max_noise_shift_months: float = 15.0
    max_crop_shift_months: float = 30.0
    beyond_range_months: float = 0.0
    time_limit_s: float = 120.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_one_hand <= 1 or not self.sure_one_hand >= 0:
            raise ConfigError("gates.min_one_hand lies between 0 and 1, gates.sure_one_hand is not negative")
        if self.min_one_hand == 0 and not self.outline:
            raise ConfigError("gates.min_one_hand = 0 and gates.outline = false: nothing would ask whether there is a hand")
        limits = (self.max_age_years, self.min_short_side_px, self.max_unlikeness)
        months = (self.max_age_contradiction_months, self.max_member_sd_months, self.max_noise_shift_months, self.max_crop_shift_months)
        if min(limits) <= 0 or min(*months, self.time_limit_s) < 0:
            raise ConfigError(
                "gates: max_age_years, min_short_side_px and max_unlikeness must be above 0, "
                "max_age_contradiction_months, max_member_sd_months, max_noise_shift_months, max_crop_shift_months "
                "and time_limit_s not negative"
            )


@dataclass(frozen=True, kw_only=True)
class CalibrationSection:
    """The site's own correction of bone ages; empty means none."""

    file: str = ""


REFUSALS: Final[dict[str, tuple[Kind, ...]]] = {
    "both": ("sr", "capture", "pdf"),
    "sr": ("sr",),
    "picture": ("capture",),
    "none": (),
}
"""Kinds of objects that a refusal is sent as, by what ``report.refusals`` says."""


@dataclass(frozen=True, kw_only=True)
class ReportSection:
    """What the report says of whom and against what."""

    z_score: str = "chronological_age"
    normal_limit_sd: float = 2.0
    language: str = Language.ENGLISH.value
    station_name: str = "BAA_NODE"
    device_uid: str = ""
    pdf: bool = False
    refusals: str = "both"

    def __post_init__(self) -> None:
        if self.refusals not in REFUSALS:
            raise ConfigError(f"report.refusals is {self.refusals!r}; it can be {', '.join(REFUSALS)}")
        if self.z_score not in {"chronological_age", "reference_mean"}:
            raise ConfigError(f'report.z_score is {self.z_score!r}; it can be "chronological_age" or "reference_mean"')
        if self.language not in set(Language):
            raise ConfigError(f"report.language is {self.language!r}; it can be {', '.join(Language)}")


@dataclass(frozen=True, kw_only=True)
class BridgesSection:
    """Destinations that are no DICOM applications."""

    tls_ca: str = ""
    timeout_s: float = 30.0
    hl7_application: str = "BAA_NODE"
    hl7_facility: str = ""

    def __post_init__(self) -> None:
        if self.timeout_s <= 0:
            raise ConfigError("bridges.timeout_s must be above 0")
        if not self.hl7_application.strip():
            raise ConfigError("bridges.hl7_application must not be empty: it names whose order numbers these are")


@dataclass(frozen=True, kw_only=True)
class DicomwebSection:
    """Reception by STOW-RS on the console's port."""

    enabled: bool = False
    tokens: tuple[str, ...] = ()
    max_request_mb: int = 2048
    max_requests: int = 4

    def __post_init__(self) -> None:
        if self.max_request_mb < 1 or self.max_requests < 1:
            raise ConfigError("dicomweb.max_request_mb and dicomweb.max_requests must be at least 1")
        if wrong := [token for token in self.tokens if not TOKEN.fullmatch(token)]:
            raise ConfigError(f"dicomweb.tokens: {wrong[0].partition('=')[0]!r} must be followed by =env:NAME or =file:/path")
        if self.enabled and not self.tokens:
            raise ConfigError("dicomweb.enabled needs dicomweb.tokens: nothing is received from strangers")


@dataclass(frozen=True, kw_only=True)
class PriorsSection:
    """The search for a patient's earlier assessments."""

    wait_s: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.wait_s <= 60:
            raise ConfigError("priors.wait_s must lie between 0, which asks nobody, and 60")


REPOSITORY: Final = re.compile(r"(?P<way>tls|udp)://(?P<host>\[[0-9A-Fa-f:]+\]|[^\s:/\[\]]+)(:(?P<port>[0-9]{1,5}))?/?")
"""URL of an audit record repository."""


@dataclass(frozen=True, kw_only=True)
class AtnaSection:
    """The audit record repository that is told what happens."""

    repository: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    tls_check_hostname: bool = True
    source_id: str = ""
    site_id: str = ""
    most_waiting: int = 1_000_000

    def __post_init__(self) -> None:
        found = REPOSITORY.fullmatch(self.repository)
        if self.repository and found is None:
            raise ConfigError(
                f'atna.repository is {self.repository!r}; it must be like "tls://arr.example.org:6514" or "udp://10.0.0.9:514"'
            )
        if found:
            _port("atna.repository", int(found["port"] or 1))
        if self.repository.startswith("tls:") and not self.tls_ca:
            raise ConfigError("atna.repository speaks TLS, but atna.tls_ca does not say whom to trust")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ConfigError("atna.tls_certificate and atna.tls_key go together: one of them is empty")
        if self.most_waiting < 1:
            raise ConfigError("atna.most_waiting must be at least 1")


@dataclass(frozen=True, kw_only=True)
class LogSection:
    """The log on standard error."""

    level: str = "info"
    json: bool = False

    def __post_init__(self) -> None:
        if self.level not in {"debug", "info", "warning", "error"}:
            raise ConfigError(f'log.level is {self.level!r}; it can be "debug", "info", "warning" or "error"')


@dataclass(frozen=True, kw_only=True)
class HealthSection:
    """What the node asks to know how it is."""

    peers_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.peers_every_s < 0:
            raise ConfigError("health.peers_every_s must not be negative; 0 asks no destination")


@dataclass(frozen=True, kw_only=True)
class TracesSection:
    """Spans for OpenTelemetry."""

    endpoint: str = ""

    def __post_init__(self) -> None:
        if self.endpoint and not self.endpoint.startswith(("http://", "https://")):
            raise ConfigError("traces.endpoint must be the http:// or https:// URL of an OTLP receiver, or empty")


def _port(name: str, value: int) -> None:
    if not 0 <= value <= 65535:
        raise ConfigError(f"{name} is {value}; a port lies between 1 and 65535 (0 takes any free one)")
