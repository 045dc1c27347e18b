"""The log of refused requests: a small SQLite file apart from the database, in nobody's way.

Bounded in rows, age and writes a second, so that nobody fills the disk by knocking. What does not
fit is counted, not kept. A broken disk loses entries, never a request.
"""

import asyncio
import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Refused
from gateway.model.request import RawHeaders

KEEP_ROWS: Final = 10_000
KEEP_SECONDS: Final = 7 * 24 * 3600.0
ROWS_PER_SECOND: Final = 50
_QUEUE: Final = 500
_TRIM_SECONDS: Final = 10.0
_HEADERS_BYTES: Final = 16 * 1024
"""Of one entry's headers and path each; the rest is cut. 10,000 rows stay under a few 100 MB."""
_TEXT: Final = 2048

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS refused (
        seq        INTEGER PRIMARY KEY AUTOINCREMENT,
        at         REAL NOT NULL,
        source     TEXT NOT NULL,
        outcome    TEXT NOT NULL,
        reason     TEXT NOT NULL,
        client     TEXT NOT NULL,
        method     TEXT NOT NULL,
        path       TEXT NOT NULL,
        headers    TEXT NOT NULL,
        size       INTEGER NOT NULL,
        body_hash  TEXT NOT NULL,
        request_id TEXT NOT NULL
    ) STRICT"""
_INSERT: Final = """
    INSERT INTO refused (at, source, outcome, reason, client, method, path, headers, size,
                         body_hash, request_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SELECT: Final = """
    SELECT at, source, outcome, reason, client, method, path, headers, size, body_hash,
           request_id, seq
    FROM refused
    WHERE seq < ? AND (? IS NULL OR source = ?) AND (? IS NULL OR outcome = ?)
    ORDER BY seq DESC LIMIT ?"""


def path_beside(database: Path) -> Path:
    """Where the log of a database is."""
    return database.with_name(database.name + ".refused")


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of refused requests since the start."""

    written: int
    dropped: int
    """Over the rate, or the queue was full."""
    failed: int
    """Lost to a disk that could not be written."""


class RefusedLog:
    """The log as its one writing process has it. `add` never waits and never raises."""

    def __init__(
        self,
        database: Path,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        keep_rows: int = KEEP_ROWS,
        keep_seconds: float = KEEP_SECONDS,
        rows_per_second: int = ROWS_PER_SECOND,
    ) -> None:
        """database: the store's path; the log lies beside it."""
        self._path = path_beside(database)
        self._clock = clock
        self._monotonic = monotonic
        self._keep_rows = keep_rows
        self._keep_seconds = keep_seconds
        self._rate = rows_per_second
        self._tokens = float(rows_per_second)
        self._refilled = monotonic()
        self._waiting: deque[Refused] = deque()
        self._lock = threading.Condition()
        self._writing = 0
        self._closing = False
        self._written = self._dropped = self._failed = 0
        self._connection: sqlite3.Connection | None = None
        self._trim_at = 0.0
        self._thread = threading.Thread(target=self._work, name="refused-writer", daemon=True)
        self._thread.start()

    # ---- any thread

    def add(self, refused: Refused) -> bool:
        """Queues an entry; False if it was only counted."""
        with self._lock:
            now = self._monotonic()
            gained = (now - self._refilled) * self._rate
            self._tokens = min(float(self._rate), self._tokens + gained)
            self._refilled = now
            if self._closing or self._tokens < 1 or len(self._waiting) >= _QUEUE:
                self._dropped += 1
                return False
            self._tokens -= 1
            self._waiting.append(refused)
            self._lock.notify_all()
        return True

    @property
    def counts(self) -> Counts:
        """Counts since the start."""
        return Counts(self._written, self._dropped, self._failed)

    async def flush(self) -> None:
        """Waits until what was queued is written, or lost."""
        await asyncio.to_thread(self._wait_idle)

    async def page(
        self,
        before: Seq | None = None,
        limit: int = 100,
        *,
        source: str | None = None,
        outcome: str | None = None,
    ) -> Sequence[Refused]:
        """Newest first, those with a smaller number than `before`. Raises `StoreUnavailable`."""
        return await page(self._path, before, limit, source=source, outcome=outcome)

    async def close(self) -> None:
        """Writes what waits and ends."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        await asyncio.to_thread(self._thread.join)

    def _wait_idle(self) -> None:
        with self._lock:
            while (self._waiting or self._writing) and self._thread.is_alive():
                self._lock.wait(1.0)

    # ---- its own thread

    def _work(self) -> None:
        while True:
            with self._lock:
                self._writing = 0
                self._lock.notify_all()
                while not self._waiting and not self._closing:
                    self._lock.wait()
                batch = list(self._waiting)
                self._waiting.clear()
                self._writing = len(batch)
            if not batch:
                break
            try:
                self._write(batch)
                self._written += len(batch)
            except (sqlite3.Error, OSError, ValueError):
                # Whatever breaks here must not reach the gateway; the count tells.
                self._failed += len(batch)
                self._disconnect()
        self._disconnect()

    def _write(self, batch: Sequence[Refused]) -> None:
        connection = self._connection or self._connect()
        self._connection = connection
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_INSERT, [_row(refused) for refused in batch])
        if self._monotonic() >= self._trim_at:
            self._trim(connection)
            self._trim_at = self._monotonic() + _TRIM_SECONDS
        connection.execute("COMMIT")

    def _trim(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "DELETE FROM refused WHERE at < ?", (self._clock() - self._keep_seconds,)
        )
        connection.execute(
            "DELETE FROM refused WHERE seq <= (SELECT max(seq) FROM refused) - ?",
            (self._keep_rows,),
        )

    def _connect(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        self._path.chmod(0o600)
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=5
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute("PRAGMA synchronous = NORMAL").fetchall()
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        self._trim_at = 0.0
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return  # Nothing is left to do with it.


async def page(
    path: Path,
    before: Seq | None = None,
    limit: int = 100,
    *,
    source: str | None = None,
    outcome: str | None = None,
) -> Sequence[Refused]:
    """Reads the log at `path` (see `path_beside`), whether a gateway runs or not.

    Raises `StoreUnavailable` if it is there and cannot be read; no log has no entries.
    """
    top = 2**63 - 1 if before is None else before
    return await asyncio.to_thread(_read, path, (top, source, source, outcome, outcome, limit))


def _read(path: Path, values: tuple[str | int | None, ...]) -> Sequence[Refused]:
    if not path.exists():
        return []
    try:
        connection = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)
        try:
            found = connection.execute(_SELECT, values).fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return []
        raise StoreUnavailable(f"cannot read the refused log {path}: {error}") from error
    return [_refused(row) for row in found]


def _refused(row: tuple[Any, ...]) -> Refused:  # Any: each column has a type of its own
    return Refused(
        at=row[0],
        source=row[1],
        outcome=row[2],
        reason=row[3],
        client=row[4],
        method=row[5],
        path=row[6],
        headers=_headers(row[7]),
        size=row[8],
        body_hash=row[9],
        request_id=row[10],
        seq=Seq(row[11]),
    )


def _row(refused: Refused) -> tuple[str | int | float, ...]:
    texts = (refused.source, refused.outcome, refused.reason, refused.client, refused.method)
    return (
        refused.at,
        *map(_text, texts),
        _text(refused.path),
        _headers_text(refused.headers),
        refused.size,
        refused.body_hash,
        _text(refused.request_id),
    )


def _text(value: str) -> str:
    return value[:_TEXT].encode("utf-8", "backslashreplace").decode()


def _headers_text(headers: RawHeaders) -> str:
    """As JSON; bytes are read as Latin-1, so that each of them comes back."""
    kept: list[tuple[str, str]] = []
    room = _HEADERS_BYTES
    for name, value in headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        kept.append((name.decode("latin-1"), value.decode("latin-1")))
    return json.dumps(kept)


def _headers(text: str) -> RawHeaders:
    return tuple(
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(text)
    )
