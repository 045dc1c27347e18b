"""All admissions of one commit, combined: who is new, who is a duplicate, and the rows of both.

`prepare` works without the database and may be slow; `apply` runs inside the transaction. The map
of keys lives and dies with the batch: a batch that failed leaves nothing behind.
"""

from collections.abc import Container, Sequence
from typing import Final

from gateway.model.ids import EventId, KeyDigest, Seq, fingerprint, key_digest
from gateway.model.records import Admission, Admitted, NewEvent
from gateway.store.sqlite import inserts, keyed, subjects
from gateway.store.sqlite.again import revive
from gateway.store.sqlite.fingerprints import Bodies, Body
from gateway.store.sqlite.inserts import Row, delivery_row, text
from gateway.store.sqlite.keyed import Keyed
from gateway.store.sqlite.keys import Keys
from gateway.store.sqlite.packing import NumberedReceipt, Packer, Packing
from gateway.store.sqlite.packs import encode_head
from gateway.store.sqlite.recent import Kept, RecentKeys
from gateway.store.sqlite.transaction import Rising, Transaction

SAME_BODY: Final = "same_body"
_CLAIMED: Final = Kept(Seq(0), EventId(""))
"""Stands for an event of the batch that has no number yet."""


class AcceptBatch:
    """See the module's text. Numbers are taken for what may be new; a gap means nothing."""

    def __init__(
        self,
        admissions: Sequence[Admission],
        recent: RecentKeys,
        keys: Keys,
        bodies: Bodies,
        sequence: Rising,
        packer: Packer,
    ) -> None:
        self._admissions = admissions
        self._recent = recent
        self._keys = keys
        self._bodies = bodies
        self._sequence = sequence
        self._packer = packer
        self._packing = Packing(packer, None)
        self._kept: dict[KeyDigest, Kept] = {}
        """Under each key of the batch, the event the database keeps (once `apply` has run)."""
        self._receipts: list[NumberedReceipt] = []

    # ---- before the transaction

    def prepare(self) -> None:
        """Finds what may be new, numbers it, and compresses its bytes."""
        new = [
            (admission, fresh)
            for admission in self._admissions
            if (fresh := self._fresh(admission))
        ]
        if new:
            self._packing = self._packer.begin(self._sequence)
            self._receipts = [self._number(admission, fresh) for admission, fresh in new]
            self._packing.pack(self._receipts)

    def _fresh(self, admission: Admission) -> list[NewEvent]:
        """Its events that are the first of their key, as far as memory and the batch know."""
        fresh: list[NewEvent] = []
        source, kept = admission.source, self._kept
        for event in admission.events:
            event.digest = digest = key_digest(source, event.dedup_key, verified=event.verified)
            if digest not in kept:
                known = self._recent.get(digest)
                kept[digest] = known or _CLAIMED
                if known is None:
                    fresh.append(event)
        return fresh

    def _number(self, admission: Admission, fresh: list[NewEvent]) -> NumberedReceipt:
        number = self._sequence.next
        head = encode_head(admission.headers, is_json=admission.is_json)
        receipt = NumberedReceipt(number(), admission, fresh, head)
        unsigned = False
        for event in fresh:
            event.seq = number()
            self._kept[event.digest] = Kept(event.seq, event.id)
            unsigned = unsigned or not event.id_signed
        if unsigned:
            # A body proven under another key has another mark: for a day after a rotation one that
            # comes again under a new id may go unnoticed. To hash it once more would cost 9 µs.
            receipt.mark = fingerprint(admission.source, admission.body_mac or admission.body)
        for event in fresh:
            for delivery in event.deliveries:
                delivery.seq = number()
        return receipt

    # ---- inside the transaction

    def apply(self, tx: Transaction) -> list[list[Admitted]]:
        """Writes all rows; returns one list of outcomes for each admission, in order."""
        if self._receipts:
            self._drop_known(tx)
            self._flag_bodies(tx)
            self._insert(tx)
        return self._outcomes(tx)

    def _drop_known(self, tx: Transaction) -> None:
        """Claims the keys; what the database keeps already under another event is a duplicate."""
        found = self._keys.find(
            tx.connection,
            [event.digest for receipt in self._receipts for event in receipt.events],
        )
        if found:
            self._kept.update(found)
            self._drop(found)
        self._keys.claim(
            tx,
            [
                (event.digest, self._kept[event.digest], receipt.admission.received_at)
                for receipt in self._receipts
                for event in receipt.events
            ],
        )

    def _drop(self, found: Container[KeyDigest]) -> None:
        """Takes the events under these keys out of the batch."""
        for receipt in self._receipts:
            won: list[NewEvent] = []
            for event in receipt.events:
                if event.digest not in found:
                    won.append(event)
                    continue
                event.seq = Seq(0)
                for delivery in event.deliveries:
                    delivery.seq = Seq(0)
            receipt.events = won
        left = [receipt for receipt in self._receipts if receipt.events]
        if len(left) < len(self._receipts):
            self._receipts = left
            self._packing.pack(left)

    def _flag_bodies(self, tx: Transaction) -> None:
        """Says of events under an unsigned id that their body came under another within a day."""
        bodies = [
            Body(receipt.mark, receipt.seq, receipt.admission.received_at)
            for receipt in self._receipts
            if receipt.mark is not None
        ]
        seen = self._bodies.repeated(bodies)
        for receipt in self._receipts if seen else ():
            if receipt.seq in seen:
                for event in receipt.events:
                    if not event.id_signed:
                        event.flags = (*event.flags, SAME_BODY)
        if bodies:
            tx.after_commit.append(lambda: self._bodies.add(bodies))

    def _insert(self, tx: Transaction) -> None:
        events: list[Row] = []
        deliveries: list[Row] = []
        tied: list[Keyed] = []
        for receipt in self._receipts:
            source, at = receipt.admission.source, receipt.admission.received_at
            for event in receipt.events:
                events.append(_event_row(event, receipt))
                for delivery in event.deliveries:
                    if delivery.keys is not None:
                        tied.append(Keyed(delivery, event.seq, source, at))
                        continue
                    deliveries.append(delivery_row(delivery, event.seq, source, at))
                    tx.counts[delivery.target, delivery.state] += 1
        connection = tx.connection
        self._packing.insert(tx, self._receipts)
        inserts.RECEIPTS.run(connection, [_receipt_row(receipt) for receipt in self._receipts])
        inserts.EVENTS.run(connection, events)
        subjects.catch_up(tx)
        if deliveries:
            inserts.DELIVERIES.run(connection, deliveries)
        if tied:
            keyed.insert(tx, tied)

    # ---- what became of each

    def _outcomes(self, tx: Transaction) -> list[list[Admitted]]:
        new = {event.seq for receipt in self._receipts for event in receipt.events}
        # The same object may have been handed in twice: only its first coming is the new event.
        unclaimed = set(new)
        outcomes: list[list[Admitted]] = []
        repeats: dict[Seq, int] = {}
        revivers: dict[Seq, tuple[int, int, float]] = {}
        for number, admission in enumerate(self._admissions):
            answers: list[Admitted] = []
            for event in admission.events:
                kept = self._kept[event.digest]
                duplicate = event.seq not in unclaimed
                unclaimed.discard(event.seq)
                answers.append(Admitted(duplicate, kept.id))
                if duplicate:
                    repeats[kept.seq] = repeats.get(kept.seq, 0) + 1
                    if admission.revive and kept.seq not in new:
                        place = (number, len(answers) - 1, admission.received_at)
                        revivers.setdefault(kept.seq, place)
            outcomes.append(answers)
        if repeats:
            tx.connection.executemany(
                "UPDATE events SET duplicates = duplicates + ? WHERE seq = ?",
                [(count, seq) for seq, count in repeats.items()],
            )
            tx.changed.update(repeats)
        for seq, revived in revive(tx, {seq: at for seq, (_, _, at) in revivers.items()}).items():
            number, position, _ = revivers[seq]
            outcomes[number][position] = Admitted(True, outcomes[number][position].id, revived)
        keys = tuple(self._kept.items())
        tx.after_commit.append(lambda: self._recent.add(keys))
        return outcomes


def _receipt_row(receipt: NumberedReceipt) -> Row:
    admission = receipt.admission
    return (
        receipt.seq,
        *receipt.place,
        len(receipt.head),
        len(admission.body),
        len(receipt.events),
        admission.source,
        admission.provider,
        admission.received_at,
        admission.client,
        admission.scheme,
        admission.key_label,
        int(all(event.verified for event in receipt.events)),
        text(admission.refusal),
        text(admission.content_type),
        receipt.mark,
    )


def _event_row(event: NewEvent, receipt: NumberedReceipt) -> Row:
    key = event.dedup_key
    return (
        event.seq,
        event.id,
        receipt.seq,
        event.item,
        receipt.admission.source,
        text(event.type),
        text(event.provider_type),
        None if event.provider_id is None else text(event.provider_id),
        None if key == event.provider_id else text(key),
        None if event.subject is None else text(event.subject),
        event.time,
        event.fields.decode("utf-8", "backslashreplace"),
        " ".join(event.flags),
        int(event.verified),
        0,
    )
