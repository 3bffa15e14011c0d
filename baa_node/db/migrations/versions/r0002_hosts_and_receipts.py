"""Signs of life, one row an installation with the worker role; receipts of deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what starts empty; deliveries made before stay without a receipt."""
    op.create_table(
        "executors",
        sa.Column("executor_id", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("executor_id", name="pk_executors"),
    )
    op.create_table(
        "commitments",
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("source_uid", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("peer", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("transaction_uid", name="pk_commitments"),
    )
    op.create_index("ix_commitments_source_uid_revision", "commitments", ["source_uid", "revision"], unique=False)
    op.add_column("deliveries", sa.Column("stored", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("deliveries", sa.Column("receipt", sa.String(length=16), nullable=True))
    op.add_column("deliveries", sa.Column("receipt_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("receipt_note", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("confirms", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("deliveries", sa.Column("confirm_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("instances", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_deliveries_confirm_at", "deliveries", ["confirm_at"], unique=False)
