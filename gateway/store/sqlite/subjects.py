"""Which events a subject has: an index that is late, so that a page of it is written for many events
and not for each. Events after `listed.upto` are few, and are looked at one by one.
"""

from typing import Final

from gateway.store.sqlite.transaction import Transaction

STEP: Final = 2048
"""Numbers of the sequence after which events are listed: 500 to 1,000 events, and 2 ms with their pages;
15 where each has a subject of its own among a million others."""
_UPTO: Final = "SELECT upto FROM listed"
_LIST: Final = """
    INSERT INTO subjects SELECT subject, seq FROM events
    WHERE seq > ? AND subject IS NOT NULL ORDER BY subject, seq"""
_LISTED: Final = "UPDATE listed SET upto = ?"
NOT_LISTED: Final = "events WHERE seq > (SELECT upto FROM listed)"
"""FROM and WHERE of the events that have no entry yet."""
PRUNE: Final = """
    DELETE FROM subjects WHERE (subject, event) IN (
        SELECT subject, seq FROM events WHERE seq BETWEEN ? AND ?)"""
"""Of a run of events that are about to go."""


def catch_up(tx: Transaction) -> None:
    """Lists what came since the last time, if it is enough. After the commit's events were stored."""
    (upto,) = tx.connection.execute(_UPTO).fetchone()
    if tx.sequence.last - upto >= STEP:
        tx.connection.execute(_LIST, (upto,))
        tx.connection.execute(_LISTED, (tx.sequence.last,))
