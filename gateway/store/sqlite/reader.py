"""Reads: a small pool of read-only aiosqlite connections, and every read of the protocol on it.

Each read is short, so that none holds up the write-ahead log. Nothing here can write.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import aiosqlite

from gateway.errors import StoreUnavailable
from gateway.model.ids import DeliveryId, EventId, Seq
from gateway.model.records import (
    Attempt,
    AuditEntry,
    Delivery,
    Due,
    Event,
    EventSummary,
    Receipt,
    Work,
)
from gateway.store.protocol import (
    DeliveryFilter,
    EventFilter,
    Health,
    Pause,
    SourceActivity,
    TargetBacklog,
)
from gateway.store.sqlite import backlogs, delivery_reads, event_reads, files, migrations, rows
from gateway.store.sqlite.bounds import upper
from gateway.store.sqlite.dictionaries import Words, decompress, words
from gateway.store.sqlite.inserts import NAMED, listed
from gateway.store.sqlite.packs import PackCache, Place, decode_headers, says_json
from gateway.store.sqlite.rows import (
    DELIVERY,
    DELIVERY_WIDTH,
    EVENT,
    EVENT_WIDTH,
    fetch,
    fetch_together,
    together,
)

_CONNECTIONS: Final = 2
_CACHE_BYTES: Final = 16 * 1024 * 1024
_OFF_LOOP: Final = 256 * 1024
"""Compressed bytes from which a pack is opened in a thread: it would take milliseconds."""

# An event's times with all their digits: each attempt must say the same.
_EXACT: Final = EVENT.replace("e.time", "quote(e.time)").replace(
    "r.received_at", "quote(r.received_at)"
)
_WORK: Final = together(
    f"""{DELIVERY}, {_EXACT}, r.pack, r.position, r.head_size, r.body_size, r.content_type,
        CASE d.attempts WHEN 0 THEN '' ELSE coalesce((
            SELECT endpoint FROM attempts WHERE delivery = d.seq ORDER BY seq DESC LIMIT 1), '') END
    """,
    f"""deliveries d JOIN events e ON e.seq = d.event JOIN receipts r ON r.seq = e.receipt
    WHERE d.seq IN {NAMED}""",
)
_WORK_REST: Final = DELIVERY_WIDTH + EVENT_WIDTH
_RECEIPT: Final = """
    SELECT seq, source, provider, received_at, client, scheme, key_label, verified, refusal,
           content_type, pack, position, head_size, body_size
    FROM receipts WHERE seq = ?"""
_DICTIONARIES: Final = 4
"""Kept open; half a megabyte each."""

_REUSABLE: Final = "SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size"


class SqliteReader:
    """All reads of a database."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._free: asyncio.Queue[aiosqlite.Connection | None] = asyncio.Queue()
        """None: a connection that is made when it is needed."""
        for _ in range(_CONNECTIONS):
            self._free.put_nowait(None)
        self._packs = PackCache(_CACHE_BYTES)
        self._dictionaries: dict[int, Words] = {}

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[aiosqlite.Connection]:
        connection = await self._free.get()
        try:
            if connection is None:
                connection = await _connect(self.database)
            yield connection
        except sqlite3.Error as error:
            if connection is not None and files.disk_refused(error):
                with contextlib.suppress(sqlite3.Error):
                    await connection.close()
                connection = None
            raise StoreUnavailable(f"cannot read the store {self.database}: {error}") from error
        finally:
            self._free.put_nowait(connection)

    # ---- the dispatcher's

    async def claim(
        self, target: str, places: Sequence[tuple[str | None, tuple[float, Seq]]], limit: int
    ) -> Sequence[Due]:
        """Pending deliveries of a target, of each share so many, after its place."""
        async with self._reading() as db:
            return await backlogs.claim(db, target, places, limit)

    async def shares(self, target: str, after: str | None, limit: int) -> Sequence[str]:
        """Keys of shares of a target, after that one."""
        async with self._reading() as db:
            return await backlogs.shares(db, target, after, limit)

    async def work(self, deliveries: Sequence[Seq], most: int) -> Sequence[Work]:
        """All that attempts of these deliveries need, in the order asked for; no more of them once
        their bodies are `most` bytes or more."""
        async with self._reading() as db:
            answer = await fetch_together(db, _WORK, (listed(deliveries),))
            found = {row[0]: row for row in answer}
            works: list[Work] = []
            for row in (found[seq] for seq in deliveries if seq in found):
                pack, position, head_size, body_size, content_type, endpoint = row[_WORK_REST:]
                head, body = await self._bytes(db, Place(pack, position, head_size, body_size))
                works.append(
                    Work(
                        delivery=rows.delivery(row),
                        event=rows.event(row[DELIVERY_WIDTH:]),
                        headers=partial(decode_headers, head),
                        content_type=content_type,
                        body=body,
                        is_json=says_json(head),
                        endpoint=endpoint,
                    )
                )
                most -= body_size
                if most <= 0:
                    break
        return works

    async def _bytes(self, db: aiosqlite.Connection, place: Place) -> tuple[bytes, bytes]:
        """A receipt's head and body."""
        raw = self._packs.get(place.pack)
        if raw is None:
            raw = await self._pack(db, place.pack)
            self._packs.add(place.pack, raw)
        return place.cut(raw)

    async def _pack(self, db: aiosqlite.Connection, pack: int) -> bytes:
        """Raises `StoreUnavailable` where it or its dictionary is lost."""
        sql = "SELECT data, dictionary FROM packs WHERE id = ?"
        for data, number in await fetch(db, sql, (pack,)):
            against = None if number is None else await self._dictionary(db, number)
            if number is not None and against is None:
                break
            if len(data) >= _OFF_LOOP:
                return await asyncio.to_thread(decompress, data, against)
            return decompress(data, against)
        raise StoreUnavailable(f"the store {self.database} has lost pack {pack}: restore a backup")

    async def _dictionary(self, db: aiosqlite.Connection, number: int) -> Words | None:
        kept = self._dictionaries.get(number)
        if kept is None:
            for (stored,) in await fetch(
                db, "SELECT data FROM dictionaries WHERE id = ?", (number,)
            ):
                while len(self._dictionaries) >= _DICTIONARIES:
                    del self._dictionaries[next(iter(self._dictionaries))]
                kept = self._dictionaries[number] = words(stored)
        return kept

    # ---- events and deliveries

    async def events(
        self, where: EventFilter, before: Seq | None, limit: int
    ) -> Sequence[EventSummary]:
        """Newest first, those with a smaller sequence number than `before`."""
        async with self._reading() as db:
            return await event_reads.page(db, where, before, limit)

    async def event(self, id: EventId) -> EventSummary | None:
        """One event by our id."""
        async with self._reading() as db:
            return await event_reads.one(db, id)

    async def receipt(self, seq: Seq) -> Receipt | None:
        """One receipt with its bytes."""
        async with self._reading() as db:
            for row in await fetch(db, _RECEIPT, (seq,)):
                head, body = await self._bytes(db, Place(*row[10:14]))
                return rows.receipt(row, decode_headers(head), body)
        return None

    async def deliveries(
        self, where: DeliveryFilter, before: Seq | None, limit: int
    ) -> Sequence[tuple[Delivery, Event]]:
        """Newest first, each with its event."""
        async with self._reading() as db:
            return await delivery_reads.page(db, where, before, limit)

    async def delivery(self, id: DeliveryId) -> tuple[Delivery, Event] | None:
        """One delivery by our id."""
        async with self._reading() as db:
            return await delivery_reads.one(db, id)

    async def attempts(self, delivery: Seq) -> Sequence[Attempt]:
        """In order of time."""
        async with self._reading() as db:
            return await delivery_reads.attempts(db, delivery)

    # ---- overviews and small things

    async def backlog(self) -> Sequence[TargetBacklog]:
        """What waits for each target."""
        async with self._reading() as db:
            return await backlogs.backlog(db)

    async def activity(self) -> Sequence[SourceActivity]:
        """What each source did last."""
        async with self._reading() as db:
            return await backlogs.activity(db)

    async def pauses(self) -> Sequence[Pause]:
        """What is paused, oldest first."""
        async with self._reading() as db:
            found = await fetch(
                db, "SELECT kind, name, since, who FROM pauses ORDER BY since, kind, name"
            )
        return [Pause(*row) for row in found]

    async def get(self, key: str) -> bytes | None:
        """The value kept under a name."""
        async with self._reading() as db:
            for (value,) in await fetch(db, "SELECT value FROM kv WHERE key = ?", (key,)):
                return bytes(value)
        return None

    async def audited(self, before: Seq | None, limit: int) -> Sequence[AuditEntry]:
        """Newest first."""
        async with self._reading() as db:
            found = await fetch(
                db,
                "SELECT at, who, action, object, detail FROM audit "
                "WHERE seq < ? ORDER BY seq DESC LIMIT ?",
                (upper(before), limit),
            )
        return [AuditEntry(*row) for row in found]

    # ---- upkeep

    async def version(self) -> int:
        """The schema's version."""
        async with self._reading() as db:
            ((found,),) = await fetch(db, "PRAGMA user_version")
        return int(found)

    async def backup(self, to: Path) -> None:
        """A consistent copy (mode 0600) while the store runs. Raises `StoreUnavailable`."""
        await asyncio.to_thread(files.copy, self.database, to)

    async def health(self) -> Health:
        """How the files are; a reader cannot say whether they can be written."""
        return files.health(self.database, queue=0, problem="", reusable=await self._reusable())

    async def _reusable(self) -> int:
        """Bytes of free pages inside the database; 0 where it cannot be read."""
        with contextlib.suppress(StoreUnavailable):
            async with self._reading() as db:
                ((pages, size),) = await fetch(db, _REUSABLE)
                return int(pages) * int(size)
        return 0

    async def close(self) -> None:
        """Waits for running reads and closes the connections."""
        for connection in [await self._free.get() for _ in range(_CONNECTIONS)]:
            if connection is not None:
                await connection.close()


async def _connect(database: Path) -> aiosqlite.Connection:
    """A connection that cannot write. Raises `sqlite3.Error`."""
    connection = await aiosqlite.connect(
        files.readonly_uri(database), uri=True, isolation_level=None
    )
    try:
        await fetch(connection, "PRAGMA query_only = ON")
    except BaseException:
        await connection.close()
        raise
    return connection


async def open_readonly(path: Path) -> SqliteReader:
    """Opens a database for reading, whether a gateway runs on it or not.

    Raises `StoreUnavailable` if there is none, or if it has another version's schema.
    """
    database = files.existing(path)
    reader = SqliteReader(database)
    try:
        problem = migrations.problem_with(await reader.version(), str(database))
    except StoreUnavailable as error:
        problem = str(error)
    if problem:
        await reader.close()
        raise StoreUnavailable(problem)
    return reader
