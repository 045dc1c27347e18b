"""Pruning among events of which some must stay: exactly the others go, with all that is theirs."""

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from gateway.model.records import Admission, Selection
from gateway.model.states import DeliveryState, Reason, Verb
from gateway.store.protocol import EventFilter, Store
from gateway.store.sqlite.packs import ALONE
from tests.store.conftest import SqliteBench
from tests.store.make import LATE, NOW, admission, attempt, delivery, event, result

S = DeliveryState
OLD, ALL = 50, 60
OPEN = (S.PENDING, S.LEASED, S.HELD)
LEFT_OVER = (
    "SELECT seq FROM receipts EXCEPT SELECT receipt FROM events",
    "SELECT receipt FROM events EXCEPT SELECT seq FROM receipts",
    "SELECT id FROM packs EXCEPT SELECT pack FROM receipts",
    "SELECT pack FROM receipts EXCEPT SELECT id FROM packs",
    "SELECT event FROM deliveries EXCEPT SELECT seq FROM events",
    "SELECT delivery FROM attempts EXCEPT SELECT seq FROM deliveries",
)
COUNTS = (
    "SELECT seq FROM receipts r WHERE events <> (SELECT count(*) FROM events WHERE receipt = r.seq)",
    "SELECT id FROM packs p WHERE receipts <> (SELECT count(*) FROM receipts WHERE pack = p.id)",
)


def check(path: Path) -> None:
    """Nothing has lost what it belongs to, and every count is right."""
    with sqlite3.connect(path) as db:
        for query in (*LEFT_OVER, *COUNTS):
            assert db.execute(query).fetchall() == [], query
    db.close()


def mixed(chance: random.Random, number: int) -> tuple[Admission, set[str]]:
    """A receipt of some events, and the keys of those that stay when what is old goes."""
    at = NOW if number < OLD else LATE
    stay: set[str] = set()
    events = []
    for item in range(chance.choice([1, 1, 1, 2, 5])):
        state = chance.choice([S.CANCELED, S.CANCELED, *OPEN, None])
        made = [] if state is None else [delivery(state=state), delivery(state=S.CANCELED)]
        events.append(event(f"{number}-{item}", *made, item=item))
        if at == LATE or state in OPEN:
            stay.add(events[-1].dedup_key)
    body = b"x" * (ALONE if chance.random() < 0.1 else chance.randrange(2000))
    return admission(*events, at=at, body=body), stay


async def prune(store: Store, before: float, chance: random.Random) -> set[str]:
    """Prunes in slices of any length; returns the keys of the events that are left."""
    while await store.prune(before, before, chance.choice([1, 3, 17, 256])):
        pass
    return {one.event.dedup_key for one in await store.events(EventFilter(), None, 1000)}


@pytest.mark.parametrize("seed", range(5))
async def test_exactly_what_is_old_and_finished_goes(bench: SqliteBench, seed: int) -> None:
    chance = random.Random(seed)
    store = await bench.open()
    stay: set[str] = set()
    accepted: list[Admission] = []
    for start in range(0, ALL, 12):
        some = [mixed(chance, number) for number in range(start, start + 12)]
        await asyncio.gather(*(store.accept(one) for one, _ in some))
        for one, keys in some:
            accepted.append(one)
            stay |= keys
    assert await prune(store, NOW + 10, chance) == stay
    check(bench.path)
    for one in accepted:
        for kept in one.events:
            found = await store.event(kept.id)
            assert (found is not None) == (kept.dedup_key in stay)
            receipt = None if found is None else await store.receipt(found.event.receipt)
            assert found is None or (receipt is not None and receipt.body == one.body)

    made = [each for one in accepted for event in one.events for each in event.deliveries]
    leased = [each.seq for each in made if each.state is S.LEASED]
    await store.record([result(seq, tried=attempt()) for seq in leased])
    await store.move(Selection(target="deployer"), Verb.CANCEL, Reason.BY_PERSON)
    assert await prune(store, LATE + 10, chance) == set()
    check(bench.path)
    with sqlite3.connect(bench.path) as db:
        for name in ("events", "receipts", "packs", "deliveries", "attempts", "dedup"):
            assert db.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    db.close()
