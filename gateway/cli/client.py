"""How a command that changes something reaches the gateway: over `control.sock`, or by itself.

When a gateway runs on the store, it is asked. When none runs, the same API is served inside this
process on the store's own files, for this one command.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from gateway.app.sockets import short
from gateway.errors import GatewayError

SOCKET = "control.sock"


class NotRunning(GatewayError):
    """No gateway answers on the control socket."""


def control_path(database: Path) -> Path:
    """Where the running gateway of a database listens for commands."""
    return database.absolute().with_name(SOCKET)


@contextlib.asynccontextmanager
async def connect(database: Path) -> AsyncIterator["Control"]:
    """The running gateway's API. Raises `NotRunning`."""
    path = control_path(database)
    if not path.exists():
        raise NotRunning(f"no gateway runs on {database}")
    with short(path) as name:
        connector = aiohttp.UnixConnector(path=name)
        async with aiohttp.ClientSession(connector=connector) as session:
            try:
                async with session.get("http://localhost/healthz") as answer:
                    await answer.read()
            except aiohttp.ClientConnectorError:
                raise NotRunning(f"no gateway runs on {database}") from None
            except (aiohttp.ClientError, TimeoutError) as error:
                # Something listens there: acting on the store beside it would be wrong.
                raise GatewayError(
                    f"what listens on {path} does not answer as a gateway"
                ) from error
            yield Control(session)


class Control:
    """The admin API as a command sees it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, **query: str) -> Any:
        """GET, parsed. Raises `GatewayError` with the problem's text."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """POST of JSON, parsed. Raises `GatewayError` with the problem's text."""
        data = orjson.dumps(body or {})
        headers = {"Content-Type": "application/json"}
        return await self._ask("POST", path, data=data, headers=headers)

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            async with self._session.request(method, f"http://localhost{path}", **more) as answer:
                return await _read(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GatewayError(
                "the gateway went away before it answered; whether it did what was asked is not "
                "known. `gateway status` says whether it runs"
            ) from error


async def _read(answer: aiohttp.ClientResponse) -> Any:
    raw = await answer.read()
    try:
        value = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        value = {"detail": raw.decode("utf-8", "replace")}
    if answer.status >= 400:
        said = value.get("detail") or value.get("title") if isinstance(value, dict) else None
        raise GatewayError(str(said or f"the gateway answered {answer.status}"))
    return value
