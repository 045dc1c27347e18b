"""What opening a database does about a process that died: leases are freed, poison is found, and
every lane has a front.
"""

import sqlite3
from typing import Final

from gateway.store.sqlite import lanes
from gateway.store.sqlite.inserts import OPEN
from gateway.store.sqlite.transaction import Rising, Transaction

DEATHS: Final = 5
"""A delivery on which the process died this often is dead (`poison`): DESIGN 6."""

# A delivery that was only queued when the process died is a suspect once (deaths = 1). From then on
# only the death of an attempt that had begun counts, so that the innocent never climb further.
_FREE: Final = f"""
    UPDATE deliveries SET
        state = 'pending',
        deaths = deaths + (deaths = 0 OR begun),
        begun = 0,
        updated_at = ?
    WHERE state = 'leased' AND {OPEN}"""
_POISON: Final = f"""
    UPDATE deliveries SET
        state = 'dead', reason = 'poison', updated_at = ?,
        detail = 'the gateway died ' || deaths || ' times while this delivery was attempted'
    WHERE state = 'pending' AND {OPEN} AND deaths >= ?"""
_POISONED: Final = f"""
    SELECT DISTINCT target, order_key FROM deliveries
    WHERE state = 'pending' AND {OPEN} AND deaths >= ? AND order_key IS NOT NULL"""


def recover(connection: sqlite3.Connection, now: float) -> None:
    """Frees every lease, in one transaction. Only for the process that holds the lock."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        tx = Transaction(connection, Rising(0), now)
        connection.execute(_FREE, (now,))
        poisoned = connection.execute(_POISONED, (DEATHS,)).fetchall()
        connection.execute(_POISON, (now, DEATHS))
        lanes.settle(tx, poisoned)
        lanes.mend(tx)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
