"""Pages, filters and overviews. Against every store."""

import pytest

from gateway.model.ids import Seq
from gateway.model.records import AuditEntry
from gateway.model.states import DeliveryState, Reason
from gateway.store.protocol import EventFilter, Store
from tests.store.conftest import Bench
from tests.store.make import NOW, admission, attempt, delivery, event, result

S = DeliveryState


async def keys(store: Store, where: EventFilter, limit: int = 50) -> list[str]:
    return [e.event.dedup_key for e in await store.events(where, None, limit)]


async def test_pages_follow_each_other_without_gap_or_repeat(store: Store) -> None:
    for number in range(25):
        await store.accept(admission(event(str(number), type=f"ci.t{number % 2}.x")))
    for where in (EventFilter(), EventFilter(source="github"), EventFilter(type="ci.*")):
        got: list[str] = []
        before: Seq | None = None
        while page := await store.events(where, before, 4):
            got += [e.event.dedup_key for e in page]
            before = page[-1].event.seq
        assert got == [str(number) for number in range(24, -1, -1)]


async def test_a_sparse_filter_reads_on_until_the_page_is_full(store: Store) -> None:
    rare = [event(f"rare {n}", item=n) for n in range(3)]
    await store.accept(admission(*rare))
    many = [event(str(n), delivery(), item=n) for n in range(1200)]
    await store.accept(admission(*many))
    assert await keys(store, EventFilter(state="unrouted"), 2) == ["rare 2", "rare 1"]
    assert len(await keys(store, EventFilter(state="pending"), 700)) == 700
    assert await keys(store, EventFilter(state="unrouted", source="nobody")) == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("vcs.push", ["push"]),
        ("vcs.*", ["review", "push"]),
        ("vcs.*.opened", ["review"]),
        ("*", ["pay", "review", "push"]),
        ("*.push", ["push"]),
        ("vcs", []),
        ("nothing.*", []),
    ],
)
async def test_type_globs_go_by_segment(store: Store, pattern: str, expected: list[str]) -> None:
    for key, kind in (
        ("push", "vcs.push"),
        ("review", "vcs.change.opened"),
        ("pay", "payment.paid"),
    ):
        await store.accept(admission(event(key, type=kind)))
    assert await keys(store, EventFilter(type=pattern)) == expected


async def test_text_finds_ids_keys_and_subjects_whole(store: Store) -> None:
    made = event("the key", provider_id="their id", subject="acme/site")
    await store.accept(admission(made))
    await store.accept(admission(event("same", provider_id="same", verified=False)))
    for text in (made.id, "the key", "their id", "acme/site"):
        assert await keys(store, EventFilter(text=text)) == ["the key"]
    assert await keys(store, EventFilter(text="same")) == ["same"]
    assert await keys(store, EventFilter(text="acme")) == []
    assert await keys(store, EventFilter(text="acme/site", source="gitlab")) == []


async def test_times_bound_a_page_on_both_sides(store: Store) -> None:
    for hour in range(60):
        await store.accept(admission(event(str(hour)), at=NOW + hour * 3600))
    where = EventFilter(since=NOW + 50 * 3600, until=NOW + 52 * 3600)
    assert await keys(store, where) == ["52", "51", "50"]
    assert await keys(store, EventFilter(since=NOW + 10**9)) == []
    assert await keys(store, EventFilter(until=NOW - 1)) == []


async def test_an_event_s_state_is_the_first_of_the_contract_that_applies(store: Store) -> None:
    ends = {
        S.DELIVERED: Reason.DONE,
        S.CANCELED: Reason.BY_PERSON,
        S.PENDING: Reason.RETRY,
        S.HELD: Reason.EXPRESSION,
        S.DEAD: Reason.STATUS,
    }
    names = ["canceled", "delivered", "pending", "held", "dead"]
    states = [S.CANCELED, S.DELIVERED, S.PENDING, S.HELD, S.DEAD]
    for number in range(1, 6):
        made = [delivery(state=S.LEASED) for _ in range(number)]
        await store.accept(admission(event(names[number - 1], *made)))
        await store.record(
            [result(d.seq, s, ends[s]) for d, s in zip(made, states[:number], strict=True)]
        )
    await store.accept(admission(event("unrouted")))
    await store.accept(admission(event("leased", delivery(state=S.LEASED))))
    for name in (*names, "unrouted"):
        expected = ["leased", "pending"] if name == "pending" else [name]
        assert await keys(store, EventFilter(state=name)) == expected
    found = {e.event.dedup_key: e.state for e in await store.events(EventFilter(), None, 9)}
    assert found == {name: name for name in (*names, "unrouted")} | {"leased": "pending"}


async def test_the_backlog_counts_what_is_unfinished(bench: Bench) -> None:
    store = await bench.open()
    assert (await store.backlog(), await store.activity()) == ([], [])
    done, dead = delivery(state=S.LEASED), delivery(state=S.LEASED)
    await store.accept(admission(event("a", done, dead, delivery(), delivery("chat")), at=NOW))
    last = event("b", delivery())
    await store.accept(admission(last, source="gitlab", at=NOW + 5))
    await store.record([result(done.seq), result(dead.seq, S.DEAD, Reason.STATUS)])
    backlog = {b.target: (dict(b.counts), b.oldest_pending_at) for b in await store.backlog()}
    assert backlog == {
        "chat": ({"pending": 1}, NOW),
        "deployer": ({"pending": 2, "dead": 1}, NOW),
    }
    seen = {a.source: a.last_event_at for a in await store.activity()}
    assert seen == {"github": NOW, "gitlab": NOW + 5}


async def test_small_values_and_the_audit_log_are_kept(bench: Bench) -> None:
    store = await bench.open()
    await store.put("ranges", b"\x00\xff")
    await store.put("ranges", b"new")
    await store.put("gone", b"1")
    await store.put("gone", None)
    entries = [AuditEntry(NOW + n, "ops", "retry", f"dlv_{n}", "\ud800") for n in range(3)]
    for entry in entries:
        await store.audit(entry)
    store = await bench.open()
    assert (await store.get("ranges"), await store.get("gone")) == (b"new", None)
    assert [e.object for e in await store.audited(None, 2)] == ["dlv_2", "dlv_1"]


async def test_what_is_not_there_is_none(store: Store) -> None:
    made = event("a", delivery())
    await store.accept(admission(made))
    assert (await store.receipt(Seq(10**9))) is None
    assert (await store.event(event("b").id)) is None
    assert (await store.delivery(delivery().id)) is None
    assert (await store.attempts(Seq(10**9))) == []
    found = await store.event(made.id)
    assert found is not None
    assert found.event.fields == made.fields
    assert attempt().answer == b"oops"
