"""Routes, what was decided for each reading, and the AE title by which an image came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a table that starts empty: without routes everything stays as it was. By which title earlier images came is not known."""
    op.create_table(
        "routes",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("calling_ae", sa.JSON(), nullable=False),
        sa.Column("called_ae", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("destinations", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_routes"),
    )
    for table in ("instances", "conflicts"):
        op.add_column(table, sa.Column("called_ae", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("readings", sa.Column("route", sa.JSON(none_as_null=True), nullable=True))
