"""Link-local and metadata addresses are never called, however a URL or a name leads to them."""

import asyncio
import socket
from typing import Any

import pytest

from gateway.model.states import ErrorClass
from gateway.net.egress import Egress
from tests.net.servers import OK, raw, says, send

REAL = socket.getaddrinfo
METADATA = "169.254.169.254"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        METADATA,
        "0xa9fea9fe",
        f"[::ffff:{METADATA}]",
        "[::ffff:a9fe:a9fe]",
        f"[64:ff9b::{METADATA}]",
        "[fe80::1%25lo]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "[::]",
    ],
)
async def test_no_way_of_writing_it_leads_there(host: str, scheme: str) -> None:
    (answer,) = await send(f"{scheme}://{host}:9/hooks")
    assert (answer.status, answer.error) == (None, ErrorClass.REFUSED)
    assert "metadata" in answer.message


@pytest.mark.parametrize("host", ["2852039166", "0", "0251.0376.0251.0376", "169.254.43518"])
async def test_an_address_written_oddly_is_no_host(host: str) -> None:
    (answer,) = await send(f"http://{host}:9/hooks")
    assert answer.error is ErrorClass.DNS


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host != "inside.test":
            return REAL(host, port, *rest, **more)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


async def test_no_name_leads_there(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, METADATA)
    (answer,) = await send("http://inside.test:9/hooks")
    assert answer.error is ErrorClass.REFUSED
    assert "metadata" in answer.message


async def test_of_several_addresses_the_allowed_one_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, METADATA, "127.0.0.1")
    async with raw(says(OK)) as server:
        (answer,) = await send(f"http://inside.test:{server.port}/hooks")
    assert answer.status == 200


async def test_no_socket_is_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []

    async def connect(_: object, __: object, address: object) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
    out = Egress()
    await out.close()
    await send(f"http://{METADATA}/latest/meta-data")
    assert called == []
    await send("http://127.0.0.1:9/hooks")
    assert called
