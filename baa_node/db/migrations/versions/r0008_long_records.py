"""Indexes with which a record of millions of studies answers as a short one does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Change indexes alone. Of a long record it takes minutes: each one reads its whole table."""
    for column in ("study_instance_uid", "accession_number"):
        for table in ("instances", "conflicts"):
            op.drop_index(f"ix_{table}_{column}", table_name=table)
            op.create_index(f"ix_{table}_{column}", table, [column], postgresql_ops={column: "text_pattern_ops"})
    op.create_index("ix_instances_peer_received_at", "instances", ["peer", "received_at"])
    here = sa.text("removed_at IS NULL")
    op.create_index("ix_instances_here", "instances", ["received_at"], sqlite_where=here, postgresql_where=here)
    op.drop_index("ix_readings_state", table_name="readings")
    op.create_index("ix_readings_state_ordered_at", "readings", ["state", "ordered_at"])
    op.create_index("ix_deliveries_peer_state_delivered_at", "deliveries", ["peer", "state", "delivered_at"])
    for column in ("subject", "study"):
        op.drop_index(f"ix_audit_events_{column}", table_name="audit_events")
    for column in ("kind", "actor", "subject", "study"):
        op.create_index(f"ix_audit_events_{column}_seq", "audit_events", [column, "seq"])
