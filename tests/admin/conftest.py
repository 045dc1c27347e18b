"""The dashboard over a store with one of everything, behind its real door, on loopback."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from gateway.model.ids import EventId
from tests.admin.demo import Demo, fill, open_demo


@dataclass
class Dashboard:
    """The pages, as a browser on this machine sees them."""

    client: TestClient
    demo: Demo
    events: dict[str, EventId]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.client.port}"

    async def page(self, path: str, status: int = 200) -> str:
        async with self.client.get(path) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return text

    async def token(self, path: str = "/events") -> str:
        """The CSRF token of a page; the cookie goes into the client's jar."""
        event = self.events["dead"]
        text = await self.page(f"/events/{event}" if path == "/events" else path)
        return re.findall(r'name="csrf" value="([0-9a-f]{64})"', text)[0]

    async def change(self, path: str, **fields: str) -> ClientResponse:
        """A form of ours, sent as a browser sends it."""
        data = {"csrf": await self.token(), **fields}
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        return await self.client.post(path, data=data, headers=headers, allow_redirects=False)


@pytest.fixture
async def dashboard(tmp_path: Path) -> AsyncIterator[Dashboard]:
    demo = await open_demo(tmp_path)
    events = await fill(demo)
    server = TestServer(demo.app(), host="127.0.0.1")
    async with TestClient(server) as client:
        yield Dashboard(client, demo, events)
    await demo.close()
