"""A signed request in, a normalized event delivered: the whole gateway, its real store and sockets."""

import asyncio
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from gateway.errors import ConfigInvalid
from gateway.model.records import Selection
from gateway.model.states import DeliveryState
from gateway.store.protocol import DeliveryFilter
from tests.app.running import BASE, receiving, running


async def test_a_signed_push_is_delivered_with_its_payload_byte_for_byte(tmp_path: Path) -> None:
    body = b'{"ref": "refs/heads/main",  "after":"4be1c2d3a5f60718293a4b5c6d7e8f9012345678"}'
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        status, answer = await one.github("g-1", body)
        assert status == 202
        assert answer["status"] == "accepted"
        await receiver.wait(1)
        headers, sent = receiver.taken[0]
        assert body in sent
        document = orjson.loads(sent)
        assert document["id"] == answer["id"]
        assert document["type"] == "vcs.push"
        assert document["data"]["event"]["branch"] == "main"
        assert headers["Gateway-Event"] == "vcs.push"
        assert headers["Gateway-Attempt"] == "1"
        assert headers["webhook-id"].startswith("dlv_")
        await one.state(answer["id"], "delivered")


async def test_fifty_identical_requests_at_once_are_one_event_with_one_id(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        for number in range(10):
            answers = await asyncio.gather(*(one.github(f"same-{number}") for _ in range(50)))
            assert {status for status, _ in answers} <= {200, 202}
            assert len({answer["id"] for _, answer in answers}) == 1
            assert sum(answer["status"] == "accepted" for _, answer in answers) == 1
        await receiver.wait(10)
        assert len({headers["Gateway-Event-Id"] for headers, _ in receiver.taken}) == 10


async def test_the_senders_redelivery_revives_a_dead_delivery_once(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        receiver.answer = lambda _: web.Response(status=410)
        _, first = await one.github("g-2")
        await one.state(first["id"], "dead")
        receiver.answer = lambda _: web.Response(status=200)
        status, again = await one.github("g-2")
        assert (status, again["status"], again["id"]) == (200, "duplicate", first["id"])
        assert again["revived"] == 1
        await one.state(first["id"], "delivered")
        assert [h["Gateway-Trigger"] for h, _ in receiver.taken] == ["initial", "revive"]
        assert len({h["webhook-id"] for h, _ in receiver.taken}) == 1
        _, third = await one.github("g-2")
        assert "revived" not in third
        assert len(receiver.taken) == 2


async def test_a_failing_answer_is_tried_again_and_each_attempt_is_kept(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        answers = [503, 401, 200]
        receiver.answer = lambda _: web.Response(status=answers.pop(0), text="x" * 5000)
        _, first = await one.github("g-3")
        await one.state(first["id"], "delivered")
        rows = await one.gateway.store.deliveries(DeliveryFilter(event=first["id"]), None, 10)
        attempts = await one.gateway.store.attempts(rows[0][0].seq)
        assert [attempt.status for attempt in attempts] == [503, 401, 200]
        assert all(len(attempt.answer) == 1024 for attempt in attempts)
        assert [h["Gateway-Attempt"] for h, _ in receiver.taken] == ["1", "2", "3"]


async def test_what_waits_is_delivered_after_a_restart(tmp_path: Path) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda _: web.Response(status=500)
        async with running(tmp_path, receiver) as one:
            _, first = await one.github("g-4")
            await receiver.wait(1)
        receiver.answer = lambda _: web.Response(status=200)
        async with running(tmp_path, receiver) as one:
            await one.state(first["id"], "delivered")


async def test_a_paused_target_holds_and_a_resumed_one_delivers(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        await one.gateway.actions.pause("target", "sink", "test")
        _, first = await one.github("g-5")
        await one.state(first["id"], "held")
        assert receiver.taken == []
        await one.gateway.actions.resume("target", "sink", "test")
        await one.state(first["id"], "delivered")


async def test_a_removed_target_holds_and_comes_back_by_itself(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        receiver.answer = lambda _: web.Response(status=500)
        _, first = await one.github("g-6")
        await receiver.wait(1)
        whole = one.config.read_text()
        one.config.write_text(whole[: whole.index("targets:")])
        await one.gateway.reload()
        await one.state(first["id"], "held")
        receiver.answer = lambda _: web.Response(status=200)
        one.config.write_text(whole)
        await one.gateway.reload()
        await one.state(first["id"], "delivered")


async def test_a_bad_file_is_refused_and_the_old_plan_stays(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        whole = one.config.read_text()
        for bad in (whole + "nonsense: 1\n", whole.replace("${GITHUB_SECRET}", "${UNSET}")):
            one.config.write_text(bad)
            with pytest.raises(ConfigInvalid):
                await one.gateway.reload()
        assert one.gateway.plan.generation == 1
        status, _ = await one.github("g-7")
        assert status == 202


async def test_a_replay_is_a_new_delivery_that_names_the_old_one(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        _, first = await one.github("g-8")
        await one.state(first["id"], "delivered")
        await one.gateway.actions.replay(first["id"], "test")
        await receiver.wait(2)
        (old, _), (new, _) = receiver.taken
        assert new["Gateway-Replay-Of"] == old["webhook-id"] != new["webhook-id"]
        assert new["Gateway-Trigger"] == "replay"


async def test_a_failing_expression_holds_and_a_persons_retry_judges_again(tmp_path: Path) -> None:
    text = BASE.replace("{name: all, to", "{name: all, when: payload.n + payload.s > 1, to")
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        _, first = await one.github("g-9", b'{"ref": "refs/heads/main", "n": 1, "s": "x"}')
        found = await one.state(first["id"], "held")
        rows = await one.gateway.store.deliveries(DeliveryFilter(event=found.event.id), None, 10)
        assert rows[0][0].reason == "expression"
        assert rows[0][0].detail
        one.config.write_text(one.config.read_text().replace("payload.n + payload.s > 1", "false"))
        one.config.write_text(one.config.read_text().replace("when: false", "when: payload.n > 1"))
        await one.gateway.reload()
        await one.gateway.actions.retry(Selection(ids=(rows[0][0].id,)), "test")
        await one.state(first["id"], "canceled")
        again = await one.gateway.store.delivery(rows[0][0].id)
        assert again is not None
        assert again[0].state is DeliveryState.CANCELED
        assert receiver.taken == []


async def test_the_admin_listener_answers_this_machine_and_nobody_else(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        _, first = await one.github("g-10")
        await one.state(first["id"], "delivered")
        for path in (
            "/events",
            f"/events/{first['id']}",
            "/deliveries?state=dead",
            "/refused",
            "/sources",
            "/targets",
            "/metrics",
            "/readyz",
            "/api/v1/events",
            f"/api/v1/events/{first['id']}",
            "/api/v1/status",
        ):
            async with one.session.get(one.admin + path) as answer:
                assert answer.status == 200, path
        for headers in ({"Host": "evil.example"}, {"X-Forwarded-For": "192.0.2.1"}):
            async with one.session.get(one.admin + "/events", headers=headers) as answer:
                assert answer.status == 403
        async with one.session.post(f"{one.admin}/api/v1/events/{first['id']}/replay") as answer:
            assert answer.status == 403
        async with one.session.get(one.public + "/events") as answer:
            assert answer.status == 404
