"""A name's addresses, and a call that goes to one of them and still speaks of the name."""

import pytest

from gateway.net import names as module
from gateway.net.egress import Call, Egress
from gateway.net.names import addresses
from tests.net.servers import BODY, JSON, OK, raw, says


async def test_a_call_goes_to_its_address_and_names_its_host() -> None:
    async with raw(says(OK)) as server:
        out = Egress()
        call = Call(
            f"http://name.invalid:{server.port}/x?y=1", JSON, BODY, 5.0, 1.0, address="127.0.0.1"
        )
        answer = await out.send(call)
        await out.close()
    assert answer.status == 200
    head = server.heads[0].decode().lower()
    assert head.startswith("post /x?y=1 http/1.1\r\n")
    assert f"\r\nhost: name.invalid:{server.port}\r\n" in head
    assert head.count("\r\nhost:") == 1


async def test_a_forbidden_address_is_refused_however_it_was_chosen() -> None:
    out = Egress()
    call = Call("http://name.invalid/x", JSON, BODY, 2.0, 1.0, address="169.254.169.254")
    answer = await out.send(call)
    await out.close()
    assert answer.status is None
    assert "never called" in answer.message


async def test_a_check_is_a_get_without_a_body() -> None:
    async with raw(says(OK)) as server:
        out = Egress()
        await out.send(Call(f"{server.url}", "", b"", 5.0, 1.0, method="GET"))
        await out.close()
    head = server.heads[0].lower()
    assert head.startswith(b"get ")
    assert b"content-length" not in head


async def test_an_answer_is_read_to_its_bound() -> None:
    async with raw(
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3000)
    ) as server:
        out = Egress()
        for most in (1000, 4000):
            call = Call(server.url, JSON, BODY, 5.0, 1.0, answer_most=most)
            assert (await out.send(call)).status == 200
        await out.close()
    assert len(server.heads) == 2


async def test_addresses_that_are_never_called_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await addresses("localhost")
    assert set(found) <= {"127.0.0.1", "::1"}
    assert found
    monkeypatch.setattr(module, "forbidden", lambda where: where[0] == "127.0.0.1")
    assert "127.0.0.1" not in await addresses("localhost")


async def test_a_name_that_does_not_resolve_raises() -> None:
    with pytest.raises(OSError):
        await addresses("name.invalid")
