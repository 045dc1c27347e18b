"""A target that only takes who shows a certificate of its own CA and a token: the whole way."""

import socket
import ssl
from pathlib import Path

import trustme
from aiohttp import web

from gateway.model.states import DeliveryState
from gateway.store.protocol import DeliveryFilter
from tests.app.running import receiving, running

TEXT = """\
version: 1
server: {listen: "127.0.0.1:0", public_url: "https://hooks.example.com"}
admin: {listen: "127.0.0.1:0"}
store: {min_free: 1MiB}
sources:
  github: {provider: github, secrets: ["${GITHUB_SECRET}"]}
targets:
  sink:
    url: "https://127.0.0.1:PORT/hooks"
    tls: {ca: ca.pem, certificate: us.pem}
    headers: {X-Key: "file:key"}
    auth: {oauth2: {token_url: "https://127.0.0.1:PORT/token", client_id: us,
                    client_secret: "file:secret"}}
routes:
  - {name: all, to: [sink]}
"""
SECRET = "the-secret-of-the-client"
KEY = "a-key-in-a-header"


class House:
    """Token server and receiver in one, behind mutual TLS."""

    def __init__(self) -> None:
        self.open = False
        self.took: list[str] = []

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "client_credentials"
        if not self.open:
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"access_token": "tok-1", "token_type": "Bearer"})

    async def take(self, request: web.Request) -> web.Response:
        self.took.append(request.headers["Authorization"])
        return web.json_response(dict(request.headers))  # as an echo service does

    async def serve(self, context: ssl.SSLContext) -> tuple[web.AppRunner, int]:
        app = web.Application()
        app.router.add_post("/token", self.token)
        app.router.add_post("/hooks", self.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        bound = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, bound, ssl_context=context).start()
        return runner, bound.getsockname()[1]


async def test_held_until_it_can_be_told_who_we_are_then_delivered(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.issue_cert("us.test").private_key_and_cert_chain_pem.write_to_path(tmp_path / "us.pem")
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "key").write_text(KEY)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(context)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    house = House()
    runner, port = await house.serve(context)
    try:
        async with (
            receiving() as unused,
            running(tmp_path, unused, TEXT.replace("PORT", str(port))) as one,
        ):
            _, said = await one.github("a-1")
            await one.state(said["id"], "held")
            ((held, _),) = await one.gateway.store.deliveries(
                DeliveryFilter(state=DeliveryState.HELD), None, 9
            )
            assert "401 (invalid_client)" in held.detail
            house.open = True
            # Certificates are read anew, and the token with them; by itself it is asked for within seconds.
            await one.gateway.reload()
            await one.state(said["id"], "delivered")
            page = await one.session.get(f"{one.admin}/api/v1/events/{said['id']}")
            said = await page.text()
            assert SECRET not in said
            assert "Bearer [secret]" in said
            assert "tok-1" not in said
            assert KEY not in said
    finally:
        await runner.cleanup()
    assert house.took == ["Bearer tok-1"]
