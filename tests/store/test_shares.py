"""Shares (`fair_by`): pages that one key's burst cannot fill. Against every store."""

from gateway.model.ids import Seq
from gateway.model.records import Keys, NewDelivery
from gateway.store.protocol import Store
from tests.store.make import NOW, admission, delivery, event

FIRST = (0.0, Seq(0))


def of(key: str | None, at: float = NOW) -> NewDelivery:
    made = delivery(at=at)
    if key is not None:
        made.keys = Keys(fair=key)
    return made


async def fill(store: Store) -> dict[str | None, list[NewDelivery]]:
    made = {"loud": [of("loud", NOW + n % 5) for n in range(60)], "a": [of("a")], "": [of("")],
            None: [of(None), of(None)]}  # fmt: skip
    all_ = [one for some in made.values() for one in some]
    await store.accept(admission(*(event(f"e{n}", one, item=n) for n, one in enumerate(all_))))
    return made


async def test_the_keys_are_found_in_pages(store: Store) -> None:
    await fill(store)
    assert list(await store.shares("deployer", None, 9)) == ["", "a", "loud"]
    assert list(await store.shares("deployer", None, 2)) == ["", "a"]
    assert list(await store.shares("deployer", "a", 2)) == ["loud"]
    assert list(await store.shares("deployer", "loud", 2)) == []
    assert list(await store.shares("chat", None, 2)) == []


async def test_each_share_has_a_page_of_its_own(store: Store) -> None:
    made = await fill(store)
    places = [("loud", FIRST), ("a", FIRST), (None, FIRST), ("", FIRST), ("nobody", FIRST)]
    page = await store.claim("deployer", places, 10)
    by_key = {key: [due.seq for due in page if due.key == key] for key, _ in places}
    order = sorted((one.next_at, one.seq) for one in made["loud"])
    assert by_key["loud"] == [seq for _, seq in order[:10]]
    assert by_key["a"] == [made["a"][0].seq]
    assert by_key[None] == [one.seq for one in made[None]]
    assert by_key[""] == [made[""][0].seq]
    assert by_key["nobody"] == []
    rest = await store.claim("deployer", [("loud", order[9])], 100)
    assert [due.seq for due in rest] == [seq for _, seq in order[10:]]


async def test_a_delivery_keeps_its_key_over_its_life(store: Store) -> None:
    made = of("a")
    await store.accept(admission(event("x", made)))
    found = await store.delivery(made.id)
    assert found is not None
    assert found[0].fair_key == "a"
    await store.lease([made.seq])
    (work,) = await store.work([made.seq], 10**9)
    assert work.delivery.fair_key == "a"
