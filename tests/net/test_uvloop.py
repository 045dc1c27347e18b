"""The way out on the loop that production uses: its transports and errors are not asyncio's."""

import asyncio
import socket

import pytest

from gateway.model.states import ErrorClass
from tests.net.servers import OK, raw, says, send
from tests.net.test_tls import CA, OTHERS, serving, trusting
from tests.net.test_tls import send as send_tls

uvloop = pytest.importorskip("uvloop")


def test_answers_failures_and_a_kept_connection() -> None:
    async def main() -> None:
        async with raw(says(OK)) as server:
            answers = await send(server.url, times=3)
            url = server.url
        assert [(one.status, one.excerpt, one.retry_after) for one in answers] == [
            (200, b"ok", "9")
        ] * 3
        (closed,) = await send(url)
        assert closed.error is ErrorClass.REFUSED
        (nowhere,) = await send("http://nothing.invalid/")
        assert nowhere.error is ErrorClass.DNS
        (never,) = await send("http://169.254.169.254/")
        assert (never.error, "metadata" in never.message) == (ErrorClass.REFUSED, True)

    uvloop.run(main())


def test_time_outs() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def main() -> None:
        async with raw(silent) as server:
            (answer,) = await send(server.url, seconds=0.2)
        assert answer.error is ErrorClass.TIMEOUT
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            (answer,) = await send(f"http://127.0.0.1:{port}/hooks", connect=0.2)
            for one in waiting:
                one.close()
        assert answer.error is ErrorClass.CONNECT_TIMEOUT

    uvloop.run(main())


def test_a_connection_that_breaks() -> None:
    async def breaks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def main() -> None:
        async with raw(breaks) as server:
            answers = await send(server.url, times=2)
        assert [one.error for one in answers] == [ErrorClass.RESET] * 2

    uvloop.run(main())


def test_tls() -> None:
    async def main() -> None:
        async with serving(CA.issue_cert("127.0.0.1")) as (port, heard):
            answer = await send_tls(f"https://127.0.0.1:{port}/x", trusting())
            assert (answer.status, len(heard)) == (200, 1)
            answer = await send_tls(f"https://127.0.0.1:{port}/x", trusting(OTHERS))
            assert (answer.error, len(heard)) == (ErrorClass.TLS, 1)
        async with serving(CA.issue_cert("example.test")) as (port, heard):
            answer = await send_tls(f"https://127.0.0.1:{port}/x", trusting())
            assert (answer.error, heard) == (ErrorClass.TLS_NAME, [])

    uvloop.run(main())


@pytest.mark.parametrize(
    ("says_", "wanted"), [(OK, ErrorClass.TLS), (b"", ErrorClass.RESET)], ids=["no TLS", "breaks"]
)
def test_no_handshake(says_: bytes, wanted: ErrorClass) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if says_:
            writer.write(says_)
            writer.close()
        else:
            writer.transport.abort()

    async def main() -> None:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            answer = await send_tls(f"https://127.0.0.1:{port}/x", trusting())
        assert answer.error is wanted

    uvloop.run(main())
