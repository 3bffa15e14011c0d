"""Earlier assessments: whose a reading is, by a keyed digest; what a report compared with; which peers may be asked."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what starts empty. Readings made before have no key: the database does not know whose they are."""
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patient_salt", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    salted = sa.text("INSERT INTO installation (id, patient_salt) VALUES (1, :salt)").bindparams(salt=secrets.token_hex(32))
    op.get_bind().execute(salted)
    op.add_column("readings", sa.Column("patient_key", sa.String(length=64), nullable=True))
    op.add_column("readings", sa.Column("examined_on", sa.Date(), nullable=True))
    op.add_column("readings", sa.Column("earlier", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_readings_patient_key_examined_on", "readings", ["patient_key", "examined_on"], unique=False)
    op.add_column("results", sa.Column("series_instance_uid", sa.Text(), nullable=True))
    op.add_column("peers", sa.Column("query", sa.Boolean(), nullable=False, server_default=sa.text("false")))
