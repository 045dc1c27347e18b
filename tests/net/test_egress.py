"""The way out against real sockets: each error class, one deadline, and nothing sent twice."""

import asyncio
import gc
import socket
from unittest import mock

import pytest

from gateway.model.states import ErrorClass
from gateway.net import dial as module
from gateway.net.egress import Call, Egress, FetchFailed
from gateway.net.failures import classify
from tests.net.servers import OK, raw, says, send


async def test_an_answer_is_given_with_its_excerpt_and_no_cookie_is_kept() -> None:
    async with raw(says(OK)) as server:
        first, second = await send(server.url, times=2)
    assert (first.status, first.error, first.excerpt, first.retry_after) == (200, None, b"ok", "9")
    assert second.status == 200
    assert b"cookie" not in server.heads[1].lower()
    assert b"user-agent" not in server.heads[0].lower()


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n"
    async with raw(says(moved)) as server:
        (answer,) = await send(server.url)
    assert answer.status == 307
    assert len(server.heads) == 1


async def test_an_answer_without_end_is_cut_and_still_an_answer() -> None:
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()

    async with raw(pour) as server:
        (answer,) = await send(server.url)
    assert answer.status == 200
    assert answer.excerpt == b"x" * 1024


async def test_a_post_is_never_sent_twice_when_a_kept_connection_breaks() -> None:
    seen = 0

    async def once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            writer.write(OK)
            await writer.drain()
        else:
            writer.transport.abort()

    async with raw(once) as server:
        first, second = await send(server.url, times=2)
    assert first.status == 200
    assert second.error is ErrorClass.RESET
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    "text",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
    ids=["nothing", "no HTTP", "half an answer"],
)
async def test_a_broken_answer_is_a_reset_and_no_success(text: bytes) -> None:
    async with raw(says(text, close=True)) as server:
        (answer,) = await send(server.url)
    assert (answer.status, answer.error) == (None, ErrorClass.RESET)


async def test_a_dripping_answer_ends_at_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await writer.drain()
        await reader.read()

    async with raw(drip) as server:
        (answer,) = await send(server.url, seconds=0.2)
    assert (answer.status, answer.error) == (None, ErrorClass.TIMEOUT)


async def test_a_closed_port_refuses() -> None:
    async with raw(says(OK)) as server:
        url = server.url
    (answer,) = await send(url)
    assert answer.error is ErrorClass.REFUSED


async def test_a_name_that_does_not_resolve() -> None:
    (answer,) = await send("http://nothing.invalid/hooks")
    assert answer.error is ErrorClass.DNS
    assert "nothing.invalid" not in answer.message


async def test_plain_http_where_tls_is_wanted() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        (answer,) = await send(f"https://127.0.0.1:{port}/hooks")
    assert answer.error in {ErrorClass.TLS, ErrorClass.RESET}


async def test_a_forbidden_peer_is_not_written_to() -> None:
    async with raw(says(OK)) as server:
        with mock.patch.object(module, "forbidden", return_value=True):
            (answer,) = await send(server.url)
    assert answer.error is ErrorClass.REFUSED
    assert "metadata" in answer.message
    assert server.heads == []


async def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with raw(says(OK)) as server:
        (answer,) = await send(server.url)
    assert answer.status == 200


async def test_a_steady_drip_does_not_move_the_deadline() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw(drip) as server:
        (answer,) = await send(server.url, seconds=0.3)
    assert (answer.status, answer.error) == (None, ErrorClass.TIMEOUT)
    assert answer.duration < 2


async def test_silence_is_a_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw(silent) as server:
        (answer,) = await send(server.url, seconds=0.2)
    assert answer.error is ErrorClass.TIMEOUT


async def test_a_connection_that_is_not_taken_is_a_connect_timeout() -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    try:
        (answer,) = await send(f"http://127.0.0.1:{port}/hooks", connect=0.2)
    finally:
        for one in (*waiting, full):
            one.close()
    assert answer.error is ErrorClass.CONNECT_TIMEOUT


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"y" * 20_000 + b"\r\n",
        b"y" * 20_000 + b": x\r\n",
        b"".join(b"X%d: y\r\n" % n for n in range(50_000)),
    ],
    ids=["a long value", "a long name", "many headers"],
)
async def test_an_answers_head_is_bounded(head: bytes) -> None:
    async with raw(says(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")) as server:
        (answer,) = await send(server.url)
    assert (answer.status, answer.error) == (None, ErrorClass.TOO_LARGE)


async def test_a_connection_that_ends_between_two_posts_is_not_used_for_the_second() -> None:
    bye = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with raw(says(bye, close=True)) as server:
        answers = await send(server.url, times=5)
    assert [answer.status for answer in answers] == [200] * 5
    assert len(server.heads) == 5


async def test_an_interim_answer_is_no_answer() -> None:
    async with raw(says(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" + OK)) as server:
        (answer,) = await send(server.url)
    assert answer.status == 200


async def test_the_excerpt_is_the_first_kibibyte_as_it_came() -> None:
    body = bytes(range(256)) * 8
    text = b"HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\nContent-Length: 2048\r\n\r\n" + body
    async with raw(says(text)) as server:
        (answer,) = await send(server.url)
    assert (answer.status, answer.excerpt) == (500, body[:1024])


async def test_nothing_is_invented_that_the_call_does_not_say() -> None:
    async with raw(says(OK)) as server:
        await send(server.url, headers="")
    head = server.heads[0].lower()
    for name in (b"content-type", b"user-agent", b"accept-encoding", b"cookie", b"authorization"):
        assert name not in head


async def test_a_header_with_a_line_break_is_never_sent() -> None:
    async with raw(says(OK)) as server:
        out = Egress()
        with pytest.raises(FetchFailed):
            await out.fetch(
                server.url, at_most=10, seconds=5.0, headers=(("X-A", "a\r\nX-Evil: 1"),)
            )
        await out.close()
    assert server.heads == []


async def test_credentials_in_a_url_are_no_message() -> None:
    (answer,) = await send("http://user:a-secret@nothing.invalid/hooks?token=a-secret")
    assert "secret" not in answer.message


@pytest.mark.parametrize(
    ("os_error", "wanted"),
    [
        (ConnectionRefusedError(111, "x"), ErrorClass.REFUSED),
        (module.ConnectTimeout(), ErrorClass.CONNECT_TIMEOUT),
        (ConnectionResetError(104, "x"), ErrorClass.RESET),
        (OSError(113, "No route to host"), ErrorClass.REFUSED),
    ],
)
def test_what_the_system_says_of_a_connection_has_a_class(
    os_error: OSError, wanted: ErrorClass
) -> None:
    kind, message = classify(os_error)
    assert kind is wanted
    assert message


def test_what_is_used_of_the_closed_list_is_what_the_model_has() -> None:
    told = {"dns", "refused", "reset", "connect_timeout", "timeout", "tls_expired", "tls_name"}
    assert told | {"tls", "status", "redirect", "too_large"} == {str(one) for one in ErrorClass}


@pytest.mark.parametrize("status", [b"413 Too Large", b"200 OK"])
async def test_an_answer_before_the_whole_request_is_read_counts_and_ends_the_connection(
    status: bytes,
) -> None:
    heads: list[bytes] = []

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hasty, "127.0.0.1", 0, limit=64 * 1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    out = Egress()
    try:
        for _ in range(2):
            answer = await out.send(Call(url, "", b"x" * 20_000_000, 5.0, 1.0))
            assert answer.status == int(status[:3])
    finally:
        await out.close()
        server.close()
    assert len(heads) == 2


async def test_what_says_accept_says_it_once() -> None:
    async with raw(says(OK)) as server:
        await send(server.url, headers="accept: text/plain\r\n")
        await send(server.url, headers="")
    heads = [head.lower() for head in server.heads]
    assert [head.count(b"accept:") for head in heads] == [1, 1]
    assert b"accept: text/plain" in heads[0]


async def test_a_part_of_a_url_that_is_not_ascii_goes_as_the_client_writes_it() -> None:
    async with raw(says(OK)) as server:
        await send(server.url + "/ä b?c=ö&d=%26")
    assert server.heads[0].startswith(b"POST /hooks/%C3%A4%20b?c=%C3%B6&d=%26 HTTP/1.1\r\n")


@pytest.mark.parametrize("kind", ["refused", "hangs", "resets", "no name", "no TLS", "forbidden"])
async def test_nothing_of_a_failed_attempt_stays(kind: str) -> None:
    """Its body neither, before a collection of cycles that comes after thousands of attempts."""

    async def ends(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if kind == "hangs":
            await asyncio.sleep(60)
        writer.transport.abort()

    gc.collect()
    gc.disable()
    try:
        async with raw(ends) as server:
            url = {
                "refused": "http://127.0.0.1:1/",
                "no name": "http://nobody.invalid/",
                "no TLS": server.url.replace("http:", "https:"),
                "forbidden": "http://169.254.169.254/",
            }.get(kind, server.url)
            (answer,) = await send(url, seconds=0.3)
            assert answer.status is None
            assert [one for one in gc.get_objects() if type(one) is Call] == []
    finally:
        gc.enable()
