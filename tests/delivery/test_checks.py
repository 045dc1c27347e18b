"""Active checks and names with several addresses, on a virtual clock."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gateway.delivery.checks import Checks
from gateway.delivery.names import EVERY, Names
from gateway.model.endpoints import EndpointState
from gateway.model.states import ErrorClass
from gateway.net.egress import Call
from gateway.net.sending import Answer
from gateway.plan.plan import BreakerPolicy, Endpoint, HealthCheck, Plan
from tests.delivery.setting import OK, MemoryDeliveries, Setting, dispatching, plan, target
from tests.delivery.virtual import clock, run

A, B = "http://a.test:8000/hooks?x=1", "http://b.test/hooks"
CHECK = HealthCheck("/healthz", 10.0)


def fill(number: int):
    def before(store: MemoryDeliveries) -> None:
        for _ in range(number):
            store.new()

    return before


class Hosts:
    """Endpoints that answer checks and deliveries, but for those that are ill."""

    def __init__(self) -> None:
        self.ill: dict[str, Answer] = {}
        self.checked: list[tuple[float, Call]] = []
        self.sent: Counter[str] = Counter()

    async def check(self, call: Call) -> Answer:
        self.checked.append((clock(), call))
        await asyncio.sleep(0.1)
        return self.ill.get(call.url.split("/")[2], OK)

    async def deliver(self, call: Call) -> Answer:
        self.sent[call.address or call.url.split("/")[2]] += 1
        await asyncio.sleep(0.1)
        return OK


def with_checks(hosts: Hosts, one: Setting) -> asyncio.Task[None]:
    return asyncio.create_task(Checks(one.gates, hosts.check, clock).watch())


def test_an_ill_endpoint_gets_nothing_after_its_second_failed_check_until_it_is_well() -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.ill["b.test"] = Answer(503, None, "", b"", 0.1)
        whole = plan(target(endpoints=(Endpoint(A), Endpoint(B)), health=CHECK))
        async with dispatching(whole, hosts.deliver, before=fill(8000)) as one:
            task = with_checks(hosts, one)
            await asyncio.sleep(9)
            assert hosts.sent["b.test"] > 0, "one failed check may be chance"
            await asyncio.sleep(3)
            hosts.sent.clear()
            await asyncio.sleep(20)
            assert set(hosts.sent) == {"a.test:8000"}
            (_, seen) = one.gates.statuses()["one"].endpoints
            assert (seen.state, seen.error) == (EndpointState.UNWELL, "/healthz: answered 503")
            hosts.ill.clear()
            await asyncio.sleep(11)
            hosts.sent.clear()
            await asyncio.sleep(2)
            assert hosts.sent["b.test"] > 0
            task.cancel()

    run(main())


def test_a_check_is_a_get_of_its_path_each_ten_seconds_and_one_at_a_time() -> None:
    async def main() -> None:
        hosts = Hosts()
        whole = plan(target(endpoints=(Endpoint(A),), health=CHECK), target("two"))
        async with dispatching(whole, hosts.deliver) as one:
            task = with_checks(hosts, one)
            await asyncio.sleep(99.5)
            assert len(hosts.checked) == 10
            _, call = hosts.checked[0]
            assert (call.method, call.url, call.body) == ("GET", "http://a.test:8000/healthz", b"")
            assert call.timeout == 10.0

            async def hangs(_: Call) -> Answer:
                hosts.checked.append((clock(), call))
                await asyncio.sleep(35)
                return Answer(None, ErrorClass.TIMEOUT, "no whole answer in time", b"", 35.0)

            task.cancel()
            hosts.checked.clear()
            task = asyncio.create_task(Checks(one.gates, hangs, clock).watch())
            await asyncio.sleep(100)
            assert len(hosts.checked) == 3
            task.cancel()

    run(main())


def test_when_all_are_ill_the_backlog_waits_and_goes_on_by_itself() -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.ill["b.test"] = Answer(None, ErrorClass.REFUSED, "nothing listens there", b"", 0.1)
        breaker = BreakerPolicy()
        whole = plan(target(endpoints=(Endpoint(B),), health=CHECK, breaker=breaker))
        async with dispatching(whole, hosts.deliver) as one:
            task = with_checks(hosts, one)
            await asyncio.sleep(15)
            fill(200)(one.store)
            one.dispatcher.due(await one.store.claim("one", [(None, (0, 0))], 1000))
            await asyncio.sleep(1000)
            assert hosts.sent.total() == 0
            assert one.gates.statuses()["one"].waits == "unwell"
            hosts.ill.clear()
            await asyncio.sleep(12)
            assert set(one.store.states()) == {"delivered"}
            assert sum(row.delivery.attempts for row in one.store.rows.values()) == 200
            task.cancel()

    run(main())


def test_a_check_that_is_no_more_in_the_file_takes_nothing_out() -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.ill["b.test"] = Answer(500, None, "", b"", 0.1)
        whole = plan(target(endpoints=(Endpoint(B),), health=CHECK))
        async with dispatching(whole, hosts.deliver) as one:
            task = with_checks(hosts, one)
            await asyncio.sleep(15)
            assert one.gates.of("one").shut
            one.plan = plan(target(endpoints=(Endpoint(B),)))
            await one.dispatcher.apply(whole)
            assert not one.gates.of("one").shut
            asked = len(hosts.checked)
            await asyncio.sleep(60)
            assert len(hosts.checked) == asked
            task.cancel()

    run(main())


def test_a_check_that_the_file_changes_is_made_at_once_and_as_often_as_it_says() -> None:
    async def main() -> None:
        hosts = Hosts()
        hosts.ill["b.test"] = Answer(404, None, "", b"", 0.1)

        def asking(path: str, every: float) -> Plan:
            return plan(target(endpoints=(Endpoint(B),), health=HealthCheck(path, every)))

        async with dispatching(asking("/slip", 3600.0), hosts.deliver) as one:
            task = with_checks(hosts, one)
            await asyncio.sleep(3600 + 10)
            assert one.gates.of("one").shut
            hosts.ill.clear()
            one.plan = asking("/healthz", 3600.0)
            await asyncio.sleep(2)
            assert not one.gates.of("one").shut
            hosts.checked.clear()
            one.plan = asking("/healthz", 1.0)
            await asyncio.sleep(20)
            assert len(hosts.checked) == 20
            task.cancel()

    run(main())


def test_the_answer_to_a_check_that_is_no_more_in_the_file_counts_nothing() -> None:
    async def main() -> None:
        ill = Answer(None, ErrorClass.TIMEOUT, "no whole answer in time", b"", 8.0)
        hosts = Hosts()
        other = plan(target(endpoints=(Endpoint(B),), health=HealthCheck("/healthz", 3600.0)))

        async def slip_hangs(call: Call) -> Answer:
            if call.url.endswith("/slip"):
                await asyncio.sleep(8)
                return ill
            return OK

        slip = replace(CHECK, path="/slip")
        whole = plan(target(endpoints=(Endpoint(B),), health=slip))
        async with dispatching(whole, hosts.deliver) as one:
            task = asyncio.create_task(Checks(one.gates, slip_hangs, clock).watch())
            await asyncio.sleep(1)
            one.plan = other
            await asyncio.sleep(60)
            assert one.gates.statuses()["one"].endpoints[0].error == ""
            task.cancel()

    run(main())


# ---- resolve: all


class Resolver:
    """Names and their addresses, as a test changes them."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = {name.replace("_", "."): list(found) for name, found in known.items()}
        self.asked: list[str] = []

    async def __call__(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        await asyncio.sleep(0.01)
        if name not in self.known:
            raise OSError("no such name")
        return self.known[name]


def test_each_address_of_a_name_gets_its_share_and_has_a_breaker_of_its_own() -> None:
    async def main() -> None:
        hosts, resolver = Hosts(), Resolver(b_test=["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        down = Answer(None, ErrorClass.REFUSED, "nothing listens there", b"", 0.0)

        async def answer(call: Call) -> Answer:
            taken = await hosts.deliver(call)
            return down if call.address == "10.0.0.2" else taken

        one_name = (Endpoint(B),)
        whole = plan(target(endpoints=one_name, resolve_all=True, breaker=BreakerPolicy()))
        async with dispatching(whole, answer) as one:
            names = Names(lambda: one.plan, resolver, one.gates)
            await names.look()
            fill(300)(one.store)
            one.dispatcher.due(await one.store.claim("one", [(None, (0, 0))], 1000))
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert 140 < hosts.sent["10.0.0.1"] < 160
            assert hosts.sent["10.0.0.2"] < 20
            endpoints = one.gates.statuses()["one"].endpoints
            assert [each.address for each in endpoints] == resolver.known["b.test"]
            assert endpoints[1].state is EndpointState.OPEN
            labels = {result.attempt.endpoint for result in one.store.recorded if result.attempt}
            assert f"{B} [10.0.0.3]" in labels

    run(main())


def test_addresses_come_and_go_and_a_resolver_that_fails_takes_none_away() -> None:
    async def main() -> None:
        resolver = Resolver(b_test=["10.0.0.1"])
        both = (Endpoint(B), Endpoint("http://gone.test/x"))
        whole = plan(target(endpoints=both, resolve_all=True), target("two"))
        async with dispatching(whole) as one:

            def seen() -> list[str]:
                return [each.address for each in one.gates.statuses()["one"].endpoints]

            assert seen() == ["", ""], "before anybody looked the client resolves by itself"
            task = asyncio.create_task(Names(lambda: one.plan, resolver, one.gates).watch())
            await asyncio.sleep(1)
            assert seen() == ["10.0.0.1", ""]
            resolver.known["b.test"] = ["10.0.0.1", "10.0.0.9"]
            await asyncio.sleep(EVERY)
            assert seen() == ["10.0.0.1", "10.0.0.9", ""]
            resolver.known.clear()
            await asyncio.sleep(EVERY)
            assert seen() == ["10.0.0.1", "10.0.0.9", ""]
            assert set(resolver.asked) == {"b.test", "gone.test"}, "and nobody else is asked for"
            task.cancel()

    run(main())


def test_a_name_that_is_new_in_the_file_is_looked_up_within_a_second() -> None:
    async def main() -> None:
        resolver = Resolver(b_test=["10.0.0.1", "10.0.0.2"])
        async with dispatching(plan(target(endpoints=(Endpoint(B),)))) as one:
            task = asyncio.create_task(Names(lambda: one.plan, resolver, one.gates).watch())
            await asyncio.sleep(1.5)
            one.plan = plan(target(endpoints=(Endpoint(B),), resolve_all=True))
            await asyncio.sleep(1.1)
            seen = one.gates.statuses()["one"].endpoints
            assert [each.address for each in seen] == resolver.known["b.test"]
            task.cancel()

    run(main())
