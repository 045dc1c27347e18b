"""The bare aiohttp forwarder: reads a body, POSTs it to the receiver, then answers. Keeps nothing.

It answers after the receiver did. A forwarder that keeps nothing could not promise the sender
anything before, and the 64 connections of the load then bound what is under way on both sides.
"""

import sys
from collections.abc import AsyncIterator

from aiohttp import ClientSession, web

ANSWER = b'{"status":"accepted","id":"evt_01ABCDEFGHJKMNPQRSTVWXYZ00"}'
SESSION = web.AppKey("session", ClientSession)
TARGET = web.AppKey("target", str)
HEADERS = {"Content-Type": "application/json"}


async def forward(request: web.Request) -> web.Response:
    """Reads, forwards, answers."""
    body = await request.read()
    app = request.app
    async with app[SESSION].post(app[TARGET], data=body, headers=HEADERS) as answer:
        await answer.read()
        answer.raise_for_status()
    return web.Response(status=202, body=ANSWER, content_type="application/json")


async def health(_: web.Request) -> web.Response:
    """For the start only."""
    return web.Response(text="ok")


async def session(app: web.Application) -> AsyncIterator[None]:
    """One session for all."""
    async with ClientSession() as opened:
        app[SESSION] = opened
        yield


if __name__ == "__main__":
    made = web.Application()
    made[TARGET] = f"http://127.0.0.1:{sys.argv[2]}/hooks"
    made.cleanup_ctx.append(session)
    made.router.add_post("/in/github", forward)
    made.router.add_get("/healthz", health)
    web.run_app(made, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
