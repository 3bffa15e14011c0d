"""Peers that are no DICOM applications, and what each destination wants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TITLED_SOURCE = sa.text("source AND ae_title != ''")


def upgrade() -> None:
    """Let every peer stay a DICOM peer that wants everything; several sources may now be without an AE title."""
    op.add_column("peers", sa.Column("kind", sa.String(length=8), nullable=False, server_default="dicom"))
    op.add_column("peers", sa.Column("url", sa.Text(), nullable=False, server_default=""))
    op.add_column("peers", sa.Column("user", sa.Text(), nullable=False, server_default=""))
    op.add_column("peers", sa.Column("secret", sa.Text(), nullable=False, server_default=""))
    op.add_column("peers", sa.Column("wants", sa.JSON(), nullable=False, server_default='["sr", "picture", "pdf"]'))
    op.add_column("peers", sa.Column("refusals", sa.String(length=8), nullable=False, server_default="both"))
    op.drop_index("uq_peers_source_ae_title", table_name="peers")
    op.create_index(
        "uq_peers_source_ae_title", "peers", ["ae_title"], unique=True, sqlite_where=TITLED_SOURCE, postgresql_where=TITLED_SOURCE
    )
