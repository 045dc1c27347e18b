"""The one write connection: opened as soon as the disk lets it, dropped after every failure, and what
the file really holds is read anew before it is trusted again. Lives in the writer thread.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import StoreUnavailable
from gateway.store.sqlite import files
from gateway.store.sqlite.fingerprints import Bodies
from gateway.store.sqlite.migrations import migrate
from gateway.store.sqlite.recovery import recover
from gateway.store.sqlite.transaction import Rising, highest


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps the store from committing."""

    problem: str
    """Empty: nothing known."""
    of_disk: bool = False
    """The disk did not take a write: it is full, over quota, or broken."""


WELL: Final = Trouble("")
"""Nothing is known to be wrong."""


class WriteConnection:
    """See the module's text."""

    def __init__(
        self, database: Path, clock: Callable[[], float], known: int | None = None
    ) -> None:
        """clock: unix seconds. known: where another process opened the database for this gateway
        and died, the highest number of all commits that it told of."""
        self._database = database
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._known = known or 0
        """The highest number of all commits that are known to have succeeded."""
        self.sequence = Rising(self._known)
        self.bodies = Bodies()
        self._remembers = False
        """Whether `bodies` was read."""
        self.opened = known is not None
        """Whether the database was ever opened: made, migrated and freed of old leases."""
        self.strays: int | None = None
        """Rows with higher numbers are in the file though their commit was taken for failed."""

    def get(self) -> sqlite3.Connection:
        """The connection, made anew if need be. Raises `sqlite3.Error`, or `StoreUnavailable` where
        the schema cannot be brought up to date."""
        if self._connection is None:
            connection = files.connect(self._database)
            try:
                self._read(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def try_to_open(self) -> Trouble:
        """`get`, and why it could not be done, as a person is told."""
        try:
            self.get()
        except StoreUnavailable as error:
            return Trouble(str(error), files.disk_refused(error))
        except sqlite3.Error as error:
            if files.disk_refused(error):
                return Trouble(str(error), of_disk=True)
            return Trouble(f"cannot open the store {self._database}: {error}")
        return WELL

    def _read(self, connection: sqlite3.Connection) -> None:
        if self.opened:
            self._read_again(connection)
        else:
            migrate(connection, str(self._database))
            recover(connection, self._clock())
            self.sequence.last = self._known = highest(connection)
            self.opened = True
        if not self._remembers:
            self.bodies.load(connection, self._clock())
            self._remembers = True

    def _read_again(self, connection: sqlite3.Connection) -> None:
        # Where the log could not grow, nothing else would ever begin it anew: without a commit there
        # is no checkpoint. Its own blocks are enough for what frees more.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        # A commit whose sync failed may be in the file nevertheless: its numbers are taken then.
        found = highest(connection)
        if found > self._known:
            self.strays = self._known
            self.sequence.last = max(self.sequence.last, found)

    def committed(self) -> None:
        """Everything up to the sequence's last number is in the file now."""
        self._known = self.sequence.last
        self.strays = None

    def drop(self) -> None:
        """After a failure: rolls back and closes. After a failed sync the connection's view of the
        write-ahead log is not to be trusted, and a new one costs a millisecond."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing rolls back as well, and what is broken stays uncommitted.
            for step in (connection.rollback, connection.close):
                with contextlib.suppress(sqlite3.Error):
                    step()

    def close(self) -> None:
        """Empties the write-ahead log into the database and ends."""
        if self._connection is not None:
            # A long read elsewhere must not hold up the end; its log is read at the next open.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA busy_timeout = 500")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.drop()
