"""Alembic scripts, run by ``baa_node.db.schema``; ``env.py`` is Alembic's entry."""
