"""The shipped snippet in a real nginx before a real gateway."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.app.process import Process, free_port, process
from tests.app.running import BASE, Receiver, receiving, signed_push

SNIPPET = Path(__file__).parents[2] / "deploy/nginx/gateway.conf"
CONF = """\
daemon off; master_process off; pid FOLDER/nginx.pid; error_log FOLDER/error.log;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/f; uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s;
    upstream gateway { server UPSTREAM max_fails=0; keepalive 32; keepalive_timeout 60s; }
    server { listen 127.0.0.1:PORT; client_header_timeout 10s; include SNIPPET; }
}
"""
ALLOWED = BASE.replace(
    'secrets: ["${GITHUB_SECRET}"]', 'secrets: ["${GITHUB_SECRET}"], allow_ips: [192.0.2.7]'
)


@asynccontextmanager
async def nginx(folder: Path, one: Process, session: aiohttp.ClientSession) -> AsyncIterator[str]:
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    assert Path(program).exists(), "nginx is needed for this test: apt install nginx-light"
    port = free_port()
    conf = CONF.replace("FOLDER", str(folder)).replace("PORT", str(port))
    conf = conf.replace("UPSTREAM", one.public.removeprefix("http://"))
    (folder / "nginx.conf").write_text(conf.replace("SNIPPET", str(SNIPPET)))
    running = await asyncio.create_subprocess_exec(
        program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(10):
            while not await _answers(base, session):
                assert running.returncode is None, (folder / "error.log").read_text()
                await asyncio.sleep(0.02)
        yield base
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        await running.wait()


async def _answers(base: str, session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get(f"{base}/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def behind(
    folder: Path, receiver: Receiver, text: str = BASE
) -> AsyncIterator[tuple[str, Process, aiohttp.ClientSession]]:
    async with process(folder, receiver.url, text) as one, aiohttp.ClientSession() as session:
        await one.start(session)
        async with nginx(folder, one, session) as base:
            yield base, one, session
        assert await one.end(signal.SIGTERM) == 0


async def post(base: str, session: aiohttp.ClientSession, id: str, **more: str) -> int:
    headers, body = signed_push(id)
    async with session.post(f"{base}/in/github", data=body, headers=headers | more) as answer:
        await answer.read()
        return answer.status


@pytest.mark.slow
async def test_signed_requests_reach_the_receiver_byte_for_byte(tmp_path: Path) -> None:
    async with receiving() as receiver, behind(tmp_path, receiver) as (base, _, session):
        many = await asyncio.gather(*(post(base, session, f"n-{n}") for n in range(300)))
        assert set(many) == {202}
        await receiver.wait(300)
        big = orjson.dumps({"ref": "refs/heads/main", "pad": "x" * 3_000_000})
        headers, body = signed_push("big", big)
        async with session.post(f"{base}/in/github", data=body, headers=headers) as answer:
            assert answer.status == 202
        await receiver.wait(301)
        assert any(big in sent for _, sent in receiver.taken)


@pytest.mark.slow
async def test_a_forged_forwarding_header_is_not_believed(tmp_path: Path) -> None:
    async with receiving() as receiver, behind(tmp_path, receiver, ALLOWED) as (base, one, session):
        forged = {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7"}
        assert await post(base, session, "f-1", **forged) == 403
        # The gateway itself believes its proxy: without nginx's `set` this would have passed.
        assert await post(one.public, session, "f-2", **{"X-Forwarded-For": "192.0.2.7"}) == 202


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["/", "/events", "/api/v1/events", "/metrics", "/readyz", "/in/%67ithub", "/in//github",
     "/in/x/../github", "/in/GitHub", "/in/github/", "/in/github;a"],
)  # fmt: skip
async def test_nothing_else_is_reachable(tmp_path: Path, path: str) -> None:
    async with receiving() as receiver, behind(tmp_path, receiver) as (base, _, session):
        _, writer = streams = await asyncio.open_connection(
            *base.removeprefix("http://").split(":")
        )
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        status = await streams[0].readline()
        writer.close()
        assert b" 404 " in status
        assert await post(base, session, "still-fine") == 202


@pytest.mark.slow
async def test_a_body_over_the_limit_is_refused_before_the_gateway(tmp_path: Path) -> None:
    async with receiving() as receiver, behind(tmp_path, receiver) as (base, _, session):
        headers = {"Content-Length": str(27 * 1024 * 1024)}
        reader, writer = await asyncio.open_connection(*base.removeprefix("http://").split(":"))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"POST /in/github HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        assert b" 413 " in await reader.readline()
        writer.close()
        assert await post(base, session, "still-fine") == 202
