"""Leases, results, verbs, pauses and deaths. Against every store."""

import itertools
from dataclasses import replace

import orjson
import pytest

from gateway.model.ids import DeliveryId, Seq, new_event_id
from gateway.model.records import Committed, Delivery, NewDelivery, Result, Selection
from gateway.model.states import FINAL, MOVES, REASONS, DeliveryState, Reason, Trigger, Verb
from gateway.store.protocol import DeliveryFilter, EventFilter, Store
from tests.store.conftest import Bench
from tests.store.make import HEADERS, NOW, admission, attempt, delivery, event, result

S = DeliveryState


async def in_state(store: Store, key: str, state: S, *, target: str = "deployer") -> NewDelivery:
    """A delivery that came to a state by the ways that exist."""
    made = delivery(target, state=S.HELD if state is S.HELD else S.LEASED)
    if state is S.HELD:
        made.reason = Reason.PAUSED
    await store.accept(admission(event(key, made)))
    if state not in (S.HELD, S.LEASED):
        await store.record([result(made.seq, state, REASONS[state][0], tried=attempt())])
    return made


async def look(store: Store, made: NewDelivery) -> Delivery:
    found = await store.delivery(made.id)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(S, Verb)))
async def test_every_verb_moves_from_the_states_of_the_table_and_from_no_other(
    bench: Bench, state: S, verb: Verb
) -> None:
    store = await bench.open()
    made = await in_state(store, "a", state)
    bench.clock.now = NOW + 100
    rule = MOVES[verb]
    reason = REASONS[rule.to][0]
    moved = await store.move(Selection(ids=(made.id,)), verb, reason, "why")
    after = await look(store, made)
    if state not in rule.leaves:
        assert (moved.count, after.state) == (0, state)
        ((refused, why),) = moved.refused
        assert refused == made.id
        assert state in why or state is S.LEASED
        assert ("final" in why) == (state in FINAL)
        return
    assert (moved.count, list(moved.refused)) == (1, [])
    assert (after.state, after.reason, after.detail) == (rule.to, reason, "why")
    fresh = after.window_started_at == NOW + 100 and after.window_attempts == 0
    assert fresh == rule.new_window
    assert [due.seq for due in moved.due] == ([made.seq] if rule.to is S.PENDING else [])
    if rule.new_window:
        assert after.next_at == NOW + 100
    assert after.attempts == (0 if state is S.HELD else 1)


async def test_named_deliveries_that_do_not_fit_are_refused_each_with_a_reason(
    store: Store,
) -> None:
    dead = await in_state(store, "a", S.DEAD)
    other = await in_state(store, "b", S.DEAD, target="chat")
    nobody = DeliveryId("dlv_nobody")
    moved = await store.move(
        Selection(ids=(dead.id, other.id, nobody), target="deployer"), Verb.RETRY, Reason.RETRY
    )
    assert moved.count == 1
    assert {refused for refused, _ in moved.refused} == {other.id, nobody}
    assert (await look(store, dead)).trigger is Trigger.MANUAL


async def test_an_empty_selection_selects_nothing(store: Store) -> None:
    await in_state(store, "a", S.DEAD)
    assert (await store.move(Selection(), Verb.RETRY, Reason.RETRY)).count == 0


async def test_selections_narrow_by_each_field(store: Store) -> None:
    dead = await in_state(store, "a", S.DEAD)
    (found,) = await store.events(EventFilter(), None, 1)
    misses = [
        Selection(event=new_event_id()),
        Selection(source="gitlab"),
        Selection(route="other"),
        Selection(target="chat"),
        Selection(target="deployer", state=S.HELD),
        Selection(target="deployer", reason=Reason.GONE),
    ]
    for where in misses:
        assert (await store.move(where, Verb.RETRY, Reason.RETRY)).count == 0
    everything = Selection(
        (), found.event.id, "github", "deploy", "deployer", S.DEAD, Reason.STATUS
    )
    assert (await store.move(everything, Verb.RETRY, Reason.RETRY)).count == 1
    assert (await look(store, dead)).state is S.PENDING


async def test_more_than_one_commit_moves_are_all_moved(store: Store) -> None:
    many = [event(str(n), *(delivery() for _ in range(50)), item=n) for n in range(90)]
    await store.accept(admission(*many))
    moved = await store.move(Selection(target="deployer"), Verb.HOLD, Reason.PAUSED)
    assert moved.count == 4500
    released = await store.release_paused()
    assert released.count == len({due.seq for due in released.due}) == 4500


async def test_a_lease_takes_only_what_is_pending(store: Store) -> None:
    pending = [delivery() for _ in range(3)]
    held = delivery(state=S.HELD, reason=Reason.PAUSED)
    await store.accept(admission(event("a", *pending, held)))
    seqs = [d.seq for d in pending]
    assert await store.lease([seqs[1], held.seq, seqs[0], Seq(999_999)]) == [seqs[1], seqs[0]]
    assert await store.lease(seqs) == [seqs[2]]
    assert (await look(store, pending[0])).state is S.LEASED


async def test_claims_come_in_order_and_page_by_their_place(store: Store) -> None:
    made = [delivery(at=NOW + n % 3) for n in range(10)] + [delivery("chat")]
    await store.accept(admission(event("a", *made)))
    expected = sorted((d.next_at, d.seq) for d in made[:10])
    got: list[tuple[float, Seq]] = []
    place = (0.0, Seq(0))
    while page := await store.claim("deployer", [(None, place)], 4):
        got += [(due.next_at, due.seq) for due in page]
        place = got[-1]
    assert got == expected


async def test_results_are_recorded_with_their_attempts_and_counted(store: Store) -> None:
    made = delivery(state=S.LEASED)
    await store.accept(admission(event("a", made)))
    first = attempt(1)
    await store.record([result(made.seq, S.PENDING, Reason.RETRY, at=NOW + 9, tried=first)])
    after = await look(store, made)
    assert (after.state, after.next_at, after.attempts, after.window_attempts) == (
        S.PENDING,
        NOW + 9,
        1,
        1,
    )
    assert after.trigger is Trigger.RETRY
    await store.lease([made.seq])
    await store.record([result(made.seq, S.PENDING, Reason.BREAKER_OPEN)])
    assert (await look(store, made)).attempts == 1
    assert await store.attempts(made.seq) == [first]


async def test_a_result_of_what_is_not_leased_changes_no_state_but_keeps_the_attempt(
    store: Store,
) -> None:
    made = await in_state(store, "a", S.DELIVERED)
    await store.record([result(made.seq, S.DEAD, Reason.STATUS, tried=attempt(2))])
    after = await look(store, made)
    assert (after.state, after.attempts) == (S.DELIVERED, 1)
    assert [a.number for a in await store.attempts(made.seq)] == [1, 2]


async def test_pauses_hold_and_release_only_what_nothing_else_pauses(bench: Bench) -> None:
    store = await bench.open()
    for kind, name in (("target", "chat"), ("source", "github")):
        await store.set_pause(kind, name, "ops", paused=True)
    chat = await in_state(store, "a", S.HELD, target="chat")
    deploy = await in_state(store, "b", S.HELD)
    await store.set_pause("source", "github", "ops", paused=False)
    store = await bench.open()
    assert [(p.kind, p.name, p.who, p.since) for p in await store.pauses()] == [
        ("target", "chat", "ops", NOW)
    ]
    moved = await store.release_paused()
    assert [due.seq for due in moved.due] == [deploy.seq]
    assert (await look(store, deploy)).reason is Reason.NEW
    assert (await look(store, chat)).state is S.HELD
    await store.set_pause("target", "chat", "ops", paused=False)
    assert (await store.release_paused()).count == 1


async def test_the_end_of_a_hold_shortens_no_wait_of_what_was_never_tried(store: Store) -> None:
    waits = delivery(state=S.PENDING, at=NOW + 30)
    await store.accept(admission(event("a", waits)))
    held = Selection(target=waits.target, state=S.HELD)
    await store.move(Selection(target=waits.target), Verb.HOLD, Reason.PAUSED, "")
    moved = await store.move(held, Verb.RELEASE, Reason.NEW, "")
    assert [due.next_at for due in moved.due] == [NOW + 30]
    assert (await look(store, waits)).next_at == NOW + 30
    await store.move(Selection(target=waits.target), Verb.HOLD, Reason.PAUSED, "")
    moved = await store.move(held, Verb.RETRY, Reason.RETRY, "")
    assert [due.next_at for due in moved.due] == [NOW], "a person does not wait"


async def test_a_delivery_held_for_another_reason_is_not_released_with_the_pause(
    store: Store,
) -> None:
    gone = delivery(state=S.HELD, reason=Reason.TARGET_GONE)
    await store.accept(admission(event("a", gone)))
    assert (await store.release_paused()).count == 0


async def test_a_replay_makes_new_deliveries_and_makes_the_dead_one_good(store: Store) -> None:
    dead = await in_state(store, "a", S.DEAD)
    (found,) = await store.events(EventFilter(state="dead"), None, 9)
    replay = delivery()
    replay.trigger, replay.replay_of = Trigger.REPLAY, dead.id
    moved = await store.create_deliveries(found.event.id, [replay])
    (due,) = moved.due
    assert [e.state for e in await store.events(EventFilter(state="dead"), None, 9)] == ["dead"]
    await store.lease([due.seq])
    await store.record([result(due.seq)])
    assert await store.events(EventFilter(state="dead"), None, 9) == []
    (good,) = await store.events(EventFilter(state="delivered"), None, 9)
    assert good.deliveries == {"dead": 1, "delivered": 1}


async def test_a_replay_of_an_event_that_is_gone_is_refused(store: Store) -> None:
    replay = delivery()
    moved = await store.create_deliveries(new_event_id(), [replay])
    assert (moved.count, [refused for refused, _ in moved.refused]) == (0, [replay.id])


async def test_work_carries_all_an_attempt_needs_in_the_order_asked(store: Store) -> None:
    one, two = delivery(), delivery("chat")
    await store.accept(admission(event("a", one), body=b"one"))
    await store.accept(admission(event("b", two), body=b"two"))
    works = await store.work([two.seq, one.seq, Seq(10**9)], 10**9)
    assert [(w.delivery.id, w.event.dedup_key, w.body) for w in works] == [
        (two.id, "b", b"two"),
        (one.id, "a", b"one"),
    ]
    assert {work.headers() for work in works} == {HEADERS}


@pytest.mark.parametrize(
    "odd", ["plain", 'a\0b"\\/\n\x1f\x7f', "\u2028\ud83d\ude00 ä\ufeff", "{}[],:"]
)
@pytest.mark.parametrize("at", [NOW, NOW + 0.1234567, NOW + 1 / 3, 1.0, 0.1 + 0.2])
async def test_work_has_every_text_and_time_of_its_event_exactly(
    store: Store, odd: str, at: float
) -> None:
    made = delivery(at=at)
    one = event("a", made, subject=odd, provider_id=odd)
    one.time, one.fields = at, orjson.dumps({"text": odd.encode("utf-8", "replace").decode()})
    await store.accept(admission(one, at=at))
    (work,) = await store.work([made.seq], 10**9)
    kept = await store.event(one.id)
    assert kept is not None
    assert work.event == kept.event
    (due,) = await store.claim("deployer", [(None, (0.0, Seq(0)))], 9)
    assert due.next_at == made.next_at


async def test_what_was_read_of_a_body_at_acceptance_is_known_of_its_work(store: Store) -> None:
    read, unread = delivery(), delivery()
    await store.accept(replace(admission(event("a", read)), is_json=True))
    await store.accept(admission(event("b", unread)))
    works = await store.work([read.seq, unread.seq], 10**9)
    assert [work.is_json for work in works] == [True, False]


# ---- deaths of the process


async def test_a_queued_delivery_is_a_suspect_once_and_never_climbs_further(bench: Bench) -> None:
    made = delivery(state=S.LEASED)
    await (await bench.open()).accept(admission(event("a", made)))
    for _ in range(8):
        store = await bench.open()
        after = await look(store, made)
        assert (after.state, after.reason, after.deaths) == (S.PENDING, Reason.NEW, 1)
        await store.lease([made.seq])


async def test_the_fifth_death_during_an_attempt_is_poison_and_a_person_may_retry(
    bench: Bench,
) -> None:
    made = delivery(state=S.LEASED)
    await (await bench.open()).accept(admission(event("a", made)))
    for deaths in (1, 2, 3, 4):
        store = await bench.open()
        assert (await look(store, made)).deaths == deaths
        await store.lease([made.seq])
        await store.begin(made.seq)
    store = await bench.open()
    after = await look(store, made)
    assert (after.state, after.reason, after.deaths) == (S.DEAD, Reason.POISON, 5)
    assert after.detail
    await store.move(Selection(ids=(made.id,)), Verb.RETRY, Reason.RETRY)
    await store.lease([made.seq])
    assert (await look(await bench.open(), made)).state is S.PENDING


async def test_an_attempt_that_the_process_survives_clears_the_suspicion(bench: Bench) -> None:
    made = delivery(state=S.LEASED)
    await (await bench.open()).accept(admission(event("a", made)))
    store = await bench.open()
    await store.lease([made.seq])
    await store.begin(made.seq)
    await store.record([result(made.seq, S.PENDING, Reason.RETRY, tried=attempt())])
    assert (await look(store, made)).deaths == 0


async def test_a_delivery_held_and_dead_is_found_by_each_filter(store: Store) -> None:
    await in_state(store, "a", S.DEAD)
    await in_state(store, "b", S.HELD, target="chat")
    await in_state(store, "c", S.DELIVERED)
    await in_state(store, "d", S.LEASED)

    async def keys(where: DeliveryFilter) -> str:
        return "".join(e.dedup_key for _, e in await store.deliveries(where, None, 9))

    (first,) = await store.events(EventFilter(text="a"), None, 1)
    assert await keys(DeliveryFilter()) == "dcba"
    assert await keys(DeliveryFilter(state=S.DEAD)) == "a"
    assert await keys(DeliveryFilter(state=S.LEASED)) == "d"
    assert await keys(DeliveryFilter(state=S.HELD, target="chat")) == "b"
    assert await keys(DeliveryFilter(state=S.DELIVERED, route="deploy")) == "c"
    assert await keys(DeliveryFilter(reason=Reason.PAUSED, source="github")) == "b"
    assert await keys(DeliveryFilter(event=first.event.id)) == "a"
    (last, _), *_ = await store.deliveries(DeliveryFilter(), None, 1)
    assert [e.dedup_key for _, e in await store.deliveries(DeliveryFilter(), last.seq, 2)] == [
        "c",
        "b",
    ]


async def test_work_tells_where_it_was_tried_last(store: Store) -> None:
    made = delivery(state=S.LEASED)
    await store.accept(admission(event("a", made)))
    assert [work.endpoint for work in await store.work([made.seq], 10**9)] == [""]
    for number, endpoint in enumerate(("http://a.test/x", "http://b.test/x"), 1):
        tried = replace(attempt(number), endpoint=endpoint)
        await store.record([result(made.seq, S.PENDING, Reason.RETRY, tried=tried)])
        await store.lease([made.seq])
        assert [work.endpoint for work in await store.work([made.seq], 10**9)] == [endpoint]


async def test_the_first_attempt_of_a_window_begins_it_however_late_it_is(store: Store) -> None:
    made = delivery(state=S.LEASED)
    await store.accept(admission(event("a", made)))
    for number, at in ((1, NOW + 5000), (2, NOW + 9000)):
        tried = attempt(number, at=at)
        await store.record([result(made.seq, S.PENDING, Reason.RETRY, tried=tried)])
        assert (await look(store, made)).window_started_at == NOW + 5000
        await store.lease([made.seq])
    await store.record([result(made.seq, S.PENDING, Reason.BREAKER_OPEN)])
    assert (await look(store, made)).window_started_at == NOW + 5000


async def test_what_is_put_back_is_due_whether_or_not_it_was_leased(store: Store) -> None:
    """Of a lease that failed nobody knows."""
    made = [delivery("deployer"), delivery("chat")]
    await store.accept(admission(event("a", *made)))
    await store.lease([made[0].seq])
    heard: list[Committed] = []
    store.listen(heard.append)
    await store.record([Result(one.seq, S.PENDING, Reason.RETRY, "", NOW, None) for one in made])
    assert [{due.seq for due in commit.due} for commit in heard] == [{one.seq for one in made}]
    assert [one.state for one, _ in await store.deliveries(DeliveryFilter(), None, 9)] == [
        S.PENDING
    ] * 2
