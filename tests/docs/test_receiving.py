"""The consumers of docs/delivery.md, as they stand there: the gateway delivers, strangers knock."""

import base64
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.app.running import BASE, Receiver, receiving, running
from tests.docs.pages import DOCS

REPOSITORY = DOCS.parent
PAGE = (DOCS / "delivery.md").read_text("utf-8")
(SECTION,) = re.findall(
    r"^## What a receiving service has to do\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S
)
PARTS = dict(zip(("head", "aiohttp", "flask", "raw"), SECTION.split("\n### "), strict=True))
OWN = 15
"""Lines of a consumer, besides imports and blank ones."""


def running_consumer(*which: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("consumer", which, indirect=True)


def block(kind: str, part: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", PARTS[part], re.M | re.S)
    return found


def for_raw_bodies(consumer: str) -> str:
    """A consumer, changed as the page says."""
    return re.sub(r"^ +event = check\.verify.*\n", block("python", "raw"), consumer, flags=re.M)


@dataclass(frozen=True)
class Consumer:
    """One that runs, and the folder of its inbox."""

    url: str
    folder: Path

    @property
    def key(self) -> str:
        return (self.folder / "secrets/ledger").read_text().strip()

    def inbox(self, but: Collection[str] = ()) -> dict[str, bytes]:
        """What it took, by id. but: ids of no interest."""
        with closing(sqlite3.connect(self.folder / "inbox.db")) as database:
            rows = database.execute("SELECT id, body FROM inbox ORDER BY rowid").fetchall()
        return {id: body for id, body in rows if id not in but}


@pytest.fixture(scope="module")
def consumer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Consumer]:
    """Makes a key and runs a consumer by the page's own commands, at a port of the kernel's."""
    part, _, raw = request.param.partition(" ")
    folder = tmp_path_factory.mktemp(part)
    (folder / "secrets").mkdir()
    subprocess.run(["sh", "-ec", block("sh", "head")], cwd=folder, check=True)
    text = block("python", part)
    text = for_raw_bodies(text) if raw else text
    (folder / "consumer.py").write_text(text.replace("port=9000", "port=0"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        ["sh", "-c", block("sh", part).replace("--port 9000", "--port 0")],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = b""
            while (found := re.search(rb"Running on (http://[\d.:]+)", said)) is None:
                line = process.stdout.readline()
                assert line, said.decode()
                said += line
            yield Consumer(f"{found[1].decode()}/events", folder)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


class Way:
    """A second way to a consumer. The first answer is lost on it: the consumer took the event, and
    the gateway does not know."""

    def __init__(self, to: str) -> None:
        self._to = to
        self.carried: list[Mapping[str, str]] = []

    def prepare(self, receiver: Receiver) -> None:
        receiver.take = self.carry  # type: ignore[method-assign]

    async def carry(self, request: web.Request) -> web.Response:
        headers, body = request.headers, await request.read()
        self.carried.append(headers)
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._to, headers=headers, data=body) as answer,
        ):
            assert answer.status == 204
        if len(self.carried) == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=204)


def configured(consumer: Consumer, format: str) -> str:
    """Each event goes to the page's target and, over the other way, to the same consumer."""
    target = block("yaml", "head").replace("http://127.0.0.1:9000/events", consumer.url)
    target = target.replace("secrets/ledger", str(consumer.folder / "secrets/ledger"))
    other = target.replace("targets:\n", "").replace("ledger:", "other:")
    other = other.replace(consumer.url, "RECEIVER")
    other = other.replace("sign:", "retry: {base: 10ms, cap: 10ms}, sign:")
    route = f"routes:\n  - {{name: all, to: [ledger, other], format: {format}}}\n"
    return BASE[: BASE.index("targets:")] + target + other + route


@running_consumer("aiohttp", "flask")
async def test_an_event_is_taken_once_over_lost_answers_routes_and_replays(
    tmp_path: Path, consumer: Consumer
) -> None:
    way, before = Way(consumer.url), consumer.inbox()
    async with (
        receiving(way.prepare) as receiver,
        running(tmp_path, receiver, configured(consumer, "cloudevent")) as one,
    ):
        _, first = await one.github("c-1")
        await one.state(first["id"], "delivered")
        assert [headers["Gateway-Attempt"] for headers in way.carried] == ["1", "2"]
        await one.gateway.actions.replay(first["id"], "test")
        await one.state(first["id"], "delivered")
        assert len(way.carried) == 3
        _, second = await one.github("c-2")
        await one.state(second["id"], "delivered")
    taken = consumer.inbox(before)
    assert list(taken) == [first["id"], second["id"]]
    assert [orjson.loads(body)["id"] for body in taken.values()] == list(taken)


@running_consumer("flask raw", pytest.param("aiohttp raw", marks=pytest.mark.slow))
async def test_a_raw_body_is_checked_by_our_own_headers_and_taken_once_a_delivery(
    tmp_path: Path, consumer: Consumer
) -> None:
    way, sent = Way(consumer.url), b'{"ref":  "refs/heads/main"}'
    async with (
        receiving(way.prepare) as receiver,
        running(tmp_path, receiver, configured(consumer, "raw")) as one,
    ):
        _, first = await one.github("c-1", sent)
        await one.state(first["id"], "delivered")
        assert [headers["Gateway-Attempt"] for headers in way.carried] == ["1", "2"]
        assert list(consumer.inbox().values()) == [sent] * 2  # one of each target
        await one.gateway.actions.replay(first["id"], "test")
        await one.state(first["id"], "delivered")
    assert list(consumer.inbox().values()) == [sent] * 4
    assert {headers["Gateway-Webhook-Id"] for headers in way.carried} < set(consumer.inbox())


@running_consumer("aiohttp", "flask")
async def test_what_is_forged_changed_or_old_gets_401_and_is_not_taken(consumer: Consumer) -> None:
    id, before, now = "evt_forged", consumer.inbox(), datetime.now(UTC)
    body = orjson.dumps({"id": id})

    def signed(key: str = consumer.key, at: datetime = now) -> dict[str, str]:
        entry = Webhook(key).sign("dlv_1", at, body.decode())
        time = str(int(at.timestamp()))
        return {"webhook-id": "dlv_1", "webhook-timestamp": time, "webhook-signature": entry}

    good = signed()
    entry = good["webhook-signature"]
    signatures = ("", "v1", "v1,", "v1,*", "v1,a,b", entry.replace("v1,", "v2,"), entry.lower())
    forged = [
        ({}, body),
        (good, body.replace(b"evt", b"EVT")),
        (good, b"\xff"),
        (signed("whsec_" + base64.b64encode(b"k" * 32).decode()), body),
        (signed(at=now - timedelta(minutes=6)), body),
        (signed(at=now + timedelta(minutes=6)), body),
        ({**good, "webhook-id": "dlv_2"}, body),
        ({**good, "webhook-timestamp": str(int(now.timestamp()) - 1)}, body),
        ({**good, "webhook-timestamp": "yesterday"}, body),
        *(({**good, "webhook-signature": text}, body) for text in signatures),
    ]
    async with aiohttp.ClientSession() as session:

        async def status(headers: dict[str, str], body: bytes) -> int:
            async with session.post(consumer.url, headers=headers, data=body) as answer:
                return answer.status

        assert [await status(*one) for one in forged] == [401] * len(forged)
        assert consumer.inbox(before) == {}
        assert await status(good, body) == 204
    assert consumer.inbox(before) == {id: body}


@pytest.mark.parametrize("part", ["aiohttp", "flask"])
def test_a_consumer_is_fifteen_lines_besides_imports_in_the_house_style(part: str) -> None:
    text = block("python", part)
    lines = [line for line in text.splitlines() if line]
    assert len([line for line in lines if not line.startswith(("import ", "from "))]) <= OWN
    style = ["--config", str(REPOSITORY / "pyproject.toml"), "--stdin-filename", "consumer.py", "-"]
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["format", "--check"], ["check"]):
        ended = subprocess.run(
            [*ruff, *words, *style], input=text, text=True, capture_output=True, check=False
        )
        assert ended.returncode == 0, ended.stdout
