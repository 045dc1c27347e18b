"""A full disk, a quota, a broken disk, against a running gateway: it refuses before anything breaks,
keeps what it has promised, says why, and goes on by itself.
"""

import asyncio
import random
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.app.running import Receiver, receiving
from tests.app.small_disk import (
    BALLAST,
    EDQUOT,
    EIO,
    MIN_FREE,
    Refusing,
    Small,
    SmallDisk,
    all_is_well,
    gateway_on,
    refusing,
    small_disk,
)
from tests.durability.serving import body_of

OK = web.Response
pytestmark = pytest.mark.slow


@asynccontextmanager
async def on_small_disk(tmp_path: Path) -> AsyncIterator[tuple[Small, SmallDisk, Receiver]]:
    """A running gateway on 128 MiB."""
    async with (
        receiving() as receiver,
        small_disk(tmp_path / "small") as disk,
        gateway_on(tmp_path, disk, receiver) as one,
        aiohttp.ClientSession() as session,
    ):
        await one.start(session)
        await one.until_ready()
        yield one, disk, receiver


@asynccontextmanager
async def on_refusing_disk(tmp_path: Path) -> AsyncIterator[tuple[Small, Refusing, Receiver]]:
    """A running gateway under the shim."""
    disk = refusing(tmp_path)
    async with (
        receiving() as receiver,
        gateway_on(tmp_path, disk, receiver) as one,
        aiohttp.ClientSession() as session,
    ):
        await one.start(session)
        await one.until_ready()
        yield one, disk, receiver


def ballast(disk: SmallDisk | Refusing) -> int:
    file = disk.folder / "gateway.db.ballast"
    return file.stat().st_size if file.exists() else 0


async def given_back(disk: SmallDisk) -> None:
    async with asyncio.timeout(60):
        while ballast(disk):
            await asyncio.sleep(0.05)


def asked(disk: SmallDisk, query: str) -> int:
    """A number out of the database."""
    address = f"{(disk.folder / 'gateway.db').as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as db:
        return int(db.execute(query).fetchone()[0])


async def refused_and_said(one: Small, why: str) -> None:
    """The sender is sent away, and a person sees why wherever they look."""
    status, retry_after, answer = await one.outcome("refused")
    assert (status, retry_after) == (503, "30")
    assert set(answer) == {"title", "status", "detail", "request_id"}  # nothing of the disk's
    assert await one.metric("gateway_requests_total", 'outcome="store_unavailable"') >= 1
    assert await one.metric("gateway_store_refusing") == 1
    assert (await one.get("/readyz"))[0] == 503
    _, page = await one.get("/events", "text/html")
    assert "New events are refused (503)." in page or "cannot open the store" in page
    assert why in page


async def test_min_free_refuses_before_anything_breaks_and_takes_again_by_itself(
    tmp_path: Path,
) -> None:
    async with on_small_disk(tmp_path) as (one, disk, receiver):
        assert ballast(disk) == BALLAST
        assert await one.push("before") == 202
        disk.fill(leave=MIN_FREE - BALLAST - 2**20)
        await one.until(lambda conditions: not conditions["disk"])
        await refused_and_said(one, "store.min_free is 32 MiB")
        assert (await one.conditions())["store"]  # nothing failed to be written
        assert ballast(disk) == BALLAST
        disk.empty()
        await one.until_ready()
        assert await one.push("after") == 202
        await all_is_well(one, receiver)
        assert await one.end(signal.SIGTERM) == 0


async def test_our_own_growth_ends_at_min_free_and_pruning_alone_opens_the_door(
    tmp_path: Path,
) -> None:
    async with on_small_disk(tmp_path) as (one, disk, receiver):
        disk.fill(leave=MIN_FREE - BALLAST + 16 * 2**20)
        assert one.session is not None
        while not one.unavailable:
            await one.load(one.session, f"own-{len(one.acknowledged)}", 400, body=body_of)
        assert (await one.conditions())["store"]
        accepted = len(one.acknowledged)
        async with asyncio.timeout(60):
            while len(receiver.taken) < accepted or await one.metric(
                "gateway_deliveries{", 'state="leased"'
            ):
                await asyncio.sleep(0.1)
        # A person asks for a shorter retention; the file does not shrink, its pages are used again.
        config = one.folder / "routes.yaml"
        config.write_text(config.read_text().replace("retention: 30d", "retention: 1s"))
        before = asked(disk, "PRAGMA page_count")
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        await one.until_ready()
        for number in range(50):
            assert await one.push(f"after-{number}") == 202
        assert asked(disk, "PRAGMA page_count") == before
        print(f"\n{accepted} events filled the disk to min_free, {before} pages before and after")
        await all_is_well(one, receiver)


async def test_full_to_the_last_byte_results_are_recorded_and_nothing_is_attempted_blindly(
    tmp_path: Path,
) -> None:
    async with on_small_disk(tmp_path) as (one, disk, receiver):
        failing = True
        chance = random.Random(10)

        def answer(_: web.Request) -> web.Response:
            # Kept with each attempt: retries alone fill what is left.
            return web.Response(status=500, body=chance.randbytes(1024)) if failing else OK()

        receiver.answer = answer
        assert one.session is not None
        await one.load(one.session, "first", 200)
        await receiver.wait(200)
        disk.fill()
        await one.until(lambda conditions: not conditions["disk"])
        await given_back(disk)
        disk.fill()  # and somebody takes what was given back as well
        await refused_and_said(one, "disk")
        await one.until(lambda conditions: not conditions["store"])
        # One round that was under way may end; then nobody is asked what could not be recorded.
        before = -1
        async with asyncio.timeout(30):
            while before != len(receiver.taken):
                before = len(receiver.taken)
                for number in range(30):
                    assert await one.push(f"full-{number}") == 503
                    await asyncio.sleep(0.1)  # three rounds of retries
        failing = False
        disk.empty()
        await one.until_ready()
        assert ballast(disk) == BALLAST
        assert await one.push("after") == 202
        await all_is_well(one, receiver)
        assert asked(disk, "SELECT count(*) FROM attempts") == len(receiver.taken)


async def test_the_ballast_given_back_is_enough_to_record_and_to_prune(tmp_path: Path) -> None:
    async with on_small_disk(tmp_path) as (one, disk, receiver):
        taken: list[str] = []
        full = False
        chance = random.Random(11)

        def answer(request: web.Request) -> web.Response:
            if full:
                taken.append(request.headers["webhook-id"])
                return web.Response()
            return web.Response(status=500, body=chance.randbytes(1024))

        receiver.answer = answer
        assert one.session is not None
        await one.load(one.session, "first", 400, body=body_of)
        disk.fill()
        await given_back(disk)
        full = True  # each of these results is recorded in the ballast's room
        async with asyncio.timeout(60):
            for state in ("pending", "leased"):
                while await one.metric("gateway_deliveries{", f'state="{state}"'):
                    await asyncio.sleep(0.1)
        await one.until(lambda conditions: conditions["store"] and not conditions["disk"])
        assert len(taken) == len(set(taken)) == 400  # each once: no result was lost
        before = await one.metric("gateway_store_free_bytes")
        config = one.folder / "routes.yaml"
        config.write_text(config.read_text().replace("retention: 30d", "retention: 1s"))
        assert one.process is not None
        one.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(60):
            while await one.metric("gateway_store_free_bytes") < before + 2**19:
                await asyncio.sleep(0.1)
        disk.empty()
        await one.until_ready()
        await all_is_well(one, receiver)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("taken", [False, True], ids=["ballast there", "not a byte anywhere"])
async def test_a_restart_on_a_full_disk_answers_says_why_and_goes_on_without_another(
    tmp_path: Path, end: signal.Signals, taken: bool
) -> None:
    async with on_small_disk(tmp_path) as (one, disk, receiver):
        receiver.answer = lambda _: web.Response(status=500)
        assert one.session is not None
        await one.load(one.session, "first", 100)
        await one.end(end)
        if taken:
            (disk.folder / "gateway.db.ballast").unlink()
        disk.fill()
        await one.start(one.session)
        await refused_and_said(one, "disk")
        if taken:
            assert not (await one.conditions())["started"]
            disk.fill()
        assert await one.push("meanwhile") == 503
        receiver.answer = lambda _: web.Response()
        disk.empty()
        await one.until_ready()
        assert await one.push("after") == 202
        await all_is_well(one, receiver)
        assert await one.end(signal.SIGTERM) == 0


async def test_a_first_start_on_a_full_disk_makes_its_store_when_there_is_room(
    tmp_path: Path,
) -> None:
    async with (
        receiving() as receiver,
        small_disk(tmp_path / "small") as disk,
        gateway_on(tmp_path, disk, receiver) as one,
        aiohttp.ClientSession() as session,
    ):
        disk.fill()
        await one.start(session)
        await refused_and_said(one, "disk")
        disk.empty()
        await one.until_ready()
        assert await one.push("first") == 202
        await all_is_well(one, receiver)


async def test_a_restart_on_a_disk_that_takes_no_new_file(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        small_disk(tmp_path / "small", "size=128M,nr_inodes=30") as disk,
        gateway_on(tmp_path, disk, receiver) as one,
        aiohttp.ClientSession() as session,
    ):
        await one.start(session)
        await one.until_ready()
        await one.load(session, "first", 50)
        await one.end(signal.SIGTERM)
        disk.fill_inodes()
        await one.start(session)
        await refused_and_said(one, "disk")
        disk.empty()
        await one.until_ready()
        async with asyncio.timeout(30):
            while not (disk.folder / "control.sock").exists():
                await asyncio.sleep(0.1)
        await all_is_well(one, receiver)


async def test_over_quota_the_free_bytes_of_the_disk_are_not_believed(tmp_path: Path) -> None:
    async with on_refusing_disk(tmp_path) as (one, disk, receiver):
        assert one.session is not None
        await one.load(one.session, "first", 100)
        disk.refuse("quota", disk.used + 64 * 1024)
        while not one.unavailable:
            await one.load(one.session, f"over-{len(one.acknowledged)}", 100)
        await one.until(lambda conditions: not conditions["disk"])
        await refused_and_said(one, "disk")
        # Results go on being recorded with the ballast's bytes, nothing else has them.
        async with asyncio.timeout(60):
            while await one.metric("gateway_deliveries{", 'state="leased"'):
                await asyncio.sleep(0.1)
        assert not (await one.conditions())["disk"]
        assert ballast(disk) == 0
        disk.allow()
        await one.until_ready()
        assert ballast(disk) == BALLAST
        assert await one.push("after") == 202
        await all_is_well(one, receiver)


@pytest.mark.parametrize(("what", "number"), [("sync", EIO), ("write", EIO), ("write", EDQUOT)])
async def test_a_disk_that_answers_with_errors_is_asked_until_it_is_well(
    tmp_path: Path, what: str, number: int
) -> None:
    async with on_refusing_disk(tmp_path) as (one, disk, receiver):
        assert one.session is not None
        for round in range(2):
            load = asyncio.create_task(one.load(one.session, f"{round}", 300))
            async with asyncio.timeout(30):
                while len(one.acknowledged) % 300 < 50:
                    await asyncio.sleep(0)
            disk.refuse(what, number)  # in the middle of commits
            await load
            assert one.unavailable
            await one.until(lambda conditions: not conditions["store"])
            await refused_and_said(one, "disk")
            disk.allow()
            await one.until_ready()
            # What got 503 is sent again, as senders do: new, or there already, never two.
            for id in [f"{round}-{number}" for number in range(300)]:
                assert await one.push(id) in {200, 202}
            assert len(one.acknowledged) == 300 * (round + 1)
        await all_is_well(one, receiver)
        assert await one.end(signal.SIGTERM) == 0


async def test_what_a_failed_sync_left_in_the_log_is_one_event_after_a_crash(
    tmp_path: Path,
) -> None:
    async with on_refusing_disk(tmp_path) as (one, disk, receiver):
        assert one.session is not None
        for round in range(5):
            disk.refuse("sync", EIO)
            statuses = [await one.push(f"{round}-{number}") for number in range(5)]
            assert set(statuses) == {503}
            await one.end(signal.SIGKILL)
            disk.allow()
            await one.start(one.session)
            await one.until_ready()
            for number in range(5):
                assert await one.push(f"{round}-{number}") in {200, 202}
        await all_is_well(one, receiver)
