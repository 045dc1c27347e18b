"""What must be true of a store after a power cut. Opens it as the product does.

Gives problems as texts instead of failing: the test of the test wants to find some.
"""

import asyncio
import random
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from gateway.errors import StoreUnavailable
from gateway.model.ids import EventId
from gateway.store import sqlite
from tests.durability.serving import body_of
from tests.store.make import admission, event

_SAMPLE: Final = 10
"""So many of the newest told events, and of all, are unpacked and compared."""
_BARE: Final = """
    SELECT count(*) FROM events e WHERE NOT EXISTS (
        SELECT 1 FROM deliveries d WHERE d.event = e.seq)"""
_TWICE: Final = "SELECT count(*) FROM (SELECT 1 FROM dedup GROUP BY digest HAVING count(*) > 1)"


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Makes the files of a database in another folder."""
    for path, data in files.items():
        (folder / Path(path).name).write_bytes(data)


async def problems(
    database: Path, told: Sequence[str], keys: Mapping[str, str], *, pruned: bool
) -> Sequence[str]:
    """Everything wrong with a store that was to hold what was told, in that order.

    told: ids of events that left the process, in answers or deliveries, before the cut.
    keys: the provider's id under each acknowledged one. pruned: old events may be gone, never keys.
    """
    try:
        store = await sqlite.open(database)
    except (StoreUnavailable, sqlite3.Error) as error:
        return [f"cannot be opened: {error}"]
    try:
        found = list(_of_rows(database, told, pruned=pruned))
        for id in _sample([one for one in told if one in keys]):
            summary = await store.event(EventId(id))
            if summary is None:
                continue  # lost, which was said, or pruned
            receipt = await store.receipt(summary.event.receipt)
            if receipt is None or receipt.body != body_of(keys[id]):
                found.append(f"other bytes: {id}")
        known = [id for id in told if id in keys]
        copies = await asyncio.gather(*(store.accept(admission(event(keys[id]))) for id in known))
        for id, (again,) in zip(known, copies, strict=True):
            if not again.duplicate or again.id != id:
                found.append(f"not a duplicate: {id}")
        (new,) = await store.accept(admission(event("after-the-cut")))
        if new.duplicate:
            found.append("a new event is taken for a duplicate")
    except (StoreUnavailable, sqlite3.Error) as error:
        found = [f"cannot be used: {error}"]
    finally:
        await store.close()
    return found


def _sample(ids: Sequence[str]) -> Collection[str]:
    chance = random.Random(len(ids))
    return {*ids[-_SAMPLE:], *chance.sample(ids, min(_SAMPLE, len(ids)))}


def _of_rows(database: Path, told: Collection[str], *, pruned: bool) -> Sequence[str]:
    with closing(sqlite3.connect(database)) as db:
        found = [f"integrity: {row[0]}" for row in db.execute("PRAGMA integrity_check")]
        found = [line for line in found if line != "integrity: ok"]
        for table in ("dedup",) if pruned else ("dedup", "events"):
            there = {id for (id,) in db.execute(f"SELECT id FROM {table}")}
            found += [f"lost: {id}" for id in told if id not in there]
        found += [f"without deliveries: {n}" for (n,) in db.execute(_BARE) if n]
        found += [f"a key twice: {n}" for (n,) in db.execute(_TWICE) if n]
    return found
