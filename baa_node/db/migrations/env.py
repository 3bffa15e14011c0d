"""Alembic's entry: runs the revisions on the connection, and in the transaction, that ``schema.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from baa_node.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
