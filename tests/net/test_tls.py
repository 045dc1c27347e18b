"""TLS with certificates made here: each way it can fail has its class, and nothing is sent then."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from gateway.model.states import ErrorClass
from gateway.net.egress import Call, Egress
from gateway.net.sending import Answer

NOW = dt.datetime.now(dt.UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CA = trustme.CA()
OTHERS = trustme.CA()


def trusting(ca: trustme.CA = CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


@asynccontextmanager
async def serving(certificate: trustme.LeafCert) -> AsyncIterator[tuple[int, list[bytes]]]:
    heard: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


async def send(url: str, trust: ssl.SSLContext | None, seconds: float = 5.0) -> Answer:
    out = Egress(trust)
    try:
        return await out.send(Call(url, "", b"{}", seconds, min(seconds, 1.0)))
    finally:
        await out.close()


async def test_a_right_certificate_is_taken() -> None:
    async with serving(CA.issue_cert("127.0.0.1")) as (port, heard):
        answer = await send(f"https://127.0.0.1:{port}/x", trusting())
    assert (answer.status, answer.excerpt) == (200, b"ok")
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("certificate", "wanted"),
    [
        (CA.issue_cert("127.0.0.1", not_after=NOW - dt.timedelta(days=1)), ErrorClass.TLS_EXPIRED),
        (CA.issue_cert("127.0.0.1", not_before=NOW + dt.timedelta(days=1)), ErrorClass.TLS_EXPIRED),
        (CA.issue_cert("example.test"), ErrorClass.TLS_NAME),
        (CA.issue_cert("127.0.0.2"), ErrorClass.TLS_NAME),
        (OTHERS.issue_cert("127.0.0.1"), ErrorClass.TLS),
    ],
    ids=["expired", "not yet", "another name", "another address", "an unknown issuer"],
)
async def test_a_wrong_certificate_has_its_class_and_hears_nothing(
    certificate: trustme.LeafCert, wanted: ErrorClass
) -> None:
    async with serving(certificate) as (port, heard):
        answer = await send(f"https://127.0.0.1:{port}/x", trusting())
    assert (answer.status, answer.error) == (None, wanted)
    assert answer.message
    assert heard == []


async def test_without_being_told_only_the_systems_authorities_count() -> None:
    async with serving(CA.issue_cert("127.0.0.1")) as (port, heard):
        answer = await send(f"https://127.0.0.1:{port}/x", None)
    assert answer.error is ErrorClass.TLS
    assert heard == []


async def test_a_name_is_checked_and_not_only_an_address() -> None:
    async with serving(CA.issue_cert("localhost")) as (port, _):
        assert (await send(f"https://localhost:{port}/x", trusting())).status == 200
        wrong = await send(f"https://127.0.0.1:{port}/x", trusting())
    assert wrong.error is ErrorClass.TLS_NAME


async def test_no_tls_at_all_is_a_failure_of_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await send(f"https://127.0.0.1:{port}/x", trusting())
    assert answer.error is ErrorClass.TLS


async def test_a_handshake_that_breaks_is_a_reset() -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server = await asyncio.start_server(breaks, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await send(f"https://127.0.0.1:{port}/x", trusting())
    assert answer.error is ErrorClass.RESET


async def test_a_handshake_that_never_comes_ends_with_the_time_to_connect() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        out = Egress(trusting())
        answer = await out.send(Call(f"https://127.0.0.1:{port}/x", "", b"{}", 30.0, 0.2))
        await out.close()
    assert answer.error is ErrorClass.CONNECT_TIMEOUT
