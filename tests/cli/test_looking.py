"""Commands that look change nothing, and work beside a broken file; reload reaches who runs."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import orjson

from tests.app.process import process
from tests.app.running import BASE, ENV, receiving
from tests.cli.commands import gateway

BROKEN = "\nnonsense: 1\n"


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_status_before_the_first_start_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(BASE.replace("RECEIVER", "http://127.0.0.1:1"))
    before = files(tmp_path)
    ended = gateway(tmp_path, "status", "--json", **ENV)
    assert ended.code == 0
    found = orjson.loads(ended.out)
    assert found["running"] is False
    assert "no store yet" in found["store"]["problem"]
    assert files(tmp_path) == before


async def test_a_broken_file_hides_no_events_and_its_reload_is_known(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        process(tmp_path, receiver.url) as one,
        aiohttp.ClientSession() as session,
    ):
        await one.start(session)
        good = (tmp_path / "routes.yaml").read_text()
        running = await asyncio.to_thread(gateway, tmp_path, "status", "--json", **ENV)
        assert orjson.loads(running.out)["running"] is True
        (tmp_path / "routes.yaml").write_text(good + BROKEN)
        listed = await asyncio.to_thread(gateway, tmp_path, "events", "list", **ENV)
        assert listed.code == 0
        refused = await asyncio.to_thread(gateway, tmp_path, "reload", **ENV)
        assert refused.code == 1
        assert "nonsense" in refused.err
        async with session.get(f"{one.admin}/metrics") as answer:
            assert "gateway_reload_failed 1.0" in await answer.text()
        (tmp_path / "routes.yaml").write_text(good)
        done = await asyncio.to_thread(gateway, tmp_path, "reload", **ENV)
        assert done.code == 0
        async with session.get(f"{one.admin}/metrics") as answer:
            assert "gateway_reload_failed 0.0" in await answer.text()
        assert await one.end(signal.SIGTERM) == 0
    before = files(tmp_path)
    rest = gateway(tmp_path, "status", "--json", **ENV)
    assert (rest.code, orjson.loads(rest.out)["running"]) == (0, False)
    assert files(tmp_path) - before <= {"gateway.db-wal", "gateway.db-shm"}
    gone = gateway(tmp_path, "reload", **ENV)
    assert (gone.code, "SIGHUP" in gone.err) == (1, True)
