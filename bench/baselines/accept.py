"""The bare aiohttp application: reads the same body, answers the same bytes, keeps nothing."""

import sys

from aiohttp import web

ANSWER = b'{"status":"accepted","id":"evt_01ABCDEFGHJKMNPQRSTVWXYZ00"}'


async def receive(request: web.Request) -> web.Response:
    """Reads and answers."""
    await request.read()
    return web.Response(status=202, body=ANSWER, content_type="application/json")


async def health(_: web.Request) -> web.Response:
    """For the start only."""
    return web.Response(text="ok")


if __name__ == "__main__":
    app = web.Application(client_max_size=32 * 2**20)  # as much as the gateway takes of GitHub
    app.router.add_post("/in/github", receive)
    app.router.add_get("/healthz", health)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
