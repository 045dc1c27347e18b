"""A whole gateway on loopback ports for a test, with a receiver whose answers the test chooses."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from gateway.app.gateway import Gateway
from gateway.model.records import Committed
from gateway.observe import logs
from gateway.plan.compile import compile_plan

SECRET = "a-secret-of-more-than-sixteen-bytes"
ENV = {"GITHUB_SECRET": SECRET}

BASE = """\
version: 1
server: {listen: "127.0.0.1:0", public_url: "https://hooks.example.com"}
admin: {listen: "127.0.0.1:0"}
store: {min_free: 1MiB}
sources:
  github: {provider: github, secrets: ["${GITHUB_SECRET}"]}
targets:
  sink: {url: "RECEIVER/hooks", retry: {base: 500ms, cap: 1s}}
routes:
  - {name: all, to: [sink]}
"""


def signed_push(
    id: str, body: bytes | None = None, event: str = "push"
) -> tuple[dict[str, str], bytes]:
    """A GitHub request as GitHub signs it: headers and body."""
    body = orjson.dumps({"ref": "refs/heads/main", "id": id}) if body is None else body
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": id,
        "X-Hub-Signature-256": f"sha256={digest}",
        "Content-Type": "application/json",
    }
    return headers, body


@dataclass
class Receiver:
    """Takes deliveries and remembers them."""

    answer: Callable[[web.Request], web.Response] = lambda _: web.Response(text="ok")
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        answer = self.answer(request)
        self.taken.append((dict(request.headers), body))
        self.came.set()
        return answer

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.taken) < count:
                self.came.clear()
                await self.came.wait()


@dataclass
class Running:
    """The gateway and what talks to it."""

    gateway: Gateway
    receiver: Receiver
    session: aiohttp.ClientSession
    config: Path
    committed: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, _: Committed) -> None:
        self.committed.set()

    @property
    def public(self) -> str:
        return f"http://127.0.0.1:{self.gateway.public_port}"

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.gateway.admin_port}"

    async def github(self, id: str, body: bytes | None = None, event: str = "push") -> Any:
        headers, body = signed_push(id, body, event)
        async with self.session.post(
            f"{self.public}/in/github", data=body, headers=headers
        ) as answer:
            raw = await answer.read()
            return answer.status, orjson.loads(raw)

    async def state(self, id: str, wanted: str) -> Any:
        """Waits, commit by commit, until an event is in a state."""
        async with asyncio.timeout(20):
            while True:
                self.committed.clear()
                found = await self.gateway.store.event(id)
                if found is not None and found.state == wanted:
                    return found
                await self.committed.wait()


@asynccontextmanager
async def receiving(
    prepare: Callable[[Receiver], None] = lambda _: None,
) -> AsyncIterator[Receiver]:
    """prepare: may give it another way to take."""
    receiver = Receiver()
    prepare(receiver)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/{rest:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    bound = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, bound).start()
    receiver.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running(folder: Path, receiver: Receiver, text: str = BASE) -> AsyncIterator[Running]:
    logs.configure(level="error")
    config = folder / "routes.yaml"
    config.write_text(text.replace("RECEIVER", receiver.url))
    gateway = Gateway(lambda generation: compile_plan(config, ENV, generation=generation))
    async with aiohttp.ClientSession() as session:
        one = Running(gateway, receiver, session, config)
        gateway.listeners.append(one.heard)
        await gateway.start()
        try:
            yield one
        finally:
            await gateway.stop()
