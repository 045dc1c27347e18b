"""Lanes, delays and bursts in a whole gateway: what a target sees, and what a person sees meanwhile."""

import asyncio
from pathlib import Path

import orjson
from aiohttp import web

from gateway.model.records import Selection
from gateway.model.states import DeliveryState, Reason
from gateway.store.protocol import DeliveryFilter
from tests.app.running import BASE, Running, receiving, running

SLOW = BASE.replace("retry: {base: 500ms, cap: 1s}", "retry: {base: 1h, cap: 1h}")


def routed(words: str, text: str = BASE) -> str:
    return text.replace("to: [sink]", f"to: [sink], {words}")


async def rows(one: Running) -> list[tuple[str, str]]:
    found = await one.gateway.store.deliveries(DeliveryFilter(), None, 100)
    return [(str(row.state), str(row.reason)) for row, _ in reversed(found)]


async def asked(one: Running, path: str) -> str:
    async with one.session.get(f"{one.admin}{path}") as answer:
        assert answer.status == 200
        return await answer.text()


async def until_commit(one: Running, wanted: list[tuple[str, str]]) -> None:
    async with asyncio.timeout(20):
        while True:
            one.committed.clear()
            if await rows(one) == wanted:
                return
            await one.committed.wait()


async def test_a_person_sees_that_a_delivery_waits_in_its_lane(tmp_path: Path) -> None:
    text = routed("order_by: payload.ref", SLOW)
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        receiver.answer = lambda _: web.Response(status=503)
        await one.github("one")
        await one.github("two")
        await until_commit(one, [("pending", "retry"), ("pending", "new")])
        newest, oldest = orjson.loads(await asked(one, "/api/v1/deliveries?state=pending"))
        assert (newest["behind"], newest["order_key"], newest["next_at"]) == (
            True, "refs/heads/main", None,
        )  # fmt: skip
        assert (oldest["behind"], oldest["next_at"] is None) == (False, False)
        assert (await asked(one, "/deliveries?state=pending")).count("after another of its") == 1
        page = await asked(one, f"/events/{newest['event']}")
        assert "comes first" in page
        receiver.answer = lambda _: web.Response()
        await one.gateway.actions.retry(Selection(ids=(oldest["id"],)), "a test")
        await until_commit(one, [("delivered", "done")] * 2)


async def test_on_dead_hold_asks_a_person_and_continue_does_not(tmp_path: Path) -> None:
    text = routed("order_by: payload.ref, on_dead: hold")
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        receiver.answer = lambda _: web.Response(status=410)
        await one.github("one")
        await until_commit(one, [("dead", "gone")])
        receiver.answer = lambda _: web.Response()
        await one.github("two")
        await until_commit(one, [("dead", "gone"), ("held", "order")])
        held = Selection(target="sink", state=DeliveryState.HELD, reason=Reason.ORDER)
        await one.gateway.actions.retry(held, "a test")
        await until_commit(one, [("dead", "gone"), ("delivered", "done")])
        one.config.write_text(one.config.read_text().replace("on_dead: hold", "on_dead: continue"))
        await one.gateway.reload()
        receiver.answer = lambda _: web.Response(status=410)
        await one.github("three")
        await until_commit(one, [("dead", "gone"), ("delivered", "done"), ("dead", "gone")])
        receiver.answer = lambda _: web.Response()
        _, last = await one.github("four")
        await one.state(last["id"], "delivered")


async def test_an_order_that_failed_is_judged_again_and_joins_its_lane(tmp_path: Path) -> None:
    text = routed("order_by: payload.ref + 1", SLOW)
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        await one.github("one")
        await until_commit(one, [("held", "expression")])
        assert receiver.taken == []
        one.config.write_text(one.config.read_text().replace("payload.ref + 1", "payload.ref"))
        await one.gateway.reload()
        receiver.answer = lambda _: web.Response(status=503)
        await one.github("two")
        await until_commit(one, [("held", "expression"), ("pending", "retry")])
        receiver.answer = lambda _: web.Response()
        await one.gateway.actions.retry(Selection(target="sink"), "a test")
        await until_commit(one, [("delivered", "done"), ("pending", "retry")])
        ((row, _),) = await one.gateway.store.deliveries(
            DeliveryFilter(state=DeliveryState.DELIVERED), None, 9
        )
        assert row.order_key == "refs/heads/main"


async def test_of_a_burst_the_latest_arrives_and_the_others_are_superseded(tmp_path: Path) -> None:
    text = routed("debounce: {by: payload.ref, wait: 1s}")
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        answers = await asyncio.gather(*(one.github(f"g-{n}") for n in range(20)))
        assert {status for status, _ in answers} == {202}
        async with asyncio.timeout(20):
            while {state for state, _ in await rows(one)} != {"superseded", "delivered"}:
                one.committed.clear()
                await one.committed.wait()
        ((_, newest),) = await one.gateway.store.deliveries(DeliveryFilter(), None, 1)
        assert [h["Gateway-Event-Id"] for h, _ in receiver.taken][-1] == newest.id
        states = [state for state, _ in await rows(one)]
        assert states.count("delivered") == len(receiver.taken)
        assert states[-1] == "delivered"
        assert "superseded" in await asked(one, "/api/v1/deliveries?state=superseded")
        assert (
            "The latest of its burst" in await asked(one, f"/events/{answers[0][1]['id']}")
            or states.count("superseded") < 19
        )


async def test_what_is_delayed_is_pending_until_its_time(tmp_path: Path) -> None:
    text = routed("delay: 1h")
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        await one.github("one")
        ((row, event),) = await one.gateway.store.deliveries(DeliveryFilter(), None, 9)
        assert row.state is DeliveryState.PENDING
        assert row.next_at - event.received_at == 3600
        assert receiver.taken == []
        await one.gateway.actions.retry(Selection(ids=(row.id,)), "who does not want to wait")
        await receiver.wait(1)


async def test_keys_of_a_target_take_turns(tmp_path: Path) -> None:
    text = BASE.replace('RECEIVER/hooks"', 'RECEIVER/hooks", concurrency: 1, fair_by: payload.who')
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        await one.gateway.actions.pause("target", "sink", "a test")
        for n in range(30):
            body = orjson.dumps({"who": "quiet" if n == 29 else "loud", "n": n})
            await one.github(f"g-{n}", body)
        await one.gateway.actions.resume("target", "sink", "a test")
        await receiver.wait(30)
        came = [orjson.loads(body)["data"]["payload"]["who"] for _, body in receiver.taken]
        assert came.index("quiet") <= 2
