"""Bodies seen before under another id: flagged, never dropped. Only events whose id nobody signed.

The table keeps the newest receipt of each body; what is older than a day says nothing any more.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.model.ids import Seq
from gateway.store.sqlite import inserts
from gateway.store.sqlite.inserts import marks
from gateway.store.sqlite.transaction import Transaction, chunks

SAME_BODY_SECONDS: Final = 24 * 3600.0


class Body(NamedTuple):
    """A body that came."""

    fingerprint: int
    receipt: Seq
    at: float


def flag(tx: Transaction, bodies: Sequence[Body]) -> set[Seq]:
    """Keeps these bodies; returns the receipts whose body another receipt had within a day.

    bodies: of new events only, in order of arrival; items of one receipt share its body.
    """
    newest = {body.fingerprint: body for body in bodies}
    if not newest:
        return set()
    if inserts.FINGERPRINTS.run(tx.connection, list(newest.values())) == len(newest):
        return _repeated(bodies, {})
    kept: dict[int, Body] = {}
    for some in chunks(list(newest)):
        found = tx.connection.execute(
            "SELECT fingerprint, receipt, at FROM fingerprints "
            f"WHERE fingerprint IN ({marks(len(some))})",
            some,
        )
        kept |= {row[0]: Body(*row) for row in found}
    old = {mark: body for mark, body in kept.items() if body != newest[mark]}
    tx.connection.executemany(
        "UPDATE fingerprints SET receipt = ?, at = ? WHERE fingerprint = ?",
        [(newest[mark].receipt, newest[mark].at, mark) for mark in old],
    )
    return _repeated(bodies, old)


def _repeated(bodies: Iterable[Body], before: dict[int, Body]) -> set[Seq]:
    """Receipts that repeat the body of the one before them."""
    last = dict(before)
    repeated: set[Seq] = set()
    for body in bodies:
        other = last.get(body.fingerprint)
        if (
            other is not None
            and other.receipt != body.receipt
            and abs(body.at - other.at) <= SAME_BODY_SECONDS
        ):
            repeated.add(body.receipt)
        last[body.fingerprint] = body
    return repeated
