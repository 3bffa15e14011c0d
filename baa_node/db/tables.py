"""Every table once. The migrations repeat it; a test holds the two together.

Nothing of the patient is stored beyond UIDs, the accession number, which the report needs to find its study, and what an assessment
compares: sex and age, the day of the examination, and a keyed digest of the patient's number by which earlier assessments are found.
One exception, only where an audit repository is told: number and name of patients whose images have left the spool, until it knows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC, microseconds kept, whatever the database returns."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody could tell later which zone was meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite returns it naive, PostgreSQL in the zone of the session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EVERYTHING: Final = '["sr", "picture", "pdf"]'
TITLED_SOURCE: Final = "source AND ae_title != ''"
HERE: Final = "removed_at IS NULL"

peers = Table(
    "peers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("ae_title", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("source", Boolean, nullable=False),
    Column("destination", Boolean, nullable=False),
    Column("tls", Boolean, nullable=False),
    Column("route_to", JSON, nullable=False),
    Column("kind", String(8), nullable=False, server_default="dicom"),
    Column("url", Text, nullable=False, server_default=""),
    Column("user", Text, nullable=False, server_default=""),
    Column("secret", Text, nullable=False, server_default=""),  # where it is found, never itself
    Column("wants", JSON, nullable=False, server_default=EVERYTHING),
    Column("refusals", String(8), nullable=False, server_default="both"),
    Column("query", Boolean, nullable=False, server_default=text("false")),  # may be asked for earlier reports
)
Index("uq_peers_source_ae_title", peers.c.ae_title, unique=True, sqlite_where=text(TITLED_SOURCE), postgresql_where=text(TITLED_SOURCE))

routes = Table(
    "routes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", Integer, nullable=False),  # the lower the earlier; of equal ones the name decides
    Column("calling_ae", JSON, nullable=False),
    Column("called_ae", JSON, nullable=False),
    Column("conditions", JSON, nullable=False),  # each as text
    Column("read", Boolean, nullable=False),
    Column("bundle", Text, nullable=False),
    Column("destinations", JSON, nullable=False),
    Column("kinds", JSON, nullable=False),
)

refused_callers = Table(
    "refused_callers",
    metadata,
    Column("calling_ae", String(64), primary_key=True),
    Column("called_ae", String(64), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
)


def _instance_columns() -> list[Column[object]]:
    return [
        Column("sop_class_uid", String(64), nullable=False),
        Column("study_instance_uid", Text, nullable=False),
        Column("series_instance_uid", Text, nullable=False),
        Column("transfer_syntax_uid", String(64), nullable=False),
        Column("accession_number", Text, nullable=False),
        Column("path", Text, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("peer", String(64), nullable=False),
        Column("calling_ae", String(64), nullable=False),
        Column("received_at", UtcTime, nullable=False, index=True),
        Column("called_ae", String(64), nullable=False, server_default=""),  # not known of what came before revision 0006
    ]


def _found_by_beginning(*columns: str) -> list[Index]:
    """Indexes by which PostgreSQL finds what a text begins with, too, whatever the order of its language; SQLite does as it is."""
    return [Index(None, column, postgresql_ops={column: "text_pattern_ops"}) for column in columns]


instances = Table(
    "instances",
    metadata,
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
    *_instance_columns(),
    Column("removed_at", UtcTime),  # since when its files are no longer in the spool
    *_found_by_beginning("study_instance_uid", "accession_number"),
    Index(None, "peer", "received_at"),
)
Index("ix_instances_here", instances.c.received_at, sqlite_where=text(HERE), postgresql_where=text(HERE))

conflicts = Table(
    "conflicts",
    metadata,
    Column("sop_instance_uid", String(64), ForeignKey("instances.sop_instance_uid"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    *_instance_columns(),
    *_found_by_beginning("study_instance_uid", "accession_number"),
)

readings = Table(
    "readings",
    metadata,
    Column("sop_instance_uid", String(64), ForeignKey("instances.sop_instance_uid"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ordered_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("bone_age_months", Float),  # copied from the outcome so that SQL can ask for it
    Column("outcome", JSON(none_as_null=True)),
    Column("patient_key", String(64)),  # of readings with a number: see `studies.history`
    Column("examined_on", Date),
    Column("route", JSON(none_as_null=True)),  # what `core.routes.routing` decided when the image came; none where no route matched
    Column("earlier", JSON(none_as_null=True)),  # the assessments that the report names, as `core.record` writes them
    Index(None, "patient_key", "examined_on"),
    Index(None, "state", "ordered_at"),
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, number 1
    Column("patient_salt", String(64), nullable=False),  # made with the table, the same for all hosts of the database
)

results = Table(
    "results",
    metadata,
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("sop_class_uid", String(64), nullable=False),
    Column("source_uid", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("series_instance_uid", Text),  # not known of what was made before revision 0004
    ForeignKeyConstraint(["source_uid", "revision"], ["readings.sop_instance_uid", "readings.revision"]),
    Index(None, "source_uid", "revision"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("source_uid", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("peer", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("next_attempt_at", UtcTime),
    Column("opened_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Column("stored", JSON(none_as_null=True)),  # SOP Instance UIDs that the peer has taken so far
    Column("receipt", String(16)),
    Column("receipt_at", UtcTime),
    Column("receipt_note", Text),
    Column("confirms", Integer, nullable=False, server_default=text("0")),
    Column("confirm_at", UtcTime, index=True),
    ForeignKeyConstraint(["source_uid", "revision"], ["readings.sop_instance_uid", "readings.revision"]),
    Index(None, "state", "next_attempt_at"),
    Index(None, "peer", "state", "delivered_at"),
)

commitments = Table(
    "commitments",
    metadata,
    Column("transaction_uid", String(64), primary_key=True),
    Column("source_uid", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("peer", String(64), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime),
    Index(None, "source_uid", "revision"),
)

executors = Table(
    "executors",
    metadata,
    Column("executor_id", String(64), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("beats", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("beat_at", UtcTime, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=False),  # argon2, never the password itself
    Column("must_change", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_name", String(64), ForeignKey("users.name"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("study", Text),
    Column("outcome", Integer, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON: the hash covers this very text
    Column("previous", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    *(Index(None, column, "seq") for column in ("kind", "actor", "subject", "study")),  # the latest of each without sorting
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, number 1: the lock of all writers
    Column("seq", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)

audit_queue = Table(
    "audit_queue",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, number 1, while a repository is told
    Column("seq", BigInteger, nullable=False),  # the last event that it knows of
)

audit_patients = Table(
    "audit_patients",
    metadata,
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False, index=True),  # needed until the repository knows of this event
    Column("patient_id", Text, nullable=False),
    Column("patient_name", Text, nullable=False),
)

starts = Table(
    "starts",
    metadata,
    Column("executor_id", String(64), primary_key=True),
    Column("settings", JSON, nullable=False),  # as they were at the last start; of secrets keyed digests only
    Column("running", Boolean, nullable=False),
    Column("started_at", UtcTime, nullable=False),
)
