"""Commits: a batch of jobs is one transaction. It commits as a whole, or fails as a whole and leaves
nothing. What a job does is not decided here; who waits for it is `writer`'s.

Runs wherever the write connection is: in a thread, or in a process of its own.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.model.ids import Seq
from gateway.model.record import record
from gateway.model.records import Admission, Admitted, Due, Result
from gateway.store.sqlite import files, leases
from gateway.store.sqlite.accept import AcceptBatch
from gateway.store.sqlite.connection import Trouble, WriteConnection
from gateway.store.sqlite.keys import Keys
from gateway.store.sqlite.packing import Packer
from gateway.store.sqlite.pruning import Pruner
from gateway.store.sqlite.recent import RecentKeys
from gateway.store.sqlite.transaction import Transaction

Fault = Callable[[str], None]
"""Called at `BEFORE_BEGIN` … by tests that break things there."""
BEFORE_BEGIN: Final = "before_begin"
BEFORE_COMMIT: Final = "before_commit"
AFTER_COMMIT: Final = "after_commit"

RECENT_KEYS: Final = 40_000
"""Some 12 MB; a provider's own retries come within minutes."""


@record
class Change:
    """Anything else than an acceptance or a result: `run(transaction, *values)`.

    Both may have to go to another process: `run` is a function of a module.
    """

    run: Callable[..., Any]  # Any: each one's own result, typed again by `Writer.change`
    values: tuple[Any, ...]


@record
class Batch:
    """The work of one commit."""

    admissions: Sequence[Admission]
    results: Sequence[Result]
    changes: Sequence[Change]


@record
class Done:
    """What a commit did."""

    seconds: float
    outcomes: Sequence[Sequence[Admitted]]
    """One for each event of each admission."""
    values: Sequence[Any]
    """What each change gave."""
    due: Sequence[Due]
    changed: Sequence[Seq]
    counts: Mapping[tuple[str, str], int]
    last: int
    """The highest number that is in the file now."""
    mistake: Exception | None = None
    """Memory did not learn of the commit. That is ours to mend; the batch is durable all the same."""


class Committer:
    """See the module's text."""

    def __init__(
        self,
        connection: WriteConnection,
        *,
        clock: Callable[[], float],
        fault: Fault | None = None,
    ) -> None:
        """clock: unix seconds. fault: for tests."""
        self._link = connection
        self._clock = clock
        self._fault = fault or _no_fault
        self._recent = RecentKeys(RECENT_KEYS)
        self._keys = Keys()
        self._packer = Packer()
        self._pruner = Pruner(self._recent, self._keys)

    @property
    def opened(self) -> bool:
        """Whether the database was ever opened; if not, each commit tries again."""
        return self._link.opened

    def commit(self, batch: Batch) -> Done | Trouble:
        """One transaction with all of it. Trouble: nothing of it was kept, and the next one begins
        with a new connection."""
        try:
            link = self._link
            connection = link.get()
            accepts = AcceptBatch(
                batch.admissions,
                self._recent,
                self._keys,
                link.bodies,
                link.sequence,
                self._packer,
            )
            accepts.prepare()
            self._fault(BEFORE_BEGIN)
            started = time.perf_counter()
            tx = Transaction(connection, link.sequence, self._clock(), self._pruner)
            connection.execute("BEGIN IMMEDIATE")
            if link.strays is not None:
                leases.adopt(tx, link.strays)
            outcomes = accepts.apply(tx)
            if batch.results:
                leases.record(tx, batch.results)
            values = [change.run(tx, *change.values) for change in batch.changes]
            self._fault(BEFORE_COMMIT)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  nobody of the batch may believe in success
            self._link.drop()
            return Trouble(f"{error}" or type(error).__name__, files.disk_refused(error))
        seconds = time.perf_counter() - started
        link.committed()
        return Done(
            seconds,
            outcomes,
            values,
            tx.due,
            tuple(tx.changed),
            {key: count for key, count in tx.counts.items() if count},
            link.sequence.last,
            self._remember(tx),
        )

    def _remember(self, tx: Transaction) -> Exception | None:
        """What memory learns of a commit. The database knows better than memory anyway."""
        try:
            self._fault(AFTER_COMMIT)
            for remember in tx.after_commit:
                remember()
        except Exception as error:  # noqa: BLE001  every sender must be told of the commit
            return error
        return None

    def close(self) -> None:
        """Empties the write-ahead log into the database and ends."""
        self._link.close()


def _no_fault(_point: str) -> None:
    """Breaks nothing."""
