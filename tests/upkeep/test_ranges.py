"""The feed of published addresses against a local server, and a whole gateway that uses it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from gateway.net.egress import Egress
from gateway.providers import github
from gateway.providers.declaration import Ranges
from gateway.upkeep.ranges import FRESH, RangesFeed
from tests.app.running import BASE, Running, receiving, running, signed_push
from tests.fakes import Clock

GOOD = json.dumps({"hooks": ["8.8.8.0/24"]}).encode()
SHIPPED = "140.82.112.0/20"


@dataclass
class Publisher:
    """A server with one document."""

    body: bytes = GOOD
    status: int = 200
    asked: int = 0
    url: str = ""

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=self.status, body=self.body, headers={"Location": "/other"})

    async def other(self, _: web.Request) -> web.Response:
        return web.Response(body=GOOD)


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    one = Publisher()
    app = web.Application()
    app.router.add_get("/meta", one.answer)
    app.router.add_get("/other", one.other)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/meta"
    try:
        yield one
    finally:
        await runner.cleanup()


class Kv(dict[str, bytes | None]):
    async def put(self, key: str, value: bytes | None) -> None:
        self[key] = value

    async def get(self, key: str, default: None = None) -> bytes | None:  # type: ignore[override]  # a store's
        return super().get(key, default)


@dataclass
class Fed:
    publisher: Publisher
    egress: Egress
    kv: Kv = field(default_factory=Kv)
    clock: Clock = field(default_factory=Clock)
    failures: list[str] = field(default_factory=list)

    def feed(self) -> RangesFeed:
        wanted = {"github": Ranges((SHIPPED,), "2026-11-24", self.publisher.url, ("/hooks",))}
        return RangesFeed(
            self.egress.fetch,
            self.kv,
            lambda: wanted,
            lambda: None,
            lambda _, reason: self.failures.append(reason),
            self.clock,
        )


@pytest.fixture
async def fed() -> AsyncIterator[Fed]:
    egress = Egress()
    async with publishing() as publisher:
        yield Fed(publisher, egress)
    await egress.close()


def texts(feed: RangesFeed) -> set[str]:
    return {str(network) for network in feed.networks.get("github", ())}


async def test_a_fresh_list_is_asked_for_once_in_half_a_day(fed: Fed) -> None:
    feed = fed.feed()
    await feed.refresh()
    await feed.refresh()
    assert fed.publisher.asked == 1
    fed.clock.now += FRESH
    await feed.refresh()
    assert fed.publisher.asked == 2
    assert texts(feed) == {"8.8.8.0/24", SHIPPED}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b'{"hooks": []}'),
        (200, b'{"hooks": ["0.0.0.0/0"]}'),
        (200, b'{"hooks": ["8.8.8.0/24", 1]}'),
        (200, b" " * (4 * 1024 * 1024) + GOOD),
        (203, GOOD),
        (302, GOOD),
        (403, GOOD),
        (500, GOOD),
    ],
)
async def test_an_answer_that_is_not_a_list_changes_nothing_and_is_said(
    fed: Fed, status: int, body: bytes
) -> None:
    feed = fed.feed()
    await feed.refresh()
    before = texts(feed), dict(fed.kv)
    fed.failures.clear()
    fed.clock.now += FRESH
    fed.publisher.status, fed.publisher.body = status, body
    await feed.refresh()
    assert (texts(feed), dict(fed.kv)) == before
    assert len(fed.failures) == 1
    await feed.refresh()
    assert fed.publisher.asked == 3, "it is asked for again at the next look"


async def test_the_last_good_list_outlives_a_restart_without_the_publisher(fed: Fed) -> None:
    await fed.feed().refresh()
    fed.publisher.status = 500
    fed.clock.now += 100 * FRESH
    feed = fed.feed()
    await feed.load({"github": Ranges((), "")})
    await feed.refresh()
    assert texts(feed) == {"8.8.8.0/24", SHIPPED}


async def test_a_broken_value_in_the_store_is_as_good_as_none(fed: Fed) -> None:
    fed.kv["ranges/github"] = b'{"fetched_at": 1, "seen": {"0.0.0.0/0": 1}}'
    feed = fed.feed()
    await feed.load({"github": Ranges((), "")})
    assert texts(feed) == set()
    await feed.refresh()
    assert texts(feed) == {"8.8.8.0/24", SHIPPED}


async def test_an_address_of_the_metadata_service_is_not_asked(
    fed: Fed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.net.dial.forbidden", lambda _: True)
    feed = fed.feed()
    await feed.refresh()
    assert (texts(feed), fed.publisher.asked) == (set(), 0)
    assert fed.failures == ["link-local and metadata addresses are never called"]


# ---------------------------------------------------------------- the whole gateway

ALLOWED = BASE.replace(
    'secrets: ["${GITHUB_SECRET}"]', 'secrets: ["${GITHUB_SECRET}"], allow_ips: [provider, 9.9.9.9]'
)


@asynccontextmanager
async def github_publishing(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Publisher]:
    """GitHub's list, published here."""
    declared = github.DECLARATION
    async with publishing() as publisher:
        ranges = replace(declared.ranges, url=publisher.url)
        monkeypatch.setattr(github, "DECLARATION", replace(declared, ranges=ranges))
        yield publisher


async def status(one: Running, number: str, client: str) -> int:
    headers, body = signed_push(number)
    headers["X-Forwarded-For"] = client
    async with one.session.post(f"{one.public}/in/github", data=body, headers=headers) as answer:
        return answer.status


async def test_a_new_network_is_let_in_and_stays_over_reload_and_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with github_publishing(monkeypatch) as publisher, receiving() as receiver:
        async with running(tmp_path, receiver, ALLOWED) as one:
            await one.gateway._feed.refresh()
            await one.gateway.reload()
            assert await status(one, "1", "8.8.8.8") == 202
            assert await status(one, "2", "9.9.9.9") == 202
            assert await status(one, "3", "140.82.112.1") == 202, "shipped, within its grace"
            assert await status(one, "4", "8.8.4.4") == 403
        publisher.status = 500
        async with running(tmp_path, receiver, ALLOWED) as one:
            assert await status(one, "5", "8.8.8.8") == 202
            assert await status(one, "6", "8.8.4.4") == 403
            one.config.write_text(one.config.read_text().replace("provider, 9.9.9.9", "9.9.9.9"))
            await one.gateway.reload()
            assert await status(one, "7", "8.8.8.8") == 403, "no provider, no feed"


async def test_nobody_is_asked_where_no_allowlist_takes_a_providers_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        github_publishing(monkeypatch) as publisher,
        receiving() as receiver,
        running(tmp_path, receiver) as one,
    ):
        await one.gateway._feed.refresh()
    assert publisher.asked == 0
