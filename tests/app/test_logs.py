"""The log: a line for each request and attempt, joined by the event's id, and no secret in any."""

import io
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from gateway.observe import logs
from tests.app.running import BASE, SECRET, receiving, running, signed_push

TOKEN = "a-token-for-the-service-9f2c"
INBOUND = "an-inbound-token-of-two-dozen"
CONFIG = BASE.replace('sink: {url: "RECEIVER/hooks"', (
    'sink: {headers: {Authorization: "Bearer ' + TOKEN + '"}, url: "RECEIVER/hooks"'
)).replace("sources:\n", (
    "sources:\n  bot: {provider: custom, verify: {scheme: token, header: X-Token}, "
    f'secrets: ["{INBOUND}"]}}\n'
))  # fmt: skip


async def test_lines_join_by_event_and_hold_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    real = logs.configure
    monkeypatch.setattr(logs, "configure", lambda **_: real(level="info", stream=out, pretty=False))
    try:
        async with receiving() as receiver, running(tmp_path, receiver, CONFIG) as one:
            statuses = [500, 200, 200]
            receiver.answer = lambda request: web.Response(
                status=statuses.pop(0), text=request.headers["Authorization"]
            )
            _, first = await one.github("l-1")
            await one.state(first["id"], "delivered")
            headers, body = signed_push("l-2")
            headers["X-Hub-Signature-256"] = "sha256=" + "0" * 64
            for url, sent in (
                (f"{one.public}/in/github", headers),
                (f"{one.public}/in/bot", {"X-Token": INBOUND}),
                (f"{one.public}/in/bot", {"X-Token": INBOUND + "x"}),
            ):
                async with one.session.post(url, data=body, headers=sent) as answer:
                    await answer.read()
            await receiver.wait(3)
            got = await one.session.get(f"{one.admin}/api/v1/events")
            shown = await got.text()
    finally:
        real(level="error")
    text = out.getvalue()
    lines = [orjson.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["msg"] == "request"]
    attempts = [line for line in lines if line["msg"] == "attempt"]
    assert [line["outcome"] for line in requests] == [
        "accepted", "bad_signature", "accepted", "bad_signature",
    ]  # fmt: skip
    joined = [line for line in lines if first["id"] in orjson.dumps(line).decode()]
    assert {line["msg"] for line in joined} == {"request", "attempt"}
    assert len(attempts) == 3
    for secret in (SECRET, TOKEN, INBOUND):
        assert secret not in text
        assert secret not in shown
    for path in tmp_path.rglob("*.db*"):
        assert INBOUND.encode() not in path.read_bytes()
        assert SECRET.encode() not in path.read_bytes()
