"""The public listener over real sockets: HTTP as strangers send it."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from gateway.plan.plan import Limits
from tests import fakes
from tests.ingest.wire import BODY, chunked, gate, post, read_response, sign

QUICK = Limits(
    body=64 * 1024, deadline=0.15, rate=None, per_address=None, encodings=frozenset({"gzip"})
)


def orders(**more: object):
    return fakes.plan(fakes.source(**more), routes=[fakes.route()])


async def test_a_signed_request_is_stored_before_it_is_answered() -> None:
    async with gate(orders()) as one:
        response = await one.send(post())
    assert response.status == 202
    event = one.store.admissions[0].events[0]
    assert response.json == {"status": "accepted", "id": event.id}
    assert one.store.admissions[0].body == BODY
    assert one.store.admissions[0].client == "127.0.0.1"
    assert one.store.admissions[0].key_label == "#1"
    assert one.ears.counts == [("orders", "accepted")]
    assert one.ears.lines[0].events == (event.id,)
    assert not one.ears.refused


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/in/Orders",
        "/in/orders/",
        "/in//orders",
        "//in/orders",
        "/in/%6frders",
        "/in/orders%2f",
        "/in/orders;x=1",
        "/in/./orders",
        "/in/x/../orders",
        "/in/orders#x",
        "/in",
        "/in/order",
        "/in/orders.json",
        "http://hooks.example.com/in/orders",
        "/in/ordérs",
        "/IN/orders",
        "/metrics",
        "/healthz/",
    ],
)
async def test_only_the_configured_bytes_of_a_path_are_a_path(path) -> None:
    async with gate(orders()) as one:
        response = await one.send(post(path=path))
    assert response.status in (404, 400)
    assert one.store.admissions == []
    assert one.ears.outcomes in (["unknown_source"], ["malformed"])
    assert one.ears.counts[0][0] == "_unknown"
    assert path.encode() not in response.body or path == "/"


async def test_the_query_is_ignored() -> None:
    async with gate(orders()) as one:
        assert (await one.send(post(path="/in/orders?x=/in/other&%zz"))).status == 202


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "POSTX"])
async def test_another_method_is_refused_with_the_ones_served(method) -> None:
    async with gate(orders()) as one, one.connection() as (reader, writer):
        writer.write(post(b"", method=method))
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.split(b" ")[1] in (b"405", b"400")
    if method != "POSTX":
        assert b"\r\nAllow: POST\r\n" in head
        assert one.ears.outcomes == ["bad_method"]


async def test_health_is_answered_and_not_counted() -> None:
    async with gate(orders()) as one:
        assert (await one.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")).body == b"ok\n"
        refused = await one.send(post(b"", path="/healthz"))
        assert refused.status == 405
        assert refused.headers["Allow"] == "GET, HEAD"
    assert one.ears.counts == []


async def test_a_chunked_body_is_the_same_body() -> None:
    async with gate(orders()) as one:
        response = (await one.talk(*chunked([BODY[:5], BODY[5:]]), expect=1))[0]
    assert response.status == 202
    assert one.store.admissions[0].body == BODY


@pytest.mark.parametrize("at", [1, 30, 80, 150, -20, -1])
async def test_a_request_in_two_halves_is_one_request(at) -> None:
    data = post()
    async with gate(orders()) as one:
        assert (await one.talk(data[:at], data[at:], expect=1))[0].status == 202


async def test_a_request_byte_by_byte_is_one_request() -> None:
    data = post()
    async with gate(orders()) as one:
        writes = [data[i : i + 1] for i in range(len(data))]
        assert (await one.talk(*writes, expect=1))[0].status == 202


async def test_pipelined_requests_are_answered_in_order() -> None:
    data = [post(id=f"id-{n}") for n in range(5)]
    data.insert(2, post(path="/nowhere"))
    async with gate(orders()) as one:
        responses = await one.talk(b"".join(data), expect=6)
    assert [r.status for r in responses] == [202, 202, 404, 202, 202, 202]


LARGE = Limits(body=1024 * 1024, deadline=10.0, rate=None, per_address=None, encodings=frozenset())


@pytest.mark.parametrize("last", [20_000, 33_000, 60_000, 65_000, 130_000])
async def test_the_last_piece_of_a_large_body_is_none_of_the_next_requests_headers(last) -> None:
    """It counted as headers once: every twentieth body of 100 KB ended its connection with 400."""
    async with gate(orders(limits=LARGE)) as one, one.connection() as (reader, writer):
        for number in range(4):
            data = post(b'{"type": "x", "fill": "%b"}' % (b"y" * 200_000), id=f"id-{number}")
            writer.write(data[:-last])
            await writer.drain()
            await one.reading(1)
            writer.write(data[-last:])
            assert (await read_response(reader)).status == 202
    assert len(one.store.admissions) == 4


async def test_http_1_0_gets_its_answer_and_the_end() -> None:
    async with gate(orders()) as one:
        assert (await one.send(post(version="1.0"), close=True)).status == 202


async def test_http_1_0_may_ask_to_stay() -> None:
    stays = post(version="1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n", 1)
    async with gate(orders()) as one:
        first, second = await one.talk(stays, stays, expect=2)
    assert (first.status, second.status) == (202, 200)
    assert first.headers["Connection"] == "keep-alive"


async def test_who_says_close_gets_the_end() -> None:
    async with gate(orders()) as one:
        response = await one.send(post(BODY, "Connection: close"), close=True)
    assert response.headers["Connection"] == "close"


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "tcp"])
async def test_an_upgrade_is_not_taken_and_what_follows_is_no_request(protocol) -> None:
    asks = post(BODY, "Connection: Upgrade", f"Upgrade: {protocol}")
    async with gate(orders()) as one:
        (response,) = await one.talk(asks + post(id="id-2"), expect=1, close=True)
        await one.settled(1)
    assert response.status == 202
    assert response.headers["Connection"] == "close"
    assert len(one.store.admissions) == 1


async def test_a_mistake_of_ours_outside_the_order_costs_one_connection(monkeypatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise RuntimeError("a mistake")

    async with gate(orders()) as one:
        with monkeypatch.context() as patch:
            patch.setattr("gateway.ingest.connection.encode", broken)
            async with one.connection() as (reader, writer):
                writer.write(post())
                assert await reader.read() == b""
        assert (await one.send(post(id="id-2"))).status == 202
    assert [str(error) for error in one.ears.reports] == ["a mistake"]


async def test_no_header_of_an_answer_names_our_software_versions() -> None:
    async with gate(orders()) as one:
        response = await one.send(post())
    assert response.headers["Server"] == "gateway"


# ---------------------------------------------------------------- broken HTTP


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /in/orders\r\n\r\n",
        b"POST /in/orders HTTP/9.9\r\nHost: a\r\n\r\n",
        post(BODY, "Content-Length: 5"),
        post(BODY, f"Content-Length: {len(BODY)}"),
        post(BODY, "Transfer-Encoding: chunked"),
        post(BODY, "Content-Length: -5", length=None),
        post(BODY, "Content-Length: +33", length=None),
        post(BODY, "Content-Length: 0x21", length=None),
        post(BODY, "Transfer-Encoding: chunked, identity", length=None),
        post(BODY, "Transfer-Encoding: gzip", length=None),
        post(BODY, "X Bad: 1"),
        post(BODY, "X-Bad : 1"),
        post(BODY, " X-Folded: 1"),
        post(BODY, "X-Nul: a\0b"),
        post(BODY, "X-Long: " + "a" * 10_000),
        post(BODY, *(f"X-{n}: 1" for n in range(200))),
        b"POST /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_broken_http_is_malformed_and_closed(data, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        async with gate(orders()) as one:
            response = await one.send(data, close=True)
    assert response.status == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json["detail"] == "The request could not be read."
    assert one.ears.counts == [("_unknown", "malformed")]
    assert one.store.admissions == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "chunk", [b"zz\r\n", b"-1\r\n", b"5\r\nab\r\nxx", b"ffffffffffffffffff\r\n"]
)
async def test_broken_chunks_are_malformed_at_once(chunk, caplog) -> None:
    head = chunked([BODY])[0]
    with caplog.at_level(logging.DEBUG):
        async with gate(orders()) as one, one.connection() as (reader, writer):
            writer.write(head + chunk)
            response = await read_response(reader)
            assert response.status == 400
            assert await reader.read() == b""
    assert one.ears.outcomes == ["malformed"]
    assert one.store.admissions == []
    assert "Traceback" not in caplog.text


async def test_a_sender_that_goes_away_amid_its_body_leaves_one_outcome() -> None:
    async with gate(orders()) as one:
        async with one.connection() as (_, writer):
            writer.write(post()[:-5])
            await writer.drain()
        await one.settled(1)
        assert one.ears.outcomes == ["malformed"]
        assert "went away" in one.ears.lines[0].reason
    assert one.store.admissions == []


async def test_a_sender_that_goes_away_amid_the_commit_is_still_stored() -> None:
    async with gate(orders()) as one:
        arrived, go_on = one.hold_commits()
        async with one.connection() as (_, writer):
            writer.write(post())
            await arrived.wait()
        go_on.set()
        await one.settled(1)
    assert one.ears.outcomes == ["accepted"]
    assert len(one.store.admissions) == 1
    assert not one.ears.reports


async def test_garbage_after_a_good_request_costs_only_itself() -> None:
    async with gate(orders()) as one, one.connection() as (reader, writer):
        writer.write(post())
        assert (await read_response(reader)).status == 202
        writer.write(b"garbage\r\n\r\n")
        assert (await read_response(reader)).status == 400
        assert await reader.read() == b""
    assert one.ears.counts == [("orders", "accepted"), ("_unknown", "malformed")]


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "tcp"])
async def test_a_request_to_upgrade_is_an_ordinary_request_or_refused(protocol) -> None:
    async with gate(orders()) as one:
        response = await one.send(post(BODY, f"Upgrade: {protocol}", "Connection: Upgrade"))
    assert response.status in (202, 400, 401)
    assert one.ears.outcomes[0] in ("accepted", "malformed", "bad_signature")


async def test_a_shutdown_gives_what_is_in_hand_its_outcome() -> None:
    async with gate(orders()) as one:
        arrived = asyncio.Event()

        async def never(admission):
            arrived.set()
            await asyncio.Event().wait()

        one.store.accept = never
        async with one.connection() as (_, writer):
            writer.write(post())
            await arrived.wait()
            await one.server.shutdown(0.01)
            await one.settled(1)
    assert one.ears.outcomes == ["overloaded"]
    assert len(one.dispatch.failures) == 1


async def test_a_new_plan_counts_from_the_next_request_on_the_same_connection() -> None:
    async with gate(orders()) as one, one.connection() as (reader, writer):
        writer.write(post())
        assert (await read_response(reader)).status == 202
        one.plan = orders(closed=True)
        writer.write(post())
        assert (await read_response(reader)).status == 503


async def test_a_unix_socket_is_served_and_its_proxy_believed(tmp_path) -> None:
    async with gate(orders(), path=tmp_path / "s") as one:
        assert (await one.send(post())).status == 202
        named = post(BODY, "X-Forwarded-For: 192.0.2.9", id="id-2")
        assert (await one.send(named)).status == 202
    assert [a.client for a in one.store.admissions] == ["unix", "192.0.2.9"]


async def test_every_refusal_names_who_sent_it() -> None:
    forwarded = "X-Forwarded-For: 192.0.2.9"
    async with gate(orders()) as one:
        await one.send(post(BODY, forwarded, path="/nowhere"))
        await one.send(post(BODY, forwarded, method="PUT"))
        await one.send(post(BODY, forwarded, signature=None))
    assert [kept.client for kept in one.ears.refused] == ["192.0.2.9"] * 3


# ---------------------------------------------------------------- slow and large


async def test_a_slow_body_is_cut_off_at_its_deadline() -> None:
    async with gate(orders(limits=QUICK)) as one:
        response = await one.send(post()[:-5])
        assert response.status == 408
        assert response.headers["Connection"] == "close"
    assert one.ears.outcomes == ["timeout"]


async def test_a_body_that_drips_gets_no_more_time() -> None:
    data = post()
    async with gate(orders(limits=QUICK)) as one, one.connection() as (reader, writer):
        answer = asyncio.ensure_future(read_response(reader))
        for at in range(len(data) - 20, len(data)):
            writer.write(data[at - 1 : at] if at > len(data) - 20 else data[:at])
            await asyncio.wait([answer], timeout=0.02)
            if answer.done():
                break
        assert (await answer).status == 408


async def test_slow_headers_are_closed_without_an_answer() -> None:
    async with gate(orders(), headers=0.1) as one:
        for start in (b"", b"POST /in/orders HT", post()[:60]):
            async with one.connection() as (reader, writer):
                writer.write(start)
                async with asyncio.timeout(2):
                    assert await reader.read() == b""
    assert one.ears.counts == []


async def test_dripping_headers_are_closed_after_the_first_request_too() -> None:
    async with gate(orders(), headers=0.1) as one, one.connection() as (reader, writer):
        writer.write(post())
        assert (await read_response(reader)).status == 202
        writer.write(b"POST /in/ord")
        async with asyncio.timeout(2):
            assert await reader.read() == b""


async def test_an_idle_connection_outlives_the_deadline_for_headers() -> None:
    async with gate(orders(), headers=0.05, keep_alive=0.3) as one:
        async with one.connection() as (reader, writer):
            writer.write(post())
            assert (await read_response(reader)).status == 202
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(reader.read(1)), 0.12)
        async with one.connection() as (reader, writer):
            writer.write(post(id="id-2"))
            assert (await read_response(reader)).status == 202
            async with asyncio.timeout(2):
                assert await reader.read() == b""


async def test_a_declared_length_over_the_limit_is_refused_before_the_body() -> None:
    async with gate(orders()) as one:
        response = await one.send(post(b"", length=64 * 1024 + 1, signature="sha256=00"))
        assert response.status == 413
    assert one.ears.outcomes == ["too_large"]
    assert one.ears.refused[0].size == 0


async def test_a_body_at_the_limit_is_taken() -> None:
    body = b'{"a":"' + b"x" * (64 * 1024 - 8) + b'"}'
    async with gate(orders()) as one:
        assert (await one.send(post(body))).status == 202
        assert (await one.talk(*chunked([body], id="id-2"), expect=1))[0].status == 202


async def test_an_undeclared_body_is_cut_off_at_the_limit() -> None:
    async with gate(orders()) as one, one.connection() as (reader, writer):
        writer.write(chunked([b"x"])[0])
        for _ in range(200):
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        response = await read_response(reader)
        assert response.status == 413
        assert response.headers["Connection"] == "close"
    assert one.ears.outcomes == ["too_large"]
    assert one.store.admissions == []


async def test_where_too_many_bytes_are_in_flight_the_slowest_body_makes_room() -> None:
    body = b"x" * 400
    async with gate(orders(), in_flight=1000) as one, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(one.connection()) for _ in range(2)]
        for number, (_, writer) in enumerate(slow):
            writer.write(post(body, id=f"slow-{number}")[:-1])
            await one.reading(number + 1)
        assert (await one.send(post(body, id="quick"))).status == 202
        cut = await read_response(slow[0][0])
        assert (cut.status, cut.headers["Retry-After"]) == (503, "5")
        slow[1][1].write(b"x")
        assert (await read_response(slow[1][0])).status == 202
        assert one.ears.outcomes == ["accepted", "overloaded", "accepted"]
        assert one.in_flight.used == 0


async def test_a_body_larger_than_all_that_may_be_in_flight_is_turned_away() -> None:
    async with gate(orders(), in_flight=1000) as one:
        for data in (post(b"x" * 1001), b"".join(chunked([b"x" * 300] * 4))):
            assert (await one.send(data)).status == 503
        assert (await one.send(post(b"x" * 1000))).status == 202


async def test_bodies_that_are_whole_are_not_cut_for_others() -> None:
    async with gate(orders(), in_flight=1000) as one, one.connection() as (reader, writer):
        arrived, go_on = one.hold_commits()
        writer.write(post(b"x" * 600))
        await arrived.wait()
        assert (await one.send(post(b"x" * 600, id="id-2"))).status == 503
        go_on.set()
        assert (await read_response(reader)).status == 202


async def test_past_the_bound_of_waiting_commits_the_answer_is_503_at_once() -> None:
    async with gate(orders(), commits=3) as one, AsyncExitStack() as stack:
        _, go_on = one.hold_commits()
        one.dispatch.room = 100
        waiting = [await stack.enter_async_context(one.connection()) for _ in range(3)]
        for number, (_, writer) in enumerate(waiting):
            writer.write(post(id=f"waits-{number}"))
        async with asyncio.timeout(5):
            while len(one.dispatch.reserved) < 3:
                await asyncio.sleep(0)
        refused = await one.send(post(id="one-too-many"))
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "5"
        assert one.ears.outcomes == ["overloaded"]
        assert len(one.dispatch.failures) == 1, "what it had reserved is free again"
        go_on.set()
        assert [(await read_response(reader)).status for reader, _ in waiting] == [202] * 3
        assert (await one.send(post(id="after"))).status == 202


# ---------------------------------------------------------------- Expect: 100-continue


async def test_a_body_is_asked_for_only_when_it_will_be_read() -> None:
    expect = "Expect: 100-continue"
    async with gate(orders()) as one:
        async with one.connection() as (reader, writer):
            head, _, body = post(BODY, expect).partition(b"\r\n\r\n")
            writer.write(head + b"\r\n\r\n")
            assert (await read_response(reader)).status == 100
            writer.write(body)
            assert (await read_response(reader)).status == 202
        refused = [
            post(b"", expect, length=20, path="/nowhere"),
            post(b"", expect, length=20, method="PUT"),
            post(b"", expect, length=10**9),
            post(b"", expect, "Content-Encoding: br", length=20),
        ]
        for data, status in zip(refused, (404, 405, 413, 415), strict=True):
            async with one.connection() as (reader, writer):
                writer.write(data)
                assert (await read_response(reader)).status == status


async def test_a_closed_address_is_not_asked_for_a_body() -> None:
    data = post(b"", "Expect: 100-continue", length=20)
    async with gate(orders(allow=["192.0.2.0/24"])) as one, one.connection() as (reader, writer):
        writer.write(data)
        assert (await read_response(reader)).status == 403


# ---------------------------------------------------------------- doubled headers


@pytest.mark.parametrize("good_first", [True, False])
async def test_a_doubled_signature_header_is_refused(good_first) -> None:
    pair = [f"X-Signature: {sign(BODY)}", "X-Signature: sha256=" + "0" * 64]
    async with gate(orders()) as one:
        data = post(BODY, *(pair if good_first else pair[::-1]), signature=None)
        assert (await one.send(data)).status == 401
    assert one.ears.outcomes == ["bad_signature"]


@pytest.mark.parametrize("extra", ["X-Id: id-1", "X-Id: id-2", "x-id:"])
async def test_a_doubled_id_header_is_refused_with_a_right_signature_too(extra) -> None:
    async with gate(fakes.plan(fakes.source())) as one:
        assert (await one.send(post(BODY, extra))).status == 401
    assert one.ears.outcomes == ["bad_signature"]
    assert one.store.admissions == []


@pytest.mark.parametrize("verify", ["signed", "none"])
async def test_an_id_that_is_not_ascii_is_refused(verify) -> None:
    source = fakes.source()
    if verify == "none":
        source = replace(source, verifier=None)
    async with gate(fakes.plan(source)) as one:
        assert (await one.send(post(id="id-\u00e9"))).status == 401
    assert one.store.admissions == []


async def test_an_empty_id_header_is_as_good_as_none() -> None:
    async with gate(fakes.plan(fakes.source())) as one:
        answers = [await one.send(post(id=id)) for id in ("", "  ", None)]
    assert [answer.status for answer in answers] == [202, 200, 200]
    assert "no_id" in one.store.admissions[0].events[0].flags
