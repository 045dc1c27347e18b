"""`gateway refused` shows what was not let in, from the log beside the database."""

import asyncio
import json
import signal
from pathlib import Path

import aiohttp

from tests.app.process import process
from tests.app.running import ENV, receiving, signed_push
from tests.cli.commands import gateway


async def test_a_refused_request_is_listed_and_shown(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        process(tmp_path, receiver.url) as one,
        aiohttp.ClientSession() as session,
    ):
        await one.start(session)
        headers, body = signed_push("r-1")
        headers["X-Hub-Signature-256"] = "sha256=" + "0" * 64
        async with session.post(f"{one.public}/in/github", data=body, headers=headers) as got:
            assert got.status == 401
        assert await one.end(signal.SIGTERM) == 0
    listed = await asyncio.to_thread(gateway, tmp_path, "refused", "list", "--json", **ENV)
    (row,) = [json.loads(line) for line in listed.out.splitlines()]
    assert row["outcome"] == "bad_signature"
    shown = await asyncio.to_thread(
        gateway, tmp_path, "refused", "show", str(row["seq"]), "--json", **ENV
    )
    assert json.loads(shown.out) == row
