"""The record between every two steps: peers, instances, readings, results, deliveries and the audit chain.

The only door to SQLAlchemy. Every function takes a ``Connection`` first and is told the time; whoever calls decides
what is one transaction::

    with database.transaction() as c:
        studies.record_arrival(c, instance, now=now)
"""

from __future__ import annotations

from sqlalchemy import Connection

from baa_node.db.database import Database
from baa_node.db.engine import make_engine

__all__ = ["Connection", "Database", "make_engine"]
