"""What the node knows of its own state, asked anew at each call."""

from __future__ import annotations

from dataclasses import dataclass

from baa_node.db import Database
from baa_node.db.studies import counts
from baa_node.errors import StoreError
from baa_node.spool import Spool


@dataclass(kw_only=True)
class Health:
    """State of the parts that a reading needs.

    Attributes
    ----------
    provider
        Execution provider that reads, empty in a process without the worker role.
    """

    database: Database
    spool: Spool
    provider: str = ""

    def problems(self) -> list[str]:
        """Say in one sentence each what keeps this node from its work; empty when it is ready."""
        found = ["less free space in the spool than the reserve"] if self.spool.is_short() else []
        try:
            self.counts()
        except StoreError as error:
            found.append(f"database: {error}")
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Count readings and deliveries by state."""
        with self.database.reading() as connection:
            return {"readings": counts.count_readings(connection), "deliveries": counts.count_deliveries(connection)}
