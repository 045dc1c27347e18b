"""Lanes: one at a time, in order of commit, whatever happens to the one in front. Against every
store."""

import asyncio
import random
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Committed, Delivery, Keys, NewDelivery, Result, Selection
from gateway.model.states import DeliveryState, Reason, Verb
from gateway.store.protocol import DeliveryFilter, Store
from tests.store.conftest import Bench, SqliteBench
from tests.store.make import NOW, admission, attempt, delivery, event, result

S = DeliveryState


def in_lane(
    key: str = "k", *, state: S = S.LEASED, stops: bool = False, target: str = "deployer"
) -> NewDelivery:
    made = delivery(target, state=state)
    made.keys = Keys(order=key, stops=stops)
    if state is S.HELD:
        made.reason = Reason.PAUSED
    return made


async def three(store: Store, *, stops: bool = False) -> list[NewDelivery]:
    """Three of one lane, each of an event of its own; each would be leased if it could."""
    made = [in_lane(stops=stops) for _ in range(3)]
    for number, one in enumerate(made):
        await store.accept(admission(event(f"e{number}", one)))
    return made


async def look(store: Store, made: NewDelivery) -> Delivery:
    found = await store.delivery(made.id)
    assert found is not None
    return found[0]


async def states(store: Store, made: list[NewDelivery]) -> list[str]:
    """Of each its state; in brackets if another one of its lane comes first."""
    rows = [await look(store, one) for one in made]
    return [f"({one.state})" if one.behind else str(one.state) for one in rows]


def listening(store: Store) -> list[Committed]:
    heard: list[Committed] = []
    store.listen(heard.append)
    return heard


def announced(heard: list[Committed]) -> list[Seq]:
    return [due.seq for commit in heard for due in commit.due]


async def test_only_the_first_of_a_lane_is_leased_by_its_commit(store: Store) -> None:
    made = await three(store)
    other = in_lane("another")
    await store.accept(admission(event("x", other)))
    assert await states(store, [*made, other]) == ["leased", "(pending)", "(pending)", "leased"]
    assert [one.keys and one.keys.behind for one in made] == [False, True, True]


async def test_in_one_commit_too_the_first_goes_first(store: Store) -> None:
    made = [in_lane() for _ in range(3)]
    await store.accept(admission(*(event(f"e{n}", one, item=n) for n, one in enumerate(made))))
    assert await states(store, made) == ["leased", "(pending)", "(pending)"]
    (waits,) = await store.backlog()
    assert waits.counts == {"leased": 1, "pending": 2}


async def test_two_routes_to_one_target_share_the_lane(store: Store) -> None:
    one, two = in_lane(), in_lane()
    two.route = "other"
    await store.accept(admission(event("a", one, two)))
    assert await states(store, [one, two]) == ["leased", "(pending)"]


async def test_the_same_key_at_another_target_is_another_lane(store: Store) -> None:
    one, two = in_lane(), in_lane(target="chat")
    await store.accept(admission(event("a", one, two)))
    assert await states(store, [one, two]) == ["leased", "leased"]


async def test_what_waits_in_a_lane_is_on_no_page_and_cannot_be_leased(store: Store) -> None:
    made = [in_lane(state=S.PENDING) for _ in range(50)]
    last = delivery()
    await store.accept(
        admission(*(event(f"e{n}", one, item=n) for n, one in enumerate([*made, last])))
    )
    page = await store.claim("deployer", [(None, (0.0, Seq(0)))], 10)
    assert [due.seq for due in page] == [made[0].seq, last.seq]
    assert await store.lease([one.seq for one in made]) == [made[0].seq]


@pytest.mark.parametrize("end", [S.DELIVERED, S.DEAD])
async def test_the_end_of_one_announces_the_next_in_the_same_commit(store: Store, end: S) -> None:
    made = await three(store)
    heard = listening(store)
    reason = Reason.DONE if end is S.DELIVERED else Reason.STATUS
    await store.record([result(made[0].seq, end, reason, tried=attempt())])
    assert announced(heard) == [made[1].seq]
    assert await states(store, made) == [str(end), "pending", "(pending)"]


async def test_a_retry_keeps_its_place_and_the_lane_waits(store: Store) -> None:
    made = await three(store)
    heard = listening(store)
    again = result(made[0].seq, S.PENDING, Reason.RETRY, at=NOW + 60, tried=attempt())
    await store.record([again])
    assert announced(heard) == [made[0].seq]
    assert heard[0].due[0].next_at == NOW + 60
    assert await states(store, made) == ["pending", "(pending)", "(pending)"]


async def test_what_is_held_in_front_stops_its_lane_until_it_is_released_or_canceled(
    store: Store,
) -> None:
    made = await three(store)
    await store.record([result(made[0].seq, S.HELD, Reason.EXPRESSION)])
    heard = listening(store)
    assert await states(store, made) == ["held", "(pending)", "(pending)"]
    await store.move(Selection(ids=(made[0].id,)), Verb.CANCEL, Reason.BY_PERSON)
    assert announced(heard) == [made[1].seq]
    assert await states(store, made) == ["canceled", "pending", "(pending)"]


async def test_a_canceled_one_in_the_middle_leaves_no_gap(store: Store) -> None:
    made = await three(store)
    await store.move(Selection(ids=(made[1].id,)), Verb.CANCEL, Reason.BY_PERSON)
    await store.record([result(made[0].seq)])
    assert await states(store, made) == ["delivered", "canceled", "pending"]


async def test_whoever_waits_in_his_lane_cannot_be_retried_past_the_others(store: Store) -> None:
    made = await three(store)
    moved = await store.move(Selection(ids=(made[1].id,)), Verb.RETRY, Reason.RETRY)
    assert (moved.count, list(moved.due)) == (0, [])
    assert list(moved.refused) == [(made[1].id, "another delivery of its lane comes first")]
    assert await states(store, made) == ["leased", "(pending)", "(pending)"]


async def test_a_pause_holds_the_lane_and_its_end_frees_it_in_order(store: Store) -> None:
    made = [in_lane(state=S.PENDING) for _ in range(3)]
    for number, one in enumerate(made):
        await store.accept(admission(event(f"e{number}", one)))
    await store.set_pause("target", "deployer", "me", paused=True)
    await store.move(Selection(target="deployer"), Verb.HOLD, Reason.PAUSED)
    late = in_lane(state=S.HELD)
    await store.accept(admission(event("late", late)))
    assert await states(store, [*made, late]) == ["held", "(held)", "(held)", "(held)"]
    await store.set_pause("target", "deployer", "me", paused=False)
    heard = listening(store)
    moved = await store.release_paused()
    assert moved.count == 4
    assert announced(heard) == [made[0].seq]
    assert await states(store, [*made, late]) == [
        "pending", "(pending)", "(pending)", "(pending)",
    ]  # fmt: skip


async def test_a_dead_one_that_comes_back_is_next_but_nobody_is_interrupted(store: Store) -> None:
    made = await three(store)
    await store.record([result(made[0].seq, S.DEAD, Reason.STATUS, tried=attempt())])
    assert await store.lease([made[1].seq]) == [made[1].seq]
    await store.move(Selection(ids=(made[0].id,)), Verb.RETRY, Reason.RETRY)
    assert await states(store, made) == ["(pending)", "leased", "(pending)"]
    # The one under way fails and waits for its retry: the older one goes first.
    again = result(made[1].seq, S.PENDING, Reason.RETRY, at=NOW + 60, tried=attempt())
    await store.record([again])
    assert await states(store, made) == ["pending", "(pending)", "(pending)"]


async def test_a_senders_redelivery_too_brings_a_dead_one_back_to_its_place(store: Store) -> None:
    made = await three(store)
    await store.record([result(made[0].seq, S.DEAD, Reason.STATUS, tried=attempt())])
    heard = listening(store)
    await store.accept(admission(event("e0")))
    assert announced(heard) == [made[0].seq]
    assert await states(store, made) == ["pending", "(pending)", "(pending)"]


async def test_a_replay_is_the_last_of_its_lane(store: Store) -> None:
    made = await three(store)
    await store.record([result(made[0].seq)])
    (found,) = [one for one, of in await store.deliveries(DeliveryFilter(), None, 9)
                if one.id == made[0].id]  # fmt: skip
    assert found.order_key == "k"
    again = in_lane(state=S.PENDING)
    again.replay_of = made[0].id
    (first,) = [of for one, of in await store.deliveries(DeliveryFilter(), None, 9)
                if one.id == made[0].id]  # fmt: skip
    moved = await store.create_deliveries(first.id, [again])
    assert (moved.count, list(moved.due)) == (1, [])
    assert await states(store, [*made, again]) == [
        "delivered", "pending", "(pending)", "(pending)",
    ]  # fmt: skip


async def test_leases_of_a_dead_process_are_freed_in_front(bench: Bench) -> None:
    store = await bench.open()
    made = await three(store)
    store = await bench.open()
    assert await states(store, made) == ["pending", "(pending)", "(pending)"]
    assert [due.seq for due in await store.claim("deployer", [(None, (0.0, Seq(0)))], 9)] == [
        made[0].seq
    ]


async def test_poison_in_front_lets_the_lane_go_on(bench: Bench) -> None:
    store = await bench.open()
    made = await three(store)
    for _ in range(5):
        await store.begin(made[0].seq)
        store = await bench.open()
        await store.lease([made[0].seq])
    assert await states(store, made) == ["dead", "pending", "(pending)"]


async def test_one_that_waited_long_has_its_whole_retry_window(bench: Bench) -> None:
    store = await bench.open()
    made = await three(store)
    await store.record([result(made[0].seq)])
    assert await store.lease([made[1].seq]) == [made[1].seq]
    first = attempt(at=NOW + 90 * 86_400)
    await store.record([result(made[1].seq, S.PENDING, Reason.RETRY, tried=first)])
    assert (await look(store, made[1])).window_started_at == NOW + 90 * 86_400


async def test_what_was_found_to_have_a_key_late_joins_its_lane(store: Store) -> None:
    loose = delivery(state=S.LEASED)
    await store.accept(admission(event("loose", loose)))
    made = await three(store)
    heard = listening(store)
    joins = Result(loose.seq, S.PENDING, Reason.RETRY, "", NOW, None, Keys(order="k"))
    await store.record([joins])
    assert announced(heard) == []
    assert await states(store, [loose, *made]) == [
        "(pending)", "leased", "(pending)", "(pending)",
    ]  # fmt: skip
    await store.record([result(made[0].seq)])
    assert announced(heard) == [loose.seq]


# ---------------------------------------------------------------- on_dead: hold


async def test_a_dead_one_that_stops_its_lane_holds_the_next_and_only_that(store: Store) -> None:
    made = await three(store, stops=True)
    heard = listening(store)
    await store.record([result(made[0].seq, S.DEAD, Reason.STATUS, tried=attempt())])
    assert announced(heard) == []
    assert await states(store, made) == ["dead", "(held)", "(pending)"]
    held = await look(store, made[1])
    assert (held.reason, made[0].id in held.detail) == (Reason.ORDER, True)
    assert heard[0].counts == {
        ("deployer", "leased"): -1, ("deployer", "dead"): 1,
        ("deployer", "pending"): -1, ("deployer", "held"): 1,
    }  # fmt: skip


async def test_who_comes_into_a_stopped_lane_is_held_too(store: Store) -> None:
    first, next_one, third = (in_lane(stops=True) for _ in range(3))
    await store.accept(admission(event("a", first)))
    await store.record([result(first.seq, S.DEAD, Reason.STATUS, tried=attempt())])
    await store.accept(admission(event("b", next_one)))
    await store.accept(admission(event("c", third)))
    assert await states(store, [first, next_one, third]) == ["dead", "(held)", "(pending)"]


async def test_a_retry_of_the_dead_one_frees_its_lane_once_it_is_delivered(store: Store) -> None:
    made = await three(store, stops=True)
    await store.record([result(made[0].seq, S.DEAD, Reason.STATUS, tried=attempt())])
    await store.move(Selection(ids=(made[0].id,)), Verb.RETRY, Reason.RETRY)
    assert await states(store, made) == ["pending", "(held)", "(pending)"]
    await store.lease([made[0].seq])
    heard = listening(store)
    await store.record([result(made[0].seq)])
    assert announced(heard) == [made[1].seq]
    assert await states(store, made) == ["delivered", "pending", "(pending)"]


async def test_who_was_held_for_a_dead_one_still_waits_for_his_own_time(store: Store) -> None:
    first, second = in_lane(stops=True), in_lane(state=S.PENDING)
    second.next_at = NOW + 30
    for number, one in enumerate((first, second)):
        await store.accept(admission(event(f"e{number}", one)))
    await store.record([result(first.seq, S.DEAD, Reason.STATUS)])
    assert (await look(store, second)).reason is Reason.ORDER
    await store.move(Selection(ids=(first.id,)), Verb.RETRY, Reason.RETRY)
    assert await store.lease([first.seq]) == [first.seq]
    heard = listening(store)
    await store.record([result(first.seq, S.DELIVERED, Reason.DONE)])
    after = await look(store, second)
    assert (after.state, after.next_at) == (S.PENDING, NOW + 30)
    assert [(due.seq, due.next_at) for commit in heard for due in commit.due] == [
        (second.seq, NOW + 30)
    ]


async def test_a_retry_of_the_held_one_passes_the_dead_one_over(store: Store) -> None:
    made = await three(store, stops=True)
    await store.record([result(made[0].seq, S.DEAD, Reason.STATUS, tried=attempt())])
    heard = listening(store)
    await store.move(Selection(ids=(made[1].id,)), Verb.RETRY, Reason.RETRY)
    assert announced(heard) == [made[1].seq]
    assert await states(store, made) == ["dead", "pending", "(pending)"]
    await store.lease([made[1].seq])
    await store.record([result(made[1].seq)])
    assert await states(store, made) == ["dead", "delivered", "pending"]


async def test_a_canceled_held_one_leaves_the_lane_stopped(store: Store) -> None:
    made = await three(store, stops=True)
    await store.record([result(made[0].seq, S.DEAD, Reason.STATUS, tried=attempt())])
    await store.move(Selection(ids=(made[1].id,)), Verb.CANCEL, Reason.BY_PERSON)
    assert await states(store, made) == ["dead", "canceled", "(held)"]


async def test_a_dead_one_is_not_pruned_while_its_lane_waits(bench: Bench) -> None:
    store = await bench.open()
    made = await three(store, stops=True)
    alone = in_lane("alone", stops=True)
    await store.accept(admission(event("alone", alone)))
    await store.record(
        [result(one.seq, S.DEAD, Reason.STATUS, tried=attempt()) for one in (made[0], alone)]
    )
    while await store.prune(NOW + 10, NOW - 10, 100):
        pass
    assert await store.delivery(made[0].id) is not None
    assert await store.delivery(alone.id) is None


# ---------------------------------------------------------------- anything, in any order


class Player:
    """Does whatever a step says to a store, and looks after each whether all lanes are right."""

    def __init__(self, bench: SqliteBench, seed: int) -> None:
        self.bench = bench
        self.chance = random.Random(seed)
        self.made: list[NewDelivery] = []
        self.known: set[Seq] = set()
        """What a dispatcher would know to be due."""
        self.number = 0

    async def open(self) -> None:
        self.store = await self.bench.open()
        self.store.listen(self.heard)
        self.known = {
            d.seq for d in await self.store.claim("deployer", [(None, (0.0, Seq(0)))], 10_000)
        }

    def heard(self, commit: Committed) -> None:
        self.known |= {due.seq for due in commit.due}
        for taken, admitted in commit.admissions:
            for one, became in zip(taken.events, admitted, strict=True):
                if not became.duplicate:
                    self.known |= {
                        d.seq for d in one.deliveries
                        if d.state is S.PENDING and not (d.keys and d.keys.behind)
                    }  # fmt: skip

    async def rows(self) -> list[Delivery]:
        return [d for d, _ in reversed(await self.store.deliveries(DeliveryFilter(), None, 10_000))]

    async def accept(self) -> None:
        made = []
        for _ in range(self.chance.randint(1, 3)):
            state = self.chance.choice([S.LEASED, S.LEASED, S.PENDING, S.HELD])
            made.append(
                in_lane(self.chance.choice("ab"), state=state, stops=self.chance.random() < 0.4)
            )
        self.number += 1
        events = [event(f"e{self.number}-{n}", one, item=n) for n, one in enumerate(made)]
        await self.store.accept(admission(*events))

    async def fail(self) -> None:
        self.bench.breaker.point = "before_commit"
        with pytest.raises(StoreUnavailable):
            await self.accept()
        self.bench.breaker.point = ""

    async def lease(self) -> None:
        # Any that are pending, as one asks who has heard of them some time ago.
        pending = [one.seq for one in await self.rows() if one.state is S.PENDING]
        some = [seq for seq in pending if self.chance.random() < 0.7]
        self.known -= set(some)
        await self.store.lease(some)

    async def record(self) -> None:
        leased = [one for one in await self.rows() if one.state is S.LEASED]
        ends = [(S.DELIVERED, Reason.DONE), (S.DEAD, Reason.STATUS), (S.PENDING, Reason.RETRY),
                (S.HELD, Reason.EXPRESSION)]  # fmt: skip
        await self.store.record(
            [result(one.seq, *self.chance.choice(ends), tried=attempt())
             for one in leased if self.chance.random() < 0.7]
        )  # fmt: skip

    async def verb(self) -> None:
        rows = await self.rows()
        if rows:
            state = self.chance.choice(sorted({one.state for one in rows}))
            one = self.chance.choice([one for one in rows if one.state is state])
            verb = self.chance.choice(
                [Verb.RETRY, Verb.CANCEL, Verb.REVIVE, Verb.HOLD, Verb.RELEASE]
            )
            reason = {Verb.HOLD: Reason.PAUSED, Verb.CANCEL: Reason.BY_PERSON}.get(
                verb, Reason.RETRY
            )
            await self.store.move(Selection(ids=(one.id,)), verb, reason)

    async def replay(self) -> None:
        found = await self.store.deliveries(DeliveryFilter(), None, 50)
        if found:
            old, of = self.chance.choice(found)
            new = in_lane(old.order_key or "a", state=S.PENDING)
            await self.store.create_deliveries(of.id, [new])

    async def reopen(self) -> None:
        await self.open()

    def right(self, rows: list[Delivery]) -> None:
        for key in "ab":
            lane = [
                one for one in rows if one.order_key == key and (
                    one.state in {S.PENDING, S.LEASED, S.HELD} or (one.state is S.DEAD and one.stops))
            ]  # fmt: skip
            fronts = [one for one in lane if not one.behind]
            assert len(fronts) == min(1, len(lane)), "one in front where anybody waits"
            if not fronts:
                continue
            (front,) = fronts
            assert sum(one.state is S.LEASED for one in lane) == (front.state is S.LEASED)
            if front.state is not S.LEASED:
                assert front.seq == min(one.seq for one in lane), "in order"
            if front.state is S.PENDING:
                assert front.seq in self.known, "whoever may go is announced"
            if front.state is S.DEAD and len(lane) > 1:
                assert sorted(lane, key=lambda one: one.seq)[1].state is not S.PENDING
            if front.state is not S.DEAD:
                assert front.reason is not Reason.ORDER


async def play(folder: Path, seed: int) -> None:
    player = Player(SqliteBench(folder), seed)
    await player.open()
    for _ in range(STEPS):
        step = player.chance.choice(WHAT)
        await getattr(player, step)()
        player.right(await player.rows())
    await player.bench.close()


STEPS = 60
WHAT = ("accept", "accept", "lease", "lease", "record", "record", "verb", "verb", "replay", "reopen",
        "fail")  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_each_lane_has_one_front_in_order_and_it_is_announced(
    tmp_path: Path, seed: int
) -> None:
    asyncio.run(play(tmp_path, seed))
