"""`gateway breaker`: asks who runs, else keeps it for the next start; `status` shows endpoints."""

import asyncio
from pathlib import Path

import aiohttp
import orjson

from tests.app.process import process
from tests.app.running import BASE, ENV, receiving
from tests.cli.commands import gateway

TARGET = {
    "name", "state", "balance", "waits", "waits_until", "slots", "endpoints", "paused", "counts",
    "oldest_pending_at",
}  # fmt: skip
ENDPOINT = {
    "url", "address", "state", "breaker", "by_hand", "since", "probe_at", "pending", "last_error",
    "last_error_at", "last_taken_at",
}  # fmt: skip
"""Whether a gateway runs or not: a program need not look for that first."""


async def test_a_person_takes_an_endpoint_out_before_the_start_and_back_in_after_it(
    tmp_path: Path,
) -> None:
    async with (
        receiving() as receiver,
        process(tmp_path, receiver.url) as one,
        aiohttp.ClientSession() as session,
    ):
        opened = await asyncio.to_thread(gateway, tmp_path, "breaker", "open", "sink", **ENV)
        assert (opened.code, opened.err) == (0, "")
        assert "nothing is sent there" in opened.out
        await one.start(session)
        shown = await asyncio.to_thread(gateway, tmp_path, "status", "--json", **ENV)
        (sink,) = orjson.loads(shown.out)["targets"]
        assert sink["waits"] == "breaker_open"
        assert (sink["endpoints"][0]["state"], sink["endpoints"][0]["by_hand"]) == ("open", True)
        assert set(sink) == TARGET
        assert set(sink["endpoints"][0]) == ENDPOINT
        async with session.get(f"{one.admin}/metrics") as answer:
            assert f'endpoint="{receiver.url}/hooks",target="sink"}} 1.0' in await answer.text()
        table = await asyncio.to_thread(gateway, tmp_path, "status", **ENV)
        assert "endpoints" in table.out
        nobody = await asyncio.to_thread(gateway, tmp_path, "breaker", "open", "nobody", **ENV)
        assert nobody.code == 1
        assert "no target 'nobody'" in nobody.err
        closed = await asyncio.to_thread(
            gateway, tmp_path, "breaker", "close", "sink", f"{receiver.url}/hooks", "--json", **ENV
        )
        assert orjson.loads(closed.out) == {"endpoints": [f"{receiver.url}/hooks"]}


def test_status_of_a_gateway_that_does_not_run_names_the_endpoints(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(BASE.replace("RECEIVER", "http://127.0.0.1:1"))
    (sink,) = orjson.loads(gateway(tmp_path, "status", "--json", **ENV).out)["targets"]
    assert set(sink) == TARGET
    (one,) = sink["endpoints"]
    assert set(one) == ENDPOINT
    assert (one["url"], one["state"], one["breaker"]) == ("http://127.0.0.1:1/hooks", None, None)
    assert gateway(tmp_path, "breaker", "open", "sink", **ENV).code == 0
    (sink,) = orjson.loads(gateway(tmp_path, "status", "--json", **ENV).out)["targets"]
    (one,) = sink["endpoints"]
    assert (one["state"], one["breaker"], one["by_hand"]) == ("open", "open", True)
