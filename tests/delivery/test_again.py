"""A person's retry, a sender's redelivery and the end of a hold: a new count, the same delivery."""

from pathlib import Path

from aiohttp import web

from gateway.model.records import Selection
from gateway.model.states import Reason
from gateway.store.protocol import DeliveryFilter
from tests.app.running import BASE, Running, receiving, running

ONCE = BASE.replace("{base: 500ms, cap: 1s}", "{base: 500ms, cap: 1s, attempts: 1}")


async def reason(one: Running, id: str) -> tuple[str, str]:
    found = await one.gateway.store.event(id)
    assert found is not None
    ((delivery, _),) = await one.gateway.store.deliveries(
        DeliveryFilter(event=found.event.id), None, 10
    )
    return delivery.id, delivery.reason


async def test_each_new_beginning_has_its_own_count_and_the_attempts_go_on(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver, ONCE) as one:
        receiver.answer = lambda _: web.Response(status=500)
        actions = one.gateway.actions
        _, first = await one.github("again-1")
        await one.state(first["id"], "dead")
        id, why = await reason(one, first["id"])
        assert why == Reason.ATTEMPTS

        await actions.retry(Selection(ids=(id,)), "ops")
        await receiver.wait(2)
        await one.state(first["id"], "dead")

        status, again = await one.github("again-1")
        assert (status, again["status"], again["revived"]) == (200, "duplicate", 1)
        await receiver.wait(3)
        await one.state(first["id"], "dead")

        await actions.pause("target", "sink", "ops")
        await actions.retry(Selection(ids=(id,)), "ops")
        await one.state(first["id"], "held")
        receiver.answer = lambda _: web.Response(status=204)
        await actions.resume("target", "sink", "ops")
        await one.state(first["id"], "delivered")

        said = [headers for headers, _ in receiver.taken]
        assert [one["Gateway-Attempt"] for one in said] == ["1", "2", "3", "4"]
        assert [one["Gateway-Trigger"] for one in said][:3] == ["initial", "manual", "revive"]
        assert {one["webhook-id"] for one in said} == {id}
