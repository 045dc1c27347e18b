"""A target's endpoints on a virtual clock: the split, the spare, the probe, the way back."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.model.endpoints import BreakerState, EndpointState
from gateway.model.states import DeliveryState, ErrorClass, Reason
from gateway.net.egress import Call
from gateway.net.sending import Answer
from gateway.plan.plan import BreakerPolicy, Endpoint, RetryPolicy
from tests.delivery.setting import FAILED, OK, MemoryDeliveries, Setting, dispatching, plan, target
from tests.delivery.test_fresh_and_end import accept
from tests.delivery.virtual import clock, run

A, B, C = "http://a.test/x", "http://b.test/x", "http://c.test/x"
REFUSED = Answer(None, ErrorClass.REFUSED, "nothing listens there", b"", 0.0)
BREAKER = BreakerPolicy(failures=5, cooldown=30.0, cap=300.0)


def several(*urls: str, weights: tuple[int, ...] = (), **more: object):
    weights = weights or (1,) * len(urls)
    pairs = zip(urls, weights, strict=True)
    return target(endpoints=tuple(Endpoint(url, weight) for url, weight in pairs), **more)


def filled(number: int, **more: object) -> Callable[[MemoryDeliveries], None]:
    def before(store: MemoryDeliveries) -> None:
        for _ in range(number):
            store.new(**more)

    return before


class Services:
    """What the endpoints do: each answers after `takes` seconds, those in `down` fail."""

    def __init__(self, *down: str, takes: float = 0.1, failed: Answer = REFUSED) -> None:
        self.down = set(down)
        self.takes = takes
        self.failed = failed
        self.calls: list[tuple[float, str]] = []

    async def __call__(self, call: Call) -> Answer:
        self.calls.append((clock(), call.url))
        await asyncio.sleep(self.takes)
        return self.failed if call.url in self.down else OK

    def urls(self) -> list[str]:
        return [url for _, url in self.calls]


def all_delivered(one: Setting) -> Callable[[], bool]:
    return lambda: set(one.store.states()) == {"delivered"}


def test_the_weighted_split_is_exact_over_its_cycle() -> None:
    async def main() -> None:
        services = Services()
        whole = plan(several(A, B, C, weights=(5, 3, 2), balance="weighted", concurrency=7))
        async with dispatching(whole, services, before=filled(1000)) as one:
            await one.until(all_delivered(one))
        for start in range(0, 1000, 10):
            split = Counter(services.urls()[start : start + 10])
            assert split == {A: 5, B: 3, C: 2}

    run(main())


def test_failover_sends_nothing_to_the_spare_while_the_first_is_well() -> None:
    async def main() -> None:
        services = Services()
        whole = plan(several(A, B, balance="failover", breaker=BREAKER))
        async with dispatching(whole, services, before=filled(500)) as one:
            await one.until(all_delivered(one))
            assert set(services.urls()) == {A}

            services.down = {A}
            filled(100)(one.store)
            one.dispatcher.due(await one.store.claim("one", [(None, (0, 0))], 1000))
            await one.until(all_delivered(one))
            assert Counter(services.urls())[B] == 100

            services.down.clear()
            await asyncio.sleep(300)
            services.calls.clear()
            filled(100)(one.store)
            one.dispatcher.due(await one.store.claim("one", [(None, (0, 0))], 1000))
            await one.until(all_delivered(one))
            later = services.urls()[20:]
            assert set(later) == {A}, "and goes back to the first when it is well again"

    run(main())


def test_least_pending_gives_a_slow_endpoint_less() -> None:
    async def main() -> None:
        async def answer(call: Call) -> Answer:
            await asyncio.sleep(10 if call.url == A else 0.1)
            return OK

        counted: Counter[str] = Counter()

        async def counting(call: Call) -> Answer:
            counted[call.url] += 1
            return await answer(call)

        whole = plan(several(A, B, balance="least_pending", concurrency=10))
        async with dispatching(whole, counting, before=filled(500)) as one:
            await one.until(all_delivered(one))
        assert counted[A] < 20

    run(main())


def test_a_retry_goes_to_another_endpoint() -> None:
    async def main() -> None:
        services = Services(A)
        retry = RetryPolicy(base=1.0, cap=1.0)
        whole = plan(several(A, B, C, retry=retry))
        async with dispatching(whole, services, before=filled(60)) as one:
            await one.until(all_delivered(one))
        tried = [result.attempt for result in one.store.recorded if result.attempt]
        assert {attempt.endpoint for attempt in tried if attempt.number == 2} == {B, C}
        assert max(attempt.number for attempt in tried) == 2

    run(main())


def test_a_retry_goes_to_the_same_one_when_no_other_is_well() -> None:
    async def main() -> None:
        services = Services(A, B)
        whole = plan(several(A, B, breaker=replace(BREAKER, failures=1), concurrency=1))
        async with dispatching(whole, services, before=filled(4)) as one:
            await asyncio.sleep(20)
            services.down.clear()
            await one.until(all_delivered(one))

    run(main())


def test_an_open_breaker_burns_no_attempts_and_lets_one_probe_through() -> None:
    async def main() -> None:
        services = Services(A)
        whole = plan(several(A, breaker=BREAKER))
        async with dispatching(whole, services, before=filled(1000)) as one:
            await asyncio.sleep(29)
            first = len(services.calls)
            assert first == 10, "what was under way when the fifth failed, and nothing more"
            await asyncio.sleep(10_000)
            probes = [at for at, _ in services.calls[first:]]
            waits = [round(b - a) for a, b in pairwise(probes)]
            assert waits[:5] == [60, 120, 240, 300, 300], "one at a time, the cooldown doubled"
            attempts = sum(row.delivery.attempts for row in one.store.rows.values())
            assert attempts == len(services.calls)
            assert one.store.states().count("dead") == 0
            unmade = len(one.store.recorded) - len(services.calls)
            assert unmade <= 10, "nobody rewrites what waits, but what was on its way"

            services.down.clear()
            await one.until(all_delivered(one), every=1.0)

    run(main())


@pytest.mark.parametrize("concurrency", [1, 50])
def test_slow_start_doubles_with_each_round_trip(concurrency: int) -> None:
    """The curve of docs/delivery.md."""

    async def main() -> None:
        services = Services(A, takes=1.0)
        whole = plan(several(A, breaker=BREAKER, concurrency=concurrency))
        async with dispatching(whole, services, before=filled(1000)) as one:
            await asyncio.sleep(25)
            services.calls.clear()
            services.down.clear()
            await one.until(lambda: bool(services.calls))
            probe = services.calls[0][0]
            await asyncio.sleep(12)
            begun = Counter(round(at - probe) for at, _ in services.calls)
            curve = [begun[second] for second in range(10)]
            full = min(concurrency, 50)
            assert curve == [1, *(min(2**n, full) for n in range(9))]

    run(main())


@pytest.mark.parametrize("answer", [Answer(429, None, "", b"", 0.0), Answer(502, None, "", b"", 0)])
def test_a_target_that_says_too_much_is_slowed_down(answer: Answer) -> None:
    async def main() -> None:
        busy, most = 0, 0

        async def bears_four(_: Call) -> Answer:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.5)
            busy -= 1
            return answer if busy >= 4 else OK

        lasting = replace(BREAKER, failures=10_000)
        retry = RetryPolicy(base=1.0, cap=5.0)
        whole = plan(several(A, breaker=lasting, concurrency=64, retry=retry))
        async with dispatching(whole, bears_four, before=filled(2000)) as one:
            await asyncio.sleep(30)
            most = 0
            await asyncio.sleep(60)
            assert most <= 12, "it hovers around what the target bears"
            await one.until(all_delivered(one), every=1.0)

    run(main())


def test_without_a_breaker_nothing_slows_a_target_down() -> None:
    async def main() -> None:
        services = Services(A, takes=1.0, failed=Answer(429, None, "", b"", 0.0, "5"))
        async with dispatching(plan(several(A, concurrency=20)), services, before=filled(100)):
            await asyncio.sleep(4.5)
            assert len(services.calls) == 100

    run(main())


def test_a_retry_after_of_429_holds_up_the_whole_target() -> None:
    async def main() -> None:
        services = Services(A, takes=0.1, failed=Answer(429, None, "", b"", 0.0, "120"))
        whole = plan(several(A, breaker=BREAKER))
        async with dispatching(whole, services, before=filled(100)) as one:
            await asyncio.sleep(1)
            assert len(services.calls) == 10
            services.down.clear()
            await asyncio.sleep(118)
            assert len(services.calls) == 10
            await one.until(all_delivered(one))
            assert clock() > services.calls[0][0] + 120

    run(main())


def test_what_waits_in_memory_goes_back_to_the_store_when_the_last_endpoint_is_out() -> None:
    async def main() -> None:
        services = Services(A)
        async with dispatching(plan(several(A, breaker=BREAKER)), services) as one:
            for _ in range(200):
                accept(one)
            await asyncio.sleep(5)
            rows = [row.delivery for row in one.store.rows.values()]
            waiting = [row for row in rows if row.reason is Reason.BREAKER_OPEN]
            assert len(waiting) == 190
            assert {row.state for row in waiting} == {DeliveryState.PENDING}
            assert {row.attempts for row in waiting} == {0}
            assert not one.dispatcher.reserve("one"), "what comes now waits in the store at once"
            services.down.clear()
            await one.until(all_delivered(one))

    run(main())


def test_a_hanging_target_takes_no_slot_of_another_and_its_endpoints_are_left_alone() -> None:
    async def main() -> None:
        async def answer(call: Call) -> Answer:
            if "hangs" in call.url:
                await asyncio.sleep(10)
                return Answer(None, ErrorClass.TIMEOUT, "no whole answer in time", b"", 10.0)
            await asyncio.sleep(0.01)
            return OK

        good = [target(f"good{n}") for n in range(20)]
        whole = plan(*good, target("hangs", breaker=BREAKER))

        def before(store: MemoryDeliveries) -> None:
            filled(500, to="hangs")(store)
            for one in good:
                filled(200, to=one.name)(store)

        async with dispatching(whole, answer, before=before) as one:
            began = clock()
            await one.until(
                lambda: all(set(one.store.states(each.name)) == {"delivered"} for each in good)
            )
            assert clock() - began < 0.5, "200 of 10 ms in 10 slots, hanging neighbour or not"

    run(main())


def test_the_rate_of_a_target_holds_within_five_percent_over_ten_seconds() -> None:
    async def main() -> None:
        services = Services(takes=0.05)
        whole = plan(several(A, B, rate=100.0, concurrency=50))
        async with dispatching(whole, services, before=filled(3000)) as one:
            await asyncio.sleep(20)
            times = [at for at, _ in services.calls]
            began = times[0]
            for start in (0.0, 3.3, 7.7, 10.0):
                held = [at for at in times if began + start <= at < began + start + 10]
                assert len(held) == pytest.approx(1000, rel=0.05)
            assert one.store.states().count("dead") == 0

    run(main())


def test_a_person_opens_and_closes() -> None:
    async def main() -> None:
        services = Services(takes=0.5)
        whole = plan(several(A, B))
        async with dispatching(whole, services, before=filled(400)) as one:
            gates = one.gates
            await asyncio.sleep(2)
            gates.open("one", frozenset({A}))
            await asyncio.sleep(1)
            services.calls.clear()
            await asyncio.sleep(3)
            assert set(services.urls()) == {B}
            gates.open("one", frozenset({B}))
            await asyncio.sleep(1)
            services.calls.clear()
            await asyncio.sleep(1000)
            assert services.calls == []
            status = gates.of("one").status(clock())
            assert status is not None
            assert [each.state for each in status.endpoints] == [EndpointState.OPEN] * 2
            assert (status.waits, status.until) == ("breaker_open", None)
            one.plan = plan(several(A, B, C))
            await one.dispatcher.apply(whole)
            await asyncio.sleep(1)
            assert set(services.urls()) == {C}, "a reload keeps what a person opened"
            gates.close("one", frozenset({A}))
            services.calls.clear()
            await one.until(all_delivered(one))
            assert set(services.urls()) == {A, C}

    run(main())


def test_a_person_closes_what_opened_by_itself() -> None:
    async def main() -> None:
        services = Services(A)
        async with dispatching(
            plan(several(A, breaker=BREAKER)), services, before=filled(100)
        ) as one:
            await asyncio.sleep(5)
            services.down.clear()
            made = len(services.calls)
            one.gates.close("one", frozenset({A}))
            await asyncio.sleep(0.15)
            assert len(services.calls) == made + 1 + 2, "by slow start"
            await one.until(all_delivered(one))

    run(main())


def test_a_reload_keeps_breakers_of_the_urls_that_stay() -> None:
    async def main() -> None:
        services = Services(A)
        whole = plan(several(A, breaker=BREAKER))
        async with dispatching(whole, services, before=filled(100)) as one:
            await asyncio.sleep(5)
            one.plan = plan(several(A, B, breaker=BREAKER, timeout=3.0))
            await one.dispatcher.apply(whole)
            services.calls.clear()
            await one.until(lambda: one.store.states().count("delivered") >= 80)
            assert set(services.urls()) == {B}
            one.plan = plan(several(A, B))
            await one.dispatcher.apply(whole)
            (first, _) = one.gates.of("one").status(clock()).endpoints
            assert (first.state, first.breaker) == (EndpointState.WELL, None)

    run(main())


def test_a_pause_that_meets_the_probe_leaves_the_breaker_a_probe() -> None:
    async def main() -> None:
        services = Services(A)
        whole = plan(several(A, breaker=BREAKER))
        async with dispatching(whole, services, before=filled(50)) as one:
            await asyncio.sleep(20)
            one.pauses.set("target", "one", paused=True)
            one.store.paused = True
            await asyncio.sleep(100)
            one.pauses.set("target", "one", paused=False)
            one.store.paused = False
            services.down.clear()
            await one.store.release_paused()
            await one.until(all_delivered(one))

    run(main())


def test_the_states_a_person_sees() -> None:
    async def main() -> None:
        services = Services(A)
        whole = plan(several(A, breaker=BREAKER, rate=1000.0))
        async with dispatching(whole, services, before=filled(50)) as one:
            await asyncio.sleep(5)
            status = one.gates.of("one").status(clock())
            (seen,) = status.endpoints
            assert (seen.breaker, seen.error) == (BreakerState.OPEN, "nothing listens there")
            assert 24 < seen.probe_at - clock() < 26
            assert status.waits == "breaker_open"
            assert status.until == seen.probe_at
            services.takes = 5.0
            await asyncio.sleep(27)
            (seen,) = one.gates.of("one").status(clock()).endpoints
            assert (seen.state, seen.pending) == (EndpointState.PROBING, 1)
            services.down.clear()
            await one.until(all_delivered(one))
            (seen,) = one.gates.of("one").status(clock()).endpoints
            assert (seen.state, seen.breaker) == (EndpointState.WELL, BreakerState.CLOSED)
            assert one.gates.of("one").status(clock()).waits == ""

    run(main())


def test_what_waited_longer_than_its_window_has_all_of_it_when_its_target_is_back() -> None:
    async def main() -> None:
        services = Services(A)
        retry = RetryPolicy(base=1.0, cap=10.0, window=600.0)
        whole = plan(several(A, breaker=BREAKER, retry=retry))
        async with dispatching(whole, services, before=filled(200)) as one:
            await asyncio.sleep(3600)
            untried = [r for r in one.store.rows.values() if not r.delivery.attempts]
            assert len(untried) > 100
            services.failed = FAILED
            one.gates.close("one", frozenset({A}))
            one.plan = plan(several(A, retry=retry))
            await one.dispatcher.apply(whole)
            await asyncio.sleep(60)
            services.down.clear()
            await one.until(lambda: "pending" not in one.store.states(), every=1.0)
            seqs = {row.delivery.seq for row in untried}
            ends = {one.store.rows[seq].delivery.state for seq in seqs}
            assert ends == {DeliveryState.DELIVERED}, "one failure is not the end of an old one"

    run(main())


@pytest.mark.parametrize("balance", ["round_robin", "least_pending"])
def test_an_endpoint_that_hangs_leaves_the_slots_to_those_that_answer(balance: str) -> None:
    async def main() -> None:
        async def answer(call: Call) -> Answer:
            if call.url == A:
                await asyncio.sleep(10)
                return Answer(None, ErrorClass.TIMEOUT, "no whole answer in time", b"", 10.0)
            await asyncio.sleep(0.1)
            return OK

        whole = plan(several(A, B, C, balance=balance, concurrency=20))
        async with dispatching(whole, answer, before=filled(2000)) as one:
            await asyncio.sleep(9.5)
            taken = one.store.states().count("delivered")
            assert taken > 0.6 * 20 * 95, "well over half of what all slots could do"

    run(main())
