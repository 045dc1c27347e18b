"""Small things that a person or the gateway writes down: pauses, values under a name, the audit log.
Runs inside a transaction of the writer.
"""

from gateway.model.records import AuditEntry
from gateway.store.sqlite import inserts
from gateway.store.sqlite.inserts import text
from gateway.store.sqlite.transaction import Transaction


def set_pause(tx: Transaction, kind: str, name: str, who: str, paused: bool) -> None:
    """Pauses or resumes. A second pause keeps the first one's time and person."""
    if paused:
        tx.connection.execute(
            "INSERT INTO pauses (kind, name, since, who) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (kind, name, tx.now, text(who)),
        )
    else:
        tx.connection.execute("DELETE FROM pauses WHERE kind = ? AND name = ?", (kind, name))


def put(tx: Transaction, key: str, value: bytes | None) -> None:
    """Keeps a small value under a name; None removes it."""
    if value is None:
        tx.connection.execute("DELETE FROM kv WHERE key = ?", (key,))
    else:
        tx.connection.execute(
            "INSERT INTO kv (key, value) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )


def audit(tx: Transaction, entry: AuditEntry) -> None:
    """Adds to the audit log."""
    words = [text(w) for w in (entry.who, entry.action, entry.object, entry.detail)]
    inserts.AUDIT.run(tx.connection, [[tx.sequence.next(), entry.at, *words]])
